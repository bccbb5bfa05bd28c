"""Bodies of texts read closely, each once: which of them tell of one event in nearly the same words."""

import itertools
from collections.abc import Iterator
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import Indel

from pipeline.data.copies.alike_texts import are_alike, find_differing_names
from pipeline.data.copies.bodies import Bodies
from pipeline.data.copies.wording import Wording, read_wording
from pipeline.data.text.text_words import Writing

BOILERPLATE_WORDS: Final = 40  # longer than nearly every sentence; longer texts are not boilerplate
SAME_PAIRS: Final = 0.5  # of the neighbouring words of the shorter text, so many are so in the longer,
BROKEN_PAIRS: Final = 1.5  # but for these
SAME_WORDS: Final = 0.5  # of two texts that may be alike, by twice their common words of the words of both
TEMPLATE_TEXTS: Final = 20  # so many variants of a sentence are one form, filled in again and again
TWO_EVENTS: Final = 2  # names or numbers in which reports of two events differ

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Readings:
    """Bodies read closely, each once: of the texts that have one, the first in alphabetical order is read."""

    def __init__(self, found: Bodies, threshold: float) -> None:
        self._found, self._threshold = found, threshold
        self._wordings: dict[int, Wording] = {}
        self._writings: dict[int, Writing] = {}
        self._neighbours: dict[int, set[tuple[str, str]]] = {}

    @cached_property
    def _bags(self) -> NDArray[np.object_]:
        """The words of each short body in the order of their codes, shape (n_bodies,)."""
        bags = [
            "".join(sorted(body)) if words < BOILERPLATE_WORDS else ""
            for body, words in zip(self._found.distinct, self._found.sizes.tolist(), strict=True)
        ]
        return np.array(bags, dtype=object)

    @cached_property
    def _rows(self) -> dict[int, int]:
        """A row of each body."""
        texts = self._found.texts
        rows: dict[int, int] = {}
        for row, body in enumerate(self._found.of_row.tolist()):
            if body not in rows or texts[row] < texts[rows[body]]:
                rows[body] = row
        return rows

    def agree(self, pairs: Integers) -> Mask:
        """Which pairs have the same numbers and names."""
        return np.array([not any(differ) for differ in self._find_differing_names(pairs)], bool)

    def tell_of_one(self, pairs: Integers) -> Mask:
        """Which pairs do not differ in two names or numbers, but for those that changed places."""
        return np.array(
            [
                min(len(one), len(other)) < TWO_EVENTS or sorted(one) == sorted(other)
                for one, other in self._find_differing_names(pairs)
            ],
            bool,
        )

    def _find_differing_names(self, pairs: Integers) -> Iterator[tuple[list[str], list[str]]]:
        for one, other in pairs.tolist():
            yield find_differing_names(self._write(one), self._write(other))

    def preselect(self, pairs: Integers) -> Integers:
        """Pairs of short texts that may be alike, told quickly."""
        lengths = self._found.sizes[pairs]
        asked = pairs[
            (lengths.max(axis=1) < BOILERPLATE_WORDS) & (lengths.min(axis=1) * 2 >= lengths.max(axis=1))
        ]
        if not len(asked) or self._threshold >= 1:
            return np.zeros((0, 2), np.int64)
        one, other = (self._bags[asked[:, side]].tolist() for side in (0, 1))
        asked = asked[process.cpdist(one, other, scorer=Indel.normalized_similarity) >= SAME_WORDS]
        shares = [self._share_neighbours(*pair) for pair in asked.tolist()]
        return np.asarray(asked[np.array(shares, bool)])

    def choose_alike(self, pairs: Integers) -> Integers:
        """Pairs of texts that have nearly the same words, in whichever order.

        A text with many others that may be alike is a report of a kind and compared with none, so that time does not
        grow with the square of their number.

        Args:
            pairs: all that `preselect` left, shape (m, 2).
        """
        pairs = np.unique(pairs, axis=0)
        others = np.bincount(pairs.ravel(), minlength=len(self._found.counts))
        asked = pairs[others[pairs].max(axis=1) <= TEMPLATE_TEXTS]
        alike = [
            [one, other]
            for one, other in asked.tolist()
            if are_alike(self._word(one), self._word(other), self._threshold)
        ]
        return np.array(alike, np.int64).reshape(-1, 2)

    def _share_neighbours(self, one: int, other: int) -> bool:
        """Whether words that stand side by side in one text do so in the other: far quicker told than what follows."""
        sets = [self._find_neighbours(body) for body in (one, other)]
        return len(sets[0] & sets[1]) >= SAME_PAIRS * min(map(len, sets)) - BROKEN_PAIRS

    def _find_neighbours(self, body: int) -> set[tuple[str, str]]:
        if body not in self._neighbours:
            self._neighbours[body] = set(itertools.pairwise(self._found.distinct[body]))
        return self._neighbours[body]

    def _word(self, body: int) -> Wording:
        if body not in self._wordings:
            self._wordings[body] = read_wording(self._write(body))
        return self._wordings[body]

    def _write(self, body: int) -> Writing:
        if body not in self._writings:
            self._writings[body] = self._found.writing(self._rows[body])
        return self._writings[body]
