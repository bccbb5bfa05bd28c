"""Rows of a labelled file by our column names, in whatever way the file states labels.

| labels stand in | who writes it |
|---|---|
| one column, several of them in a cell | people, this program, doccano (joined by #) |
| one column a label, marked | people in spreadsheets, survey tools, matrices of NVivo |
| one row a label | people, programs for qualitative analysis: see `pipeline.data.labels.segment_tables` |
| the cells of one control | Label Studio's CSV and JSON-MIN: see `pipeline.data.labels.label_studio_tables` |

Only where things stand is decided here; what the values mean is decided in `pipeline.data.labels.label_cells`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pipeline.data.codebooks.codebook import Codebook, Frame
from pipeline.data.labels import label_studio_tables, segment_tables
from pipeline.data.labels.label_cells import NO_FRAME, RowError, read_labels, read_mark
from pipeline.data.labels.label_studio_tables import UNIT_ID
from pipeline.data.tables.table_files import Record, Table, read_table
from pipeline.errors import DataError, list_names, shorten

REQUIRED = ("text", "labels")
OPTIONAL = ("id", "source", "date", "group", "lang", "purpose", "annotator")
FRAME_COLUMN: Final = "frame: "  # begins a frame's column, so that a frame may be called "text"
_NAME_BEGINS: Final = ";"  # ends its id, which cannot hold it, where the frame's name follows
ONE_LABEL: Final = "label"  # column of tables with one row a label, and of doccano's
_MATRIX_COLUMN = re.compile(r"[A-Z]{1,3} : (?P<code>.+)")  # of NVivo
_MATRIX_ROW = re.compile(r"\d+ : (?P<name>.+)")
_NOT_FRAMES: Final = frozenset(  # columns of marks and numbers that our own files have
    {
        *(
            "",
            *REQUIRED,
            *OPTIONAL,
            "before",
            "after",
            "is_ground_truth",
            "needs_discussion",
            "status",
            "comment",
        ),
        *(
            "unit",
            "channel",
            "published_at",
            "stratum",
            "inclusion_probability",
            "design",
            "sample_id",
            "cluster",
            "statement",
        ),
        *(
            "tops_up",
            "drawn_units",
            "drawn_first",
            "drawn_last",
            "drawn_scored",
            "annotators",
            "label_shares",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class LabelTable:
    """A labelled file.

    Attributes:
        rows: cells by our names where the file has them, and by the file's; `labels` is as the file states it, or a
            list where it was put together here.
        notes: how the file was read, where that is not plain.
        marked: names of frames that have a column of their own; empty in other tables.
    """

    rows: list[Record]
    notes: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()


def read_label_table(
    path: Path,
    columns: Mapping[str, str],
    codebook: Codebook | None,
    *,
    needs_text: bool = True,
    encoding: str | None = None,
) -> LabelTable:
    """Read all rows.

    Args:
        path: the file.
        columns: our column names -> the file's, where they differ.
        codebook: whose frames labels are; None where there is none yet.
        needs_text: the file has to have a column with texts; a sample may have them in its place.
        encoding: of a text file that is not UTF-8.

    Raises:
        DataError: no such file, unknown format, wrong encoding, broken quoting or JSON, a column that is
            missing or stands twice, no rows.
    """
    _check_names(columns)
    if not path.is_file():
        raise DataError(f"{path}: no such file of labelled texts")
    table = read_table(path, (*REQUIRED, *OPTIONAL, ONE_LABEL, *columns.values()), encoding)
    if not table.records:
        raise DataError(f"{path}: no rows; expected at least one text with its labels")
    if segment_tables.recognise(table.columns) is None:
        table = _spell_names(table, columns)
    if missing := [ours for ours, theirs in columns.items() if theirs not in table.columns]:
        raise DataError(describe_missing(table, missing, columns))
    known = codebook.ids_by_name if codebook else None
    has_lists = bool({"labels", ONE_LABEL} & {*table.columns, *columns})
    program = None if has_lists else segment_tables.recognise(table.columns)
    if program is not None:
        rows, note = segment_tables.read_segments(table, program, known)
        return LabelTable(rows, (note,))
    is_flat = label_studio_tables.is_flat_export(table.columns)
    found = {} if has_lists or is_flat else _find_frame_columns(table, columns, codebook)
    missing = ["text"] if needs_text and columns.get("text", "text") not in table.columns else []
    missing += [] if has_lists or is_flat or found else ["labels"]
    if missing:
        raise DataError(describe_missing(table, missing, columns))
    if found:
        return _read_marks(table, columns, codebook, found)
    if is_flat:
        rows, notes = label_studio_tables.read_flat_export(table, columns, known)
        return LabelTable(_rename(table, rows, columns), tuple(notes))
    return _read_lists(
        table, columns if "labels" in table.columns else {"labels": ONE_LABEL, **columns}, codebook
    )


def _spell_names(table: Table, columns: Mapping[str, str]) -> Table:
    """The table with columns that differ from our names in upper and lower case only spelt as ours."""
    found: dict[str, list[str]] = {}
    for name in table.columns:
        if name not in columns.values():
            found.setdefault(name.casefold(), []).append(name)
    wanted = (*REQUIRED, *OPTIONAL, ONE_LABEL)
    ours = {
        found[name][0]: name for name in wanted if len(found.get(name, ())) == 1 and found[name] != [name]
    }
    if not ours:
        return table
    rows = [
        replace(row, cells={ours.get(name, name): cell for name, cell in row.cells.items()})
        for row in table.records
    ]
    names = tuple(ours.get(name, name) for name in table.columns)
    return replace(
        table, columns=names, records=rows, repeated=frozenset(ours.get(n, n) for n in table.repeated)
    )


def describe_missing(table: Table, missing: Sequence[str], columns: Mapping[str, str]) -> str:
    """The message for columns that a file does not have."""
    wanted = ", ".join(f"'{columns.get(column, column)}'" for column in missing)
    return (
        f"{table.path}: no column {wanted}; the file has: {list_names(table.columns) or 'no columns'}. "
        "Name the file's columns with --column text=sentence --column labels=frames, or in a config with "
        "data.columns: {text: sentence, labels: frames}; or give each frame a column of its own, named by its id"
    )


def _check_names(columns: Mapping[str, str]) -> None:
    known = (*REQUIRED, *OPTIONAL)
    if unknown := sorted(set(columns) - set(known)):
        raise DataError(
            f"columns: unknown names {', '.join(unknown)}; expected our column name first, one of "
            f"{', '.join(known)}, for example {{text: sentence}}"
        )


def _rename(table: Table, rows: Iterable[Record], columns: Mapping[str, str]) -> list[Record]:
    """Rows whose cells stand under our names too; columns that are used must stand once."""
    for name in {columns.get(ours, ours) for ours in (*REQUIRED, *OPTIONAL)}:
        table.check_column(name)
    return [replace(row, cells=_rename_cells(row.cells, columns)) for row in rows]


def _rename_cells(cells: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    renamed = {name: cell for name, cell in cells.items() if name not in columns}
    if cells.get(UNIT_ID) is not None:
        renamed["id"] = cells[UNIT_ID]
    return renamed | {ours: cells[theirs] for ours, theirs in columns.items() if theirs in cells}


def _read_lists(table: Table, columns: Mapping[str, str], codebook: Codebook | None) -> LabelTable:
    """A column with all labels of a text, or with one of them."""
    rows = _rename(table, table.records, columns)
    rows, notes = _split_joined(rows, codebook)
    _refuse_marks_that_differ(table, rows, codebook)
    if columns.get("labels", "labels") == "labels" or (codebook and codebook.mode == "single_label"):
        return LabelTable(rows, tuple(notes))
    joined = _join_rows(rows)
    if len(joined) < len(rows):
        notes.append(
            f"each of {len(rows)} rows states one label: joined into {len(joined)} texts, by "
            f"{'id and text' if any(row.cells.get('id') for row in rows) else 'text'}"
        )
    return LabelTable(joined, tuple(notes))


def _join_rows(rows: list[Record]) -> list[Record]:
    """One row for each id, text and annotator; all rows as they are if one of them has several labels."""
    try:
        stated = [read_labels(row.cells.get("labels")) for row in rows]
    except RowError:
        return rows
    if any(len(labels) > 1 for labels in stated):
        return rows
    found: dict[tuple[str, ...], tuple[Record, list[str]]] = {}
    for row, labels in zip(rows, stated, strict=True):
        key = tuple(str(row.cells.get(name)) for name in ("id", "text", "annotator"))
        known = found.setdefault(key, (row, []))[1]
        known += (label for label in labels if label not in known)
    if len(found) == len(rows):
        return rows
    return [
        replace(row, cells={**row.cells, "labels": labels or row.cells.get("labels")})
        for row, labels in found.values()
    ]


def _split_joined(rows: list[Record], codebook: Codebook | None) -> tuple[list[Record], list[str]]:
    """Labels joined by #, as doccano's CSV has them, where each part is a frame and the whole is none."""
    cells = [row.cells.get("labels") for row in rows]
    known = (
        codebook.ids_by_name.keys()
        if codebook
        else {cell for cell in cells if isinstance(cell, str) and "#" not in cell}
    )
    split: list[Record] = []
    n = 0
    for row, cell in zip(rows, cells, strict=True):
        parts = [part.strip() for part in cell.split("#")] if isinstance(cell, str) and "#" in cell else []
        is_joined = bool(parts) and cell not in known and set(parts) <= {*known, NO_FRAME}
        n += is_joined
        split.append(replace(row, cells={**row.cells, "labels": parts}) if is_joined else row)
    return split, [f"in {n} rows the labels are joined by #, as doccano does: read as several"] if n else []


