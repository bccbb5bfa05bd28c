"""Two passes over posts tables: one finds what is new, one scores it, window by window; a few windows are a commit.

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
from pipeline.data.posts import POSTS_SCHEMA, iter_posts
from pipeline.scoring.engines.open_engine import Engine
from pipeline.scoring.score_output import ScoreOutput
from pipeline.scoring.score_posts import ScoredBatch
from pipeline.scoring.score_queries import ModelIdentity, NewPosts, find_new_posts

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
    superseded: int = 0
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
    output: ScoreOutput,
    engine: Engine,
    *,
    batch_posts: int,
    on_progress: Progress,
    on_scored: Callable[[ScoredBatch], None] = lambda _: None,
) -> RunCounts:
    """Score what the output does not hold yet of some posts tables.

    Args:
        tables: as `pipeline.data.ingest` writes them, in this order.
        output: receives the scores.
        engine: has the model and the stamp of the run.
        batch_posts: most posts in a window.
        on_progress: told of posts done, scored now or before, of all.
        on_scored: shown every window that was scored.

    Raises:
        DataError: a table is damaged, or the disk is full; what was committed stays.
        PipelineError: workers of the engine ended again and again.
    """
    with find_new_posts(tables, output.tables, output.model) as new:
        counts = RunCounts(new.n_read, new.n_read - new.n_superseded - new.n_new, new.n_superseded)
        n_known = new.n_read - new.n_new

        def show_progress() -> None:
            on_progress("scoring posts", n_known + counts.newly_scored, new.n_read)

        show_progress()
        pending = _Pending(output)
        for scored in engine.score(_take_new(tables, new, batch_posts, output.tables.next_sequence)):
            counts.add(scored)
            on_scored(scored)
            pending.add(scored)
            show_progress()
        pending.commit()
    return counts


class _Pending:
    """Scored windows that wait for their commit."""

    def __init__(self, output: ScoreOutput) -> None:
        self._output = output
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
            self._output.commit(self._batches, self._batches[-1].posts["sequence"][-1].as_py() + 1)
        self._batches, self._since = [], time.monotonic()


def _read_windows(path: Path, batch_posts: int) -> Iterator[pa.RecordBatch]:
    """Stretches of at most `batch_posts` posts and about `WINDOW_BYTES` of text (but at least one post)."""
    for batch in iter_posts(path, _COLUMNS, batch_posts):
        sizes = pc.binary_length(batch.column("text")).to_numpy().astype(np.int64)
        window_of_row = (sizes.cumsum() - sizes) // WINDOW_BYTES
        starts = np.flatnonzero(np.diff(window_of_row, prepend=-1)).tolist()
        for start, end in zip(starts, [*starts[1:], batch.num_rows], strict=True):
            yield batch.slice(start, end - start)


def _take_new(
    tables: Sequence[Path], new: NewPosts, batch_posts: int, first_sequence: int
) -> Iterator[pa.RecordBatch]:
    """What is new of each window, numbered; windows without anything new are passed over."""
    if not new.n_new:
        return
    chunks, rows, start = new.iter_rows(), np.empty(0, np.int64), 0
    for window in itertools.chain.from_iterable(_read_windows(path, batch_posts) for path in tables):
        end = start + window.num_rows
        while (not len(rows) or rows[-1] < end) and (chunk := next(chunks, None)) is not None:
            rows = np.concatenate([rows, chunk])
        n_here = int(np.searchsorted(rows, end))
        if n_here:
            sequence = pa.array(first_sequence + rows[:n_here])
            yield window.take(pa.array(rows[:n_here] - start)).append_column("sequence", sequence)
        rows, start = rows[n_here:], end


def _count_frames(rows: pa.Table) -> dict[str, int]:
    counts = rows["frames"].combine_chunks().flatten().value_counts()
    return {entry["values"]: entry["counts"] for entry in counts.to_pylist()}
