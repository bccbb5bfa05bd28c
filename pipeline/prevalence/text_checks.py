"""What of shares only texts tell: copies in the sample, units that were edited, texts that trained the model.

An archive without texts keeps the answers, so that all figures can be computed again from figures alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.prevalence.labelled_sample import LabelledSample
from pipeline.prevalence.training_overlap import Replacement, read_records, replace_learnt
from pipeline.prevalence.unit_texts import find_changed, read_sentences


@dataclass(frozen=True, eq=False)
class TextChecks:
    """The answers.

    Attributes:
        copies: number of the cluster of texts of every drawn unit, by its id.
        changed: ids of coded units that say something else than when they were drawn.
        replacement: scores to put in the place of those of training texts; None for none.
        unknown: models of which it is not known what they learnt from.
        note: on training texts in the sample, "" without any.
    """

    copies: Mapping[str, int]
    changed: frozenset[str] = frozenset()
    replacement: Replacement | None = None
    unknown: tuple[str, ...] = ()
    note: str = ""


def check_texts(
    scores: Path,
    sample: LabelledSample,
    models: Sequence[Mapping[str, str | int]],
    all_frames: Sequence[str],
    *,
    labels_only: bool = False,
) -> TextChecks:
    """Look at the texts of the coded units.

    Args:
        scores: output folder of `frames predict`.
        sample: the coded units.
        models: whose scores are current, see `ScoreTotals`.
        all_frames: of the scores.
        labels_only: no score is used, so it does not matter what trained the models.

    Raises:
        DataError: the sample trained the model, and what the model gave these texts before is not known.
    """
    sentences = read_sentences(scores, sample.unit, sample.units, all_frames)
    is_changed = find_changed(sample.units, sentences)
    changed = frozenset(sample.units["id"][is_changed])
    if labels_only or is_changed.all():
        return TextChecks(sample.copies, changed)
    if changed:
        sample = sample.without(is_changed)
        sentences = read_sentences(scores, sample.unit, sample.units, all_frames)
    records, unknown = read_records(scores, models, len(all_frames))
    replacement, note = replace_learnt(scores, sample, sentences, records, all_frames)
    return TextChecks(sample.copies, changed, replacement, tuple(unknown), note)


def mark_changed(sample: LabelledSample, checks: TextChecks) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which units say something else than when they were drawn, shape (n,)."""
    return sample.units["id"].isin(checks.changed).to_numpy(bool)
