"""Does scoring take time in proportion to the posts, and memory that does not grow with them?

    python -m pipeline.benchmarks.scoring_scale --model BUNDLE --posts 10000 --posts 100000

Each number of synthetic posts is scored by `predict` in a process of its own, from a table on the disk to an
output folder. A twentieth of the words are rare ones, so that new words never cease to come. Memory rises until
the first commit (after 20,000 posts or so); beyond that, what grows are the keys of posts that were scored, 20
bytes each.
"""

import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import pyarrow.parquet as pq
import typer

from pipeline.benchmarks.peak_memory import peak_memory_bytes
from pipeline.benchmarks.synthetic_posts import make_posts, to_batch
from pipeline.bundle import load_bundle
from pipeline.commands.result_tables import plain_table
from pipeline.commands.terminal import console, run_command
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.scoring.prediction import predict

RARE_WORDS = 0.05
_POSTS_AT_ONCE = 10_000
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Cost:
    """What scoring some posts took.

    Attributes:
        posts: scored.
        sentences: scored, copies included.
        seconds: of `predict`; loading the model comes before.
        peak_memory_bytes: of the whole process.
    """

    posts: int
    sentences: int
    seconds: float
    peak_memory_bytes: int


def write_posts(path: Path, n_posts: int, seed: int) -> None:
    """A posts table of synthetic posts, made and written in blocks."""
    with pq.ParquetWriter(path, POSTS_SCHEMA) as writer:
        for first in range(0, n_posts, _POSTS_AT_ONCE):
            n = min(_POSTS_AT_ONCE, n_posts - first)
            writer.write_batch(to_batch(make_posts(n, seed + first, rare_words=RARE_WORDS), first))


def measure(bundle: Path, table: Path, output: Path) -> Cost:
    """Score a table with this process.

    Raises:
        ModelError: no bundle there.
    """
    report = predict([table], load_bundle(bundle), output)
    return Cost(report.newly_scored, report.sentences, report.seconds, peak_memory_bytes())


def measure_apart(bundle: Path, n_posts: int, seed: int) -> Cost:
    """Score synthetic posts with a new process, whose memory is its own."""
    with tempfile.TemporaryDirectory(prefix="frames-scale-") as temporary:
        table = Path(temporary) / "posts.parquet"
        write_posts(table, n_posts, seed)
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            return process.submit(measure, bundle, table, Path(temporary) / "scores").result()


def main(
    model: Annotated[Path, typer.Option(help="Bundle folder.")],
    posts: Annotated[
        list[int], typer.Option(min=1, help="How many posts; give it again for another number.")
    ] = [10_000, 100_000],  # noqa: B006 - read only
    seed: Annotated[int, typer.Option(help="Of the synthetic posts.")] = 0,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Measure time and memory of scoring for several numbers of posts; a table comes out."""

    def work() -> None:
        costs = [measure_apart(model, n_posts, seed) for n_posts in posts]
        rows = [
            (
                f"{cost.posts:,}",
                f"{cost.sentences:,}",
                f"{cost.seconds:.1f}",
                f"{cost.posts / cost.seconds:,.0f}",
                f"{cost.sentences / cost.seconds:,.0f}",
                f"{cost.peak_memory_bytes / _MIB:,.0f}",
            )
            for cost in costs
        ]
        columns = ("posts", "sentences", "seconds", "posts/s", "sentences/s", "peak memory, MiB")
        console().print(plain_table(f"Scoring with {model.name}", columns, rows))

    run_command(work, debug)


if __name__ == "__main__":
    typer.run(main)
