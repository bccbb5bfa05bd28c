"""What a reader of shares has to know, in words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.annotation.coded_table import say_count
from pipeline.annotation.sampling_frame import TOLERANCE
from pipeline.errors import list_names
from pipeline.prevalence.drawn_units import DrawnUnits, say_span
from pipeline.prevalence.labelled_sample import LabelledSample
from pipeline.prevalence.score_totals import ScoreTotals

OF_UNKNOWN_MAKING: Final = (
    "what scores from elsewhere were made from is not known: if the coded units had a part in it (as examples in a "
    "prompt, words of a list, training rows), corrected shares are too sure; the column labels holds in any case"
)
_LISTED: Final = 3  # ids that one note names


def describe_target(scores: Path, unit: str, n_units: int, drawn: DrawnUnits | None) -> tuple[str, list[str]]:
    """What the shares are shares of, and what to know before reading them."""
    if drawn is None or not drawn.outside:
        return f"the {n_units:,} {unit}s in this output, {scores}", []
    inside = f"the {n_units:,} {unit}s{say_span(drawn.inside_span)}"
    caution = (
        f"the sample was drawn before {drawn.outside:,} {unit}s{say_span(drawn.outside_span)} were added: they could "
        f"not be drawn, and no figure below speaks of them. To include them: frames sample {scores} --unit {unit} "
        f"--top-up SAMPLE -n {min(200, drawn.outside)} -o more.csv, code it, and give both with --sample"
    )
    return f"{inside} that could be drawn for the sample, of those in this output, {scores}", [caution]


def describe_fit(sample: LabelledSample, unit: str, n_units: int, drawn: DrawnUnits | None) -> list[str]:
    """A note where a sample does not stand for as many units as there are."""
    if drawn is not None and not drawn.is_found:
        note = (
            f"the sample was drawn from {drawn.expected:,} {unit}s; which of those in the scores they were cannot be "
            f"told: {drawn.inside:,} come nearest, by their dates or the time of their scores. Estimates are right "
            "only if what is missing or was added is like the rest"
        )
        return [note]
    expected = n_units if drawn is None else drawn.expected
    if abs(sample.weight_drawn - expected) <= TOLERANCE * expected:
        return []
    held = "the scores hold" if drawn is None else "it was drawn from"
    note = (
        f"the sample stands for {sample.weight_drawn:,.0f} {unit}s, {held} {expected:,}: it was "
        "drawn from another state of the data, or rows are missing; estimates are right only if what is "
        "missing is like the rest. If rows that were not coded were left out, give the table of codings instead"
    )
    return [note]


def note_changed(sample: LabelledSample, changed: NDArray[np.bool_]) -> str:
    """Units whose text is not the one that was coded."""
    ids = list(sample.units["id"][changed])
    what = say_count(len(ids), f"coded {sample.unit} says", f"coded {sample.unit}s say")
    then = (
        "it was drawn, so its codes do not hold; it is left out, and the others of its stratum stand for it"
        if len(ids) == 1
        else "they were drawn, so their codes do not hold; they are left out, and the others of their strata stand for "
        "them"
    )
    return f"{what} something else now than when {then}: {list_names(ids, _LISTED)}"


def note_left_out(missing: Sequence[str], outside: Sequence[str]) -> list[str]:
    """Coded units that have no part in the estimates."""
    notes = []
    if missing:
        notes.append(
            f"{say_count(len(missing), 'coded unit is', 'coded units are')} not in these scores (removed, edited into "
            f"other sentences, or without a scored sentence): left out: {list_names(missing, _LISTED)}"
        )
    if outside:
        notes.append(
            f"{say_count(len(outside), 'coded unit was', 'coded units were')} scored again since the sample was drawn "
            f"and cannot be told from what was added since: left out: {list_names(outside, _LISTED)}"
        )
    return notes


def note_parents(parents: Mapping[str, str]) -> list[str]:
    """Which frames hold others."""
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    held = "; ".join(f"{parent}: {list_names(names)}" for parent, names in children.items())
    return (
        [f"who carries a child carries its parent, whose share holds those of its children ({held})"]
        if held
        else []
    )


def note_unknown_training(models: Sequence[str]) -> list[str]:
    """Models of which it is not known what they learnt from."""
    if not models:
        return []
    note = (
        f"which texts {', '.join(models)} learnt from is not kept with these scores: if the coded units were among "
        "them, corrected shares are wrong. Give the bundle once, --model BUNDLE, to have that checked; the column "
        "labels holds in any case"
    )
    return [note]


def note_weights(names: Sequence[str], frames: Sequence[str], weights: NDArray[np.float64]) -> str:
    """How much each score counts, shape (m, k)."""
    told = "; ".join(
        f"{frame}: "
        + ", ".join(f"{name} {weight:.2f}" for name, weight in zip(names, weights[:, k], strict=True))
        for k, frame in enumerate(frames)
    )
    return (
        "corrected shares use the scores together, weighted by what left the smallest error on the coded units of "
        f"other folds: {told}"
    )


def note_units(totals: ScoreTotals) -> list[str]:
    """Posts that are no units, and scores of several models."""
    notes = []
    if totals.n_empty:
        notes.append(f"{totals.n_empty:,} posts without a scored sentence (no text) are not counted")
    if len(totals.models) > 1:
        names = ", ".join(f"{model['model_id']} ({model['units']:,})" for model in totals.models)
        notes.append(f"scores of several models stand together: {names}; raw shares mix them")
    return notes
