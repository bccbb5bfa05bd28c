"""Have these texts been seen in training? Digests of training texts travel in the bundle, the texts do not.

Case, punctuation, spacing and disguises (see `pipeline.data.text_normalisation`) do not count.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.data.training_record import digest_texts


def text_digests(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Sorted distinct 64-bit digests of texts."""
    return np.unique(digest_texts(texts))


def find_seen(texts: Sequence[str], training_digests: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of the texts stand among the training texts; shape (n,)."""
    return np.asarray(np.isin(digest_texts(texts), training_digests), bool)


def count_seen(texts: Sequence[str], training_digests: NDArray[np.uint64]) -> int:
    """How many of the texts stand among the training texts."""
    return int(find_seen(texts, training_digests).sum())


def warn_of_seen(texts: Sequence[str], training_digests: NDArray[np.uint64], remedy: str) -> tuple[str, ...]:
    """A warning where a model is judged on texts of its own training data, with what to do; else nothing."""
    seen = count_seen(texts, training_digests)
    if not seen:
        return ()
    return (
        f"{seen} of {len(texts)} texts stand in this model's own training data: these figures flatter it; {remedy}",
    )
