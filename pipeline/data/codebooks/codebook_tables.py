"""A codebook that somebody keeps as a table: one row a frame, in CSV, XLSX or any format of `table_files`.

Columns are known by the names in NAMES, in any case, with "-", "_" or blanks between words; a number behind one
("Example 2") is a further column of its kind. Codebooks that NVivo, MAXQDA, ATLAS.ti, QualCoder and Dedoose export have
these names. Several rules or examples in a cell stand on lines of their own, or between "|".
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError

from pipeline.data.codebooks.codebook import Codebook, Frame
from pipeline.data.tables.table_files import Record, Table, read_table
from pipeline.data.tables.table_rows import fold_name
from pipeline.errors import DataError, list_names, shorten, show_value
from pipeline.files.yaml_files import describe_fault

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": (
        *("id", "frame_id", "code_id", "code", "label", "label_id", "codename", "code_name", "key"),
        *("kode", "kürzel", "идентификатор", "код", "метка", "ідентифікатор", "мітка"),
    ),
    "name": (
        *("name", "title", "frame", "frame_name", "label_name", "full_name", "bezeichnung", "titel"),
        *("название", "имя", "фрейм", "наименование", "назва", "ім'я"),
    ),
    "definition": (
        *("definition", "description", "code_description", "meaning", "memo", "code_memo", "comment"),
        *("beschreibung", "kommentar", "определение", "описание", "визначення", "опис"),
    ),
    "include": (
        *(
            "include",
            "includes",
            "inclusion",
            "inclusion_rules",
            "inclusion_criteria",
            "when_to_use",
            "use_when",
        ),
        *("einschluss", "включать", "включает", "включати", "включає"),
    ),
    "exclude": (
        *("exclude", "excludes", "exclusion", "exclusion_rules", "exclusion_criteria", "when_not_to_use"),
        *("do_not_use_when", "ausschluss", "исключать", "исключает", "виключати", "виключає"),
    ),
    "examples": (
        *(
            "examples",
            "example",
            "example_sentence",
            "example_sentences",
            "anchor_example",
            "anchor_examples",
        ),
        *(
            "beispiel",
            "beispiele",
            "ankerbeispiel",
            "ankerbeispiele",
            "пример",
            "примеры",
            "приклад",
            "приклади",
        ),
    ),
    "parent": (
        *("parent", "parent_id", "parent_code", "parent_frame", "parent_name", "oberkategorie"),
        *("родитель", "родительский_код", "надкатегория", "батьківський_код"),
    ),
}
_FIELD_OF: Final = {name: field for field, names in NAMES.items() for name in names}
_SEVERAL: Final = ("include", "exclude", "examples")
_BETWEEN = re.compile(r"[\r\n|]+")
_BULLET = re.compile(r"(?:[-*•–—]|\(?\d{1,2}[.)])\s+")
_LISTED: Final = 20  # faults that one message tells

Columns = dict[str, list[str]]


def read_codebook_table(
    path: Path, name: str, *, mode: Literal["multi_label", "single_label"], encoding: str | None = None
) -> tuple[Codebook, list[str]]:
    """The codebook, and notes on what of the table was not read.

    A frame without an id or without a name is called by the other of the two.

    Args:
        path: the table.
        name: of the codebook, which tables do not hold.
        mode: of the codebook.
        encoding: of a text file that is not UTF-8.

    Raises:
        DataError: the file cannot be read, a column is missing or there twice, or cells do not fit; all faults at once,
            each by row and column.
    """
    table = read_table(path, tuple(_FIELD_OF), encoding)
    columns = _find_columns(table)
    faults: list[str] = []
    found: list[tuple[Record, Frame]] = []
    for record in table.records:
        if record.fault:
            faults.append(f"{record.where}: {record.fault}")
        elif any(cell is not None for cell in record.cells.values()):
            frame = _read_frame(record, columns, faults)
            found += [(record, frame)] if frame else []
    faults += _find_repeated(found, columns)
    if faults:
        more = f"\n  and {len(faults) - _LISTED:,} more" if len(faults) > _LISTED else ""
        listed = "".join(f"\n  {fault}" for fault in faults[:_LISTED])
        raise DataError(f"{path}: this table makes no codebook:{listed}{more}")
    if not found:
        raise DataError(f"{path}: no rows; expected one row for each frame")
    try:
        book = Codebook(name=name, mode=mode, frames=tuple(_settle_parents([frame for _, frame in found])))
    except ValidationError as error:
        reasons = "; ".join(describe_fault(fault["msg"]) for fault in error.errors())
        raise DataError(f"{path}: this table makes no codebook: {shorten(reasons, 1000)}") from None
    used = {column for names in columns.values() for column in names}
    unread = [column for column in table.columns if column and column not in used]
    return book, [f"columns of {path.name} that are not read: {list_names(unread)}"] if unread else []


def _find_columns(table: Table) -> Columns:
    """Our field -> the table's columns for it; several only of rules and examples.

    Raises:
        DataError: names the columns that are missing or stand for the same thing.
    """
    columns: Columns = {}
    for column in table.columns:
        folded = fold_name(column)
        field = _FIELD_OF.get(folded)
        if field is None and (bare := _FIELD_OF.get(_strip_number(folded))) in _SEVERAL:
            field = bare
        if field is not None:
            table.check_column(column)
            columns.setdefault(field, []).append(column)
    for field, other, name in (("id", "name", "label"), ("name", "id", "frame")):
        if len(columns.get(field, ())) > 1 and other not in columns:
            columns[other] = [column for column in columns[field] if fold_name(column) == name]
            columns[field] = [column for column in columns[field] if fold_name(column) != name]
    if "id" not in columns and "name" not in columns:
        raise DataError(_describe_missing(table, "id"))
    if "definition" not in columns:
        raise DataError(_describe_missing(table, "definition"))
    for field, names in columns.items():
        if field not in _SEVERAL and len(names) > 1:
            raise DataError(
                f"{table.header}: the columns {list_names(names)} could each be the {field} of a frame; rename all "
                "but one"
            )
    return columns


def _describe_missing(table: Table, field: str) -> str:
    return (
        f"{table.header}: no column with the {field} of each frame; the table has: "
        f"{list_names(table.columns) or 'no columns'}; expected one called {' or '.join(NAMES[field][:3])}"
    )


def _read_frame(record: Record, columns: Columns, faults: list[str]) -> Frame | None:
    """A frame, or None, with what is wrong added to `faults`."""
    values: dict[str, Any] = {}
    before = len(faults)
    for field, names in columns.items():
        texts = [text for name in names for text in _read_texts(record, name, faults)]
        if field in _SEVERAL:
            values[field] = [part for text in texts for part in _split(text)]
        elif texts:
            values[field] = " ".join(texts)
    values.setdefault("id", values.get("name"))
    values.setdefault("name", values["id"])
    for field in ("id", "definition"):
        if values.get(field) is None:
            column = columns.get(field, columns.get("name", [field]))[0]
            faults.append(f"{record.where}, column '{column}': expected the {field} of a frame, got nothing")
    if len(faults) > before:
        return None
    try:
        return Frame(**values)
    except ValidationError as error:
        for fault in error.errors():
            field = str(fault["loc"][0])
            column = (columns.get(field) or columns.get("name") or [field])[0]
            got = "" if fault["type"] == "missing" else f", got {show_value(fault['input'])}"
            faults.append(f"{record.where}, column '{column}': {describe_fault(fault['msg'])}{got}")
        return None


def _read_texts(record: Record, column: str, faults: list[str]) -> list[str]:
    """The texts of a cell: none where it is empty, several where it is a list of JSON."""
    value = record.cells.get(column)
    texts = []
    for item in value if isinstance(value, list | tuple) else [value]:
        if isinstance(item, float) and item.is_integer():
            item = int(item)  # noqa: PLW2901 - as spreadsheets keep ids of digits
        if isinstance(item, bool) or not isinstance(item, str | int | float | None):
            faults.append(f"{record.where}, column '{column}': expected a text, got {show_value(item)}")
        elif item is not None and str(item).strip():
            texts.append(str(item).strip())
    return texts


def _split(text: str) -> list[str]:
    parts = [
        _BULLET.sub("", part, count=1) if _BULLET.match(part) else part
        for part in map(str.strip, _BETWEEN.split(text))
    ]
    return [part for part in parts if part.strip()]


def _strip_number(name: str) -> str:
    """A column's name without the number at its end: "example_2" is an example."""
    bare = name.rstrip("0123456789")
    return bare[:-1] if bare != name and bare.endswith(("_", " ")) else bare


def _find_repeated(found: list[tuple[Record, Frame]], columns: Columns) -> Iterator[str]:
    first: dict[str, Record] = {}
    counts = Counter(frame.id for _, frame in found)
    column = (columns.get("id") or columns["name"])[0]
    for record, frame in found:
        if counts[frame.id] > 1 and first.setdefault(frame.id, record) is not record:
            yield f"{record.where}, column '{column}': the id '{frame.id}' already stands at {first[frame.id].where}"


def _settle_parents(frames: list[Frame]) -> Iterator[Frame]:
    """Parents by their ids, where the table calls them by their names."""
    counts = Counter(frame.name for frame in frames)
    ids = {frame.name: frame.id for frame in frames if counts[frame.name] == 1}
    ids |= {frame.id: frame.id for frame in frames}
    for frame in frames:
        yield (
            frame.model_copy(update={"parent": ids.get(frame.parent, frame.parent)})
            if frame.parent
            else frame
        )
