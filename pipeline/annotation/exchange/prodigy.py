"""Prodigy: JSON lines for its choice interface, and the answers of `prodigy db-out` back in.

Set `"choice_style": "multiple"` in prodigy.json for a codebook with several frames a text.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.annotation.coded_table import Coding, ReadCodings, Status, make_coding
from pipeline.annotation.record_files import write_records
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.label_cells import RowError
from pipeline.data.labels.labelled_rows import Reject
from pipeline.data.tables.table_files import Record, read_json_records, read_text

_STATUS: dict[object, Status] = {"accept": "coded", "reject": "cancelled", "ignore": "skipped"}


def write_tasks(path: Path, units: Sequence[Mapping[str, Any]], codebook: Codebook) -> list[Path]:
    """Write one task a line: text, options (frames), and the neighbouring sentences as meta."""
    options = [{"id": frame.id, "text": frame.name} for frame in codebook.frames]
    rows = [
        {
            "text": unit["text"],
            "options": options,
            "meta": {name: unit[name] for name in ("before", "after") if unit[name]} | {"id": unit["id"]},
        }
        for unit in units
    ]
    write_records(path, rows, ["text", "options", "meta"])
    return [path]


def read_answers(path: Path, encoding: str | None = None) -> ReadCodings:
    """Read answers: accepted choices are codings, rejected tasks cancelled, ignored ones skipped.

    Raises:
        DataError: not JSON lines.
    """
    read = ReadCodings()
    for record in read_json_records(path, read_text(path, encoding)):
        if record.cells.get("answer") is None:
            read.n_untouched += 1
            continue
        try:
            read.codings.append(_read_answer(record, path.stem))
        except RowError as error:
            read.rejects.append(Reject(record.where, str(error)))
    return read


def _read_answer(record: Record, stem: str) -> Coding:
    task = record.cells
    answer = task["answer"]
    if not isinstance(answer, str) or answer not in _STATUS:
        raise RowError(f"field 'answer': expected accept, reject or ignore, got {answer!r:.60}")
    accepted = task.get("accept", [])
    if "accept" not in task and "options" not in task:
        raise RowError("no options: answers of a binary interface; label with the choice interface")
    if not isinstance(accepted, list):
        raise RowError(f"field 'accept': expected a list, got {accepted!r:.60}")
    meta = task.get("meta")
    unit_id = meta.get("id") if isinstance(meta, dict) else None
    annotator = task.get("_annotator_id") or task.get("_session_id") or stem
    cells = {"id": unit_id, "text": task.get("text")}
    return make_coding(record.where, cells, accepted, annotator=annotator, status=_STATUS[answer])
