"""Several codings of a unit become one: the labelled file that training and estimation read.

What the rule cannot settle is not guessed: it is left out, counted, and listed for discussion.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.annotation.coded_table import (
    CODER_COLUMNS,
    LABELLED_COLUMNS,
    Coding,
    complete_origin,
    say_count,
)
from pipeline.annotation.record_files import write_records
from pipeline.annotation.sample_files import DESIGN_COLUMNS
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.label_cells import LANGUAGE_MODEL
from pipeline.errors import ConfigError, DataError

Rule = Literal["majority", "any", "all", "ground-truth"]
LABELLED_FILE_COLUMNS: Final = (
    *("id", "text", "labels"),
    *LABELLED_COLUMNS,
    *DESIGN_COLUMNS,
    *("annotators", "label_shares", "needs_discussion", "origin"),
)


@dataclass(frozen=True, slots=True)
class Combined:
    """One row for each unit that could be settled.

    Attributes:
        rows: by LABELLED_FILE_COLUMNS; `label_shares` holds the share of annotators for each frame that any
            of them gave, `needs_discussion` says that they did not all agree.
        unsettled: units with codings that the rule could not settle, as rows of `describe_codings`.
        notes: what a reader has to know.
    """

    rows: list[dict[str, Any]]
    unsettled: list[dict[str, Any]]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Counts."""
        return {
            "labelled": len(self.rows),
            "unsettled": len(self.unsettled),
            "needs_discussion": sum(row["needs_discussion"] for row in self.rows),
            "notes": list(self.notes),
        }


def combine_codings(codings: Sequence[Coding], codebook: Codebook, rule: Rule) -> Combined:
    """Settle each unit's labels.

    Args:
        codings: with frame ids, one for each unit and annotator.
        codebook: of a single-label codebook, only majority and ground-truth give one label.
        rule: "majority": what was settled (ground truth), else frames that more than half of the annotators gave; a
            unit with a frame given by exactly half is unsettled. "any", "all": frames that any, or all, gave.
            "ground-truth": codings marked so.

    Raises:
        ConfigError: a rule that cannot give exactly one label for a single-label codebook.
        DataError: no unit is left.
    """
    if codebook.mode == "single_label" and rule in {"any", "all"}:
        raise ConfigError(
            f"--combine {rule}: the codebook is single_label, so a unit must have exactly one label: majority or "
            "ground-truth"
        )
    units: dict[str, list[Coding]] = defaultdict(list)
    for coding in codings:
        units[coding.id].append(coding)
    rows, unsettled, n_uncoded, n_without_truth = [], [], 0, 0
    for unit in units.values():
        coded = [coding for coding in unit if coding.status == "coded"]
        settled = [coding for coding in coded if coding.is_ground_truth]
        deciding = settled if rule == "ground-truth" or (rule == "majority" and settled) else coded
        if not deciding:
            n_uncoded += not coded
            n_without_truth += bool(coded)
            continue
        labels = _settle(deciding, codebook, rule)
        if labels is None:
            unsettled.append(describe_codings(coded))
        else:
            rows.append(_describe(labels, coded, unit) | {"origin": _find_origin(deciding)})
    if not rows:
        raise DataError(
            f"nothing to train on is left: {say_count(len(unsettled), 'unit', 'units')} unsettled, {n_uncoded} skipped "
            f"or cancelled by all, {n_without_truth} without ground truth. Where a blank means that no "
            "frame is there, import with --empty-is-coded"
        )
    n_differ = sum(row["needs_discussion"] for row in rows)
    n_by_model = sum(row["origin"] is not None for row in rows)
    counts = {
        (
            "unit has",
            "units have",
            "labels in which a language model had a say (origin): for training alone",
        ): n_by_model,
        ("unit was", "units were", "skipped or cancelled by all who saw it: left out"): n_uncoded,
        ("unit has", "units have", "no coding marked as ground truth: left out"): n_without_truth,
        ("unit was", "units were", "settled though annotators differ (needs_discussion)"): n_differ,
    }
    notes = [f"{say_count(n, one, many)} {what}" for (one, many, what), n in counts.items() if n]
    return Combined(rows, unsettled, (*_note_unsettled(len(unsettled), rule), *notes))


def _note_unsettled(n: int, rule: Rule) -> list[str]:
    if not n:
        return []
    note = (
        f"--combine {rule} left out {say_count(n, 'disputed unit', 'disputed units')} that it could not settle. To "
        "train, that may do; a sample for frames shares must not lose them, as disputed units are unlike the others: "
        "write them with `frames agreement --discuss FILE`, fill in its column labels, and import FILE with the codings"
    )
    return [note]


def write_labelled(path: Path, combined: Combined) -> Path | None:
    """Write the labelled file and, beside it, the units that could not be settled.

    Returns:
        The file of the latter, NAME.unsettled.jsonl; None, and no such file, without any.
    """
    write_records(path, combined.rows, LABELLED_FILE_COLUMNS)
    unsettled = path.with_suffix(".unsettled.jsonl")
    if not combined.unsettled:
        unsettled.unlink(missing_ok=True)
        return None
    write_records(unsettled, combined.unsettled, ["id", "text", "in_dispute", "codings"])
    return unsettled


def describe_codings(unit: Sequence[Coding]) -> dict[str, Any]:
    """What each annotator gave one unit, and the frames that not all of them gave."""
    given = Counter(label for coding in unit for label in set(coding.labels))
    return {
        "id": unit[0].id,
        "text": unit[0].text,
        "in_dispute": sorted(label for label, n in given.items() if n < len(unit)),
        "codings": {coding.annotator: list(coding.labels) for coding in unit},
    }


def _settle(codings: Sequence[Coding], codebook: Codebook, rule: Rule) -> tuple[str, ...] | None:
    """Labels in codebook order; None where the rule leaves them open."""
    given = {frame: sum(frame in coding.labels for coding in codings) for frame in codebook.frame_ids}
    n = len(codings)
    if rule == "any":
        return tuple(frame for frame, count in given.items() if count)
    if rule == "all":
        return tuple(frame for frame, count in given.items() if count == n)
    labels = tuple(frame for frame, count in given.items() if 2 * count > n)
    if codebook.mode == "single_label":
        return labels if len(labels) == 1 else None
    return None if any(2 * count == n for count in given.values()) else labels


def _find_origin(deciding: Sequence[Coding]) -> str | None:
    """Whether a language model had a say: such labels may be learnt from, and nothing is judged by them."""
    return LANGUAGE_MODEL if any(coding.is_by_model for coding in deciding) else None


def _describe(labels: tuple[str, ...], coded: Sequence[Coding], unit: Sequence[Coding]) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    for coding in reversed(unit):
        extra |= {name: value for name, value in coding.extra.items() if name not in CODER_COLUMNS}
    return {
        "id": coded[0].id,
        "text": coded[0].text,
        "labels": list(labels),
        **complete_origin(extra, coded[0].id),
        "annotators": len(coded),
        "label_shares": _shares(coded),
        "needs_discussion": len({frozenset(coding.labels) for coding in coded}) > 1,
    }


def _shares(coded: Sequence[Coding]) -> dict[str, float]:
    frames = dict.fromkeys(frame for coding in coded for frame in coding.labels)
    return {frame: sum(frame in coding.labels for coding in coded) / len(coded) for frame in frames}
