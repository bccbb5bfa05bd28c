"""Codings: what one annotator said about one unit. One row each, in JSON lines, from whatever tool they come."""

import difflib
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from pipeline.annotation.sample_files import DESIGN_COLUMNS, read_design, read_id
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.label_cells import NO_FRAME, RowError, check_characters, read_origin, read_row
from pipeline.data.labels.labelled_rows import Reject
from pipeline.data.tables.table_files import Record
from pipeline.errors import DataError, list_names, shorten

Status = Literal["coded", "skipped", "cancelled"]
STATUSES: Final = ("coded", "skipped", "cancelled")
LABELLED_COLUMNS: Final = ("source", "date", "group", "lang")
CODER_COLUMNS: Final = ("origin", "rationale")  # of a coding by a language model
CODED_COLUMNS: Final = (
    *("id", "text", "annotator", "labels", "status", "is_ground_truth"),
    *DESIGN_COLUMNS,
    *LABELLED_COLUMNS,
    *CODER_COLUMNS,
)
_COMPARED = 100  # characters of a label that are compared with frames: the time grows with their square
_LISTED = 10  # unknown labels that one message names


@dataclass(frozen=True, slots=True)
class Coding:
    """One annotator's word on one unit.

    Attributes:
        where: file and place, for messages.
        id: of the unit.
        text: of the unit.
        annotator: name or number, as the tool states it.
        labels: frame ids; empty for no frame, and where status is not "coded".
        status: "coded"; "skipped" by the annotator or left blank; "cancelled" as not to be coded.
        is_ground_truth: settled by an adjudicator.
        extra: values of DESIGN_COLUMNS, LABELLED_COLUMNS and CODER_COLUMNS, where known.
    """

    where: str
    id: str
    text: str
    annotator: str
    labels: tuple[str, ...]
    status: Status = "coded"
    is_ground_truth: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_by_model(self) -> bool:
        """Whether a language model coded it."""
        return read_origin(self.extra.get("origin")) is not None

    def to_row(self) -> dict[str, Any]:
        """By CODED_COLUMNS."""
        return {
            "id": self.id,
            "text": self.text,
            "annotator": self.annotator,
            "labels": list(self.labels),
            "status": self.status,
            "is_ground_truth": self.is_ground_truth,
            **self.extra,
        }


@dataclass(slots=True)
class ReadCodings:
    """What the reader of one file found: codings, rows that cannot be used, units that nobody touched, notes."""

    codings: list[Coding] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    n_untouched: int = 0
    notes: list[str] = field(default_factory=list)


def make_coding(
    where: str,
    cells: Mapping[str, Any],
    labels: Sequence[Any] | str | None,
    *,
    annotator: object,
    status: Status = "coded",
    is_ground_truth: bool = False,
) -> Coding:
    """Check the values of a row from outside.

    Args:
        where: file and place.
        cells: id, text and, where known, the values of `Coding.extra`. Without an id, the text names the unit.
        labels: as the tool states them; they are compared with the codebook later.
        annotator: text or number.
        status: dropped labels are no labels: only "coded" keeps them.
        is_ground_truth: settled by an adjudicator.

    Raises:
        RowError: names the field, what was expected and what stands there.
    """
    known = {"text": cells.get("text"), "labels": labels if status == "coded" else []}
    row, _ = read_row(Record(where, known | {name: cells.get(name) for name in LABELLED_COLUMNS}))
    try:
        unit_id = _name_by_text(row["text"]) if cells.get("id") is None else read_id(cells["id"], where)
        extra = read_design(cells, where)
        name = read_id(annotator, where)
    except DataError as error:
        raise RowError(str(error).removeprefix(where).lstrip(", :")) from None
    extra |= {name: row[name] for name in LABELLED_COLUMNS}
    extra |= {name: str(cells[name]) for name in CODER_COLUMNS if cells.get(name) not in (None, "")}
    filled = {name: value for name, value in extra.items() if value is not None}
    for column, value in {"id": unit_id, "annotator": name, **filled}.items():
        check_characters(str(value), column)
    return Coding(where, unit_id, row["text"], name, row["labels"], status, is_ground_truth, filled)


