"""Rows of a labelled file, whatever its format: CSV, JSON lines, JSON array or Parquet.

Only the form is checked here (encoding, quoting, column names); what the values mean is decided in
`pipeline.data.label_values`. Labelled files are written by people and fit in memory.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.data.parquet_cells import open_parquet, read_cells
from pipeline.errors import DataError, list_names, located, shorten

REQUIRED = ("text", "labels")
OPTIONAL = ("id", "source", "date", "group", "lang", "purpose")
DELIMITERS = (",", ";", "\t", "|")
MAX_FIELD = 50_000_000  # characters in one CSV cell; more is an unclosed quote, not a text
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
}


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as the file states it: where it stands, and its cells by our column names.

    A column that the row does not have is missing from `cells`; `fault` says why a row has no usable form.
    """

    where: str
    cells: dict[str, Any]
    fault: str | None = None


def read_rows(path: Path, columns: Mapping[str, str]) -> list[RawRow]:
    """Read all rows; `columns` maps our column names to those of the file.

    Raises:
        DataError: no such file, unknown format, wrong encoding, broken quoting or JSON, a column that is
            missing or stands twice, no rows.
    """
    names = _column_names(columns)
    if not path.is_file():
        raise DataError(f"{path}: no such file of labelled texts")
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise DataError(f"{path}: expected a file that ends in one of {', '.join(SUFFIXES)}")
    if kind == "parquet":
        rows, found = _read_parquet(path, names)
    else:
        text = decode_utf8(path)
        rows, found = _read_csv(path, text, names) if kind == "csv" else _read_json(path, text, names)
    if not rows:
        raise DataError(f"{path}: no rows; expected at least one text with its labels")
    required = [column for column in names if column in REQUIRED or column in columns]
    if missing := [column for column in required if names[column] not in found]:
        raise DataError(_missing_columns(path, missing, names, found))
    return rows


def _column_names(columns: Mapping[str, str]) -> dict[str, str]:
    """Our names -> the file's names, in our order."""
    known = (*REQUIRED, *OPTIONAL)
    if unknown := sorted(set(columns) - set(known)):
        raise DataError(
            f"columns: unknown names {', '.join(unknown)}; expected our column name first, one of "
            f"{', '.join(known)}, for example {{text: sentence}}"
        )
    return {column: columns.get(column, column) for column in known}


def _missing_columns(
    path: Path, missing: Sequence[str], names: Mapping[str, str], found: Iterable[str]
) -> str:
    wanted = ", ".join(f"'{names[column]}'" for column in missing)
    return (
        f"{path}: no column {wanted}; the file has: {list_names(found) or 'no columns'}. "
        "Name the file's columns with --column text=sentence --column labels=frames, or in a config with "
        "data.columns: {text: sentence, labels: frames}"
    )


