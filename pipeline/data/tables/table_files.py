"""Tables that people make and exchange, read whole: CSV, TSV, JSON lines, JSON, Parquet and XLSX, by suffix.

Here only the form is checked: encoding, quoting, the number of cells. What columns and cells mean is decided by those
who read labels, samples and codings. Such files are written by people and fit in memory.
"""

import csv
import io
import itertools
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from pipeline.data.tables.parquet_cells import open_parquet, read_row_cells
from pipeline.data.tables.table_rows import DELIMITERS
from pipeline.data.tables.text_files import check_codec, open_text
from pipeline.errors import DataError, located, shorten
from pipeline.files import workbooks

SUFFIXES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx")
MAX_BYTES: Final = 500_000_000  # of a file, unpacked; what people label is far smaller
MAX_FIELD: Final = 50_000_000  # characters in one CSV cell; more is an unclosed quote, not a text
_SNIFFED_ROWS: Final = 20
_SEPARATOR_LINE = re.compile(
    '"?sep=(?P<sign>[^\r\n])"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE
)  # Excel reads and hides it
FORMULA_STARTS: Final = (
    "[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"  # the last four as East Asian keyboards write them
)
_FORMULA = re.compile(f"'*{FORMULA_STARTS}")
_GUARDED = re.compile(f"'+{FORMULA_STARTS}")


@dataclass(frozen=True, slots=True)
class Record:
    """One row: where it stands, and its cells by column name.

    Attributes:
        where: file and line, row or item, for messages.
        cells: by column name, None where empty; a key that an object of JSON does not have is missing.
        fault: why the row has no usable form; None where it has.
    """

    where: str
    cells: dict[str, Any]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of a file.

    Attributes:
        path: the file.
        header: where the names of columns stand, for messages.
        columns: names in the order in which they stand; of JSON, all keys of all objects.
        repeated: names that stand more than once; whose cells they are is not known.
        records: the rows below the header.
    """

    path: Path
    header: str
    columns: tuple[str, ...]
    repeated: frozenset[str]
    records: list[Record]

    def check_column(self, name: str) -> None:
        """Refuse to use a column that stands more than once.

        Raises:
            DataError: it does.
        """
        if name in self.repeated:
            raise DataError(f"{self.header}: the column '{shorten(name, 60)}' stands more than once")


def read_table(path: Path, known: Collection[str] = (), encoding: str | None = None) -> Table:
    """Read all rows of a file.

    Args:
        path: the file.
        known: names of columns that tell a CSV file's delimiter.
        encoding: of a CSV or JSON file that is not UTF-8.

    Raises:
        DataError: no such file, unknown suffix, too large, damaged, or another encoding.
        MissingExtraError: XLSX without openpyxl.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"{path}: expected a file that ends in one of {', '.join(SUFFIXES)}")
    check_size(path)
    if suffix == ".parquet":
        return _read_parquet(path)
    if suffix == ".xlsx":
        return _read_xlsx(path)
    text = read_text(path, encoding)
    if suffix in {".csv", ".tsv"}:
        return _read_csv(path, text, known)
    return _gather(path, read_json_records(path, text))


def read_records(path: Path, encoding: str | None = None) -> list[Record]:
    """The rows of a table each of which must have a usable form.

    Args:
        path: the file.
        encoding: of a text file that is not UTF-8.

    Raises:
        DataError: as `read_table`; a row without, or a column that stands twice.
    """
    table = read_table(path, encoding=encoding)
    for name in table.repeated:
        table.check_column(name)
    for record in table.records:
        if record.fault:
            raise DataError(f"{record.where}: {record.fault}")
    return table.records


def read_text(path: Path, encoding: str | None = None) -> str:
    """The text of a file, without a byte order mark.

    Args:
        path: the file.
        encoding: what it is where it is neither UTF-8 nor UTF-16 with its mark.

    Raises:
        DataError: no such file, too large, or another encoding; the message proposes one, with a line to judge by.
    """
    check_size(path)
    check_codec(encoding)
    with open_text(path, encoding) as file:
        return file.read()


def check_size(path: Path) -> None:
    """Refuse what is no file, or larger than MAX_BYTES.

    Raises:
        DataError: it is.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    if path.stat().st_size > MAX_BYTES:
        raise DataError(f"{path}: larger than {MAX_BYTES // 10**6} MB; split the file")


def guard_formula(text: str) -> str:
    """The text with a leading ' where a spreadsheet would run it; `release_formula` is the reverse."""
    return f"'{text}" if _FORMULA.match(text) else text


