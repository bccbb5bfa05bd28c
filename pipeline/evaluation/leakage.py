"""Have these texts been seen in training? Digests of training texts travel in the bundle, the texts do not."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.data.normal_form import normalize_compatibility

_NOT_WORDS = re.compile(r"\W+")


def text_digests(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Sorted distinct 64-bit digests of texts without case, punctuation and spacing."""
    return np.unique(np.fromiter((_digest(text) for text in texts), np.uint64, len(texts)))


def find_seen(texts: Sequence[str], training_digests: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of the texts stand, but for case and punctuation, among the training texts; shape (n,)."""
    mine = np.fromiter((_digest(text) for text in texts), np.uint64, len(texts))
    return np.asarray(np.isin(mine, training_digests), bool)


def count_seen(texts: Sequence[str], training_digests: NDArray[np.uint64]) -> int:
    """How many of the texts stand, but for case and punctuation, among the training texts."""
    return int(find_seen(texts, training_digests).sum())


def warn_of_seen(texts: Sequence[str], training_digests: NDArray[np.uint64], remedy: str) -> tuple[str, ...]:
    """A warning where a model is judged on texts of its own training data, with what to do; else nothing."""
    seen = count_seen(texts, training_digests)
    if not seen:
        return ()
    return (
        f"{seen} of {len(texts)} texts stand in this model's own training data: these figures flatter it; {remedy}",
    )


def _digest(text: str) -> int:
    plain = _NOT_WORDS.sub(" ", normalize_compatibility(text).casefold()).strip()
    return int.from_bytes(hashlib.sha256(plain.encode("utf-8", "replace")).digest()[:8], "big")