def _read_marks(
    table: Table, columns: Mapping[str, str], codebook: Codebook | None, found: Mapping[str, str]
) -> LabelTable:
    """One column a frame, marked where a text carries it."""
    is_matrix = all(_MATRIX_COLUMN.fullmatch(name) for name in found)
    rows = [_mark_row(row, found, is_matrix=is_matrix) for row in _rename(table, table.records, columns)]
    notes = _note_marks(table, columns, found, codebook)
    return LabelTable(rows, tuple(notes), tuple(dict.fromkeys(found.values())))


def _find_frame_columns(
    table: Table, columns: Mapping[str, str], codebook: Codebook | None
) -> dict[str, str]:
    """Columns that are named after frames, with what they say; without a codebook, those that hold marks alone."""
    reserved = {*_NOT_FRAMES, *columns.values()}
    is_ours = any(name.startswith(FRAME_COLUMN) for name in table.columns)
    folded = {frame.casefold(): frame for frame in codebook.frame_ids} if codebook else {}
    found: dict[str, str] = {}
    for name in table.columns:
        label = _label_of(name)
        if name.startswith(FRAME_COLUMN) or label == NO_FRAME:
            found[name] = label
        elif is_ours or name in reserved:
            continue
        elif codebook is None:
            if _MATRIX_COLUMN.fullmatch(name) or _holds_marks(table, name):
                found[name] = label
        elif (frame := codebook.ids_by_name.get(label) or folded.get(label.casefold())) is not None:
            found[name] = frame
    for name in found:
        table.check_column(name)
    if set(found.values()) == {NO_FRAME}:
        return {}
    if repeated := [label for label, n in Counter(found.values()).items() if n > 1]:
        raise DataError(f"{table.path}: several columns are of the frame '{repeated[0]}': keep one of them")
    return found


