"""What the training texts were like, kept in the bundle without them: the yardstick for drift.

It holds digests of words, counts of languages, and histograms of lengths and of frame scores of rows that the
scoring classifier had not seen. No text can be read from it, though a given word can be looked up.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.data.text.language import identify_language
from pipeline.data.text.word_pattern import WORD_OF_LETTERS

if TYPE_CHECKING:
    from pipeline.bundle import ModelBundle

STEM: Final = "drift_reference"  # of the bundle's file
SCORE_EDGES: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)  # of calibrated probabilities
LENGTH_EDGES: Final = (10, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 960, 1920)  # characters
LANGUAGE_ROWS: Final = (
    50_000  # identified at most: seconds of a training run, and shares to a tenth of a per cent
)

_NOT_SPOKEN = re.compile(r"(?:https?://|www\.|t\.me/)\S+|@\w+")
_WORD = re.compile(WORD_OF_LETTERS)

Integers = NDArray[np.int64]


def find_words(text: str) -> list[str]:
    """Words in lower case; links, user names and whatever holds digits are new in every post and left out."""
    return _WORD.findall(_NOT_SPOKEN.sub(" ", text).lower())


class Vocabulary:
    """Looks words up among the digests of the training's words.

    Args:
        digests: sorted distinct 32-bit digests; one word in some ten thousand is taken for another.
    """

    def __init__(self, digests: NDArray[np.uint32]) -> None:
        self._digests = frozenset(digests.tolist())

    def count(self, text: str) -> tuple[int, int]:
        """Words of a text that training did not hold, and all its words."""
        words = find_words(text)
        return sum(_digest(word) not in self._digests for word in words), len(words)


@dataclass(frozen=True, slots=True)
class DriftReference:
    """The training (and dev) rows of a model.

    Attributes:
        n_rows: rows; n_clusters: clusters of copies among them.
        word_digests: sorted distinct digests of their words, shape (n_words,).
        unknown_expected: share of words that no other cluster holds, which is how often a text from the same
            source has a word that training lacks (Good 1953, the frequency of species seen once).
        languages: language codes; language_rows: rows identified as each; "und" among them.
        length_counts: rows by characters, shape (len(LENGTH_EDGES) + 1,); mean_length: in characters.
        score_counts: rows by calibrated probability, shape (k, len(SCORE_EDGES) + 1).
        score_means: mean probability of each frame, shape (k,).
        score_clusters: clusters of copies among the rows that were scored.
    """

    n_rows: int
    n_clusters: int
    word_digests: NDArray[np.uint32]
    unknown_expected: float
    languages: NDArray[np.str_]
    language_rows: Integers
    length_counts: Integers
    mean_length: float
    score_counts: Integers
    score_means: NDArray[np.float64]
    score_clusters: int

    @staticmethod
    def of(
        texts: Sequence[str], clusters: Integers, calibrated: NDArray[np.floating[Any]], score_clusters: int
    ) -> "DriftReference":
        """Describe training rows.

        Args:
            texts: of the rows, n of them.
            clusters: cluster of copies of each, shape (n,).
            calibrated: probabilities (m, k) of rows by classifiers that had not seen them: all rows out of fold,
                or those of dev.
            score_clusters: clusters of copies among these m rows.
        """
        digests, expected = _count_words(texts, clusters)
        step = max(1, -(-len(texts) // LANGUAGE_ROWS))
        found = Counter(identify_language(text) for text in texts[::step])
        codes = sorted(found)
        lengths = np.array([len(text) for text in texts])
        return DriftReference(
            n_rows=len(texts),
            n_clusters=len(np.unique(clusters)),
            word_digests=digests,
            unknown_expected=expected,
            languages=np.array(codes, str),
            language_rows=np.array([found[code] for code in codes], np.int64),
            length_counts=count_bins(lengths, LENGTH_EDGES),
            mean_length=float(lengths.mean()),
            score_counts=np.array([count_bins(of_frame, SCORE_EDGES) for of_frame in calibrated.T]),
            score_means=np.asarray(calibrated.mean(axis=0), float),
            score_clusters=score_clusters,
        )

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays for the bundle."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @staticmethod
    def from_arrays(arrays: dict[str, NDArray[Any]]) -> "DriftReference":
        """The reverse of `to_arrays`."""
        values: dict[str, Any] = {field.name: arrays[field.name] for field in fields(DriftReference)}
        return DriftReference(**{name: v.item() if v.ndim == 0 else v for name, v in values.items()})

    def language_share(self, code: str) -> float:
        """Share of the rows with a determined language that are in this one."""
        of_code = int(self.language_rows[self.languages == code].sum())
        return of_code / max(1, int(self.language_rows[self.languages != "und"].sum()))


def read_drift_reference(bundle: "ModelBundle") -> DriftReference | None:
    """The reference of a model; None for bundles that were written before it was kept.

    Raises:
        ModelError: the file is damaged.
    """
    if not (bundle.folder / f"{STEM}.npz").exists():
        return None
    return DriftReference.from_arrays(bundle.read_arrays(STEM))


def count_bins(values: NDArray[Any], edges: Sequence[float]) -> Integers:
    """How many values lie below the first edge, from each edge to the next, and from the last on."""
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)


def _count_words(texts: Sequence[str], clusters: Integers) -> tuple[NDArray[np.uint32], float]:
    """Digests of all words, and the share of words that stand in a single cluster."""
    seen_in: dict[str, int] = {}
    in_several: set[str] = set()
    times: defaultdict[str, int] = defaultdict(int)
    for text, cluster in zip(texts, clusters.tolist(), strict=True):
        for word in find_words(text):
            times[word] += 1
            if seen_in.setdefault(word, cluster) != cluster:
                in_several.add(word)
    alone = sum(n for word, n in times.items() if word not in in_several)
    digests = np.unique(np.array([_digest(word) for word in times], np.uint32))
    return digests, alone / max(1, sum(times.values()))


def _digest(word: str) -> int:
    encoded = word.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=4).digest(), "big")
