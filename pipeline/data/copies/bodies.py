"""Texts in which copies are looked for: without the ends that recur in their channels, a character for each word."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.data.copies.recurring_ends import find_bodies
from pipeline.data.text.text_words import Writing, find_words, read_writing

Integers = NDArray[np.int64]

_FIRST_CODE, _CODES = 0x10000, 0x100000  # code points beyond the surrogates


@dataclass(frozen=True, eq=False)
class Bodies:
    """Texts without the ends that recur in their channels, a character for each word.

    Attributes:
        texts: as they came.
        spans: words of each that are left, shape (n, 2).
        of_row: number of each row's body, shape (n,).
        distinct: the different bodies, in the order of their codes: nothing may depend on the order of the rows.
        counts: words of each.
    """

    texts: Sequence[str]
    spans: Integers
    of_row: Integers
    distinct: NDArray[np.object_]
    counts: Integers

    @staticmethod
    def of(texts: Sequence[str], channels: Sequence[str | None] | None) -> "Bodies":
        """Read texts."""
        codes = _encode(find_words(texts))
        return Bodies._of_spans(texts, codes, find_bodies(codes, _number_channels(channels, len(texts))))

    @staticmethod
    def whole(texts: Sequence[str]) -> "Bodies":
        """Read texts and leave them their ends."""
        codes = _encode(find_words(texts))
        return Bodies._of_spans(texts, codes, np.array([(0, len(code)) for code in codes], np.int64))

    @staticmethod
    def _of_spans(texts: Sequence[str], codes: list[str], spans: Integers) -> "Bodies":
        bodies = [text[start:end] for text, (start, end) in zip(codes, spans.tolist(), strict=True)]
        of_row, distinct = pd.factorize(np.array(bodies, dtype=object), sort=True)
        counts = np.array([len(body) for body in distinct], dtype=np.int64)
        return Bodies(texts, spans, of_row.astype(np.int64), np.asarray(distinct, dtype=object), counts)

    def writing(self, row: int) -> Writing:
        """The words of a row's body as they are written."""
        return read_writing(self.texts[row]).part(*self.spans[row].tolist())


def _encode(tokens: Sequence[Sequence[str]]) -> list[str]:
    """Each text with one character for each word, which is how rapidfuzz compares many at once.

    Two words share a character with a chance of one in a million. Python's own hash differs from process to process;
    this one is the same everywhere.
    """
    flat = np.array([word for words in tokens for word in words], dtype=object)
    hashes = pd.util.hash_array(flat, categorize=True) if len(flat) else np.zeros(0, dtype=np.uint64)
    codes = (hashes % np.uint64(_CODES)).astype(np.uint32) + np.uint32(_FIRST_CODE)
    joined = codes.astype("<u4").tobytes().decode("utf-32-le")
    ends = np.cumsum([len(words) for words in tokens]).tolist()
    return [joined[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _number_channels(channels: Sequence[str | None] | None, n: int) -> Integers | None:
    if channels is None:
        return None
    if len(channels) != n:
        raise ValueError(f"expected one channel for each of the {n} texts, got {len(channels)}")
    numbers = pd.factorize(np.array(channels, dtype=object))[0].astype(np.int64)
    return numbers if (numbers >= 0).any() else None
