"""Tables of records that people exchange: CSV, TSV, JSON lines, JSON, Parquet and XLSX, by suffix.

Texts of posts are hostile. In CSV and XLSX a text that a spreadsheet would run as a formula gets a leading ',
which reading takes off again. So each format gives back exactly what was written, except that CSV and XLSX spell
None as empty.
"""

import csv
import io
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.label_files import DELIMITERS, MAX_FIELD, decode_utf8, parse_json
from pipeline.data.parquet_cells import open_parquet, read_row_cells
from pipeline.errors import DataError, located, shorten
from pipeline.files.durable_files import replacing
from pipeline.files.workbooks import load_openpyxl, read_rows, write_rows

SUFFIXES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx")
WRITTEN: Final = (".csv", ".jsonl", ".parquet", ".xlsx")
MAX_BYTES: Final = 500_000_000  # of a file, unpacked; what people label is far smaller
_SNIFFED_ROWS: Final = 20
_STARTS: Final = "[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"  # the last four as East Asian keyboards write them
_FORMULA = re.compile(f"'*{_STARTS}")
_GUARDED = re.compile(f"'+{_STARTS}")


@dataclass(frozen=True, slots=True)
class Record:
    """One row: where it stands, and its cells by column name."""

    where: str
    cells: dict[str, Any]


def read_records(path: Path) -> list[Record]:
    """Read all rows of a file.

    Raises:
        DataError: no such file, unknown suffix, too large, damaged, or a column that stands twice.
        MissingExtraError: XLSX without openpyxl.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"{path}: expected a file that ends in one of {', '.join(SUFFIXES)}")
    _check_size(path)
    if suffix == ".parquet":
        return list(_read_parquet(path))
    if suffix == ".xlsx":
        return list(_read_xlsx(path))
    text = read_bounded_text(path)
    return list(_read_csv(path, text)) if suffix in {".csv", ".tsv"} else list(read_json_records(path, text))


def write_records(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows under the final name in one step, in the format that the suffix names.

    Args:
        path: ends in .csv, .jsonl, .parquet or .xlsx.
        rows: a missing column is None; lists are joined with ";" in CSV and XLSX.
        columns: in this order.

    Raises:
        DataError: another suffix, or a text too long for a cell.
        MissingExtraError: XLSX without openpyxl.
    """
    check_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write = {".csv": _write_csv, ".jsonl": _write_jsonl, ".parquet": _write_parquet, ".xlsx": _write_xlsx}
    with replacing(path) as temporary:
        write[path.suffix.lower()](
            temporary, [{name: row.get(name) for name in columns} for row in rows], columns
        )


