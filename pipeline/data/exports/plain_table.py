"""Plain tables of posts: delimited text, workbooks, Parquet.

`options.columns` says which column is which; without it common names are recognised (`plain_columns`). The
table's own channel column decides; `options.channel`, then the file's name, serve rows that have none. Cells are
taken as they are, also where a spreadsheet's writer put "'" before a leading "=", "+", "-" or "@".
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa

from pipeline.data.exports.column_names import KNOWN_NAMES, READS
from pipeline.data.exports.field_values import make_excerpt
from pipeline.data.exports.pasted_text import opens_post
from pipeline.data.exports.plain_columns import PlainColumns, settle_date_order
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.tables.parquet_cells import open_parquet, read_row_cells
from pipeline.data.tables.table_rows import (
    HEAD_CHARS,
    TableHead,
    TableRow,
    fold_name,
    looks_like_table,
    names_separator,
    read_table_head,
    read_table_rows,
)
from pipeline.data.tables.text_files import decode_utf8_head, open_text
from pipeline.errors import DataError
from pipeline.files.workbooks import filled_sheets, is_workbook, read_rows

PARQUET_MAGIC: Final = b"PAR1"
_TEXTS: Final = frozenset(
    (
        "text",
        "message",
        "content",
        "текст",
        "сообщение",
        "повідомлення",
        "nachricht",
        "texto",
        "texte",
        "tekst",
        "内容",
        "正文",
        "النص",
    )
)
_BATCH_ROWS: Final = 1024
_BATCH_BYTES: Final = 1 << 28  # 256 KiB a post, several times what any channel allows
_WORKBOOK_BYTES: Final = 1 << 30  # when unpacked


class PlainCsv:
    """Reader of delimited text with a header; the delimiter is one of , ; tab |."""

    name = "plain-csv"
    source = Source(
        what="tables of any tool: Telethon and Pyrogram through pandas, snscrape, 4CAT, CrowdTangle, Meta Content "
        "Library, Telepathy, spreadsheets",
        how="save as CSV (UTF-8); cells between commas, semicolons, tabs or bars; Excel's first line sep=; is read",
        reads=READS,
        ignores="every other column, which is told; --column OURS=THEIRS names one that is not recognised",
    )

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
        return names_separator(text) or _has_text_column(table) or looks_like_table(table)

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

        def rows() -> Iterator[TableRow]:
            return read_table_rows(path, head.delimiter, options.encoding)

        columns.use(settle_date_order(columns, options, lambda: (row.cells for row in rows())))
        columns.tell_unread()
        for row in rows():
            if row.fault:
                yield Skipped("reject", row.record, row.fault, row.excerpt)
            else:
                yield columns.read_post(row.cells, row.record)


class PlainWorkbook:
    """Reader of the first sheet of an Excel workbook (.xlsx)."""

    name = "plain-xlsx"
    source = Source(
        what="Excel and what writes its workbooks (.xlsx)",
        how="save as .xlsx, posts on the first sheet (needs the extra xlsx)",
        reads=READS,
        ignores="every other column and further sheets, which are told",
    )

    def matches(self, path: Path, head: bytes) -> bool:
        """Whether the content is a workbook as Excel packs it."""
        return head.startswith(b"PK") and is_workbook(path)

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Give the rows in order; a further sheet with anything in it is a reject.

        Raises:
            DataError: damaged, too large, no column of texts, or a mapped column is missing.
            MissingExtraError: openpyxl is not installed.
        """
        rows = [
            (number, cells)
            for number, cells in enumerate(read_rows(path, _WORKBOOK_BYTES, days=True), start=1)
            if any(cell not in (None, "") for cell in cells)
        ]
        header = [str("" if cell is None else cell).strip() for cell in rows[0][1]] if rows else []
        columns = PlainColumns(path, header, options)
        records = [(n, _text_cells(dict(zip(header, cells, strict=False)), columns)) for n, cells in rows[1:]]
        columns.use(settle_date_order(columns, options, lambda: (cells for _, cells in records)))
        columns.tell_unread()
        for number, cells in records:
            yield columns.read_post(cells, f"row {number}")
        for sheet in filled_sheets(path)[1:]:
            reason = "only the first sheet of a workbook is read; save this one as a file of its own"
            yield Skipped("reject", f"sheet '{make_excerpt(sheet)}'", reason)


class PlainParquet:
    """Reader of Parquet tables, our own posts table among them."""

    name = "plain-parquet"
    source = Source(
        what="pandas, DuckDB, Spark; our own posts tables",
        how="write a Parquet file",
        reads=READS,
        ignores="every other column, which is told",
    )

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
                columns.tell_unread()
                number = 0
                for batch in file.iter_batches(_BATCH_ROWS, columns=list(columns.used)):
                    for cells in read_row_cells(in_microseconds(batch), _BATCH_BYTES):
                        number += 1
                        yield columns.read_post(cells, f"row {number}")
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise DataError(
                f"{path}: not a readable Parquet file: {make_excerpt(error)}; write it again"
            ) from None


CSV_FORMAT: Final = PlainCsv()
WORKBOOK_FORMAT: Final = PlainWorkbook()
PARQUET_FORMAT: Final = PlainParquet()


def _text_cells(cells: dict[str, object], columns: PlainColumns) -> dict[str, object]:
    """The cells with numbers and dates in columns of texts as the text that they are read as."""
    for name in columns.text_names:
        if isinstance(cells.get(name), int | float | date):
            cells[name] = str(cells[name])
    return cells


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
        return names <= _TEXTS
    return bool(known & {*_TEXTS, "body"}) and len(known) * 4 >= len(names)