def release_formula(text: str) -> str:
    """The text without the ' that `guard_formula` put in front."""
    return text[1:] if _GUARDED.match(text) else text


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


def read_json_records(path: Path, text: str) -> Iterator[Record]:
    """Objects of a JSON array, or one object a line; which of both is seen from the first character.

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
        yield Record(where, item, _find_half_character(item) if has_escapes else None)


def _find_half_character(item: dict[str, Any]) -> str | None:
    for key, value in item.items():
        try:
            json.dumps({key: value}, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return f"field '{shorten(ascii(key)[1:-1], 60)}': broken character, half of a surrogate pair"
    return None


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return mapping


def _gather(path: Path, records: Iterable[Record], columns: Sequence[str] = (), header: str = "") -> Table:
    rows = list(records)
    names = [*columns] or [key for row in rows for key in row.cells]
    repeated = {name for name, n in Counter(columns).items() if n > 1 and name}
    return Table(path, header or str(path), tuple(dict.fromkeys(names)), frozenset(repeated), rows)


def _read_csv(path: Path, text: str, known: Collection[str]) -> Table:
    line, delimiter = 1, None
    if named := _SEPARATOR_LINE.match(text):
        text, line, delimiter = text[named.end() :], 2, named["sign"]
    previous_limit = csv.field_size_limit(MAX_FIELD)
    try:
        delimiter = delimiter or max(DELIMITERS, key=lambda sign: _fitness(text, sign, known))
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header: list[str] = []
        records: list[Record] = []
        before, header_line = line - 1, line
        for cells in reader:
            if cells and not header:
                header = [release_formula(cell.strip()) for cell in cells]
                header_line = line
            elif cells:
                records.append(_csv_record(f"{path}, line {line}", header, cells))
            line = before + reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            located(path, f"not valid CSV: {error}; look for a quote that is not closed", line=line)
        ) from None
    finally:
        csv.field_size_limit(previous_limit)
    return _gather(path, records, header, f"{path}, line {header_line}")


def _csv_record(where: str, header: list[str], cells: list[str]) -> Record:
    values = (release_formula(cell) or None for cell in cells)
    fault = None
    unnamed = header[len(cells) :]  # some programs leave out the last cells of columns that all have one name
    if len(cells) > len(header) or any(header.count(name) == 1 for name in unnamed):
        fault = f"expected {len(header)} cells as in the header, got {len(cells)}; quote texts that hold the delimiter"
    return Record(where, dict(zip(header, values, strict=False)), fault)


def _fitness(text: str, delimiter: str, known: Collection[str]) -> tuple[int, bool, int]:
    """How many known columns the header has, whether the first rows have as many cells as it, and how many it has."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = list(_take_rows(filter(None, reader)))
    header = rows[0] if rows else []
    found = len({cell.strip() for cell in header} & set(known))
    even = len(header) > 1 and {len(row) for row in rows} == {len(header)}
    return found, even, len(header)


def _take_rows(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from itertools.islice(rows, _SNIFFED_ROWS)
    except csv.Error:
        return


def _read_parquet(path: Path) -> Table:
    try:
        with open_parquet(path) as file:
            groups = (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups))
            if sum(group.total_byte_size for group in groups) > MAX_BYTES:
                raise DataError(f"{path}: larger than {MAX_BYTES // 10**6} MB when unpacked; split the file")
            names = list(file.schema_arrow.names)
            if len(set(names)) < len(names):
                raise DataError(f"{path}: the column '{_first_repeated(names)}' stands more than once")
            rows = enumerate(read_row_cells(file.read(), MAX_BYTES), start=1)
            return _gather(path, (Record(f"{path}, row {n}", row) for n, row in rows), names)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {shorten(error)}") from None


def _first_repeated(names: list[str]) -> str:
    return shorten(next(name for name, n in Counter(names).items() if n > 1), 60)


def _read_xlsx(path: Path) -> Table:
    header: list[str] = []
    records: list[Record] = []
    for n, row in enumerate(workbooks.read_rows(path, MAX_BYTES), start=1):
        cells = [release_formula(cell) or None if isinstance(cell, str) else cell for cell in row]
        if not header:
            header = ["" if cell is None else release_formula(str(cell).strip()) for cell in row]
        elif any(cell is not None for cell in cells):
            values = {name: cell for name, cell in zip(header, cells, strict=False) if name}
            records.append(Record(f"{path}, row {n}", values))
    return _gather(path, records, [name for name in header if name])
