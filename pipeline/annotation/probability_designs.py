"""Random and stratified draws with known inclusion probabilities.

Every unit gets one permanent random number from its id and the seed (Ohlsson 1995, "Coordination of samples using
permanent random numbers"); the n smallest of a stratum are a simple random sample without replacement. So the
result does not depend on the order of the rows, and with the same seed a larger sample contains the smaller one.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import ConfigError, DataError

Allocation = Literal["proportional", "equal"]
Integers = NDArray[np.int64]
RandomNumbers = NDArray[np.uint64]

ALL = "all"  # the one stratum of a design without strata
_SCORE_STRATA = 5
_BY_DOUBT = 0.5  # of the labels go where the model doubts, the others to all units alike


@dataclass(frozen=True, eq=False)
class Draw:
    """Units that were drawn.

    Attributes:
        rows: their places in the population, shape (n,), in random order.
        strata: the stratum of each, shape (n,).
        inclusion: probability with which the design takes each of them, shape (n,), in (0, 1].
    """

    rows: Integers
    strata: NDArray[np.object_]
    inclusion: NDArray[np.float64]


def number_units(units: pd.DataFrame, seed: int) -> RandomNumbers:
    """Permanent random numbers of units (columns post_key and sentence_index), shape (n,)."""
    keys = pd.util.hash_array(units["post_key"].to_numpy(object), hash_key=f"{seed:016x}"[-16:])
    indices = units["sentence_index"].to_numpy(np.int64).astype(np.uint64)
    return _mix(keys ^ _mix(indices))


def draw_random(numbers: RandomNumbers, n: int) -> Draw:
    """Simple random sample of n units.

    Raises:
        DataError: there are fewer.
    """
    check_size(n, len(numbers))
    rows = np.argsort(numbers, kind="stable")[:n].astype(np.int64)
    return Draw(rows, np.full(n, ALL, object), np.full(n, n / len(numbers)))


def draw_stratified(
    numbers: RandomNumbers, strata: "pd.Series[str]", n: int, allocation: Allocation, minimum: int
) -> Draw:
    """A simple random sample in each stratum, n units in all.

    Args:
        numbers: of all units, shape (N,).
        strata: name of each unit's stratum, shape (N,).
        n: units wanted.
        allocation: how they are shared out, see `allocate`.
        minimum: units of each stratum, or all where it has fewer.

    Raises:
        DataError: fewer units than wanted.
        ConfigError: n is too small for the minimum in every stratum.
    """
    check_size(n, len(numbers))
    codes, names = pd.factorize(strata, sort=True)
    sizes = np.bincount(codes, minlength=len(names)).astype(np.int64)
    wanted = allocate(sizes, n, allocation, minimum)
    return _take_smallest(numbers, codes, np.asarray(names, object), sizes, wanted)


def _take_smallest(
    numbers: RandomNumbers, codes: Integers, names: NDArray[np.object_], sizes: Integers, wanted: Integers
) -> Draw:
    """The units with the smallest random numbers of each stratum."""
    order = np.lexsort((numbers, codes))
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # rank within the stratum
    rows = order[place < wanted[codes[order]]]
    rows = rows[np.argsort(numbers[rows], kind="stable")].astype(np.int64)
    return Draw(rows, names[codes[rows]], (wanted / np.maximum(sizes, 1))[codes[rows]])


def draw_scored(numbers: RandomNumbers, doubt: NDArray[np.float64], n: int, minimum: int) -> Draw:
    """A simple random sample in each of five strata by score, more of it where labels say more.

    The best inclusion probability for a share is proportional to sqrt(p(1 - p)) of a calibrated probability p (Zrnic &
    Candès 2024, "Active statistical inference"); strata of about equal sums of it come near (Dalenius & Hodges 1959),
    and need no design of their own in estimation. Half of the labels go to all units alike, as there, since p may be
    wrong where it looks certain.

    Args:
        numbers: of all units, shape (N,).
        doubt: sqrt(p(1 - p)) of each unit, shape (N,).
        n: units wanted.
        minimum: units of each stratum, or all where it has fewer.

    Raises:
        DataError: fewer units than wanted.
        ConfigError: n is too small for the minimum in every stratum.
    """
    check_size(n, len(numbers))
    order = np.argsort(doubt, kind="stable")
    running = np.cumsum(np.maximum(doubt[order], np.finfo(np.float32).tiny))
    codes = np.empty(len(doubt), np.int64)
    codes[order] = np.minimum((running / running[-1] * _SCORE_STRATA).astype(np.int64), _SCORE_STRATA - 1)
    sizes = np.bincount(codes, minlength=_SCORE_STRATA).astype(np.int64)
    by_doubt = np.bincount(codes, doubt, minlength=_SCORE_STRATA) / max(float(doubt.sum()), 1e-300)
    shares = _BY_DOUBT * by_doubt + (1 - _BY_DOUBT) * sizes / len(doubt)
    wanted = np.minimum(sizes, minimum)
    if wanted.sum() > n:
        raise ConfigError(f"--size {n}: the strata by score need {wanted.sum()}; give a larger size")
    wanted = _hand_out(wanted, sizes, n, lambda stratum: float(shares[stratum] / (2 * wanted[stratum] + 1)))
    names = np.array([f"score {k + 1} of {_SCORE_STRATA}" for k in range(_SCORE_STRATA)], object)
    return _take_smallest(numbers, codes, names, sizes, wanted)


def allocate(sizes: Integers, n: int, allocation: Allocation, minimum: int) -> Integers:
    """Units to draw from each stratum, shape (n_strata,), summing to n.

    Each stratum first gets its minimum; then one unit after the other goes to the stratum that lacks most: by
    the quotients of Sainte-Laguë (proportional), or to the one that has fewest (equal). Handed out singly, no
    stratum loses a unit when n grows.

    Raises:
        ConfigError: n is too small for the minimum.
    """
    wanted = np.minimum(sizes, minimum)
    if wanted.sum() > n:
        raise ConfigError(
            f"--size {n}: {len(sizes)} strata with at least {minimum} units each need {wanted.sum()}; give a larger "
            "size, a smaller --minimum, or coarser strata such as --strata channel"
        )

    def urgency(stratum: int) -> float:
        if allocation == "equal":
            return -float(wanted[stratum])
        return float(sizes[stratum] / (2 * wanted[stratum] + 1))

    return _hand_out(wanted, sizes, n, urgency)


def check_size(n: int, available: int) -> None:
    """Refuse to draw more than there is.

    Raises:
        DataError: says how many there are.
    """
    if n > available:
        raise DataError(f"--size {n}: there are only {available} units to draw from; ask for at most as many")


def _hand_out(wanted: Integers, sizes: Integers, n: int, urgency: Callable[[int], float]) -> Integers:
    queue = [(-urgency(i), i) for i in range(len(sizes)) if wanted[i] < sizes[i]]
    heapq.heapify(queue)
    for _ in range(n - int(wanted.sum())):
        _, i = heapq.heappop(queue)
        wanted[i] += 1
        if wanted[i] < sizes[i]:
            heapq.heappush(queue, (-urgency(i), i))
    return wanted


def _mix(x: NDArray[Any]) -> RandomNumbers:
    """Finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit in moves every bit out."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), np.uint64)
