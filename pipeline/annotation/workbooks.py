"""Cells of XLSX workbooks, first sheet only: any text in, the same text out, nothing run as a formula.

XLSX holds no control characters, and readers take some sequences for escapes; both are spelt with the sign for
escape (U+241B), and spelt back.
"""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pipeline.errors import DataError, MissingExtraError

MAX_CELL: Final = 32_767  # characters that a cell holds
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\u241b\ufffe\uffff]|(?<=_)x(?=[0-9A-Fa-f]{4}_)|(?<=x)0(?=05F_)")
_SPELT = re.compile("\u241b(.)", re.DOTALL)
_SPECIAL: Final = {"\x1b": "e", "\ufffe": "E", "\uffff": "F"}
_SPECIAL_BACK: Final = {letter: sign for sign, letter in _SPECIAL.items()}


def read_rows(path: Path, max_bytes: int) -> list[list[Any]]:
    """Values of the first sheet, row by row; formulas as the values that were last computed.

    Raises:
        DataError: damaged, or larger than `max_bytes` when unpacked.
        MissingExtraError: openpyxl is not installed.
    """
    openpyxl = load_openpyxl()
    rows: list[list[Any]] = []
    try:
        unpacked = _unpacked_size(path)
        if unpacked <= max_bytes:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            rows = [
                [_read_cell(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)
            ]
            book.close()
    except Exception as error:  # noqa: BLE001 - damaged workbooks raise anything inside the reader
        raise DataError(f"{path}: not a readable XLSX workbook: {error!r:.200}") from None
    if unpacked > max_bytes:
        raise DataError(f"{path}: larger than {max_bytes // 10**6} MB when unpacked; split the file")
    return rows


def write_rows(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """Write one sheet; the first row stays in view.

    Args:
        path: written as it is, without a temporary name.
        rows: text, numbers, truth values or None; all of one length.

    Raises:
        DataError: a text too long for a cell.
        MissingExtraError: openpyxl is not installed.
    """
    book = load_openpyxl().Workbook()
    sheet = book.active
    for n, row in enumerate(rows, start=1):
        for k, value in enumerate(row, start=1):
            cell = sheet.cell(n, k)
            if isinstance(value, str):
                cell.value, cell.data_type = _write_cell(value, n, k), "s"  # else a leading = makes a formula
            else:
                cell.value = value
    sheet.freeze_panes = "A2"
    book.save(path)


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


def _unpacked_size(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


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
