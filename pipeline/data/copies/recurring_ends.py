"""What a channel writes below or above many of its posts: a footer, a call to subscribe, a greeting.

Texts that share nothing else are no copies of one another, so such ends are taken off before texts are compared. An
end recurs if in one channel at least so many different words stand beside it: variants of one sentence have their ends
in common too, but beside these stands nearly always the same word.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.data.text.text_words import PART

FIRST_CODE: Final = 0x10000  # of words; the characters of parts of words come before it
FEWEST_NEIGHBOURS: Final = 5  # different words beside an end that recurs in a channel
FEWEST_ANYWHERE: Final = 20  # where channels are not known: there, as many may quote one sentence
FEWEST_WORDS: Final = 3  # of an end
LONGEST: Final = 40  # words; ends that are as long are those of forwarded posts
FEWEST_LEFT: Final = 5  # words of a text without its end; where less is left, it stays

Integers = NDArray[np.int64]


def weigh(codes: str) -> NDArray[np.float64]:
    """How much of a word each character stands for, shape (n_words,)."""
    return np.where(np.frombuffer(codes.encode("utf-32-le"), "<u4") < FIRST_CODE, PART, 1.0)


def find_bodies(texts: Sequence[str], channels: Integers | None) -> Integers:
    """Where each text begins and ends without the ends that recur in its channel; words, shape (n, 2).

    Args:
        texts: a character for each word.
        channels: a number for each text's channel, shape (n,); negative for none. None: not known of any.
    """
    fewest = FEWEST_ANYWHERE if channels is None else FEWEST_NEIGHBOURS
    if channels is None:
        channels = np.zeros(len(texts), np.int64)
    lengths = np.array([len(text) for text in texts], np.int64)
    bodies = np.stack([np.zeros_like(lengths), lengths], axis=1)
    known = np.flatnonzero(channels >= 0)
    for side in (1, 0):  # footers first
        rest = [texts[i][slice(*bodies[i])][:: -1 if side else 1] for i in known.tolist()]
        found = _recurring_lengths(rest, channels[known], fewest)
        bodies[known, side] += -found if side else found
    return bodies


def _recurring_lengths(texts: list[str], channels: Integers, fewest: int) -> Integers:
    """Length of the longest beginning of each text that so many different words follow in its channel, 0 for none.

    Sorted, texts with a common beginning stand together, and each word that follows it begins where neighbours have
    exactly so much in common.
    """
    distinct = sorted(set(zip(channels.tolist(), texts, strict=True)))
    if len(distinct) < fewest:
        return np.zeros(len(texts), np.int64)
    width = LONGEST if weigh("".join(texts)).min(initial=1) == 1 else round(LONGEST / PART)
    codes = np.array([text[:width] for _, text in distinct], f"U{width}")
    letters = codes.view(np.uint32).reshape(len(distinct), width)
    words = np.cumsum(np.where(letters < FIRST_CODE, PART, 1.0), axis=1, dtype=np.float32)
    is_common = (letters[1:] == letters[:-1]) & (letters[1:] != 0)
    common = np.cumprod(is_common, axis=1, dtype=np.int8).sum(axis=1, dtype=np.int64)
    of_channel = np.array([channel for channel, _ in distinct])
    common[of_channel[1:] != of_channel[:-1]] = 0
    upto = np.concatenate([[0], np.cumsum(weigh("".join(text for _, text in distinct)))])
    total = np.diff(upto[np.cumsum([len(text) for _, text in distinct])], prepend=0)
    longest = np.zeros(len(distinct), np.int64)
    left = total.copy()
    for length in range(FEWEST_WORDS, width):
        block = np.concatenate([[0], np.cumsum(common < length)])
        followers = 1 + np.bincount(block[1:], common == length, minlength=block[-1] + 1)
        taken = words[:, length - 1]
        recurs = (taken >= FEWEST_WORDS) & (taken < LONGEST) & (followers[block] >= fewest)
        longest[recurs], left[recurs] = length, (total - taken)[recurs]
    longest[left < FEWEST_LEFT] = 0
    found = dict(zip(distinct, longest.tolist(), strict=True))
    return np.array([found[key] for key in zip(channels.tolist(), texts, strict=True)], np.int64)
