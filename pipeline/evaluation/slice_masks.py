"""Which rows of an evaluation belong to which slice: one dimension after the other, each value a mask of rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.row_facts import RowFacts, TrainingFacts

SHORT, LONG = (
    80,
    200,
)  # characters: up to SHORT is short, beyond LONG is long; half of all sentences lie between
UNKNOWN = "(unknown)"
SEEN, UNSEEN = "channels in training", "channels not in training"
WITHIN, AFTER = "up to the last training month", "after the last training month"
_LENGTHS = (f"short, up to {SHORT} characters", f"medium, {SHORT + 1} to {LONG}", f"long, over {LONG}")
_COPIES = ("in one post", "forwarded, in several posts")

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SliceRows:
    """The rows of one slice, shape (n,)."""

    dimension: str
    value: str
    rows: Mask

    @property
    def name(self) -> str:
        """As a config names it."""
        return f"{self.dimension}={self.value}"


def slice_rows(facts: RowFacts, training: TrainingFacts | None) -> tuple[list[SliceRows], list[str]]:
    """Every slice that has rows, and what cannot be sliced.

    Args:
        facts: of the evaluated rows.
        training: of the rows the model has learnt from; None where its bundle keeps none.

    Returns:
        Slices in order of dimension and value, and notes on dimensions about which nothing is known. "novelty"
        (channels and months that training has not seen) stands there only where such rows exist.
    """
    months = np.where(np.isnat(facts.days), "", facts.days.astype("datetime64[M]").astype(str))
    slices: list[SliceRows] = []
    notes: list[str] = []
    for dimension, values in (("channel", facts.sources), ("language", facts.langs), ("month", months)):
        if (values == "").all():
            notes.append(f"no row states its {dimension}: no slices by {dimension}")
        else:
            slices += _by_value(dimension, np.where(values == "", UNKNOWN, values))
    lengths = np.array(_LENGTHS)[np.searchsorted([SHORT, LONG], facts.lengths, side="left")]
    slices += sorted(_by_value("length", lengths), key=lambda s: _LENGTHS.index(s.value))
    slices += _by_value("forwarded", np.array(_COPIES)[(facts.posts > 1).astype(int)])
    if training is None:
        notes.append(
            "this bundle does not keep the channels and months of its training: no slices by novelty"
        )
    else:
        slices += _novelty(facts, training)
    return slices, notes


def _by_value(dimension: str, values: NDArray[Any]) -> Iterator[SliceRows]:
    for value in np.unique(values):
        yield SliceRows(dimension, str(value), np.asarray(values == value, bool))


def _novelty(facts: RowFacts, training: TrainingFacts) -> Iterator[SliceRows]:
    if len(training.sources):
        known = facts.sources != ""
        unseen = known & ~np.isin(facts.sources, training.sources)
        yield from _both("novelty", (UNSEEN, unseen), (SEEN, known & ~unseen))
    if not np.isnat(training.last_day):
        dated = ~np.isnat(facts.days)
        month = facts.days.astype("datetime64[M]")
        later = dated & (month > training.last_day.astype("datetime64[M]"))
        yield from _both("novelty", (AFTER, later), (WITHIN, dated & ~later))


def _both(dimension: str, new: tuple[str, Mask], old: tuple[str, Mask]) -> Iterator[SliceRows]:
    if new[1].any():
        yield SliceRows(dimension, *new)
        if old[1].any():
            yield SliceRows(dimension, *old)
