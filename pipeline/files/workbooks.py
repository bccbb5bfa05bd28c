"""Cells of XLSX workbooks, first sheet only: any text in, the same text out, nothing run as a formula.

XLSX holds no control characters, and readers take some sequences for escapes; both are spelt with the sign for
escape (U+241B), and spelt back.
"""

import contextlib
import itertools
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any, Final

from defusedxml.ElementTree import iterparse

from pipeline.errors import DataError, MissingExtraError, show_value

MAX_CELL: Final = 32_767  # characters that a cell holds
MAX_ROWS: Final = 1_048_576  # of a sheet
MAX_CELLS: Final = 10_000_000  # that are read of a sheet; a file of a few bytes may claim billions
_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = 1, 2  # as XLSX numbers reading orders
_WIDEST, _NARROWEST = 60, 8  # columns, in characters
_LOOKED_AT: Final = 200  # characters of a text, for its direction
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\u241b\ufffe\uffff]|(?<=_)x(?=[0-9A-Fa-f]{4}_)|(?<=x)0(?=05F_)")
_CLOCK_FORMAT = re.compile("[hHsS]|AM/PM")  # of a cell that shows the time of day
_SPELT = re.compile("\u241b(.)", re.DOTALL)
_SPECIAL: Final = {"\x1b": "e", "\ufffe": "E", "\uffff": "F"}
_SPECIAL_BACK: Final = {letter: sign for sign, letter in _SPECIAL.items()}


def read_rows(path: Path, max_bytes: int, *, days: bool = False) -> list[list[Any]]:
    """Values of the first sheet, row by row, none shorter than the first unless it is empty.

    Formulas are the values that were last computed.

    Args:
        path: the workbook.
        max_bytes: of it when unpacked.
        days: give a cell that shows a day without a clock as `date`; else as `datetime`, as all times.

    Raises:
        DataError: damaged, larger than `max_bytes` when unpacked, more than MAX_CELLS, or rows out of order.
        MissingExtraError: openpyxl is not installed.
    """
    openpyxl = load_openpyxl()
    try:
        _check_unpacked_size(path, max_bytes)
        with path.open("rb") as file:  # of a path, openpyxl also minds the ending
            with contextlib.redirect_stdout(None):  # openpyxl prints what it thinks of styles
                book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            try:
                return _read_sheet(path, book.worksheets[0], days)
            finally:
                book.close()
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - damaged workbooks raise anything inside the reader
        raise DataError(f"{path}: not a readable XLSX workbook: {show_value(error, 200)}") from None


def is_workbook(path: Path) -> bool:
    """Whether the file is packed as XLSX is."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def filled_sheets(path: Path) -> list[str]:
    """Names of the first sheet and of the others that have cells.

    Raises:
        MissingExtraError: openpyxl is not installed.
    """
    with path.open("rb") as file:
        with contextlib.redirect_stdout(None):
            book = load_openpyxl().load_workbook(file, read_only=True, data_only=True)
        try:
            sheets = list(enumerate(book.worksheets))
            return [sheet.title for n, sheet in sheets if n == 0 or any(any(row) for row in sheet.values)]
        finally:
            book.close()


def write_rows(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """Write one sheet to be read and filled in: the first row stays in view, long texts wrap, each in its direction.

    Args:
        path: written as it is, without a temporary name.
        rows: text, numbers, truth values or None; all of one length.

    Raises:
        DataError: a text too long for a cell.
        MissingExtraError: openpyxl is not installed.
    """
    openpyxl = load_openpyxl()
    book = openpyxl.Workbook()
    sheet = book.active
    layouts = {
        order: openpyxl.styles.Alignment(wrap_text=True, vertical="top", readingOrder=order)
        for order in (_LEFT_TO_RIGHT, _RIGHT_TO_LEFT)
    }
    widths: Counter[int] = Counter()
    for n, row in enumerate(rows, start=1):
        for k, value in enumerate(row, start=1):
            cell = sheet.cell(n, k)
            if isinstance(value, str):
                cell.value, cell.data_type = _write_cell(value, n, k), "s"  # else a leading = makes a formula
                cell.alignment = layouts[_reading_order(value)]
                widths[k] = max(widths[k], min(len(value) + 2, _WIDEST))
            else:
                cell.value = value
    for k, width in widths.items():
        sheet.column_dimensions[openpyxl.utils.get_column_letter(k)].width = max(width, _NARROWEST)
    sheet.freeze_panes = "A2"
    book.save(path)


def _reading_order(text: str) -> int:
    """By the first letter that has a direction."""
    directions = (unicodedata.bidirectional(letter) for letter in text[:_LOOKED_AT])
    first = next((direction for direction in directions if direction in ("L", "R", "AL")), "L")
    return _LEFT_TO_RIGHT if first == "L" else _RIGHT_TO_LEFT


def load_openpyxl() -> Any:
    """The library, an extra.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import openpyxl  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingExtraError("openpyxl", "xlsx") from None
    return openpyxl


def _read_sheet(path: Path, sheet: Any, days: bool) -> list[list[Any]]:
    """All rows, those in between that the file leaves out too; a cell's address alone decides how many there are."""
    with sheet._get_source() as source:  # noqa: SLF001 - openpyxl says nothing of rows that it leaves out
        for earlier, later in itertools.pairwise(_stated_numbers(source)):
            if not earlier < later <= MAX_ROWS:
                raise DataError(
                    f"{path}: row {later} stands behind row {earlier}; save the workbook once more"
                )
    sheet.reset_dimensions()
    rows: list[list[Any]] = []
    width = n_cells = 0
    for cells in sheet.iter_rows():
        row = [_day_of(cell) if days else cell.value for cell in cells]
        width = width or len(row)
        n_cells += max(len(row), width if row else 1)
        if n_cells > MAX_CELLS:
            raise DataError(
                f"{path}: more than {MAX_CELLS:,} cells, empty ones in between counted; split the file"
            )
        missing = [None] * (width - len(row)) if row else []
        rows.append([*map(_read_cell, row), *missing])
    return rows


def _day_of(cell: Any) -> Any:
    value = cell.value
    is_midnight = isinstance(value, datetime) and value.time() == time()
    return value.date() if is_midnight and not _CLOCK_FORMAT.search(str(cell.number_format)) else value


def _stated_numbers(source: Any) -> Iterator[int]:
    yield 0
    for _, element in iterparse(source):
        if element.tag.endswith("}row"):
            if number := element.get("r"):
                yield int(number)
            element.clear()


def _check_unpacked_size(path: Path, max_bytes: int) -> None:
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > max_bytes:
            raise DataError(f"{path}: larger than {max_bytes // 10**6} MB when unpacked; split the file")


def _read_cell(value: object) -> object:
    return _SPELT.sub(lambda match: _spell_back(match[1]), value) if isinstance(value, str) else value


def _write_cell(text: str, row: int, column: int) -> str:
    spelt = _UNWRITABLE.sub(lambda match: _spell(match[0]), text)
    if len(spelt) > MAX_CELL:
        raise DataError(
            f"row {row}, column {column}: {len(spelt)} characters; a cell of XLSX holds {MAX_CELL}: write CSV or "
            "JSON lines"
        )
    return spelt


def _spell(sign: str) -> str:
    return "\u241b" + _SPECIAL.get(sign, chr(0x2400 + ord(sign)) if sign < " " else sign)


def _spell_back(sign: str) -> str:
    if "\u2400" <= sign < "\u2420" and sign != "\u241b":
        return chr(ord(sign) - 0x2400)
    return _SPECIAL_BACK.get(sign, sign)
