"""What a channel writes below or above many of its posts: a footer, a call to subscribe, a greeting.

Texts that share nothing else are no copies of one another, so such ends are taken off before texts are compared. An
end recurs if in one channel at least so many different words stand beside it: variants of one sentence have their ends
in common too, but beside these stands nearly always the same word.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

FEWEST_NEIGHBOURS: Final = 5  # different words beside an end that recurs in a channel
FEWEST_ANYWHERE: Final = 20  # where channels are not known: there, as many may quote one sentence
FEWEST_WORDS: Final = 3  # of an end
LONGEST: Final = 40  # words; ends that are as long are those of forwarded posts
FEWEST_LEFT: Final = 5  # words of a text without its ends; where less is left, they stay

Integers = NDArray[np.int64]


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
        found[np.diff(bodies[known])[:, 0] - found < FEWEST_LEFT] = 0
        bodies[known, side] += -found if side else found
    return bodies


def _recurring_lengths(texts: list[str], channels: Integers, fewest: int) -> Integers:
    """Length of the longest beginning of each text that so many different words follow in its channel.

    Sorted, texts with a common beginning stand together, and each word that follows it begins where neighbours have
    exactly so much in common.
    """
    distinct = sorted(set(zip(channels.tolist(), texts, strict=True)))
    if len(distinct) < fewest:
        return np.zeros(len(texts), np.int64)
    codes = np.array([text[:LONGEST] for _, text in distinct], f"U{LONGEST}")
    letters = codes.view(np.uint32).reshape(len(distinct), LONGEST)
    is_common = (letters[1:] == letters[:-1]) & (letters[1:] != 0)
    common = np.cumprod(is_common, axis=1, dtype=np.int8).sum(axis=1, dtype=np.int64)
    of_channel = np.array([channel for channel, _ in distinct])
    common[of_channel[1:] != of_channel[:-1]] = 0
    longest = np.zeros(len(distinct), np.int64)
    for length in range(FEWEST_WORDS, LONGEST):
        block = np.concatenate([[0], np.cumsum(common < length)])
        followers = 1 + np.bincount(block[1:], common == length, minlength=block[-1] + 1)
        longest[followers[block] >= fewest] = length
    found = dict(zip(distinct, longest.tolist(), strict=True))
    return np.array([found[key] for key in zip(channels.tolist(), texts, strict=True)], np.int64)
