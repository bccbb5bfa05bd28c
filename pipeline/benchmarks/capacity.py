"""What scoring ten million or a billion posts takes, computed from measured rates.

    python -m pipeline.benchmarks.capacity                                  # prints docs/capacity.md
    python -m pipeline.benchmarks.capacity --measure BUNDLE --posts 40000   # figures for the rates file

Every figure of the page comes from `capacity_rates.json`, which says how each was measured, and from the formulas
that the page states. A test holds the page against the command.
"""

import json
import math
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict, Field

from pipeline.benchmarks.scoring_scale import write_posts
from pipeline.bundle import ModelBundle, load_bundle
from pipeline.commands.terminal import run_command
from pipeline.errors import DataError
from pipeline.scoring.delta_table import DataFile
from pipeline.scoring.score_output import open_output, read_tables
from pipeline.scoring.score_posts import ScoredBatch, score_batch
from pipeline.scoring.scoring_run import WINDOWS_PER_COMMIT, identify_model, score_tables
from pipeline.scoring.unfamiliar_posts import DepthCheck, DepthCounts
from pipeline.scoring.work_pieces import ScoredCounts, Work, WrittenPiece

RATES = Path(__file__).with_name("capacity_rates.json")
PAGE_POSTS = (10_000_000, 1_000_000_000)
WINDOW_POSTS = 2000  # what `frames predict` takes unless told otherwise
FILE_BYTES = 100_000_000  # what delta-rs merges up to
_GB = 1e9

Count = Annotated[float, Field(gt=0)]


