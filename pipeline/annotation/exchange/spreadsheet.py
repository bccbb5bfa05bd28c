"""Tables that people fill in: one column for each frame, or one column with all labels.

Read are also tables of codings and labelled files, in any format of `pipeline.data.tables.table_files`. A row
without any mark may be one without a frame or one that nobody came to: the mark "(no frame)" says the former.
In a table of disputed units (`write_disputed`) a row without labels is one that is not settled, in any case.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.annotation.coded_table import STATUSES, Coding, ReadCodings, Status, make_coding
from pipeline.annotation.record_files import write_records
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.label_cells import NO_FRAME, RowError, read_mark
from pipeline.data.labels.label_columns import FRAME_COLUMN, head_frame, read_label_table
from pipeline.data.labels.labelled_rows import Reject
from pipeline.data.tables.table_files import Record

Layout = Literal["frames", "labels"]
IN_DISPUTE: Final = "in_dispute"  # column of a table of disputed units


def write_table(
    path: Path, units: Sequence[Mapping[str, Any]], codebook: Codebook, layout: Layout
) -> list[Path]:
    """Write a table to be filled in: mark frames with x, or write their ids into `labels`, ";" between.

    Rows that say the same, and may take the same labels, have the same number in `statement`; others have none.
    """
    marks = ["labels"]
    if layout == "frames":
        nothing = [FRAME_COLUMN + NO_FRAME] if codebook.mode == "multi_label" else []
        marks = [*map(head_frame, codebook.frames), *nothing]
    said = Counter(unit.get("statement") for unit in units)
    shared = {statement for statement, n in said.items() if statement is not None and n > 1}
    numbers = {statement: k for k, statement in enumerate((s for s in said if s in shared), 1)}
    rows = [dict(unit) | {"statement": numbers.get(unit.get("statement"))} for unit in units]
    same = ["statement"] if numbers else []
    write_records(path, rows, ["id", *same, "before", "text", "after", *marks, "comment"])
    return [path]


def read_table(
    path: Path,
    codebook: Codebook | None = None,
    columns: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
    *,
    empty_is_coded: bool,
    encoding: str | None = None,
) -> ReadCodings:
    """Read a filled-in table, a table of codings, a labelled file, or what other programs export as a table.

    The annotator is the column `annotator` or, where there is none, the name of the file.

    Args:
        path: with the columns text, and labels or those of frames; see `pipeline.data.labels.label_columns`.
        codebook: its frames may have columns of their own.
        columns: our column names -> the file's, where they differ.
        texts: of the sample by id, for tables without texts.
        empty_is_coded: a row without marks carries no frame; else it counts as skipped. An empty list in
            JSON or Parquet, and marks that say no, always mean no frame.
        encoding: of a text file that is not UTF-8.

    Raises:
        DataError: the file cannot be read, or has no columns with texts and labels.
    """
    table = read_label_table(path, columns or {}, codebook, needs_text=texts is None, encoding=encoding)
    read = ReadCodings(notes=list(table.notes))
    for record in table.rows:
        if texts and record.cells.get("text") is None:
            record.cells["text"] = texts.get(str(record.cells.get("id")))
        try:
            read.codings.append(_read_coding(record, path.stem, empty_is_coded=empty_is_coded))
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


def _read_coding(record: Record, stem: str, *, empty_is_coded: bool) -> Coding:
    if record.fault:
        raise RowError(record.fault)
    cells = record.cells
    labels = cells.get("labels")
    is_explicit = isinstance(labels, list | tuple) or cells.get("status") is not None
    annotator = cells.get("annotator")
    coding = make_coding(
        record.where,
        cells,
        labels,
        annotator=stem if annotator is None else annotator,
        is_ground_truth=read_mark(cells.get("is_ground_truth"), "is_ground_truth") is True,
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


def _read_status(value: object, judged: Status) -> Status:
    if value is None:
        return judged
    for status in STATUSES:
        if value == status:
            return status
    raise RowError(f"field 'status': expected {', '.join(STATUSES)}, got {value!r:.60}")
