"""Plain tables of posts: delimited text, JSON lines, a JSON array of objects, Parquet.

`options.columns` says which column is which; without it common names are recognised (`plain_columns`). The
table's own channel column decides; `options.channel`, then the file's name, serve rows that have none. Cells are
taken as they are, also where a spreadsheet's writer put "'" before a leading "=", "+", "-" or "@".
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

import pyarrow as pa

from pipeline.data.exports.field_values import make_excerpt
from pipeline.data.exports.json_stream import (
    MAX_VALUE_CHARS,
    BadValueError,
    JsonCursor,
    JsonStreamError,
    decode_value,
)
from pipeline.data.exports.pasted_text import opens_post
from pipeline.data.exports.plain_columns import KNOWN_NAMES, NoTextColumnError, PlainColumns
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped
from pipeline.data.exports.table_rows import (
    HEAD_CHARS,
    LONGEST_NAME,
    TableHead,
    fold_name,
    looks_like_table,
    read_table_head,
    read_table_rows,
)
from pipeline.data.exports.text_files import decode_utf8_head, open_text
from pipeline.data.parquet_cells import open_parquet, read_row_cells
from pipeline.errors import DataError, located

PARQUET_MAGIC: Final = b"PAR1"
_BATCH_ROWS: Final = 1024
_BATCH_BYTES: Final = 1 << 28  # 256 KiB a post, several times what any channel allows
_OBJECTS_AHEAD: Final = 100
_KEY_SETS_KEPT: Final = 1000


class PlainCsv:
    """Reader of delimited text with a header; the delimiter is one of , ; tab |."""

    name = "plain-csv"

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the content is rows of even length below a header, or begins with a known header."""
        text = decode_utf8_head(head)
        if (
            text is None
            or text.lstrip().startswith(("{", "[", "<"))
            or opens_post(text.lstrip().split("\n", 1)[0])
        ):
            return False
        table = read_table_head(text, KNOWN_NAMES)
        return _has_text_column(table) or looks_like_table(table)

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the rows in file order.

        Raises:
            DataError: no column of texts, a mapped column is missing, other bytes than UTF-8, or cut off
                within a quoted cell.
        """
        with open_text(path, options.encoding) as file:
            known = KNOWN_NAMES.union(fold_name(name) for name in options.columns.values())
            head = read_table_head(file.read(HEAD_CHARS), known)
        columns = PlainColumns(path, head.names, options)
        for row in read_table_rows(path, head.delimiter):
            if row.fault:
                yield Skipped("reject", row.record, row.fault, row.excerpt)
            else:
                yield columns.read_post(row.cells, row.record)


class PlainJsonLines:
    """Reader of JSON lines: one object a line."""

    name = "plain-jsonl"

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the first line is a complete JSON object."""
        text = decode_utf8_head(head)
        if text is None or not text.lstrip().startswith("{"):
            return False
        return isinstance(_decode_or_none(text.lstrip().split("\n", 1)[0]), dict)

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the lines in file order; a line that is no JSON object is rejected.

        Raises:
            DataError: no column of texts, a mapped column is missing, other bytes than UTF-8, or
                the last line is cut off.
        """
        with open_text(path, options.encoding, allow_cut_end=True) as file:
            yield from _read_objects(path, _lines(path, file), options)


class PlainJson:
    """Reader of one JSON array of objects."""

    name = "plain-json"

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the content begins as an array of objects."""
        text = decode_utf8_head(head)
        return text is not None and "".join(text.lstrip()[:1000].split()).startswith(("[{", "[]"))

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the objects in file order, one in memory at a time.

        Raises:
            DataError: no column of texts, a mapped column is missing, other bytes than UTF-8,
                or the array is cut off; what stands before that place is yielded first.
        """
        try:
            with open_text(path, options.encoding, allow_cut_end=True) as file:
                yield from _read_objects(path, _items(JsonCursor(file)), options)
        except JsonStreamError as error:
            raise DataError(located(path, f"{error}; export the file again", line=error.line)) from None


class PlainParquet:
    """Reader of Parquet tables, our own posts table among them."""

    name = "plain-parquet"

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the content begins as Parquet does."""
        return head.startswith(PARQUET_MAGIC)

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the rows in file order.

        Raises:
            DataError: not a readable Parquet file, no column of texts, or a mapped column is missing.
        """
        try:
            with open_parquet(path) as file:
                columns = PlainColumns(path, file.schema_arrow.names, options)
                number = 0
                names = list(dict.fromkeys((*columns.names.values(), *columns.text_names)))
                for batch in file.iter_batches(_BATCH_ROWS, columns=names):
                    for cells in read_row_cells(in_microseconds(batch), _BATCH_BYTES):
                        number += 1
                        yield columns.read_post(cells, f"row {number}")
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise DataError(
                f"{path}: not a readable Parquet file: {make_excerpt(error)}; write it again"
            ) from None


CSV_FORMAT: Final = PlainCsv()
JSON_LINES_FORMAT: Final = PlainJsonLines()
JSON_FORMAT: Final = PlainJson()
PARQUET_FORMAT: Final = PlainParquet()


def in_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Cast nanoseconds to microseconds: Python's own times hold no finer ones."""
    arrays = [
        column.cast(pa.timestamp("us", column.type.tz), safe=False)
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns"  # coarser ones might overflow
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _has_text_column(table: TableHead) -> bool:
    """Whether a short header names its texts; a first line of prose that holds the word "text" does not."""
    names = {fold_name(name) for name in table.names}
    known = names & KNOWN_NAMES
    if len(table.names) == 1:
        return names <= {"text", "message", "content"}
    return bool(known & {"text", "message", "content", "body"}) and len(known) * 4 >= len(names)


def _decode_or_none(text: str) -> object:
    try:
        return decode_value(text)
    except ValueError:
        return None


def _lines(path: Path, file: TextIO) -> Iterator[tuple[str, object]]:
    """Give each line's place and value; a line that cannot be decoded gives the error as its value."""
    number = 0
    while line := file.readline(MAX_VALUE_CHARS):
        number += 1
        if not line.strip():
            continue
        try:
            value: object = decode_value(line.strip())
        except ValueError as error:
            value = BadValueError(str(error), excerpt=line[:1000])
        yield f"line {number}", value
        if isinstance(value, BadValueError) and not line.endswith(("\n", "\r")):
            raise DataError(located(path, "the last line is cut off; export the file again", line=number))


def _items(cursor: JsonCursor) -> Iterator[tuple[str, object]]:
    for number in cursor.items():
        try:
            value = cursor.value()
        except BadValueError as error:
            yield f"item {number}", error
        else:
            yield f"item {number}", value
    if cursor.peek():
        raise JsonStreamError("expected the end of the file, got more text", line=cursor.line)


def _read_objects(
    path: Path, entries: Iterator[tuple[str, object]], options: ReadOptions
) -> Iterator[RawPost | Skipped]:
    """Turn objects into posts; each may lack keys that others have.

    The keys of the first objects together decide whether the columns can be matched at all, before any post
    is given.
    """
    first: list[tuple[str, object]] = []
    failure: DataError | JsonStreamError | None = None
    try:
        first.extend(itertools.islice(entries, _OBJECTS_AHEAD))
    except (DataError, JsonStreamError) as error:
        failure = error
    found = dict.fromkeys(key for _, value in first if isinstance(value, dict) for key in value)
    if found or failure is None:
        PlainColumns(path, list(found), options)
    reader = _ObjectReader(path, options)
    for record, value in itertools.chain(first, entries if failure is None else ()):
        yield reader.read(value, record)
    if failure is not None:
        raise failure


class _ObjectReader:
    """Matches columns once for each set of keys that objects have."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self._path = path
        self._options = options
        self._relevant = KNOWN_NAMES.union(fold_name(name) for name in options.columns.values())
        self._matched: dict[tuple[str, ...], PlainColumns | None] = {}

    def read(self, value: object, record: str) -> RawPost | Skipped:
        if isinstance(value, BadValueError):
            return Skipped("reject", record, str(value), make_excerpt(value.excerpt))
        if not isinstance(value, dict):
            return Skipped("reject", record, "expected an object with keys", make_excerpt(value))
        columns = self._columns_of(tuple(value))
        if columns is None:
            return Skipped("no_text", record, "no text")
        return columns.read_post(value, record)

    def _columns_of(self, keys: tuple[str, ...]) -> PlainColumns | None:
        if keys not in self._matched:
            if len(self._matched) >= _KEY_SETS_KEPT:
                self._matched.clear()
            self._matched[keys] = self._match(keys)
        return self._matched[keys]

    def _match(self, keys: tuple[str, ...]) -> PlainColumns | None:
        found = [key for key in keys if len(key) <= LONGEST_NAME and fold_name(key) in self._relevant]
        try:
            return PlainColumns(self._path, found, self._options, may_lack=True)
        except NoTextColumnError:
            return None