class _Measured(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScorerRate(_Measured):
    """Posts that one node of two cores scores in a second, from a table to an output folder, and how it is known."""

    name: str
    posts_per_second: Count
    how: str


class Rates(_Measured):
    """What was measured, on which machine; bytes are for one post.

    Attributes:
        machine: in words.
        scorers: models.
        driver_posts_per_second: what the driver alone does: reading, finding what is new, commits.
        cluster_driver_posts_per_second: what the driver of a cluster does: finding what is new, commits.
        input_bytes: of a posts table.
        output_bytes: of posts and sentences together.
        how: how the driver's rate and the bytes were measured.
        cluster_how: how the rate of a cluster's driver was.
    """

    machine: str
    scorers: tuple[ScorerRate, ...]
    driver_posts_per_second: Count
    cluster_driver_posts_per_second: Count
    input_bytes: Count
    output_bytes: Count
    how: str
    cluster_how: str


def read_rates(path: Path) -> Rates:
    """A rates file.

    Raises:
        DataError: not readable, or a figure is missing or not positive.
    """
    try:
        return Rates.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a rates file: {error}") from None


def machine_hours(posts: int, posts_per_second: float) -> float:
    """Hours of one node."""
    return posts / posts_per_second / 3600


def render_page(rates: Rates) -> str:
    """The page in Markdown."""
    heads = ["", *(f"{posts:,} posts" for posts in PAGE_POSTS)]
    rows = [
        [
            f"{scorer.name}: hours of one node",
            *(f"{machine_hours(posts, scorer.posts_per_second):,.1f}" for posts in PAGE_POSTS),
        ]
        for scorer in rates.scorers
    ]
    rows += [
        ["input (posts table), GB", *(f"{posts * rates.input_bytes / _GB:,.1f}" for posts in PAGE_POSTS)],
        ["output, GB", *(f"{posts * rates.output_bytes / _GB:,.1f}" for posts in PAGE_POSTS)],
        [
            "driver of one machine alone, hours",
            *(f"{machine_hours(p, rates.driver_posts_per_second):,.1f}" for p in PAGE_POSTS),
        ],
        [
            "driver of a cluster alone, hours",
            *(f"{machine_hours(p, rates.cluster_driver_posts_per_second):,.1f}" for p in PAGE_POSTS),
        ],
        [
            "commits of one machine",
            *(f"{posts / (WINDOW_POSTS * WINDOWS_PER_COMMIT):,.0f}" for posts in PAGE_POSTS),
        ],
        ["data files after `frames compact`", *(f"{_compacted(posts, rates):,}" for posts in PAGE_POSTS)],
    ]
    measured = [[s.name, f"{s.posts_per_second:,.0f}", s.how] for s in rates.scorers]
    measured += [
        ["driver of one machine", f"{rates.driver_posts_per_second:,.0f}", rates.how],
        ["driver of a cluster", f"{rates.cluster_driver_posts_per_second:,.0f}", rates.cluster_how],
    ]
    limits = [
        [s.name, f"{rates.cluster_driver_posts_per_second / s.posts_per_second:,.0f}"] for s in rates.scorers
    ]
    return _TEMPLATE.format(
        machine=rates.machine,
        measured=_table(["", "posts a second", "how"], measured),
        wanted=_table(heads, rows),
        limits=_table(["", "nodes that one driver keeps busy"], limits),
        input_bytes=rates.input_bytes,
        output_bytes=rates.output_bytes,
        file_mb=FILE_BYTES // 10**6,
        commit_posts=WINDOW_POSTS * WINDOWS_PER_COMMIT,
    )


def _compacted(posts: int, rates: Rates) -> int:
    """Data files of both tables when each is full."""
    return math.ceil(posts * rates.output_bytes / FILE_BYTES)


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


class _TimedEngine:
    """Scores in this process and keeps the seconds apart from the driver's."""

    def __init__(self, bundle: ModelBundle) -> None:
        self.warnings: list[str] = []
        self._bundle = bundle
        self.seconds = 0.0

    def score(self, work: Work) -> Iterator[ScoredBatch]:
        for window in work.iter_windows():
            start = time.perf_counter()
            scored = score_batch(window, self._bundle, scored_at=datetime.now(UTC))
            self.seconds += time.perf_counter() - start
            yield scored


def measure_footprint(bundle: Path, n_posts: int, seed: int = 0) -> dict[str, float]:
    """The driver's rate and the bytes of a post, by scoring synthetic posts; with the names of the rates file.

    Raises:
        ModelError: no bundle there.
    """
    model = load_bundle(bundle)
    with tempfile.TemporaryDirectory(prefix="frames-capacity-") as temporary:
        table, output = Path(temporary) / "posts.parquet", Path(temporary) / "scores"
        write_posts(table, n_posts, seed)
        engine = _TimedEngine(model)
        start = time.perf_counter()
        with open_output(output, identify_model(model)) as opened:
            opened.start_run([])
            score_tables(
                [table],
                opened,
                engine,
                batch_posts=WINDOW_POSTS,
                on_progress=lambda *_: None,
                depth=DepthCheck(model),
            )
        seconds = time.perf_counter() - start - engine.seconds
        tables = read_tables(output)
        files = [*tables.posts.list_files(), *tables.sentences.list_files()]
        n_sentences = sum(file.n_rows for file in tables.sentences.list_files())
        return {
            "driver_posts_per_second": round(n_posts / seconds, 0),
            "cluster_driver_posts_per_second": round(measure_cluster_driver(bundle, n_posts, seed), 0),
            "input_bytes": round(table.stat().st_size / n_posts, 0),
            "output_bytes": round(sum(file.n_bytes for file in files) / n_posts, 0),
            "sentences_per_post": round(n_sentences / n_posts, 2),
        }


class _PlacesEngine:
    """A cluster that costs nothing: each piece is done at once, its files are of one byte."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def score(self, work: Work) -> Iterator[WrittenPiece]:
        for number, piece in enumerate(work.plan_pieces()):
            files = []
            for store in (work.scores.posts.store, work.scores.sentences.store):
                path = Path(store.location, f"{number}.parquet")
                path.write_bytes(b"0")
                files.append(DataFile(path.name, 1, len(piece.rows)))
            counts = ScoredCounts(posts=len(piece.rows), sentences=work.batch_posts)
            yield WrittenPiece(files[0], files[1], piece.next_sequence, counts, DepthCounts())


def measure_cluster_driver(bundle: Path, n_posts: int, seed: int = 0) -> float:
    """Posts a second of the driver of a cluster: it finds what is new, hands out places and commits files.

    Raises:
        ModelError: no bundle there.
    """
    model = load_bundle(bundle)
    with tempfile.TemporaryDirectory(prefix="frames-capacity-") as temporary:
        table = Path(temporary) / "posts.parquet"
        write_posts(table, n_posts, seed)
        with open_output(Path(temporary) / "scores", identify_model(model)) as opened:
            opened.start_run([])
            start = time.perf_counter()
            score_tables(
                [table],
                opened,
                _PlacesEngine(),
                batch_posts=WINDOW_POSTS,
                on_progress=lambda *_: None,
                depth=DepthCheck(model),
            )
            return n_posts / (time.perf_counter() - start)


def main(
    rates: Annotated[Path, typer.Argument(help="Rates file.")] = RATES,
    measure: Annotated[
        Path | None, typer.Option(help="Measure with this bundle instead of printing.")
    ] = None,
    posts: Annotated[int, typer.Option(min=WINDOW_POSTS, help="Synthetic posts to measure with.")] = 40_000,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Print the page on capacity, or measure what its rates file holds."""

    def work() -> None:
        if measure is not None:
            typer.echo(json.dumps(measure_footprint(measure, posts), indent=1))
        else:
            typer.echo(render_page(read_rates(rates)), nl=False)

    run_command(work, debug)


_TEMPLATE = """\
# Capacity

<!-- Made by: python -m pipeline.benchmarks.capacity > docs/capacity.md. Measure again, do not edit. -->

What ten million and a billion posts take, computed from rates measured on {machine}.
Your machine, your posts and your model are others: measure with 100,000 of your posts and put your rates in.

{wanted}

A billion is computed, not tried: the largest run measured here is 1,000,000 posts.

## What was measured

{measured}

Bytes of a post: {input_bytes:,.0f} in the posts table, {output_bytes:,.0f} in the output (posts and sentences, zstd),
measured in the run of the driver.

## Formulas

- hours of one node = posts / posts a second / 3600. With N nodes divide by N, as long as the driver keeps up.
- nodes that one driver keeps busy = posts a second of a cluster's driver / node's posts a second. The rate leaves out
  what Ray itself costs the driver (some messages for 20,000 posts), and, on an object store, the time of its answers.
- disk = posts x bytes of a post; after `frames compact` for a week twice that.
- memory of the driver = one model + some windows (4 MB of text each); it does not grow with what was scored before.
- commits of one machine = posts / {commit_posts:,}, more of slow models (one each 30 seconds). Each adds a data file to
  both tables. A cluster writes as many files, and commits them each 30 seconds.
- data files after `frames compact` = output / {file_mb} MB.
- GPU: not measured. With your rate R in posts a second, put R in place of the node's rate in the first two formulas.

## What limits each

{limits}

- **A cluster**: the nodes' cores, or what the store can take; texts and scores do not pass the driver. What the driver
  does before the first post is scored, reading the keys of input and tables, grows with both.
- **One machine**: its cores; its driver reads and writes everything.
- **What is scored already**: each run reads the keys of all posts that the table has, and verifies their files; no
  post has to be held in memory for it, what does not fit goes to temporary files.
- **Data files**: readers open all of them; `frames compact` merges them.
"""


if __name__ == "__main__":
    typer.run(main)
