"""How large a report is and how long it takes to write: python -m pipeline.benchmarks.report_size [--posts 50000].

The scores are made by no model: probabilities are drawn, so that nothing but the report is measured. Texts are
those of `synthetic_posts`; drawn words compress worse than language.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.benchmarks.peak_memory import peak_memory_bytes
from pipeline.benchmarks.synthetic_posts import make_posts, to_batch
from pipeline.bundle import ModelBundle
from pipeline.classifiers.protocols import Probabilities
from pipeline.data.codebooks.codebook import Codebook, draft_codebook
from pipeline.measures.calibration import identity_calibrator
from pipeline.measures.decision_rule import DecisionRule
from pipeline.reporting.html_report import WrittenReport, write_report
from pipeline.scoring.score_output import open_output
from pipeline.scoring.score_posts import score_batch
from pipeline.scoring.scoring_run import identify_model

FRAMES = tuple(f"frame_{k:02d}" for k in range(15))
_CHANNELS, _MONTHS, _BATCH = 20, 24, 5_000
_THRESHOLD = 0.5
_CARRIED = 0.03  # of sentences, by each frame


class DrawnProbabilities:
    """In place of a classifier: a random probability for each sentence and frame."""

    kind: ClassVar[str] = "drawn"

    def __init__(self, labels: tuple[str, ...], seed: int) -> None:
        self.labels = labels
        self._generator = np.random.default_rng(seed)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities (n_texts, k), of which `_CARRIED` reach the threshold."""
        drawn = self._generator.random((len(texts), len(self.labels)))
        return np.asarray(drawn ** (np.log(_THRESHOLD) / np.log(1 - _CARRIED)), np.float32)

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """None is cut."""
        return np.zeros(len(texts), bool)

    def save(self, folder: Path) -> None:
        """There is nothing to keep."""


def write_drawn_scores(out: Path, n_posts: int, seed: int = 0, frames: tuple[str, ...] = FRAMES) -> Path:
    """An output folder as `frames predict` leaves it, with drawn probabilities; channels have several months."""
    codebook = draft_codebook("drawn", frames, mode="multi_label")
    bundle = _bundle(codebook, seed)
    generator = np.random.default_rng(seed)
    texts = make_posts(n_posts, seed)
    with open_output(out, identify_model(bundle)) as output:
        scored_at = output.start_run(["drawn"])
        for first in range(0, n_posts, _BATCH):
            batch = _place(to_batch(texts[first : first + _BATCH], first), generator)
            sequence = pa.array(range(first, first + batch.num_rows), pa.int64())
            scored = score_batch(batch.append_column("sequence", sequence), bundle, scored_at=scored_at)
            output.commit([scored], first + batch.num_rows)
        output.finish_run()
    return out


def _bundle(codebook: Codebook, seed: int) -> ModelBundle:
    n = len(codebook.frames)
    rule = DecisionRule(
        identity_calibrator(n, single_label=False), np.full(n, _THRESHOLD), single_label=False
    )
    manifest = {"name": "drawn", "bundle_hash": "0" * 64}
    return ModelBundle(
        Path("drawn"), manifest, codebook, DrawnProbabilities(codebook.frame_ids, seed), rule, {}
    )


def _place(batch: pa.RecordBatch, generator: np.random.Generator) -> pa.RecordBatch:
    """The posts in channels of unequal size, at times over two years."""
    n = batch.num_rows
    channels = np.minimum(generator.geometric(0.15, n), _CHANNELS)
    start = datetime(2023, 1, 1, tzinfo=UTC)
    minutes = generator.integers(0, _MONTHS * 30 * 24 * 60, n)
    columns = {
        "channel": pa.array([f"channel_{c:02d}" for c in channels]),
        "published_at": pa.array(
            [start + timedelta(minutes=int(m)) for m in minutes], pa.timestamp("us", "UTC")
        ),
    }
    for name, values in columns.items():
        i = batch.schema.get_field_index(name)
        batch = batch.set_column(i, batch.schema.field(i), values)
    return batch


def measure(n_posts: int, folder: Path) -> tuple[WrittenReport, float]:
    """Make scores, write their report; the report and the seconds it took."""
    scores = write_drawn_scores(folder / "scores", n_posts)
    started = time.monotonic()
    written = write_report(scores, folder / "report.html")
    return written, time.monotonic() - started


def main() -> None:
    """Print size, time and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=50_000)
    parser.add_argument("--keep", type=Path, help="leave scores and report in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        written, seconds = measure(arguments.posts, arguments.keep or Path(temporary))
    print(  # noqa: T201 - a script
        f"{arguments.posts:,} posts: {written.size / 1e6:.2f} MB, {written.posts_in_table:,} posts in the table, "
        f"{seconds:.1f} s, {peak_memory_bytes() / 1e6:.0f} MB of memory"
    )


if __name__ == "__main__":
    main()
