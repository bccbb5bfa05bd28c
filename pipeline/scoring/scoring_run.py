"""Two passes over posts tables: one finds what is new, one scores it, window by window; a few windows are a commit.

A window is a fixed stretch of the input, so a resumed run scores the same windows as an uninterrupted one and
gets the same figures to the last bit. Memory depends on the size of a window, not on that of the input.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipeline.bundle import ModelBundle
from pipeline.classifiers.protocols import Progress
from pipeline.data.posts import iter_posts
from pipeline.files.stores import Location
from pipeline.scoring.depth_check import DepthCheck
from pipeline.scoring.engines.open_engine import Engine, PieceEngine
from pipeline.scoring.pieces import POST_COLUMNS, ScoredCounts, WrittenPiece, find_windows, plan_pieces
from pipeline.scoring.score_output import ScoreOutput
from pipeline.scoring.score_posts import ScoredBatch
from pipeline.scoring.score_queries import ModelIdentity, NewPosts, find_new_posts

WINDOWS_PER_COMMIT = 10  # fewer files than with one commit for each window
SECONDS_PER_COMMIT = 30.0  # what a crash may cost
SENTENCES_PER_COMMIT = 200_000
PIECES_PER_COMMIT = 1_000  # of a cluster


@dataclass(slots=True)
class RunCounts:
    """What a pass over the input found.

    Attributes:
        posts_read: in all.
        already_scored: of these, met before.
        superseded: of these, followed by another version of the same slot.
        scored: what was scored now.
    """

    posts_read: int = 0
    already_scored: int = 0
    superseded: int = 0
    scored: ScoredCounts = field(default_factory=ScoredCounts)


def identify_model(bundle: ModelBundle) -> ModelIdentity:
    """The bundle as the output names it."""
    return ModelIdentity(bundle.model_id, bundle.bundle_hash, bundle.codebook.content_hash, bundle.frame_ids)


def score_tables(
    tables: Sequence[Location],
    output: ScoreOutput,
    engine: Engine | PieceEngine,
    *,
    batch_posts: int,
    on_progress: Progress,
    depth: DepthCheck | None = None,
) -> RunCounts:
    """Score what the output does not hold yet of some posts tables.

    Args:
        tables: as `pipeline.data.ingest` writes them, in this order.
        output: receives the scores.
        engine: has the model and the stamp of the run.
        batch_posts: most posts in a window.
        on_progress: told of posts done, scored now or before, of all.
        depth: looks at what is scored.

    Raises:
        DataError: a table is damaged, or the disk is full; what was committed stays.
        PipelineError: workers of the engine ended again and again.
    """
    with find_new_posts(tables, output.tables, output.model) as new:
        counts = RunCounts(new.n_read, new.n_read - new.n_superseded - new.n_new, new.n_superseded)
        n_known = new.n_read - new.n_new

        def show_progress() -> None:
            on_progress("scoring posts", n_known + counts.scored.posts, new.n_read)

        show_progress()
        first = output.tables.next_sequence
        if isinstance(engine, PieceEngine):
            written = _Written(output)
            pieces = plan_pieces(tables, new.iter_rows(), first, batch_posts)
            for piece in engine.score_pieces(pieces, output.tables, batch_posts):
                counts.scored.add(piece.counts)
                if depth is not None:
                    depth.counts.add(piece.depth)
                written.add(piece)
                show_progress()
            written.commit()
            return counts
        pending = _Pending(output)
        for scored in engine.score(_take_new(tables, new, batch_posts, first)):
            counts.scored.count(scored)
            if depth is not None:
                depth.add(scored)
            pending.add(scored)
            show_progress()
        pending.commit()
    return counts


class _Written:
    """Pieces that were scored and written elsewhere and wait for their commit."""

    def __init__(self, output: ScoreOutput) -> None:
        self._output = output
        self._pieces: list[WrittenPiece] = []
        self._since = time.monotonic()

    def add(self, piece: WrittenPiece) -> None:
        self._pieces.append(piece)
        if time.monotonic() - self._since >= SECONDS_PER_COMMIT or len(self._pieces) >= PIECES_PER_COMMIT:
            self.commit()

    def commit(self) -> None:
        if self._pieces:
            self._output.commit_pieces(self._pieces)
        self._pieces, self._since = [], time.monotonic()


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


def _read_windows(path: Location, batch_posts: int) -> Iterator[pa.RecordBatch]:
    for batch in iter_posts(path, POST_COLUMNS, batch_posts):
        for start, end in find_windows(batch.column("text"), batch_posts):
            yield batch.slice(start, end - start)


def _take_new(
    tables: Sequence[Location], new: NewPosts, batch_posts: int, first_sequence: int
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
