"""The unit of work of scoring on several machines: a stretch of a posts table, scored to a file of each score table.

A piece is told by its place, so it costs next to nothing to hand out, and whoever works at it reads the posts himself.
Its windows are those of one process that scores everything, so that its scores are the same to the last bit.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle
from pipeline.data.posts.posts_table import POSTS_SCHEMA, count_rows, iter_posts, read_stretch
from pipeline.errors import DataError
from pipeline.files.stores import Location, is_file, stat_file
from pipeline.scoring.delta_table import DataFile, Store
from pipeline.scoring.score_posts import ScoredBatch, score_batch
from pipeline.scoring.score_tables import ScoreTables
from pipeline.scoring.unfamiliar_posts import DepthCheck, DepthCounts

WINDOW_BYTES = 4_000_000  # of text; a window of long posts holds fewer of them
WINDOWS_PER_PIECE = 10  # fewer files than with one for each window
_SHARED = "input and output of a cluster must be in an object store, or on a disk that all its machines share"
POST_COLUMNS = [name for name in POSTS_SCHEMA.names if not name.startswith("source_")]


@dataclass(frozen=True, slots=True)
class Piece:
    """What one worker does at a time.

    Attributes:
        table: the posts table.
        table_stat: its size and time of last change, see `stat_file`.
        first_row: where the piece begins in the table.
        rows: of these, counted from `first_row`, those that are to be scored; ascending, at least one.
        first_sequence: `sequence` of the post in the first row; those that follow count on from it.
    """

    table: Location
    table_stat: tuple[int, int]
    first_row: int
    rows: NDArray[np.int64]
    first_sequence: int

    @property
    def next_sequence(self) -> int:
        """Above those of all its posts."""
        return self.first_sequence + int(self.rows[-1]) + 1


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be scored, and where the scores belong.

    Attributes:
        tables: posts tables, in this order.
        new_rows: rows that are to be scored, counted through all tables, ascending; read once.
        first_sequence: of the first row of the first table, new or not.
        batch_posts: most posts in a window.
        scores: what has the tables' stores.
    """

    tables: Sequence[Location]
    new_rows: Iterator[NDArray[np.int64]]
    first_sequence: int
    batch_posts: int
    scores: ScoreTables

    def iter_windows(self) -> Iterator[pa.RecordBatch]:
        """What is new of each window, numbered; windows without anything new are passed over."""
        chunks, start = filter(len, self.new_rows), 0
        rows = next(chunks, None)
        if rows is None:
            return
        for window in itertools.chain.from_iterable(map(self._split, self.tables)):
            end = start + window.num_rows
            while rows[-1] < end and (chunk := next(chunks, None)) is not None:
                rows = np.concatenate([rows, chunk])
            n_here = int(np.searchsorted(rows, end))
            if n_here:
                sequence = pa.array(self.first_sequence + rows[:n_here])
                yield window.take(pa.array(rows[:n_here] - start)).append_column("sequence", sequence)
            if n_here == len(rows):  # nor is there another chunk
                return
            rows, start = rows[n_here:], end

    def _split(self, table: Location) -> Iterator[pa.RecordBatch]:
        for batch in iter_posts(table, POST_COLUMNS, self.batch_posts):
            for start, end in find_windows(batch.column("text"), self.batch_posts):
                yield batch.slice(start, end - start)

    def plan_pieces(self) -> Iterator[Piece]:
        """Places of the new posts."""
        n_rows = WINDOWS_PER_PIECE * self.batch_posts
        tables = [
            table.resolve() if isinstance(table, Path) else table for table in self.tables
        ]  # workers stand elsewhere
        stats, starts = [stat_file(table) for table in tables], np.cumsum([0, *map(count_rows, tables)])

        def split(rows: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
            """Rows with the first row of the stretch that they lie in."""
            of_table = starts[np.searchsorted(starts, rows, side="right") - 1]
            places = of_table + (rows - of_table) // n_rows * n_rows
            cuts = np.flatnonzero(np.diff(places)) + 1
            return zip(places[[0, *cuts]].tolist() if len(rows) else [], np.split(rows, cuts), strict=False)

        parts = itertools.chain.from_iterable(map(split, self.new_rows))
        for place, stretch in itertools.groupby(parts, key=lambda part: part[0]):
            rows = np.concatenate([part for _, part in stretch]) - place
            i = int(np.searchsorted(starts, place, side="right")) - 1
            yield Piece(tables[i], stats[i], place - int(starts[i]), rows, self.first_sequence + place)


@dataclass(slots=True)
class ScoredCounts:
    """What was scored; counts by frame hold the decided frames."""

    posts: int = 0
    sentences: int = 0
    boilerplate: int = 0
    sentences_cut: int = 0
    sentences_per_frame: Counter[str] = field(default_factory=Counter)
    posts_per_frame: Counter[str] = field(default_factory=Counter)

    def add(self, other: "ScoredCounts") -> None:
        """Add what was counted elsewhere."""
        self.posts += other.posts
        self.sentences += other.sentences
        self.boilerplate += other.boilerplate
        self.sentences_cut += other.sentences_cut
        self.sentences_per_frame.update(other.sentences_per_frame)
        self.posts_per_frame.update(other.posts_per_frame)

    def count(self, scored: ScoredBatch) -> None:
        """Count a scored batch."""
        self.posts += scored.posts.num_rows
        self.sentences += scored.sentences.num_rows
        self.boilerplate += pc.sum(scored.posts["n_boilerplate"]).as_py() or 0
        self.sentences_cut += scored.n_cut
        self.sentences_per_frame.update(_count_frames(scored.sentences))
        self.posts_per_frame.update(_count_frames(scored.posts))


def _count_frames(rows: pa.Table) -> dict[str, int]:
    counts = rows["frames"].combine_chunks().flatten().value_counts()
    return {entry["values"]: entry["counts"] for entry in counts.to_pylist()}


@dataclass(frozen=True, slots=True)
class WrittenPiece:
    """What became of a piece: data files that are not part of the tables yet, and what was counted.

    Attributes:
        posts: in the store of `posts`.
        sentences: in the store of `sentences`; None where no post has a sentence.
        next_sequence: above those in these files.
        counts: of its posts and sentences.
        depth: what `DepthCheck` counted.
    """

    posts: DataFile
    sentences: DataFile | None
    next_sequence: int
    counts: ScoredCounts
    depth: DepthCounts


@dataclass(frozen=True, slots=True)
class PieceScorer:
    """Scores pieces and writes the scores to data files; what each worker has.

    Attributes:
        bundle: the model.
        posts: where the posts' files are written.
        sentences: likewise.
        scored_at: stamp of the run.
        batch_posts: most posts in a window.
    """

    bundle: ModelBundle
    posts: Store
    sentences: Store
    scored_at: datetime
    batch_posts: int

    def score(self, piece: Piece) -> WrittenPiece:
        """Score a piece.

        Raises:
            DataError: the posts table cannot be read, or is not what it was; nothing can be written.
            ModelError: the model gives something that is no number.
        """
        counts, depth, scored = ScoredCounts(), DepthCheck(self.bundle), list[ScoredBatch]()
        for window in _read_windows(piece, self.batch_posts):
            scored.append(score_batch(window, self.bundle, scored_at=self.scored_at))
            counts.count(scored[-1])
            depth.add(scored[-1])
        posts, sentences = (
            pa.concat_tables([getattr(batch, name) for batch in scored]) for name in ("posts", "sentences")
        )
        try:
            files = (
                self.posts.write(posts),
                self.sentences.write(sentences) if sentences.num_rows else None,
            )
        except FileNotFoundError as error:
            raise DataError(f"{error.filename}: a worker finds no such folder: {_SHARED}") from None
        return WrittenPiece(*files, piece.next_sequence, counts, depth.counts)


def _read_windows(piece: Piece, batch_posts: int) -> Iterator[pa.RecordBatch]:
    if not is_file(piece.table):
        raise DataError(f"{piece.table}: a worker finds no such file: {_SHARED}")
    if stat_file(piece.table) != piece.table_stat:
        raise DataError(f"{piece.table}: was changed while it was being scored; run the same command again")
    stretch = read_stretch(piece.table, piece.first_row, int(piece.rows[-1]) + 1, POST_COLUMNS)
    numbers = pa.array(np.arange(stretch.num_rows) + piece.first_sequence, pa.int64())
    stretch = stretch.append_column("sequence", numbers)
    for start, end in find_windows(stretch.column("text"), batch_posts):
        rows = piece.rows[np.searchsorted(piece.rows, start) : np.searchsorted(piece.rows, end)]
        if len(rows):
            yield stretch.take(pa.array(rows))


def find_windows(texts: pa.Array, batch_posts: int) -> Iterator[tuple[int, int]]:
    """Stretches of at most `batch_posts` posts and about `WINDOW_BYTES` of text (but at least one post)."""
    sizes = pc.binary_length(texts).to_numpy().astype(np.int64)
    for first in range(0, len(sizes), batch_posts):
        within = sizes[first : first + batch_posts]
        of_row = (within.cumsum() - within) // WINDOW_BYTES
        starts = (first + np.flatnonzero(np.diff(of_row, prepend=-1))).tolist()
        yield from zip(starts, [*starts[1:], first + len(within)], strict=True)