def read_bounded_text(path: Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        DataError: no such file, too large, or not UTF-8.
    """
    _check_size(path)
    return decode_utf8(path)


def refuse_existing(path: Path, option: str = "") -> None:
    """Do not write over a file into which people may have put their work.

    Args:
        path: to be written.
        option: of the command, that allows it.

    Raises:
        DataError: there is one.
    """
    if path.exists():
        remedy = f"delete it first, or give {option}" if option else "or delete it first"
        raise DataError(f"{path}: exists already and may hold labels; give another name, {remedy}")


def check_suffix(path: Path) -> None:
    """Refuse a name whose format we do not write, before work is done for it.

    Raises:
        DataError: names the suffixes that are possible.
        MissingExtraError: XLSX without openpyxl.
    """
    if path.suffix.lower() not in WRITTEN:
        raise DataError(f"{path}: expected a name that ends in one of {', '.join(WRITTEN)}")
    if path.suffix.lower() == ".xlsx":
        load_openpyxl()


def guard_formula(text: str) -> str:
    """The text with a leading ' where a spreadsheet would run it; `release_formula` is the reverse."""
    return f"'{text}" if _FORMULA.match(text) else text


def release_formula(text: str) -> str:
    """The text without the ' that `guard_formula` put in front."""
    return text[1:] if _GUARDED.match(text) else text


def read_json_records(path: Path, text: str) -> Iterator[Record]:
    """Objects of a JSON array, or one object a line.

    Raises:
        DataError: not JSON, something that is no object, or half of a surrogate pair, which no file can hold.
    """
    has_escapes = "\\ud" in text or "\\uD" in text
    if text.lstrip().startswith("["):
        items = ((f"{path}, item {n}", item) for n, item in enumerate(parse_json(text, str(path)), start=1))
    else:  # only "\n" ends a line of JSON; str.splitlines would also break at U+2028 inside a text
        lines = ((f"{path}, line {n}", line) for n, line in enumerate(text.split("\n"), start=1))
        items = ((where, parse_json(line, where)) for where, line in lines if line.strip())
    for where, item in items:
        if not isinstance(item, dict):
            raise DataError(f"{where}: expected an object with keys, got {type(item).__name__}")
        if has_escapes:
            _refuse_half_characters(item, where)
        yield Record(where, item)


def _check_size(path: Path) -> None:
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    if path.stat().st_size > MAX_BYTES:
        raise DataError(f"{path}: larger than {MAX_BYTES // 10**6} MB; split the file")


def _refuse_half_characters(item: dict[str, Any], where: str) -> None:
    try:
        json.dumps(item, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise DataError(f"{where}: half of a surrogate pair, which is no character") from None


def _read_csv(path: Path, text: str) -> Iterator[Record]:
    delimiter = max(DELIMITERS, key=lambda sign: _fitness(text, sign))
    previous_limit = csv.field_size_limit(MAX_FIELD)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header: list[str] = []
        line = 1
        for cells in reader:
            if cells and not header:
                header = _check_header(path, [cell.strip() for cell in cells])
            elif cells:
                if len(cells) != len(header):
                    raise DataError(
                        located(
                            path, f"expected {len(header)} cells, got {len(cells)}; quote texts", line=line
                        )
                    )
                values = (release_formula(cell) or None for cell in cells)
                yield Record(f"{path}, line {line}", dict(zip(header, values, strict=True)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(located(path, f"not valid CSV: {error}", line=line)) from None
    finally:
        csv.field_size_limit(previous_limit)


def _fitness(text: str, delimiter: str) -> tuple[bool, int]:
    """Whether the first rows have as many cells as the header, more than one, and how many the header has."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        widths = [len(cells) for cells in itertools.islice(filter(None, reader), _SNIFFED_ROWS)]
    except csv.Error:
        return False, 0
    header = next(iter(widths), 0)
    return header > 1 and set(widths) == {header}, header


def _check_header(path: Path, header: list[str]) -> list[str]:
    header = [release_formula(name) for name in header]
    if repeated := [name for name, count in Counter(header).items() if count > 1 and name]:
        raise DataError(f"{path}: the column '{shorten(repeated[0], 60)}' stands more than once")
    return header


def _read_parquet(path: Path) -> Iterator[Record]:
    try:
        with open_parquet(path) as file:
            groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
            if sum(group.total_byte_size for group in groups) > MAX_BYTES:
                raise DataError(f"{path}: larger than {MAX_BYTES // 10**6} MB when unpacked; split the file")
            _check_header(path, list(file.schema_arrow.names))
            for n, row in enumerate(read_row_cells(file.read(), MAX_BYTES), start=1):
                yield Record(f"{path}, row {n}", row)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {shorten(error)}") from None


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value


def _cell_text(value: object) -> object:
    """A value as CSV and XLSX hold it: text is guarded, lists are joined, numbers stay."""
    value = _plain(value)
    if isinstance(value, list | tuple):
        value = ";".join(map(str, value))
    elif isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False)
    return guard_formula(value) if isinstance(value, str) else value


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    with path.open("x", encoding="utf-8-sig", newline="") as stream:  # the mark makes Excel read UTF-8
        writer = csv.writer(stream)
        writer.writerow([guard_formula(name) for name in columns])
        for row in rows:
            writer.writerow([_cell_text(row[name]) for name in columns])


def _write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            plain = {name: _plain(row[name]) for name in columns}
            stream.write(json.dumps(plain, ensure_ascii=False) + "\n")


def _write_parquet(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    table = pa.table({name: pa.array([row[name] for row in rows]) for name in columns})
    pq.write_table(table, path, compression="zstd")


def _read_xlsx(path: Path) -> Iterator[Record]:
    header: list[str] = []
    for n, row in enumerate(read_rows(path, MAX_BYTES), start=1):
        cells = [release_formula(cell) or None if isinstance(cell, str) else cell for cell in row]
        if not header:
            header = _check_header(path, ["" if cell is None else str(cell).strip() for cell in row])
        elif any(cell is not None for cell in cells):
            values = {name: cell for name, cell in zip(header, cells, strict=False) if name}
            yield Record(f"{path}, row {n}", values)


def _write_xlsx(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    cells = [[_cell_text(row[name]) for name in columns] for row in rows]
    write_rows(path, [[guard_formula(name) for name in columns], *cells])