def resolve_labels(
    codings: Sequence[Coding], codebook: Codebook, path_names: str = "the codings"
) -> tuple[list[Coding], list[Reject]]:
    """Labels as frame ids in codebook order, parents added; a frame's name may stand for its id where it is unique.

    Returns:
        The codings, and those that have not exactly one label though the codebook is single-label.

    Raises:
        DataError: labels that are no frames, all of them named, with the nearest frame.
    """
    _refuse_unknown(codings, codebook, codebook.ids_by_name, path_names)
    kept, rejects = [], []
    for coding in codings:
        ids = {codebook.ids_by_name[label] for label in coding.labels}
        if coding.status == "coded" and codebook.mode == "single_label" and len(ids) != 1:
            rejects.append(
                Reject(coding.where, f"expected one label (single_label codebook), got {len(ids)}")
            )
        else:
            kept.append(replace(coding, labels=codebook.add_parents(ids)))
    return kept, rejects


def keep_last(codings: Sequence[Coding]) -> tuple[list[Coding], list[Reject]]:
    """One coding for each unit and annotator: the last; the earlier ones are listed as rejects.

    An id that stands with another text is rejected too: its labels would be of two texts.
    """
    last: dict[tuple[str, str], Coding] = {}
    first_text: dict[str, Coding] = {}
    rejects = []
    for coding in codings:
        known = first_text.setdefault(coding.id, coding)
        if known.text.split() != coding.text.split():
            reason = f"the id '{shorten(coding.id, 80)}' stands with another text at {known.where}"
            rejects.append(Reject(coding.where, reason))
            continue
        key = (coding.id, coding.annotator)
        if key in last:
            reason = f"replaced by the later coding of '{shorten(coding.annotator, 80)}' at {coding.where}"
            rejects.append(Reject(last.pop(key).where, reason))
        last[key] = coding
    return list(last.values()), rejects


def complete_origin(extra: Mapping[str, Any], unit_id: str) -> dict[str, Any]:
    """What training needs and the sample says under another name: channel, time, and the post of a sentence."""
    group = unit_id.rpartition(":")[0] if extra.get("unit") == "sentence" else None
    moment = extra.get("published_at")
    if isinstance(moment, str):
        with suppress(ValueError):  # what is no time of ours is told where it is read
            moment = datetime.fromisoformat(moment)
    found = {"source": extra.get("channel"), "date": moment, "group": group or None}
    return {**{name: value for name, value in found.items() if value is not None}, **extra}


def say_count(n: int, one: str, many: str) -> str:
    """A number and what it counts: "1 unit is", "2 units are"."""
    return f"{n} {one if n == 1 else many}"


def _name_by_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse_unknown(
    codings: Sequence[Coding], codebook: Codebook, known: Mapping[str, str], path_names: str
) -> None:
    counts = Counter(label for coding in codings for label in coding.labels if label not in known)
    if not counts:
        return
    lines = []
    for label, n in counts.most_common(_LISTED):
        first = next(coding.where for coding in codings if label in coding.labels)
        near = difflib.get_close_matches(label[:_COMPARED], known, n=1)
        hint = f"; did you mean '{known[near[0]]}'?" if near else ""
        times = say_count(n, "time, at", "times, first at")
        lines.append(f"'{shorten(label, 80)}' ({times} {first}{hint})")
    more = f" and {len(counts) - _LISTED} more" if len(counts) > _LISTED else ""
    wrong = say_count(len(counts), "label is", "labels are")
    expected = [*codebook.frame_ids, *([NO_FRAME] if codebook.mode == "multi_label" else [])]
    raise DataError(
        f"{path_names}: {wrong} not in the codebook '{codebook.name}': {'; '.join(lines)}{more}. "
        f"Expected some of: {list_names(expected, 50)}. Mend the labels, or add the frames to the codebook"
    )
