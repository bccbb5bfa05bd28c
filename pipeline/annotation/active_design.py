"""Active learning: units of which the model is unsure and which differ from one another. Never for estimates."""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from pipeline.annotation.probability_designs import Draw, RandomNumbers, check_size
from pipeline.data.copies.near_duplicates import cluster_texts
from pipeline.data.text.word_pattern import WORD

POOL_FACTOR = 5  # uncertain candidates for each unit wanted
ACTIVE, RANDOM = "active", "random"
ROUNDING = 1e-6  # scores are stored in single precision
DEFAULT_THRESHOLD = 0.5  # of a frame that was never decided, or always

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def measure_uncertainty(probabilities: NDArray[np.float32], decided: NDArray[np.bool_]) -> Floats:
    """How near each probability lies to its frame's threshold, shape (n, k), from 0 (sure) to 1 (at it).

    The threshold lies between the largest probability that was not decided and the smallest that was. Where
    every row has exactly one frame, the largest, or no such threshold exists, decisions were single-label, and
    the distance between the two largest probabilities of a row stands for all its frames.
    """
    lower = np.where(decided, -np.inf, probabilities).max(axis=0)
    upper = np.where(decided, probabilities, np.inf).min(axis=0)
    several = probabilities.shape[1] > 1
    takes_largest = (decided.sum(axis=1) == 1).all() and bool(
        (np.where(decided, probabilities, 0).max(axis=1) >= probabilities.max(axis=1)).all()
    )
    if several and (takes_largest or (lower > upper + ROUNDING).any()):
        best = np.sort(probabilities, axis=1)[:, -2:]
        return np.repeat(1.0 - (best[:, 1:] - best[:, :1]), probabilities.shape[1], axis=1)
    never, always = ~np.isfinite(upper), ~np.isfinite(lower)
    middle = (np.where(never, 0, upper) + np.where(always, 0, lower)) / 2
    threshold = np.where(never, np.maximum(DEFAULT_THRESHOLD, lower), middle)
    threshold = np.where(always, np.minimum(DEFAULT_THRESHOLD, upper), threshold)
    threshold = np.clip(threshold, 1e-6, 1 - 1e-6)
    return np.asarray(
        np.where(
            probabilities < threshold,
            probabilities / threshold,
            (1 - probabilities) / (1 - threshold),
        ),
        float,
    )


def draw_active(
    numbers: RandomNumbers,
    uncertainty: Floats,
    read_texts: Callable[[Integers], Sequence[str]],
    n: int,
    random_share: float,
) -> Draw:
    """Uncertain and diverse units, and a random share of the others.

    The active part is a function of the scores alone: each of its units has inclusion probability 1. Those of
    the random part stand for the units that are not in it: n_random / (N - n_active).

    Args:
        numbers: permanent random numbers, shape (N,).
        uncertainty: shape (N, k).
        read_texts: rows -> their texts.
        n: units wanted.
        random_share: of them, drawn at random.

    Raises:
        DataError: fewer units than wanted.
    """
    check_size(n, len(numbers))
    active = choose_active(uncertainty, read_texts, n - round(n * random_share))
    n_random = n - len(active)
    others = np.setdiff1d(np.arange(len(numbers)), active)
    drawn = others[np.argsort(numbers[others], kind="stable")[:n_random]]
    rows = np.concatenate([active, drawn]).astype(np.int64)
    strata = np.array([ACTIVE] * len(active) + [RANDOM] * n_random, object)
    inclusion = np.where(strata == ACTIVE, 1.0, n_random / max(len(others), 1))
    order = np.argsort(numbers[rows], kind="stable")
    return Draw(rows[order], strata[order], inclusion[order])


def choose_active(uncertainty: Floats, read_texts: Callable[[Integers], Sequence[str]], n: int) -> Integers:
    """Rows of n diverse units among the most uncertain, fewer where the rest are copies.

    Candidates are taken from all frames in turn, so that one badly calibrated frame does not fill the sample;
    of copies only the most uncertain stays.
    """
    if not n:
        return np.zeros(0, np.int64)
    rank = np.empty(uncertainty.shape, np.int64)
    by_frame = np.argsort(-uncertainty, axis=0, kind="stable")
    np.put_along_axis(rank, by_frame, np.arange(len(uncertainty))[:, None], axis=0)
    order = np.lexsort((-uncertainty.max(axis=1), rank.min(axis=1))).astype(np.int64)
    size = POOL_FACTOR * n
    while True:
        pool = order[:size]
        texts = list(read_texts(pool))
        clusters = cluster_texts(texts)
        first = np.flatnonzero(clusters == np.arange(len(pool)))  # the most uncertain of each cluster
        if len(first) >= n or size >= len(order):
            break
        size *= 2
    return pool[first[spread_out([texts[i] for i in first], n)]]


def _words(text: str) -> list[str]:
    return re.findall(WORD, text.casefold()) or [""]  # a text of signs alone is a word of its own


def spread_out(texts: Sequence[str], n: int) -> Integers:
    """Greedy k-center on TF-IDF vectors (Gonzalez 1985): places of n texts, beginning with the first.

    Each next text is the one farthest from all that were chosen, by cosine distance; of equals the first.
    """
    if n >= len(texts):
        return np.arange(len(texts), dtype=np.int64)
    vectors = TfidfVectorizer(sublinear_tf=True, analyzer=_words).fit_transform(texts)
    chosen = [0]
    nearest = np.full(len(texts), np.inf)
    while len(chosen) < n:
        similarity = (vectors @ vectors[chosen[-1]].T).toarray().ravel()
        nearest = np.minimum(nearest, 1 - similarity)
        nearest[chosen[-1]] = -np.inf
        chosen.append(int(nearest.argmax()))
    return np.array(chosen, np.int64)
