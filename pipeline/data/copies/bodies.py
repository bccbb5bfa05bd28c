"""Texts in which copies are looked for: without the ends that recur in their channels, a character for each word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.data.copies.recurring_ends import FIRST_CODE, find_bodies, weigh
from pipeline.data.text.text_words import Writing, find_words, is_part, read_writing

Integers = NDArray[np.int64]

_CODES = 0x100000  # of words, from FIRST_CODE on
_EMPTY_LINES = re.compile(r"(?<!\s)[^\S\n]*+\n\s*+")
_FIRST_OF_PARTS, _OF_PARTS = 0xA000, 0x3000  # before them, of parts that are no single letter


@dataclass(frozen=True, eq=False)
class Bodies:
    """Texts without the ends that recur in their channels, a character for each word.

    Attributes:
        texts: as they came.
        spans: words of each that are left, shape (n, 2).
        of_row: number of each row's body, shape (n,).
        distinct: the different bodies, in the order of their codes: nothing may depend on the order of the rows.
        counts: words of each, where each letter of Chinese is one.
        sizes: words of each, as `pipeline.data.text.text_words.count_words` counts them.
    """

    texts: Sequence[str]
    spans: Integers
    of_row: Integers
    distinct: NDArray[np.object_]
    counts: Integers
    sizes: NDArray[np.float64]

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
        upto = np.concatenate([[0], np.cumsum(weigh("".join(distinct)))])
        ends = np.cumsum(counts)
        sizes = upto[ends] - upto[ends - counts]
        return Bodies(
            texts, spans, of_row.astype(np.int64), np.asarray(distinct, dtype=object), counts, sizes
        )

    def writing(self, row: int, *, only_lines: bool = False) -> Writing:
        """The words of a row's body as they are written.

        Args:
            row: of the texts.
            only_lines: of the ends, whole lines without a number are left out alone: what recurs inside a line
                belongs to what it says, as "at 14:30" or "was met with strong protest".
        """
        text = _EMPTY_LINES.sub("\n", self.texts[row]) if only_lines else self.texts[row]
        whole = read_writing(text)  # of a run of white space, a blank is left
        start, end = self.spans[row].tolist()
        if only_lines:
            n, breaks = len(whole.words), [i for i, gap in enumerate(whole.gaps) if "\n" in gap]
            last = max((i for i in breaks if i <= start), default=0)
            first = min((i for i in breaks if i >= end), default=n)
            start = 0 if _has_number(whole.words[:last]) else last
            end = n if _has_number(whole.words[first:]) else first
        return whole.part(start, end)


def _has_number(words: Sequence[str]) -> bool:
    """Whether there may be a date or an hour among words."""
    return any(word[0].isdecimal() for word in words)


def _encode(tokens: Sequence[Sequence[str]]) -> list[str]:
    """Each text with one character for each word, which is how rapidfuzz compares many at once.

    Two words share a character with a chance of one in a million. Python's own hash differs from process to process;
    this one is the same everywhere. What is a part of a word has a code below FIRST_CODE, a letter its own.
    """
    flat = np.array([word for words in tokens for word in words], dtype=object)
    numbers, distinct = pd.factorize(flat)
    hashes = pd.util.hash_array(distinct, categorize=False) if len(distinct) else np.zeros(0, dtype=np.uint64)
    of_word = (hashes % np.uint64(_CODES)).astype(np.uint32) + np.uint32(FIRST_CODE)
    for place in [place for place, word in enumerate(distinct) if is_part(word)]:
        word = distinct[place]
        is_own = len(word) == 1 and ord(word) < FIRST_CODE
        of_word[place] = ord(word) if is_own else _FIRST_OF_PARTS + int(hashes[place]) % _OF_PARTS
    codes = of_word[numbers]
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