def decode_utf8(path: Path) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        DataError: UTF-16, or bytes that are no UTF-8; the message names the first of them.
    """
    raw = path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path}: expected UTF-8, got UTF-16; save the file as UTF-8 (Excel: 'CSV UTF-8')")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            located(
                path,
                f"expected UTF-8, got the byte 0x{raw[error.start]:02x} at position {error.start}; save the "
                "file as UTF-8 (Excel: 'CSV UTF-8'; elsewhere: iconv -f WINDOWS-1251 -t UTF-8)",
                line=line,
            )
        ) from None


def _read_csv(path: Path, text: str, names: Mapping[str, str]) -> tuple[list[RawRow], list[str]]:
    delimiter = _find_delimiter(text, names)
    previous_limit = csv.field_size_limit(MAX_FIELD)
    try:
        return _parse_csv(path, text, delimiter, names)
    finally:
        csv.field_size_limit(previous_limit)


def _find_delimiter(text: str, names: Mapping[str, str]) -> str:
    """The delimiter under which the header has most of our columns, then most columns at all."""

    def fitness(delimiter: str) -> tuple[int, int]:
        try:
            header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        except csv.Error:
            return (0, 0)
        cells = [cell.strip() for cell in header]
        return (len(set(cells) & set(names.values())), len(cells))

    return max(DELIMITERS, key=fitness)


def _parse_csv(
    path: Path, text: str, delimiter: str, names: Mapping[str, str]
) -> tuple[list[RawRow], list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[RawRow] = []
    header: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            if header is None and cells:
                header = [cell.strip() for cell in cells]
                _check_header(path, header, names, line)
            elif header is not None and cells:
                rows.append(_csv_row(f"{path}, line {line}", header, cells, names))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            located(path, f"not valid CSV: {error}; look for a quote that is not closed", line=line)
        ) from None
    return rows, header or []


def _check_header(path: Path, header: list[str], names: Mapping[str, str], line: int) -> None:
    if repeated := [name for name, count in Counter(header).items() if count > 1 and name in names.values()]:
        raise DataError(
            located(path, f"the column '{shorten(repeated[0], 60)}' stands more than once", line=line)
        )
    if missing := [column for column in REQUIRED if names[column] not in header]:
        raise DataError(_missing_columns(path, missing, names, header))


def _csv_row(where: str, header: Sequence[str], cells: Sequence[str], names: Mapping[str, str]) -> RawRow:
    cell_of = dict(zip(header, cells, strict=False))
    values = {column: cell_of[name] for column, name in names.items() if name in cell_of}
    fault = None
    if len(cells) != len(header):
        fault = (
            f"expected {len(header)} cells as in the header, got {len(cells)}; "
            "quote texts that hold the delimiter"
        )
    return RawRow(where, values, fault)


def _read_json(path: Path, text: str, names: Mapping[str, str]) -> tuple[list[RawRow], list[str]]:
    """A JSON array of objects, or one object a line; which of both is seen from the first character."""
    if text.lstrip().startswith("["):
        parsed = enumerate(parse_json(text, str(path)), start=1)
        items = [(f"{path}, item {n}", item) for n, item in parsed]
    else:
        # only "\n" ends a line of JSON; str.splitlines would also break at U+2028 inside a text
        lines = ((f"{path}, line {n}", line) for n, line in enumerate(text.split("\n"), start=1))
        items = [(where, parse_json(line, where)) for where, line in lines if line.strip()]
    rows = [_json_row(where, item, names) for where, item in items]
    return rows, list(dict.fromkeys(key for _, item in items for key in item))


def parse_json(text: str, where: str) -> Any:
    """The value that a JSON text spells; `where` begins the message of an error.

    Raises:
        DataError: not JSON, nested too deep, or an object that has a key twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_refuse_repeated_keys)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{where}: not valid JSON: {error}; expected one object a line, or one array of objects"
        ) from None


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return mapping


def _json_row(where: str, item: object, names: Mapping[str, str]) -> RawRow:
    if not isinstance(item, dict):
        raise DataError(f"{where}: expected an object with keys, got {type(item).__name__}")
    return RawRow(where, {column: item[name] for column, name in names.items() if name in item})


def _read_parquet(path: Path, names: Mapping[str, str]) -> tuple[list[RawRow], list[str]]:
    try:
        with open_parquet(path) as file:
            found = list(file.schema_arrow.names)
            if repeated := [name for name, count in Counter(found).items() if count > 1]:
                raise DataError(f"{path}: the column '{shorten(repeated[0], 60)}' stands more than once")
            present = {column: name for column, name in names.items() if name in found}
            if missing := [column for column in REQUIRED if column not in present]:
                raise DataError(_missing_columns(path, missing, names, found))
            table = file.read(columns=list(dict.fromkeys(present.values())))
        values = {column: read_cells(table.column(name)) for column, name in present.items()}
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {shorten(error)}") from None
    rows = [
        RawRow(f"{path}, row {n + 1}", {column: values[column][n] for column in values})
        for n in range(table.num_rows)
    ]
    return rows, found
