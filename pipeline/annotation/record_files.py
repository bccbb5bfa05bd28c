"""Tables of records as people get them: CSV, JSON lines, Parquet and XLSX, by suffix.

Texts of posts are hostile. In CSV and XLSX a text that a spreadsheet would run as a formula gets a leading ', which
`pipeline.data.tables.table_files` takes off again. So each format gives back exactly what was written, except that
CSV and XLSX spell None as empty.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.data.tables.table_files import guard_formula
from pipeline.errors import DataError
from pipeline.files.durable_files import replacing
from pipeline.files.workbooks import load_openpyxl, write_rows

WRITTEN: Final = (".csv", ".jsonl", ".parquet", ".xlsx")


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
    pq.write_table(table, path.absolute(), compression="zstd")


def _write_xlsx(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    cells = [[_cell_text(row[name]) for name in columns] for row in rows]
    write_rows(path, [[guard_formula(name) for name in columns], *cells])
