"""What a model keeps of the texts that it learnt from: digests and sketches that find them again, and no text.

A digest finds a text whose case, punctuation, spacing and disguises may differ (see
`pipeline.data.text.text_normalisation`). A sketch finds light edits: it is a MinHash signature of a text's words and
pairs of words (Broder 1997, "On the resemblance and containment of documents"), of which 16 bits are kept (Li & König
2010, "b-bit minwise hashing"): two texts agree in about as many of its values as they have words and pairs in common.
Ours, as the libraries for it keep 64-bit values: four times the room, and much easier to turn back into words.

Beside each text stands the probability that the model gave it *before it had learnt from it*. Only with these can
labels that trained a model also correct its shares.
"""

import hashlib
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.data.text.normal_form import normalize_compatibility
from pipeline.data.text.normalise_batches import normalise_texts
from pipeline.data.text.text_words import count_words, find_words

STEM: Final = "training_record"  # of the file in a bundle
VALUES: Final = 32  # of a sketch: the share that agrees is known to within .09 (one standard error)
FEWEST_WORDS: Final = 4  # shorter texts have no sketch: "read more" is found by its digest alone
ALIKE: Final = 0.6  # share of a sketch that agrees, from which a text is a near copy
_SURE: Final = VALUES - int(np.ceil(ALIKE * VALUES)) + 1  # so many values hold one that near copies agree in
_PAIRS_AT_ONCE: Final = 1_000_000
_NOT_WORDS: Final = re.compile(r"\W+")
_SEEDS: Final = np.random.default_rng(0).integers(1, 2**63, VALUES, dtype=np.uint64)

Digests = NDArray[np.uint64]
Sketches = NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class TrainingRecord:
    """The texts that a model learnt from, n of them.

    Attributes:
        digests: of the texts, shape (n,).
        sketches: of the texts, shape (n, VALUES); zeros where a text has none.
        probabilities: calibrated, from classifiers that had not seen the text, shape (n, k); NaN where there is none.
    """

    digests: Digests
    sketches: Sketches
    probabilities: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.digests)

    @staticmethod
    def of(texts: Sequence[str], probabilities: NDArray[Any]) -> "TrainingRecord":
        """Describe texts; probabilities of shape (n, k), NaN where there is none."""
        return TrainingRecord(digest_texts(texts), sketch_texts(texts), np.asarray(probabilities, np.float32))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays."""
        return {"digests": self.digests, "sketches": self.sketches, "probabilities": self.probabilities}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]], n_frames: int) -> "TrainingRecord":
        """The reverse of `to_arrays`; from digests alone a record without sketches and probabilities.

        Raises:
            ValueError: the arrays do not fit each other or the frames.
        """
        n = len(arrays["digests"])
        sketches = arrays.get("sketches", np.zeros((n, VALUES), np.uint16))
        probabilities = arrays.get("probabilities", np.full((n, n_frames), np.nan, np.float32))
        record = TrainingRecord(arrays["digests"].astype(np.uint64), sketches, probabilities)
        expected = ((n,), (n, VALUES), (n, n_frames))
        found = (record.digests.shape, sketches.shape, probabilities.shape)
        if found != expected:
            raise ValueError(f"expected arrays of the shapes {expected}, got {found}")
        return record

    def find(self, texts: Sequence[str], *, near: bool = True) -> NDArray[np.int64]:
        """Place in the record of each text or, with `near`, of the text most like it; -1 where there is none.

        Where a text stands there several times, a place with a probability is preferred.
        """
        found = self._find_digests(digest_texts(texts))
        if near and self.sketches.any():
            missing = np.flatnonzero(found < 0)
            found[missing] = self._find_near(sketch_texts([texts[int(i)] for i in missing]))
        return found

    def _find_digests(self, wanted: Digests) -> NDArray[np.int64]:
        if not len(self):
            return np.full(len(wanted), -1, np.int64)
        order = np.lexsort((np.isnan(self.probabilities).any(axis=1), self.digests))
        place = np.minimum(np.searchsorted(self.digests[order], wanted), len(self) - 1)
        return np.where(self.digests[order][place] == wanted, order[place], -1)

    def _find_near(self, wanted: Sketches) -> NDArray[np.int64]:
        """Place of the sketch most like each, the first of equals; -1 where none is alike enough.

        What is alike agrees in at least one of the first `_SURE` values, so only such pairs are compared.
        """
        rows, places = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        asked = np.flatnonzero(wanted.any(axis=1))
        for k in range(_SURE):
            order = np.argsort(self.sketches[:, k], kind="stable")
            column, values = self.sketches[order, k], wanted[asked, k]
            first, last = (np.searchsorted(column, values, side) for side in ("left", "right"))
            counts = last - first
            rows.append(np.repeat(asked, counts))
            steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            places.append(order[np.repeat(first, counts) + steps])
        pairs = np.unique(np.stack([np.concatenate(rows), np.concatenate(places)], axis=1), axis=0)
        found, best = np.full(len(wanted), -1, np.int64), np.zeros(len(wanted))
        for start in range(0, len(pairs), _PAIRS_AT_ONCE):
            row, place = pairs[start : start + _PAIRS_AT_ONCE].T
            agreeing = (self.sketches[place] == wanted[row]).mean(axis=1)
            for i in np.flatnonzero(agreeing >= ALIKE):
                if agreeing[i] > best[row[i]]:
                    found[row[i]], best[row[i]] = place[i], agreeing[i]
        return found


def digest_texts(texts: Sequence[str]) -> Digests:
    """64-bit digests of texts, shape (n,)."""
    return np.fromiter(map(_digest, normalise_texts(texts)), np.uint64, len(texts))


def sketch_texts(texts: Sequence[str]) -> Sketches:
    """MinHash sketches of texts, shape (n, VALUES); zeros for a text of fewer than FEWEST_WORDS words."""
    sketches = np.zeros((len(texts), VALUES), np.uint16)
    for i, words in enumerate(find_words(texts)):
        if count_words(words) >= FEWEST_WORDS:
            pairs = [f"{one} {other}" for one, other in itertools.pairwise(words)]
            hashes = pd.util.hash_array(np.array([*words, *pairs], object), categorize=False)
            smallest = _mix(hashes[:, None] ^ _SEEDS).min(axis=0)
            sketches[i] = np.maximum(smallest & np.uint64(0xFFFF), 1)
    return sketches


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit in moves every bit out."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)


def _digest(text: str) -> int:
    plain = _NOT_WORDS.sub(" ", normalize_compatibility(text).casefold()).strip()
    return int.from_bytes(hashlib.sha256(plain.encode("utf-8", "replace")).digest()[:8], "big")
