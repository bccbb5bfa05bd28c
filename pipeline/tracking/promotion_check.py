"""May a version take the champion's place? The numbers that answer it, and the reasons against.

The gain in macro-F1 must be no worse than a margin: the lower bound of its interval (see `paired_swaps`) lies above it
(non-inferiority as in Piaggio et al. 2012, "Reporting of noninferiority and equivalence randomized trials", or
superiority with a margin of 0). And no protected slice may have lost more than allowed, as measured: slices are
small, and to wait until a loss is beyond chance would protect none.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from pipeline.bundle import ModelBundle
from pipeline.config.evaluation import EvaluationSettings, PromotionSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.errors import ModelError
from pipeline.evaluation.comparison import Comparison
from pipeline.evaluation.evaluate_bundle import (
    check_comparable,
    predict_labelled,
    read_test_predictions,
    read_training_facts,
)
from pipeline.evaluation.leakage import keep_unseen
from pipeline.evaluation.reused_test_rows import TestUse
from pipeline.evaluation.slice_masks import SliceRows, slice_rows
from pipeline.evaluation.slices import SliceGain, compare_slices
from pipeline.evaluation.test_predictions import TestPredictions, compare_predictions
from pipeline.measures.enough_positives import ENOUGH_CLUSTERS

_NO_FACTS = "neither bundle keeps channels, dates and languages of the test rows; train the candidate again"


@dataclass(frozen=True, slots=True)
class PromotionCheck:
    """A candidate (second) against the champion (first).

    Attributes:
        comparison: over all rows.
        slices: the protected ones, largest loss first; those with too few rows last.
        settings: what was asked for.
        n: texts compared.
        refusals: why the candidate may not take the place; empty where it may.
        notes: what a reader has to know.
    """

    comparison: Comparison
    slices: tuple[SliceGain, ...]
    settings: PromotionSettings
    n: int
    refusals: tuple[str, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "n": self.n,
            "comparison": self.comparison.to_json(),
            "protected_slices": [entry.to_json() for entry in self.slices],
            "settings": self.settings.model_dump(mode="json"),
            "refusals": list(self.refusals),
            "notes": list(self.notes),
        }


def check_promotion(
    candidate: ModelBundle,
    champion: ModelBundle,
    *,
    data: LabelledData | None = None,
    use: TestUse | None = None,
) -> PromotionCheck:
    """Compare a candidate with the champion by the candidate's own promotion settings.

    Args:
        candidate: the bundle that would take the place.
        champion: the one that holds it.
        data: labelled rows to compare on in place of the common test fold; rows that one of the two has learnt from
            are left out and counted.
        use: of these rows before, for which the interval of the gain is corrected.

    Raises:
        DataError: other frames or test folds, or no rows left to compare on.
        ModelError: settings in the candidate's bundle that cannot be read.
    """
    settings, evaluation, seed = _read_settings(candidate)
    check_comparable(champion, candidate, on_test_fold=data is None)
    held, new, notes = _read_both(champion, candidate, data)
    comparison = compare_predictions(held, new, candidate.frame_ids, evaluation, seed=seed, use=use)
    slices, faults, slice_notes = _protected_slices(candidate, new, settings)
    gains = compare_slices(
        new.truth,
        held.decided,
        new.decided,
        clusters=new.clusters,
        slices=slices,
        settings=evaluation,
        seed=seed,
    )
    gains.sort(key=lambda entry: (entry.gain.value is None, entry.gain.value or 0.0, entry.name))
    is_same_model = candidate.bundle_hash == champion.bundle_hash and bool(
        (held.decided == new.decided).all()
    )
    refusals = (
        *_judge_codebook(candidate, champion),
        *_judge_gain(comparison, settings, is_same_model=is_same_model),
        *faults,
        *_judge_slices(gains, settings),
    )
    return PromotionCheck(
        comparison,
        tuple(gains),
        settings,
        len(new.ids),
        refusals,
        (*notes, *slice_notes, *_note_unjudged(gains), *_note_dimensions(gains, new, settings)),
    )


def _read_settings(candidate: ModelBundle) -> tuple[PromotionSettings, EvaluationSettings, int]:
    """Settings of the candidate's run; the defaults where its bundle is older than they are."""
    path = candidate.folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return (
            PromotionSettings.model_validate(config.get("promotion", {})),
            EvaluationSettings.model_validate(config.get("evaluation", {})),
            int(config.get("seed", 0)),
        )
    except (OSError, ValueError, TypeError, AttributeError, ValidationError) as error:
        raise ModelError(f"{path}: the settings of promotion cannot be read: {error}") from None


