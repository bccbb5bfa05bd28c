"""Scores from anybody: a table with an id and one column a frame, an LLM's, a colleague's, a keyword list's.

They stand for the probabilities of a model: beside those of an output folder, or alone, where an output folder is made
of them for the time of the estimate. Nothing is known of how they were made.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.data.tables.table_files import Record, read_table
from pipeline.errors import DataError, list_names, shorten, show_value
from pipeline.files.file_hashes import file_sha256
from pipeline.prevalence.labelled_sample import split_unit_id
from pipeline.prevalence.score_totals import (
    ScoreTotals,
    find_unscored,
    look_up_others,
    read_frames,
    sum_others,
)
from pipeline.scoring.score_posts import list_decided, post_schema, probability_column, sentence_schema
from pipeline.scoring.score_tables import POSTS, SENTENCES, ScoreTables, open_store

_IDS: Final = ("id", "post_key")
_TIMES: Final = {"published_at": ("published_at", "date"), "edited_at": ("edited_at",)}
_TEXTS: Final = {"channel": ("channel", "source"), "forwarded_from": ("forwarded_from",), "lang": ("lang",)}
_NUMBERS: Final = ("views", "forwards")
_SAID: Final = frozenset(  # columns that may stand in such a table and are no frames
    {*_IDS, *_NUMBERS, "text", "message_id", "sentence_index", "group", "unit", "link", "url"}
).union(*_TIMES.values(), *_TEXTS.values())
_YES: Final = 0.5  # from which a score counts in the raw share
_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC)  # nobody knows when they were made


@dataclass(frozen=True, eq=False)
class OtherScores:
    """A table of scores.

    Attributes:
        name: of the file.
        sha256: of its bytes, hex.
        keys: of the posts, shape (n,); indices: of the sentences in them, -1 of posts.
        frame_ids: of the columns.
        values: scores in [0, 1], shape (n, k).
        said: what else the rows say, by column of a posts table, each of n values.
    """

    name: str
    sha256: str
    keys: list[str]
    indices: list[int]
    frame_ids: tuple[str, ...]
    values: NDArray[np.float64]
    said: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(self.keys)

    @staticmethod
    def read(
        path: Path, unit: str, frames: Sequence[str] | None = None, encoding: str | None = None
    ) -> "OtherScores":
        """Read a table.

        Args:
            path: CSV, XLSX, JSON lines or Parquet, a row for each unit. Column id (of sentences POST_KEY:INDEX, as
                `frames sample` writes it), and one for each frame, called by its id, or by p_ and its id.
            unit: "post" or "sentence".
            frames: columns wanted; None for all that are no columns of posts.
            encoding: of a text file that is not UTF-8.

        Raises:
            DataError: names file, line, field and what was expected.
        """
        table = read_table(path, known=_IDS, encoding=encoding)
        of_id = next((name for name in _IDS if name in table.columns), None)
        if of_id is None:
            raise DataError(f"{table.header}: no column id; expected the ids of the {unit}s")
        columns = _find_columns(table.header, table.columns, frames)
        for name in (of_id, *columns.values()):
            table.check_column(name)
        if not table.records:
            raise DataError(f"{path}: no rows; expected one for each {unit}")
        keys, indices, seen = [], [], dict[tuple[str, int], str]()
        values = np.empty((len(table.records), len(columns)))
        for row, record in enumerate(table.records):
            if record.fault:
                raise DataError(f"{record.where}: {record.fault}")
            unit_id = record.cells.get(of_id)
            key = split_unit_id("" if unit_id is None else str(unit_id), unit, record.where)
            if seen.setdefault(key, record.where) != record.where:
                raise DataError(f"{record.where}: {shorten(unit_id, 80)!r} stands at {seen[key]} already")
            keys.append(key[0])
            indices.append(key[1])
            values[row] = [_read_score(record, column) for column in columns.values()]
        digest = file_sha256(path)
        return OtherScores(
            path.name, digest, keys, indices, tuple(columns), values, _read_said(table.records, table.columns)
        )

    def write_columns(self, path: Path) -> None:
        """Write keys and scores as Parquet, the scores as s0, s1, ..."""
        columns = {
            "post_key": pa.array(self.keys, pa.string()),
            "sentence_index": pa.array(self.indices, pa.int32()),
        }
        pq.write_table(pa.table(columns | {f"s{i}": column for i, column in enumerate(self.values.T)}), path)

    def write_output(self, out: Path, unit: str) -> None:
        """Make an output folder of them; a score from one half on is a decision."""
        tables = ScoreTables.open_to_write(out, self.frame_ids)
        posts = dict.fromkeys(self.keys)
        sequence = {key: number for number, key in enumerate(posts)}
        first = [0] * len(posts)
        for row in range(len(self) - 1, -1, -1):
            first[sequence[self.keys[row]]] = row
        rows = np.array(first if unit == "sentence" else range(len(self)))
        schema = post_schema(self.frame_ids)
        of_posts = self._fill(schema, rows, {"sequence": range(len(rows)), "n_sentences": [1] * len(rows)})
        written = [open_store(out, POSTS).write(of_posts)]
        of_sentences = []
        if unit == "sentence":
            schema = sentence_schema(self.frame_ids)
            numbers = [sequence[key] for key in self.keys]
            table = self._fill(
                schema, np.arange(len(self)), {"sequence": numbers, "sentence_index": self.indices}
            )
            of_sentences = [open_store(out, SENTENCES).write(table)]
        tables.commit_files(written, of_sentences, len(posts), {})

    def _fill(
        self, schema: pa.Schema, rows: NDArray[np.int64], more: Mapping[str, Sequence[Any]]
    ) -> pa.Table:
        n = len(rows)
        given: dict[str, Any] = {name: [values[row] for row in rows] for name, values in self.said.items()}
        given |= {
            "post_key": [self.keys[row] for row in rows],
            "model_id": [self.name] * n,
            "bundle_hash": [self.sha256] * n,
            "codebook_hash": [""] * n,
            "scored_at": [_DAY] * n,
            "frames": list_decided(self.values[rows] >= _YES, self.frame_ids),
            **{probability_column(f): self.values[rows, k] for k, f in enumerate(self.frame_ids)},
            **more,
        }
        columns = [
            pa.array(given[field.name]).cast(field.type) if field.name in given else pa.nulls(n, field.type)
            for field in schema
        ]
        return pa.table(columns, schema=schema)


@dataclass(frozen=True, eq=False)
class PlacedScores:
    """A table of scores, and where its columns lie for DuckDB."""

    scores: OtherScores
    columns: Path

    def look_up(self, out: Path, unit: str, units: pd.DataFrame) -> NDArray[np.float64]:
        """Of single units, shape (n, k)."""
        return look_up_others(out, unit, len(self.scores.frame_ids), self.columns, units)

    def describe(self, n_units: int) -> dict[str, str | int]:
        """As the models of a report."""
        return {"model_id": self.scores.name, "bundle_hash": self.scores.sha256, "units": n_units}


@contextmanager
def place_others(
    scores: Path | None, paths: Sequence[Path], unit: str, frames: Sequence[str] | None, encoding: str | None
) -> Iterator[tuple[Path, list[PlacedScores]]]:
    """Lend an output folder, and the tables of scores that stand beside it.

    Args:
        scores: the output folder; None to make one of the first table.
        paths: of the tables.
        unit: "post" or "sentence".
        frames: wanted; None for those of the output folder, or of the first table.
        encoding: of text files that are not UTF-8.

    Raises:
        DataError: a table cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="frames-") as folder:
        out, rest = scores, list(paths)
        if out is None:
            out, first = Path(folder, "scores"), OtherScores.read(rest.pop(0), unit, frames, encoding)
            first.write_output(out, unit)
        wanted = tuple(frames or read_frames(out))
        placed = []
        for number, path in enumerate(rest):
            other = PlacedScores(
                OtherScores.read(path, unit, wanted, encoding), Path(folder, f"{number}.parquet")
            )
            other.scores.write_columns(other.columns)
            placed.append(other)
        yield out, placed


