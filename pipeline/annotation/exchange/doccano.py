"""doccano, text classification: JSON lines out and in, and its label configuration.

doccano gives its own number as `id`, so ours is `unit_id`. It exports one file for each user, whose name then
names the annotator. A document without a label may be one without a frame or one that nobody opened: the extra
label "(no frame)" says the former.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.annotation.coded_table import Coding, ReadCodings, make_coding
from pipeline.annotation.exchange.spreadsheet import judge_blank
from pipeline.annotation.record_files import write_records
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.label_cells import NO_FRAME, RowError
from pipeline.data.labels.labelled_rows import Reject
from pipeline.data.tables.table_files import Record, read_json_records, read_text
from pipeline.files.durable_files import replacing


def write_documents(path: Path, units: Sequence[Mapping[str, Any]], codebook: Codebook) -> list[Path]:
    """Write documents without labels and, beside them, the labels for doccano's label import."""
    rows = [{**unit, "unit_id": unit["id"], "label": []} for unit in units]
    write_records(path, rows, ["text", "label", "unit_id", "before", "after"])
    names = [*codebook.frame_ids, *([NO_FRAME] if codebook.mode == "multi_label" else [])]
    labels = path.with_suffix(".labels.json")
    with replacing(labels) as temporary:
        temporary.write_text(
            json.dumps([{"text": name} for name in names], ensure_ascii=False), encoding="utf-8"
        )
    return [path, labels]


def read_documents(path: Path, *, empty_is_coded: bool, encoding: str | None = None) -> ReadCodings:
    """Read an export; `empty_is_coded` says that a document without a label carries no frame.

    Raises:
        DataError: not JSON lines.
    """
    read = ReadCodings()
    for record in read_json_records(path, read_text(path, encoding)):
        try:
            read.codings.append(_read_document(record, path.stem, empty_is_coded=empty_is_coded))
        except RowError as error:
            read.rejects.append(Reject(record.where, str(error)))
    return read


def _read_document(record: Record, stem: str, *, empty_is_coded: bool) -> Coding:
    document = record.cells
    labels = document.get("label", document.get("labels"))
    if not isinstance(labels, list) or any(isinstance(label, list | dict) for label in labels):
        raise RowError(f"field 'label': expected a list of labels (text classification), got {labels!r:.60}")
    marked, status = judge_blank(labels, empty_is_coded=empty_is_coded)
    cells = {"id": document.get("unit_id"), "text": document.get("text")}
    return make_coding(record.where, cells, marked, annotator=stem, status=status)