def _read_both(
    champion: ModelBundle, candidate: ModelBundle, data: LabelledData | None
) -> tuple[TestPredictions, TestPredictions, list[str]]:
    """Predictions of both on the same rows in the same order, and notes."""
    if data is None:
        held, new = (read_test_predictions(bundle).sorted_by_id() for bundle in (champion, candidate))
        if held.facts is not None and new.facts is None:
            new = replace(new, facts=held.facts)
        return held, new, []
    unseen, notes = keep_unseen(data, (champion, candidate))
    return predict_labelled(champion, unseen), predict_labelled(candidate, unseen), notes


def _protected_slices(
    candidate: ModelBundle, new: TestPredictions, settings: PromotionSettings
) -> tuple[list[SliceRows], list[str], list[str]]:
    """The protected slices, faults (named slices that are not there), and notes on what cannot be judged."""
    wanted = settings.protected_slices
    if not wanted:
        return [], [], []
    if new.facts is None:
        named = [entry for entry in wanted if "=" in entry]
        faults = [f"the protected slice {entry} cannot be judged: {_NO_FACTS}" for entry in named]
        return [], faults, [f"protected slices were not judged: {_NO_FACTS}"]
    every, notes = slice_rows(new.facts, read_training_facts(candidate))
    slices = [
        entry
        for entry in every
        if entry.name in wanted
        or (entry.dimension in wanted and not entry.rows.all())  # all rows: the margin rules
    ]
    there = {entry.name for entry in every}
    faults = [
        f"the protected slice {entry} has no text here: compare on labelled texts of it with --data FILE"
        for entry in wanted
        if "=" in entry and entry not in there
    ]
    return slices, faults, notes


def _judge_codebook(candidate: ModelBundle, champion: ModelBundle) -> Iterator[str]:
    ours, theirs = (str(bundle.manifest["codebook_hash"]) for bundle in (candidate, champion))
    if ours != theirs:
        yield (
            f"it was trained with another codebook ({ours[:12]}) than the champion ({theirs[:12]}): scores before and "
            "after would not mean the same; register it under another name"
        )


def _judge_gain(comparison: Comparison, settings: PromotionSettings, *, is_same_model: bool) -> Iterator[str]:
    gain = comparison.macro_f1.gain
    if is_same_model and settings.margin < 0:
        return  # nothing can be lost, whatever the interval says of other rows
    if gain.value is None:
        yield (
            f"macro-F1 cannot be compared: no frame has positives in {ENOUGH_CLUSTERS} clusters of copies of these "
            "texts, so neither the champion nor this version has figures here; compare on more labelled texts, which "
            "neither has learnt from, with --data FILE"
        )
    elif gain.low is None or gain.high is None:
        yield "the gain in macro-F1 has no interval: all texts compared belong to one cluster of copies"
    elif gain.low <= settings.margin:
        yield (
            f"macro-F1 gain {gain.value:+.3f}, interval {gain.low:+.3f} to {gain.high:+.3f}: the lower bound must lie "
            f"above {settings.margin:+.3f} (promotion.margin){_blame_reuse(comparison)}"
        )


def _blame_reuse(comparison: Comparison) -> str:
    """What the interval owes to earlier uses of the rows, and the way out."""
    if comparison.use is None or comparison.pairs == 1:
        return ""
    return (
        f"; {comparison.use.describe(comparison.n)}, and the interval holds for their {comparison.pairs} pairs "
        "together: on fresh labelled rows, --data FILE, nothing has to be corrected"
    )


def _judge_slices(gains: list[SliceGain], settings: PromotionSettings) -> Iterator[str]:
    for entry in gains:
        if entry.too_few is not None and entry.name in settings.protected_slices:
            yield (
                f"the protected slice {entry.name} cannot be judged: {entry.too_few}; compare on more labelled "
                "texts of it with --data FILE"
            )
        elif entry.gain.value is not None and entry.gain.value < -settings.largest_slice_loss:
            yield (
                f"the protected slice {entry.name} loses {-entry.gain.value:.3f} macro-F1 ({entry.first:.3f} to "
                f"{entry.second:.3f}, {entry.n} texts), more than {settings.largest_slice_loss:.3f} "
                "(promotion.largest_slice_loss)"
            )


def _note_unjudged(gains: list[SliceGain]) -> Iterator[str]:
    few = [entry.name for entry in gains if entry.too_few is not None]
    if few:
        yield f"protected slices with too few texts or positives to be judged: {', '.join(few)}"


def _note_dimensions(
    gains: list[SliceGain], new: TestPredictions, settings: PromotionSettings
) -> Iterator[str]:
    if new.facts is None:  # said already
        return
    judged = {entry.dimension for entry in gains if entry.gain.value is not None}
    for dimension in settings.protected_slices:
        if "=" not in dimension and dimension not in judged:
            yield (
                f"the protected dimension {dimension} could not be judged: no part of the texts that it sets apart has "
                "enough texts and positives; a loss there would not show"
            )