def add_others(
    out: Path, totals: ScoreTotals, keys: Mapping[str, str], others: Sequence[PlacedScores]
) -> ScoreTotals:
    """Sums with those of further scores, which have to be of every unit.

    Raises:
        DataError: a unit has none.
    """
    sums = []
    n_units = int(totals.cells["n"].sum())
    for other in others:
        cells, of_other = sum_others(out, totals.unit, len(other.scores.frame_ids), keys, other.columns)
        if missing := n_units - int(cells["n"].sum()):
            first = find_unscored(out, totals.unit, other.columns)
            raise DataError(
                f"{other.scores.name}: no score for {missing:,} of {n_units:,} {totals.unit}s, such as "
                f"{list_names(first)}; a share is of all of them: score the rest, 0 where nothing is found"
            )
        sums.append(of_other)
    return replace(totals, others=tuple(sums))


def _find_columns(header: str, columns: Sequence[str], frames: Sequence[str] | None) -> dict[str, str]:
    """The column of each frame."""
    if frames is None:
        free = [name for name in columns if name not in _SAID]
        if not free:
            raise DataError(f"{header}: no column of a frame; expected one for each, called by its id")
        return {name.removeprefix("p_"): name for name in free}
    found = {f: name for f in frames for name in (f, f"p_{f}") if name in columns}
    if missing := [frame for frame in frames if frame not in found]:
        raise DataError(
            f"{header}: no column for {list_names(missing, 10)}; expected one for each frame, called by its id; there "
            f"are {list_names(columns, 20)}"
        )
    return found


def _read_score(record: Record, column: str) -> float:
    value = record.cells.get(column)
    try:
        number = float(value) if isinstance(value, int | float | str) else np.nan
    except ValueError:
        number = np.nan
    if not 0 <= number <= 1:
        raise DataError(
            f"{record.where}, field '{shorten(column, 60)}': expected a score from 0 to 1, got {show_value(value)}; if "
            "the column is no frame, name those that are with --frame"
        )
    return number


def _read_said(records: Sequence[Record], columns: Sequence[str]) -> dict[str, list[Any]]:
    """What rows say besides, by the column of a posts table; channel "" where they say nothing."""
    said: dict[str, list[Any]] = {"channel": [""] * len(records)}
    for ours, names in _TEXTS.items():
        if name := next((name for name in names if name in columns), None):
            said[ours] = [_as_text(record.cells.get(name)) or "" for record in records]
    for ours, names in _TIMES.items():
        if name := next((name for name in names if name in columns), None):
            said[ours] = [_read_time(record, name) for record in records]
    for name in _NUMBERS:
        if name in columns:
            said[name] = [_read_whole(record, name) for record in records]
    return said


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)


def _read_time(record: Record, column: str) -> datetime | None:
    value = record.cells.get(column)
    if value in (None, ""):
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise DataError(
            f"{record.where}, field '{column}': expected ISO 8601 such as 2024-04-23, got {show_value(value)}"
        ) from None


def _read_whole(record: Record, column: str) -> int | None:
    value = record.cells.get(column)
    if value in (None, ""):
        return None
    try:
        number = int(float(str(value)))
    except (ValueError, OverflowError):
        number = -1
    if not 0 <= number < 1 << 62:
        raise DataError(f"{record.where}, field '{column}': expected a whole number, got {show_value(value)}")
    return number
