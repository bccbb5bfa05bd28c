"""Label Studio's flat exports, CSV and JSON-MIN: one row an annotation, the results of each control in a column.

One choice is a text, several are {"choices": [...]}, none is an empty cell or no key. What the task held as `id` is
written over by the task's number, which no other project knows: ours is `unit_id`.
https://labelstud.io/guide/export
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pipeline.data.labels.label_cells import RowError, last_of_paths, read_labels
from pipeline.data.tables.table_files import Record, Table, parse_json
from pipeline.errors import DataError, list_names

CONTROL: Final = "frames"  # name of our Choices tag
UNIT_ID: Final = "unit_id"  # what our tasks call the id
_MARKS: Final = {"annotation_id", "annotator"}
_OWN: Final = frozenset(
    {*_MARKS, UNIT_ID, "id", "created_at", "updated_at", "lead_time", "text", "before", "after", "agreement"}
)
_OF_PARTS: Final = ("labels", "hypertextlabels", "paragraphlabels")


def is_flat_export(columns: Collection[str]) -> bool:
    """Whether a table is one of Label Studio's."""
    return set(columns) >= _MARKS


def read_flat_export(
    table: Table, columns: Mapping[str, str], known: Collection[str] | None
) -> tuple[list[Record], list[str]]:
    """Rows with a list `labels`, `annotator`, and `id` where it is ours; and notes.

    A task that nobody annotated stands in exports of all tasks, without an annotation's number: it is no row.

    Args:
        table: the file.
        columns: our column names -> the file's; `labels` names the control.
        known: names that a label may have.

    Raises:
        DataError: it is not clear which column holds the frames.
    """
    control = columns.get("labels") or _find_control(table, known)
    rows = []
    annotated = [row for row in table.records if row.cells.get("annotation_id") is not None]
    for row in annotated:
        cells = {**row.cells, "id": _read_id(row.cells)}
        try:
            cells[control] = cells["labels"] = _read_results(row.cells.get(control))
            rows.append(replace(row, cells=cells))
        except (RowError, DataError) as error:
            rows.append(replace(row, fault=row.fault or f"field '{control}': {error}"))
    n = len(table.records) - len(annotated)
    return rows, [f"{n} tasks of {table.path.name} that nobody annotated are left out"] if n else []


def _find_control(table: Table, known: Collection[str] | None) -> str:
    if CONTROL in table.columns:
        return CONTROL
    others = [name for name in table.columns if name not in _OWN]
    fitting = [
        name for name in others if _holds_labels((row.cells.get(name) for row in table.records), known)
    ]
    if len(fitting) == 1:
        return fitting[0]
    raise DataError(
        f"{table.path}: an export of Label Studio without a column '{CONTROL}': name the control with the frames, "
        f"--column labels=NAME; the file has: {list_names(others) or 'no other columns'}"
    )


def _holds_labels(values: Iterable[object], known: Collection[str] | None) -> bool:
    """Whether all values of a column are labels, and some are there; without a codebook nothing tells them."""
    found: set[object] = set()
    for value in values:
        try:
            found |= set(_read_results(value))
        except (RowError, DataError, TypeError):
            return False
    return bool(found) and known is not None and found <= set(known)


def _read_id(cells: Mapping[str, Any]) -> object:
    """Ours, or the task's own where it is no number."""
    if cells.get(UNIT_ID) is not None:
        return cells[UNIT_ID]
    own = cells.get("id")
    return own if isinstance(own, str) and not own.isdigit() else None


def _read_results(value: object) -> list[Any]:
    if isinstance(value, str) and value.startswith(("[", "{")):
        value = parse_json(value, "cell")
    if isinstance(value, list) and value and all(isinstance(region, dict) for region in value):
        marked = [label for region in value for kind in _OF_PARTS for label in region.get(kind) or ()]
        if not marked:
            raise RowError(f"expected labels, got {value!r:.80}")
        return list(dict.fromkeys(marked))
    if isinstance(value, dict):
        value = value.get("choices")
        if not isinstance(value, list):
            raise RowError(f"expected a choice or several, got {value!r:.80}")
    return list(read_labels(last_of_paths(value)))
