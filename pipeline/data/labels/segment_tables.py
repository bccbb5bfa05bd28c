"""Tables of coded segments, as programs for qualitative analysis export them: one row a segment and code.

Rows of one segment become one text with several labels. Such a table holds no text without a code. Columns by the
programs' own exports: MAXQDA "Retrieved segments", ATLAS.ti "Quotation report", NVivo "Coding references", QualCoder
"Report codings" (report_codes.py of its source), Taguette "Highlights".
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pipeline.data.tables.table_files import Record, Table
from pipeline.errors import shorten

_BETWEEN_CODES = re.compile(r"[\n;]+")
_LEVELS = re.compile(r"\\|\s>\s|::|: ")  # of a code within its groups


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and what it calls its columns; of several names, the first that a file has.

    Attributes:
        name: of the program.
        text: the segment.
        code: one code, or several, with the groups above it.
        document: from which the segment is.
        coder: who coded it.
    """

    name: str
    text: tuple[str, ...]
    code: tuple[str, ...]
    document: tuple[str, ...]
    coder: tuple[str, ...]


PROGRAMS: Final = (
    Program(
        "MAXQDA",
        ("Segment", "Coded segments", "Codierte Segmente"),
        ("Code",),
        ("Document name", "Document", "Dokumentname", "Dokument"),
        ("Modified by", "Created by", "Bearbeitet von", "Geändert von", "Erstellt von", "Author", "Autor"),
    ),
    Program(
        "ATLAS.ti",
        ("Quotation Content", "Quotation content", "Content", "Zitatinhalt"),
        ("Codes", "Kodes"),
        ("Document", "Document Name", "Dokument"),
        ("Created by", "Creator", "Modified by", "Erstellt von"),
    ),
    Program(
        "NVivo",
        ("Coded Text", "Coded text", "Reference Text", "Reference", "Content"),
        ("Code", "Code Name", "Node", "Nodes", "Codes"),
        ("File", "File Name", "Source", "Source Name", "Files", "Name"),
        ("Coded By", "Coded by", "Coded By Initials", "User", "Initials"),
    ),
    Program("QualCoder", ("Coded",), ("Codename",), ("Filename", "File", "Case"), ("Coder",)),
    Program("Taguette", ("content",), ("tag",), ("document",), ("creator",)),
)


def recognise(columns: Collection[str]) -> Program | None:
    """The program whose segment, code and document columns are all there."""
    for program in PROGRAMS:
        if all(_first_of(names, columns) for names in (program.text, program.code, program.document)):
            return program
    return None


def read_segments(
    table: Table, program: Program, known: Mapping[str, str] | None
) -> tuple[list[Record], str]:
    """One row for each segment and coder (id, text, labels, annotator), and a note on what that means.

    A document with one segment is a unit that was handed out: its name is the id. Of a document with several, the id
    also holds what tells the segments apart.

    Args:
        table: the file.
        program: that wrote it.
        known: names that a label may have; a code is the deepest level of it that is one of them.

    Raises:
        DataError: a column that is needed stands twice.
    """
    text, code, document = (
        _first_of(n, table.columns) for n in (program.text, program.code, program.document)
    )
    coder = _first_of(program.coder, table.columns)
    for name in (text, code, document, coder):
        table.check_column(str(name))
    texts: dict[Any, set[str]] = defaultdict(set)
    for row in table.records:
        texts[row.cells.get(str(document))].add(_text_key(row.cells.get(str(text))))
    found: dict[tuple[Any, ...], Record] = {}
    for row in table.records:
        place, segment = row.cells.get(str(document)), row.cells.get(str(text))
        who = row.cells.get(coder) if coder else None
        labels = _read_codes(row.cells.get(str(code)), known)
        unit = place if len(texts[place]) == 1 else f"{place}:{_text_key(segment)}"
        cells = {"id": unit, "text": segment, "labels": labels, **({"annotator": who} if who else {})}
        earlier = found.setdefault((unit, who), replace(row, cells=cells))
        earlier.cells["labels"] += [label for label in labels if label not in earlier.cells["labels"]]
    note = (
        f"read as coded segments of {program.name}: {len(table.records)} rows, {len(found)} segments; texts without a "
        "code are not in such a table, so none of these carries no frame"
    )
    return list(found.values()), note


def _first_of(names: Collection[str], columns: Collection[str]) -> str | None:
    return next((name for name in names if name in columns), None)


def _text_key(text: object) -> str:
    return hashlib.sha256(" ".join(str(text).split()).encode("utf-8", "replace")).hexdigest()[:8]


def _read_codes(value: object, known: Mapping[str, str] | None) -> list[str]:
    whole = str(value or "").strip()
    if known and whole in known:
        return [known[whole]]
    parts = [part.strip() for part in _BETWEEN_CODES.split(whole)]
    return [_read_code(part, known) for part in parts if part]


def _read_code(path: str, known: Mapping[str, str] | None) -> str:
    """The deepest level of a code that is a frame; else the deepest."""
    levels = [level.strip() for level in _LEVELS.split(path) if level.strip()] or [path]
    found = next((level for level in (path, *reversed(levels)) if known and level in known), None)
    return known[found] if known and found else shorten(levels[-1], 200)
