"""Tables that people fill in: one column for each frame, or one column with all labels.

Read are also tables of codings and labelled files, in any format of `pipeline.annotation.record_files`. A row
without any mark may be one without a frame or one that nobody came to: the mark "(no frame)" says the former.
In a table of disputed units (`write_disputed`) a row without labels is one that is not settled, in any case.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.annotation.coded_table import NO_FRAME, STATUSES, Coding, ReadCodings, Status, make_coding
from pipeline.annotation.record_files import Record, read_records, write_records
from pipeline.data.codebook import Codebook
from pipeline.data.label_values import RowError
from pipeline.data.labelled_rows import Reject
from pipeline.errors import DataError, list_names, shorten

Layout = Literal["frames", "labels"]
IN_DISPUTE: Final = "in_dispute"  # column of a table of disputed units
FRAME_COLUMN: Final = "frame: "  # begins a frame's column, so that a frame may be called "text"
_YES: Final = frozenset({"x", "1", "1.0", "true", "yes", "y", "+", "✓", "\u0445", "да"})  # \u0445: Cyrillic x
_NO: Final = frozenset({"", "0", "0.0", "false", "no", "n", "-", "нет"})


def write_table(
    path: Path, units: Sequence[Mapping[str, Any]], codebook: Codebook, layout: Layout
) -> list[Path]:
    """Write a table to be filled in: mark frames with x, or write their ids into `labels`, ";" between."""
    marks = ["labels"]
    if layout == "frames":
        names = [*codebook.frame_ids, *([NO_FRAME] if codebook.mode == "multi_label" else [])]
        marks = [FRAME_COLUMN + name for name in names]
    write_records(path, units, ["id", "before", "text", "after", *marks, "comment"])
    return [path]


def read_table(path: Path, *, empty_is_coded: bool) -> ReadCodings:
    """Read a filled-in table, a table of codings or a labelled file.

    The annotator is the column `annotator` or, where there is none, the name of the file.

    Args:
        path: with the columns text, and labels or those of frames.
        empty_is_coded: a row without marks carries no frame; else it counts as skipped. An empty list in
            JSON or Parquet always means no frame.

    Raises:
        DataError: the file cannot be read, or has no columns with labels.
    """
    records = read_records(path)
    columns = {name for record in records for name in record.cells}
    frame_columns = sorted(name for name in columns if name.startswith(FRAME_COLUMN))
    if not frame_columns and "labels" not in columns:
        raise DataError(
            f"{path}: expected a column 'labels', or columns '{FRAME_COLUMN}...'; the file has: "
            f"{list_names(sorted(columns)) or 'none'}"
        )
    read = ReadCodings()
    for record in records:
        try:
            labels: Any = record.cells.get("labels")
            if frame_columns:
                labels = [
                    name.removeprefix(FRAME_COLUMN) for name in frame_columns if _is_marked(record, name)
                ]
                labels = labels or None
            read.codings.append(_read_coding(record, labels, path.stem, empty_is_coded=empty_is_coded))
        except RowError as error:
            read.rejects.append(Reject(record.where, str(error)))
    return read


def judge_blank(labels: Sequence[Any], *, empty_is_coded: bool) -> tuple[list[Any], Status]:
    """Labels without the mark for none, and whether the unit counts as coded.

    Raises:
        RowError: the mark for none beside a frame.
    """
    frames = [label for label in labels if label != NO_FRAME]
    if len(frames) < len(labels):
        if frames:
            raise RowError(f"marked '{NO_FRAME}' and frames as well: {frames!r:.100}")
        return [], "coded"
    return frames, "coded" if frames or empty_is_coded else "skipped"


def _read_coding(record: Record, labels: Any, stem: str, *, empty_is_coded: bool) -> Coding:
    cells = record.cells
    is_explicit = isinstance(labels, list | tuple) or cells.get("status") is not None
    annotator = cells.get("annotator")
    coding = make_coding(
        record.where,
        cells,
        labels,
        annotator=stem if annotator is None else annotator,
        is_ground_truth=_read_truth(cells.get("is_ground_truth"), "is_ground_truth"),
    )
    is_none = is_explicit or (empty_is_coded and IN_DISPUTE not in cells)
    marked, status = judge_blank(coding.labels, empty_is_coded=is_none)
    status = _read_status(cells.get("status"), status)
    return Coding(
        coding.where,
        coding.id,
        coding.text,
        coding.annotator,
        tuple(marked) if status == "coded" else (),
        status,
        coding.is_ground_truth,
        coding.extra,
    )


def _is_marked(record: Record, column: str) -> bool:
    return _read_truth(record.cells.get(column), column)


def _read_truth(value: object, column: str) -> bool:
    text = "" if value is None else str(value).strip().casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise RowError(f"field '{shorten(column, 60)}': expected x or nothing, got {value!r:.60}")


def _read_status(value: object, judged: Status) -> Status:
    if value is None:
        return judged
    for status in STATUSES:
        if value == status:
            return status
    raise RowError(f"field 'status': expected {', '.join(STATUSES)}, got {value!r:.60}")
