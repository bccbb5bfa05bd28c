"""Have these texts been seen in training? What a bundle keeps of its training texts answers it, without the texts.

Case, punctuation, spacing and disguises (see `pipeline.data.text.text_normalisation`) do not count; light edits are
found where the bundle keeps sketches, see `pipeline.data.labels.training_record`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.bundle import ModelBundle
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.labels.training_record import STEM, TrainingRecord, digest_texts
from pipeline.errors import DataError

LESSONS = "lessons"  # of a student (`frames distil`): digests of texts on which it learnt to copy its teacher
_DIGESTS = "training_texts"  # all that bundles of an earlier version keep


def text_digests(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Sorted distinct 64-bit digests of texts, shape (n_distinct,)."""
    return np.unique(digest_texts(texts))


def find_seen(texts: Sequence[str], training_digests: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of the texts stand among the training texts, word for word; shape (n,)."""
    return np.asarray(np.isin(digest_texts(texts), training_digests), bool)


def count_seen(texts: Sequence[str], training_digests: NDArray[np.uint64]) -> int:
    """How many of the texts stand among the training texts, word for word; their digests of shape (n_distinct,)."""
    return int(find_seen(texts, training_digests).sum())


def find_learnt(bundle: ModelBundle, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which of the texts a model has learnt from, light edits of its training texts included; shape (n,)."""
    return np.asarray(read_record(bundle).find(texts) >= 0)


def read_record(bundle: ModelBundle) -> TrainingRecord:
    """All texts that a model has learnt from; of a bundle of an earlier version, their digests alone."""
    stem = STEM if (bundle.folder / f"{STEM}.npz").is_file() else _DIGESTS
    return TrainingRecord.from_arrays(bundle.read_arrays(stem), len(bundle.frame_ids))


def warn_of_seen(bundle: ModelBundle, texts: Sequence[str], remedy: str) -> tuple[str, ...]:
    """Warnings where a model is judged on texts of its own training data, with what to do, or on its lessons."""
    lessons = _mention_lessons([bundle], texts)
    is_learnt = find_learnt(bundle, texts)
    if not is_learnt.any():
        return lessons
    edited = int((is_learnt & ~find_seen(texts, bundle.read_arrays(_DIGESTS)["digests"])).sum())
    lightly = f" ({edited} of them lightly edited)" if edited else ""
    stand = f"{int(is_learnt.sum())} of {len(texts)} texts stand in this model's own training data{lightly}"
    return (f"{stand}: these figures flatter it; {remedy}", *lessons)


def _mention_lessons(bundles: Sequence[ModelBundle], texts: Sequence[str]) -> tuple[str, ...]:
    """A note where a student has copied its teacher's answers to some of the texts; no label of them was known."""
    count = max(
        (
            count_seen(texts, bundle.read_arrays(LESSONS)["digests"])
            for bundle in bundles
            if (bundle.folder / f"{LESSONS}.npz").is_file()
        ),
        default=0,
    )
    were = f"{count} of {len(texts)} texts were lessons of a student, without labels"
    return (f"{were}: it may follow its teacher on them more closely than elsewhere",) if count else ()


def keep_unseen(data: LabelledData, bundles: Sequence[ModelBundle]) -> tuple[LabelledData, list[str]]:
    """The rows whose labels no model has learnt from, and notes: how many were left out, and lessons among them.

    Raises:
        DataError: none is left.
    """
    texts = list(data.table["text"])
    seen = np.zeros(len(texts), bool)
    for bundle in bundles:
        seen |= find_learnt(bundle, texts)
    lessons = _mention_lessons(bundles, [text for text, known in zip(texts, seen, strict=True) if not known])
    if not seen.any():
        return data, [*lessons]
    model, who = (
        ("the model", "it has not") if len(bundles) == 1 else ("one of the two models", "neither has")
    )
    if seen.all():
        raise DataError(
            f"{data.path}: every one of its {len(texts)} texts stands in the training data of {model}; give labelled "
            f"texts that {who} seen"
        )
    note = f"{int(seen.sum())} of {len(texts)} texts were left out: {model} has learnt from them"
    return data.subset(np.flatnonzero(~seen)), [note, *lessons]
