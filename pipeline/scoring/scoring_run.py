"""One pass over posts tables: what is new is scored, window by window, and committed every few windows.

A window is a fixed stretch of the input, so a resumed run scores the same windows as an uninterrupted one and
gets the same figures to the last bit. Memory depends on the size of a window, not on that of the input.
"""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.bundle import ModelBundle
from pipeline.classifiers.protocols import Progress
from pipeline.data.posts import POSTS_SCHEMA, count_rows, iter_posts
from pipeline.scoring.engines.open_engine import Engine
from pipeline.scoring.output_dataset import ModelIdentity, OutputDataset
from pipeline.scoring.score_posts import ScoredBatch
from pipeline.scoring.scored_keys import ScoredKeys, digest_key

WINDOW_BYTES = 4_000_000  # of text; a window of long posts holds fewer of them
WINDOWS_PER_COMMIT = 10  # fewer files than with one commit for each window
SECONDS_PER_COMMIT = 30.0  # what a crash may cost
SENTENCES_PER_COMMIT = 200_000
_COLUMNS = [name for name in POSTS_SCHEMA.names if not name.startswith("source_")]


@dataclass(slots=True)
class RunCounts:
    """What a pass over the input found; counts by frame hold the decided frames."""

    posts_read: int = 0
    already_scored: int = 0
    newly_scored: int = 0
    sentences: int = 0
    boilerplate: int = 0
    sentences_cut: int = 0
    sentences_per_frame: Counter[str] = field(default_factory=Counter)
    posts_per_frame: Counter[str] = field(default_factory=Counter)

    def add(self, scored: ScoredBatch) -> None:
        """Count a scored batch."""
        self.newly_scored += scored.posts.num_rows
        self.sentences += scored.sentences.num_rows
        self.boilerplate += pc.sum(scored.posts["n_boilerplate"]).as_py() or 0
        self.sentences_cut += scored.n_cut
        self.sentences_per_frame.update(_count_frames(scored.sentences))
        self.posts_per_frame.update(_count_frames(scored.posts))


def identify_model(bundle: ModelBundle) -> ModelIdentity:
    """The bundle as the output names it."""
    return ModelIdentity(bundle.model_id, bundle.bundle_hash, bundle.codebook.content_hash, bundle.frame_ids)


def score_tables(
    tables: Sequence[Path],
    dataset: OutputDataset,
    engine: Engine,
    *,
    batch_posts: int,
    on_progress: Progress,
    on_scored: Callable[[ScoredBatch], None] = lambda _: None,
) -> RunCounts:
    """Score what the dataset does not hold yet of some posts tables.

    Args:
        tables: as `pipeline.data.ingest` writes them, in this order.
        dataset: receives the scores.
        engine: has the model and the stamp of the run.
        batch_posts: most posts in a window.
        on_progress: told of posts done, scored now or before, of all.
        on_scored: shown every window that was scored.

    Raises:
        DataError: a table is damaged, or the disk is full; what was committed stays.
        PipelineError: workers of the engine ended again and again.
    """
    counts, keys = RunCounts(), dataset.read_scored_keys()
    total = sum(map(count_rows, tables))

    def show_progress() -> None:
        on_progress("scoring posts", counts.already_scored + counts.newly_scored, total)

    def take_windows() -> Iterator[pa.RecordBatch]:
        for window in itertools.chain.from_iterable(_read_windows(path, batch_posts) for path in tables):
            new = _take_new(window, keys)
            counts.posts_read += window.num_rows
            counts.already_scored += window.num_rows - new.num_rows
            if new.num_rows:
                yield new
            else:
                show_progress()

    pending = _Pending(dataset)
    for scored in engine.score(take_windows()):
        counts.add(scored)
        on_scored(scored)
        pending.add(scored)
        show_progress()
    pending.commit()
    return counts


class _Pending:
    """Scored windows that wait for their commit."""

    def __init__(self, dataset: OutputDataset) -> None:
        self._dataset = dataset
        self._batches: list[ScoredBatch] = []
        self._since = time.monotonic()

    def add(self, scored: ScoredBatch) -> None:
        self._batches.append(scored)
        is_late = time.monotonic() - self._since >= SECONDS_PER_COMMIT
        n_sentences = sum(batch.sentences.num_rows for batch in self._batches)
        if is_late or len(self._batches) >= WINDOWS_PER_COMMIT or n_sentences >= SENTENCES_PER_COMMIT:
            self.commit()

    def commit(self) -> None:
        if self._batches:
            self._dataset.commit(self._batches)
        self._batches, self._since = [], time.monotonic()


def _read_windows(path: Path, batch_posts: int) -> Iterator[pa.RecordBatch]:
    """Stretches of at most `batch_posts` posts and about `WINDOW_BYTES` of text (but at least one post)."""
    for batch in iter_posts(path, _COLUMNS, batch_posts):
        sizes = pc.binary_length(batch.column("text")).to_numpy().astype(np.int64)
        window_of_row = (sizes.cumsum() - sizes) // WINDOW_BYTES
        starts = np.flatnonzero(np.diff(window_of_row, prepend=-1)).tolist()
        for start, end in zip(starts, [*starts[1:], batch.num_rows], strict=True):
            yield batch.slice(start, end - start)


def _take_new(window: pa.RecordBatch, keys: ScoredKeys) -> pa.RecordBatch:
    """The posts of a window that were not scored before; they count as scored from now on."""
    pairs = zip(window.column("post_key").to_pylist(), window.column("content_hash").to_pylist(), strict=True)
    digests = [digest_key(post_key, content_hash) for post_key, content_hash in pairs]
    is_known = keys.contains(digests)
    rows: dict[bytes, int] = {}
    for row, digest in enumerate(digests):
        if not is_known[row]:
            rows.setdefault(digest, row)
    keys.add(rows)
    return window.take(pa.array(list(rows.values()), pa.int64()))


def _count_frames(rows: pa.Table) -> dict[str, int]:
    counts = rows["frames"].combine_chunks().flatten().value_counts()
    return {entry["values"]: entry["counts"] for entry in counts.to_pylist()}
