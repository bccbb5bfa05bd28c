"""Rows of delimited text (CSV, TSV and their kin) from strangers: delimiter, header, one row after the other."""

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import make_excerpt
from pipeline.data.tables.text_files import open_text
from pipeline.errors import DataError, located

DELIMITERS: Final = (",", ";", "\t", "|")
MAX_CELL_CHARS: Final = 1 << 25  # more is a quote that nothing closes, not a post
LONGEST_NAME: Final = 64  # characters of a column's name
HEAD_CHARS: Final = 1 << 16
_SNIFFED_ROWS: Final = 50
_LINE_CHARS: Final = 100
_SEPARATOR_LINE = re.compile(
    '\ufeff?"?sep=(?P<sign>.)"?[ \t]*[\r\n]*$', re.IGNORECASE
)  # Excel reads and hides it


@dataclass(frozen=True, slots=True)
class TableHead:
    """What the beginning of a delimited file says.

    Attributes:
        delimiter: one of DELIMITERS, or what a first line "sep=;" names.
        names: the header's cells without surrounding space.
        even_rows: how many of the rows that follow have as many cells as the header.
        uneven_rows: how many have not.
    """

    delimiter: str
    names: tuple[str, ...]
    even_rows: int
    uneven_rows: int


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: where it stands, its cells by column name, or why it has none (`fault`)."""

    record: str
    cells: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    excerpt: str = ""


def fold_name(name: str) -> str:
    """Spell a column name as our lists do: lower case, words joined by "_"."""
    return "_".join(name.strip().lstrip("\ufeff").casefold().replace("-", " ").replace("_", " ").split())


def read_table_head(text: str, known: Collection[str]) -> TableHead:
    """Find the delimiter under which the header has most `known` names, then most rows of its own length.

    Args:
        text: the beginning of the file; its last row may be cut.
        known: folded column names, see `fold_name`.
    """
    first, _, rest = text.partition("\n")
    if named := _SEPARATOR_LINE.match(first):
        return _read_head_as(rest, named["sign"])
    heads = [_read_head_as(text, delimiter) for delimiter in DELIMITERS]

    def fitness(head: TableHead) -> tuple[int, int, int]:
        known_names = len({fold_name(name) for name in head.names} & set(known))
        return known_names, head.even_rows if len(head.names) > 1 else 0, len(head.names)

    return max(heads, key=fitness)


def names_separator(text: str) -> bool:
    """Whether the first line only says which sign stands between cells, as Excel's "sep=;" does."""
    return _SEPARATOR_LINE.match(text.partition("\n")[0]) is not None


def looks_like_table(head: TableHead) -> bool:
    """Whether this is a table with a header and not prose that happens to hold the delimiter."""
    if len(head.names) < 2 or len(set(head.names)) != len(head.names) or head.uneven_rows > head.even_rows:  # noqa: PLR2004 - one column is no table
        return False
    are_names = all(len(name) <= LONGEST_NAME and not name.endswith((".", "!", "?")) for name in head.names)
    return are_names and head.even_rows > 0 and sum(bool(name) for name in head.names) > 1


def read_table_rows(path: Path, delimiter: str, encoding: str | None = None) -> Iterator[TableRow]:
    """Stream the rows below the header; "line N" is the line where a row begins.

    Rows with another number of cells than the header and rows with broken quotes come with a `fault`.

    Raises:
        DataError: neither UTF-8 nor UTF-16, or cut off within a quoted cell.
    """
    csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL_CHARS))
    with open_text(path, encoding) as file:
        skipped = _SEPARATOR_LINE.match(file.readline(_LINE_CHARS)) is not None
        if not skipped:
            file.seek(0)
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        names: list[str] | None = None
        while True:
            record = f"line {reader.line_num + skipped + 1}"
            try:
                cells = next(reader, None)
            except csv.Error as error:
                if "unexpected end of data" in str(error):
                    raise DataError(_cut_off(path, record)) from None
                # what stands between the stray quote and the next one was taken for one cell
                fault = f"broken quoting ({error}); lost up to line {reader.line_num + skipped}"
                yield TableRow(record, fault=fault)
                continue
            if cells is None:
                return
            if not any(cells):
                continue
            if names is None:
                names = [name.strip() for name in cells]
                continue
            yield _row_of(record, names, cells)


def _row_of(record: str, names: list[str], cells: list[str]) -> TableRow:
    if len(cells) != len(names):
        fault = f"expected {len(names)} cells as in the header, got {len(cells)}"
        return TableRow(record, fault=fault, excerpt=make_excerpt(" | ".join(cells[:20])))
    return TableRow(record, dict(zip(names, cells, strict=True)))


def _cut_off(path: Path, record: str) -> str:
    message = (
        "a quoted cell begins in this row and nothing closes it: the file is cut off, or a quote is stray"
    )
    return located(path, f"{message}; export it again or mend the row", line=int(record.split()[1]))


def _read_head_as(text: str, delimiter: str) -> TableHead:
    csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL_CHARS))
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cells):
                rows.append(cells)
            if len(rows) > _SNIFFED_ROWS:
                break
        else:
            if (
                len(text) >= HEAD_CHARS // 4 and len(rows) > 1
            ):  # as bytes, a full head: its last row may be cut
                rows.pop()
    except csv.Error:
        rows = rows[:1]
    names = tuple(name.strip() for name in rows[0]) if rows else ()
    even = sum(len(cells) == len(names) for cells in rows[1:])
    return TableHead(delimiter, names, even, max(len(rows) - 1 - even, 0))
