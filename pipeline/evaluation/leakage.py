"""Have these texts been seen in training? Digests of training texts travel in the bundle, the texts do not.

Case, punctuation, spacing and disguises (see `pipeline.data.text_normalisation`) do not count.
"""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.data.normal_form import normalize_compatibility
from pipeline.data.normalise_batches import normalise_texts

_NOT_WORDS = re.compile(r"\W+")


def text_digests(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Sorted distinct 64-bit digests of texts."""
    return np.unique(_digest_all(texts))


def find_seen(texts: Sequence[str], training_digests: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of the texts stand among the training texts; shape (n,)."""
    return np.asarray(np.isin(_digest_all(texts), training_digests), bool)


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


def _digest_all(texts: Sequence[str]) -> NDArray[np.uint64]:
    return np.fromiter(map(_digest, normalise_texts(texts)), np.uint64, len(texts))


def _digest(text: str) -> int:
    plain = _NOT_WORDS.sub(" ", normalize_compatibility(text).casefold()).strip()
    return int.from_bytes(hashlib.sha256(plain.encode("utf-8", "replace")).digest()[:8], "big")