def _label_of(column: str) -> str:
    matched = _MATRIX_COLUMN.fullmatch(column)
    if matched:
        return matched["code"].strip()
    if column.startswith(FRAME_COLUMN):
        return column.removeprefix(FRAME_COLUMN).partition(_NAME_BEGINS)[0].strip()
    return column


def head_frame(frame: Frame) -> str:
    """The heading of a frame's column: its id, and its name where that says more."""
    told = frame.name.casefold().replace(" ", "_") == frame.id.casefold().replace(" ", "_")
    name = "" if told else f"{_NAME_BEGINS} {' '.join(frame.name.split())}"
    return f"{FRAME_COLUMN}{frame.id}{name}"


def _holds_marks(table: Table, name: str) -> bool:
    """Whether a column holds marks alone, and one that says yes."""
    try:
        marks = [read_mark(row.cells.get(name), name) for row in table.records]
    except RowError:
        return False
    return any(marks)


def _mark_row(row: Record, found: Mapping[str, str], *, is_matrix: bool) -> Record:
    """The row with a list of labels; with none where nothing is marked, and nothing marked as absent."""
    try:
        if is_matrix:
            return _read_matrix_row(row, found)
        marks = {column: read_mark(row.cells.get(column), column) for column in found}
    except RowError as error:
        return replace(row, fault=row.fault or str(error))
    labels = [found[column] for column, mark in marks.items() if mark]
    says_no = any(mark is False and not column.startswith(FRAME_COLUMN) for column, mark in marks.items())
    return replace(row, cells={**row.cells, "labels": labels if labels or says_no else None})


