"""The file of a sample: units to label, with what later estimates have to know about how they were drawn."""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pipeline.annotation.record_files import write_records
from pipeline.annotation.sampling_frame import FRAME_COLUMNS, read_frame
from pipeline.data.labels.label_cells import PROPOSED, PURPOSES
from pipeline.data.tables.table_files import read_records
from pipeline.errors import DataError, shorten

# How a unit was drawn; travels with its labels to training and estimation.
DESIGN_COLUMNS: Final = (
    "unit",
    "channel",
    "published_at",
    "stratum",
    "inclusion_probability",
    "design",
    "purpose",
    "sample_id",
    "tops_up",
    "cluster",
    "text_digest",
    *FRAME_COLUMNS,
)
# `lang` is the language of the whole post, which tells more than one sentence of it does.
SAMPLE_COLUMNS: Final = ("id", "unit", "text", *DESIGN_COLUMNS[1:], "lang", "statement", "before", "after")
UNITS: Final = ("sentence", "post")
DESIGNS: Final = ("random", "stratified", "scored", "active", "similar")
_CODE: Final = re.compile(r"u-[0-9a-f]{12}")  # the prefix keeps spreadsheets from reading a number
_CHOICES: Final = {"unit": UNITS, "design": DESIGNS, "purpose": PURPOSES}


def make_unit_code(unit_id: str, sample_id: object) -> str:
    """The id of a unit as coders see it: it tells neither channel nor post, and the sample file is its key.

    SHA-256 of both ids, of which 12 digits are kept: among 10,000 units, two share a code in 1 of 5 million samples.
    """
    digest = hashlib.sha256(f"{sample_id or ''}\n{unit_id}".encode()).hexdigest()
    return f"u-{digest[:12]}"


def is_unit_code(unit_id: str) -> bool:
    """Whether an id looks like one of `make_unit_code`."""
    return _CODE.fullmatch(unit_id) is not None


def digest_unit(sentences: Iterable[str]) -> str:
    """What a unit said when it was drawn: 16 hexadecimal digits of SHA-256 over its sentences; spacing does not count.

    Of a post, the sentences that are scored: boilerplate may come and go.
    """
    words = " ".join(" ".join(sentences).split())
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:16]


def write_sample(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write units as CSV, JSON lines, Parquet or XLSX; see `write_records`."""
    more = [PROPOSED] if any(PROPOSED in row for row in rows) else []
    write_records(path, rows, [*SAMPLE_COLUMNS, *more])


def read_sample(path: Path, encoding: str | None = None) -> list[dict[str, Any]]:
    """Units to label, by SAMPLE_COLUMNS; what a file does not have is None.

    Any file with the columns id and text will do; the others are checked where they are there.

    Raises:
        DataError: no rows, an empty or repeated id, an empty text, a value that cannot be.
    """
    rows: list[dict[str, Any]] = []
    seen: dict[str, str] = {}
    for record in read_records(path, encoding):
        row = {name: record.cells.get(name) for name in SAMPLE_COLUMNS}
        row["lang"] = row["lang"] if isinstance(row["lang"], str) and row["lang"].strip() else None
        unit_id = row["id"] = read_id(row["id"], record.where)
        if not isinstance(row["text"], str) or not row["text"].strip():
            raise DataError(f"{record.where}, field 'text': expected a text, got {row['text']!r:.60}")
        if seen.setdefault(unit_id, record.where) != record.where:
            raise DataError(
                f"{record.where}: the id '{shorten(unit_id, 80)}' already stands at {seen[unit_id]}"
            )
        rows.append(row | read_design(record.cells, record.where))
    if not rows:
        raise DataError(f"{path}: no rows; expected units with the columns id and text")
    return rows


def read_id(value: object, where: str) -> str:
    """An id as text; spreadsheets turn ids of digits into numbers.

    Raises:
        DataError: there is none.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    if not text or not isinstance(value, str | int):
        raise DataError(f"{where}, field 'id': expected an id, got {value!r:.60}")
    return text


def read_design(cells: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The values of DESIGN_COLUMNS that a row has, checked; None for the others.

    Raises:
        DataError: an inclusion probability outside (0, 1], an unknown unit, design or purpose, or a frame that
            cannot be.
    """
    found = {name: _blank_to_none(cells.get(name)) for name in DESIGN_COLUMNS}
    for name, allowed in _CHOICES.items():
        if found[name] is not None and found[name] not in allowed:
            raise DataError(
                f"{where}, field '{name}': expected {' or '.join(allowed)}, got {found[name]!r:.60}"
            )
    for name in ("channel", "stratum", "sample_id", "tops_up", "cluster", "text_digest"):
        if found[name] is not None:
            found[name] = str(found[name])
    moment = found["published_at"]
    if moment is not None and not isinstance(moment, str | datetime):
        raise DataError(f"{where}, field 'published_at': expected a date, got {moment!r:.60}")
    if found["inclusion_probability"] is not None:
        found["inclusion_probability"] = _read_probability(found["inclusion_probability"], where)
    try:
        return found | read_frame(cells)
    except ValueError as error:
        raise DataError(f"{where}, {error}") from None


def _blank_to_none(value: object) -> object:
    return None if value == "" else value


def _read_probability(value: object, where: str) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except ValueError:
        number = math.nan
    if not 0 < number <= 1:
        raise DataError(
            f"{where}, field 'inclusion_probability': expected a number in (0, 1], got {value!r:.60}"
        )
    return number
