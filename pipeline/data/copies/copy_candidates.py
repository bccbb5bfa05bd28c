"""Which texts may be copies of one another: those that share a rare word 3-gram.

A text of which a fifth of the words were changed still has a 3-gram of the original, from six words on. Of each text
the 3-grams that fewest other texts have are looked up in an index of all, and compared with the texts of most alike
length. Unlike banded MinHash signatures (Broder 1997) this finds quotations as well as copies. numpy and scipy do the
work, in portions, so that memory grows with the number of words alone.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

NGRAM: Final = 3
LOOKED_UP: Final = 12  # 3-grams of each text
PARTNERS: Final = 32  # texts with which one looked-up 3-gram is compared
PAIRS_AT_ONCE: Final = 2_000_000  # candidates held in memory

Hashes = NDArray[np.uint64]
Integers = NDArray[np.int64]


class NgramIndex:
    """The word 3-grams of texts.

    Args:
        words: hashes of all words of all texts in a row.
        lengths: words of each text, shape (n,).
        size: words of an n-gram.

    Attributes:
        ngrams: number of the 3-gram that begins at each word, in a row; -1 where none does.
        starts: place of each text's first word, shape (n + 1,).
    """

    def __init__(self, words: Hashes, lengths: Integers, size: int = NGRAM) -> None:
        self.starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.lengths = lengths
        text_of_word = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
        n = max(len(words) - size + 1, 0)
        hashes = np.zeros(n, np.uint64)
        for offset in range(size):
            hashes = mix(hashes + words[offset : offset + n])
        is_inside = text_of_word[:n] == text_of_word[len(words) - n :]
        distinct, numbers = np.unique(hashes[is_inside], return_inverse=True)
        self.ngrams = np.full(len(words), -1, np.int64)
        self.ngrams[np.flatnonzero(is_inside)] = numbers
        self._matrix = _having(text_of_word[:n][is_inside], numbers, len(lengths), len(distinct))

    def find_candidates(self) -> Iterator[tuple[Integers, Integers]]:
        """Pairs of texts, shape (m, 2), and the number of looked-up 3-grams that each pair shares, in portions."""
        n = len(self.lengths)
        by_length = np.lexsort((np.arange(n), self.lengths))
        having = self._matrix[by_length].tocsc()  # for each 3-gram the texts that have it, shortest first
        frequency = np.diff(having.indptr).astype(np.int64)
        text, ngram = _choose_rarest(self._matrix, frequency)
        rank = np.empty(n, np.int64)
        rank[by_length] = np.arange(n)
        first, count = self._partners(having, frequency, ngram, rank[text])
        for portion in np.split(np.arange(len(text)), _cuts(count, PAIRS_AT_ONCE)):
            starts = np.cumsum(count[portion]) - count[portion]
            place = np.repeat(first[portion] - starts, count[portion]) + np.arange(count[portion].sum())
            a, b = np.repeat(text[portion], count[portion]), by_length[having.indices[place]]
            is_pair = a != b
            keys, shared = np.unique((np.minimum(a, b) * n + np.maximum(a, b))[is_pair], return_counts=True)
            yield np.stack(np.divmod(keys, max(n, 1)), axis=1), shared

    def _partners(
        self, having: Any, frequency: Integers, ngram: Integers, rank: Integers
    ) -> tuple[Integers, Integers]:
        """Where in `having` the texts stand with which each looked-up 3-gram is compared: those of nearest rank."""
        n_partners = np.minimum(frequency[ngram], PARTNERS)
        keys = np.repeat(np.arange(len(frequency)), frequency) * len(self.lengths) + having.indices
        own = np.searchsorted(keys, ngram * len(self.lengths) + rank)
        first, last = having.indptr[ngram].astype(np.int64), having.indptr[ngram + 1].astype(np.int64)
        return np.asarray(np.clip(own - n_partners // 2, first, last - n_partners)), n_partners

    def count_uncovered(self, a: Integers, b: Integers) -> Integers:
        """Words of each text of `a` that stand in no 3-gram which the text of `b` beside it has too; shape (m,)."""
        sizes, others = self.lengths[a], self.lengths[b]
        mine, pair = self._spread(a, sizes), np.repeat(np.arange(len(a)), sizes)
        theirs, other_pair = self._spread(b, others), np.repeat(np.arange(len(b)), others)
        width = len(self.ngrams) + 1
        wanted, having = pair * width + mine, np.sort(other_pair * width + theirs)
        place = np.minimum(np.searchsorted(having, wanted), len(having) - 1)
        is_shared = (having[place] == wanted) & (mine >= 0)
        covered = is_shared.copy()
        for offset in range(
            1, NGRAM
        ):  # a 3-gram never begins so near to a text's end that it reaches the next
            covered[offset:] |= is_shared[:-offset]
        return sizes - np.bincount(pair, covered, minlength=len(a)).astype(np.int64)

    def _spread(self, texts: Integers, sizes: Integers) -> Integers:
        first = np.repeat(self.starts[texts] - (np.cumsum(sizes) - sizes), sizes)
        return np.asarray(self.ngrams[first + np.arange(sizes.sum())])


def _having(rows: Integers, columns: Integers, n_rows: int, n_columns: int) -> "csr_array[Any]":
    """Which texts have which 3-grams: ones in a matrix (n_texts, n_ngrams)."""
    entries = np.sort(rows * max(n_columns, 1) + columns)
    entries = entries[
        np.diff(entries, prepend=-1) != 0
    ]  # np.unique hashes, which takes several times as long
    rows, columns = np.divmod(entries, max(n_columns, 1))
    return csr_array((np.ones(len(entries), np.int8), (rows, columns)), shape=(n_rows, n_columns))


def _choose_rarest(matrix: "csr_array[Any]", frequency: Integers) -> tuple[Integers, Integers]:
    """For each text the LOOKED_UP 3-grams that fewest texts have, among those that another text has too."""
    text = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    ngram = matrix.indices.astype(np.int64)  # numbered by hash, so that ties are broken by chance
    is_shared = frequency[ngram] > 1
    text, ngram = text[is_shared], ngram[is_shared]
    order = np.lexsort((ngram, frequency[ngram], text))
    text, ngram = text[order], ngram[order]
    nth = np.arange(len(text)) - np.searchsorted(text, text)
    return text[nth < LOOKED_UP], ngram[nth < LOOKED_UP]


def _cuts(sizes: Integers, at_once: int) -> Integers:
    """Where to cut a row of portions so that each holds about `at_once`."""
    return np.flatnonzero(np.diff(np.cumsum(sizes) // at_once)) + 1


def mix(x: Hashes) -> Hashes:
    """Finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit in moves every bit out."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))
