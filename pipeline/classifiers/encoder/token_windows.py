"""Texts of any length for an encoder that reads only so many tokens: windows, and one answer for each text.

A text that is too long is divided into windows of equal size. While training, each window carries the labels of
its text (single-instance learning from bags, Ray & Craven 2005, "Supervised versus multiple instance learning"),
so labels of whole posts or articles are enough. Scoring pools the windows' logits by the logarithm of their mean
odds, which lies between their mean and their largest: a frame in one place of a long text is still seen.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

TEXTS_AT_ONCE = 4096  # bounds memory
_ADDED_TOKENS = 8  # more than any tokenizer puts around a text


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """Tokens of a window, those around its text included, and windows of a text."""

    max_tokens: int
    max_windows: int = 1


@dataclass(frozen=True, slots=True)
class TokenWindows:
    """The windows of n texts, in the order of the texts.

    Attributes:
        token_ids: of each window.
        owners: number of the text of each window, ascending, shape (n_windows,); every text has one.
        is_cut: texts whose end no window holds, shape (n,).
    """

    token_ids: list[list[int]]
    owners: NDArray[np.int64]
    is_cut: NDArray[np.bool_]

    def of_texts(self, texts: NDArray[np.int64]) -> "TokenWindows":
        """The windows of some texts, shape (n_chosen,), which are numbered anew in the order given."""
        starts = np.searchsorted(self.owners, texts)
        ends = np.searchsorted(self.owners, texts, side="right")
        ids = [self.token_ids[i] for start, end in zip(starts, ends, strict=True) for i in range(start, end)]
        return TokenWindows(ids, np.repeat(np.arange(len(texts)), ends - starts), self.is_cut[texts])

    def pool(self, logits: NDArray[Any]) -> NDArray[np.float32]:
        """Logits of windows, shape (n_windows, k), to logits of texts, shape (n, k)."""
        if len(self.owners) == len(self.is_cut):
            return np.asarray(logits, np.float32)
        starts = np.searchsorted(self.owners, np.arange(len(self.is_cut)))
        counts = np.bincount(self.owners, minlength=len(self.is_cut))
        pooled = np.logaddexp.reduceat(logits, starts, axis=0) - np.log(counts)[:, None]
        return np.asarray(pooled, np.float32)


def make_windows(tokenizer: Tokenizer, texts: Sequence[str], limits: WindowLimits) -> TokenWindows:
    """Divide the texts that are longer than one window; a text longer than all its windows is cut there."""
    n_before, n_after = _count_added(tokenizer)
    room = max(1, limits.max_tokens - n_before - n_after)
    windows: list[list[int]] = []
    owners: list[int] = []
    is_cut = np.zeros(len(texts), bool)
    for i, encoding in enumerate(tokenizer.encode_batch_fast(make_whole(texts))):
        ids = encoding.ids
        end = len(ids) - n_after
        length = end - n_before
        if length <= room:
            windows.append(ids)
            owners.append(i)
            continue
        is_cut[i] = length > room * limits.max_windows
        length = min(length, room * limits.max_windows)
        n_windows = -(-length // room)
        edges = [n_before + length * part // n_windows for part in range(n_windows + 1)]
        for first, last in itertools.pairwise(edges):
            windows.append([*ids[:n_before], *ids[first:last], *ids[end:]])
            owners.append(i)
    return TokenWindows(windows, np.asarray(owners, np.int64), is_cut)


def find_cut(tokenizer: Tokenizer, texts: Sequence[str], limits: WindowLimits) -> NDArray[np.bool_]:
    """Which texts `make_windows` would cut, shape (n_texts,); those that cannot be too long are not tokenised."""
    fits = (limits.max_tokens - _ADDED_TOKENS) * limits.max_windows
    # A token is at least a character, and normalisation adds none to ASCII.
    doubtful = [i for i, text in enumerate(texts) if len(text) > fits or not text.isascii()]
    is_cut = np.zeros(len(texts), bool)
    for start in range(0, len(doubtful), TEXTS_AT_ONCE):
        rows = doubtful[start : start + TEXTS_AT_ONCE]
        is_cut[rows] = make_windows(tokenizer, [texts[i] for i in rows], limits).is_cut
    return is_cut


def make_whole(texts: Sequence[str]) -> list[str]:
    """Texts with "?" in place of half characters, which no tokenizer takes."""
    return [text.encode("utf-8", "replace").decode("utf-8") for text in texts]


def _count_added(tokenizer: Tokenizer) -> tuple[int, int]:
    """How many tokens stand before and after every text."""
    added = tokenizer.encode("a").special_tokens_mask
    if all(added):  # the letter itself gave no token
        return max(0, len(added) - 1), min(1, len(added))
    return added.index(0), added[::-1].index(0)