def _read_matrix_row(row: Record, found: Mapping[str, str]) -> Record:
    """A row of NVivo's matrix: counts of coded passages in a file; the first column names the file."""
    counts: dict[str, int] = {}
    for column in found:
        value = row.cells.get(column) or 0
        try:
            counts[column] = int(value)
        except (TypeError, ValueError):
            raise RowError(
                f"field '{column}': expected a number of coded passages, got {value!r:.60}"
            ) from None
    name = next((cell for column, cell in row.cells.items() if column not in found), None)
    matched = _MATRIX_ROW.fullmatch(str(name))
    labels = [found[column] for column, n in counts.items() if n > 0]
    return replace(row, cells={**row.cells, "id": matched["name"] if matched else name, "labels": labels})


def _note_marks(
    table: Table, columns: Mapping[str, str], found: Mapping[str, str], codebook: Codebook | None
) -> list[str]:
    labels = [label for label in found.values() if label != NO_FRAME]
    if all(name.startswith(FRAME_COLUMN) for name in found if found[name] != NO_FRAME):
        return []  # as label-export writes it
    listed = list_names(labels, 50)
    if codebook is None:
        return [f"columns of marks were taken for labels: {listed}"]
    notes = []
    missing = [frame for frame in codebook.frame_ids if frame not in labels]
    reserved = {*_NOT_FRAMES, *columns.values(), *found}
    others = [name for name in table.columns if name not in reserved and _holds_marks(table, name)]
    if missing and others:
        raise DataError(
            f"{table.path}: no column for the frames {list_names(missing)}, but columns of marks that are no frames: "
            f"{list_names(others)}; rename them to the frames' ids, or delete them"
        )
    if missing:
        notes.append(f"no column for the frames {list_names(missing)}: no text carries them")
    if others:
        notes.append(f"columns of marks that are no frames are not read: {list_names(others)}")
    return [f"labels are read from one column for each frame: {listed}", *notes]


def _refuse_marks_that_differ(table: Table, rows: Sequence[Record], codebook: Codebook | None) -> None:
    """Stop where a column is named after a frame and holds other marks than the labels say."""
    if codebook is None:
        return
    found = _find_frame_columns(table, {}, codebook)
    for row in rows:
        try:
            marks = {label: read_mark(row.cells.get(column), column) for column, label in found.items()}
            stated = {
                codebook.ids_by_name.get(label, label) for label in read_labels(row.cells.get("labels"))
            }
        except RowError:
            continue
        for label, mark in marks.items():
            if mark is not None and mark != (label in stated) and (mark or stated):
                raise DataError(
                    f"{row.where}: the labels ({'; '.join(sorted(stated)) or 'none'}) and the column of "
                    f"'{shorten(label, 60)}' differ; delete either the column of labels or those of frames"
                )
