"""Two histograms of the same bins: how far apart, and how far chance alone would put them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pipeline.measures.intervals import Estimate

MATERIAL: Final = 0.045  # bits: that of a population stability index of 0.25, the usual mark of a large shift
_DRAWS: Final = 4000
_FALSE_ALARMS: Final = 0.05  # over all distributions together


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts by bin.

    Attributes:
        counts: shape (n_bins,).
        n_independent: observations that do not depend on one another among them, such as posts of sentences.
        mean: of the values.
        error: standard error of the mean, copies and sentences of one post counted as one.
    """

    counts: NDArray[np.int64]
    n_independent: int
    mean: float
    error: float


@dataclass(frozen=True, slots=True)
class Shift:
    """One distribution then and now.

    Attributes:
        name: of what is distributed.
        divergence: Jensen-Shannon divergence, bits, 0 to 1 (Lin 1991, "Divergence measures based on the Shannon
            entropy").
        noise: what sampling alone may reach when nothing has changed.
        mean_then: before.
        mean_now: in the new data.
        moved: of the mean, now minus then, with an interval that holds for all distributions together.
    """

    name: str
    divergence: float
    noise: float
    mean_then: float
    mean_now: float
    moved: Estimate

    def moved_beyond(self, tolerance: float) -> bool:
        """Whether the mean has surely moved by more: the whole interval lies beyond the tolerance."""
        low, high = self.moved.low, self.moved.high
        return low is not None and high is not None and (low > tolerance or high < -tolerance)

    @property
    def is_shifted(self) -> bool:
        """More than chance, and large enough to matter."""
        return self.divergence > max(self.noise, MATERIAL)


def compare_histograms(
    names: Sequence[str], pairs: Sequence[tuple[Histogram, Histogram]], *, seed: int
) -> tuple[Shift, ...]:
    """Shifts between histograms then and now, with one false alarm in twenty over all of them together.

    The noise level comes from pairs of samples of the mean of both. Only independent observations count in it, so it
    is rather too high than too low.

    Args:
        names: of the pairs.
        pairs: then and now.
        seed: of the samples.
    """
    generator = np.random.default_rng(seed)
    quantile = 1 - _FALSE_ALARMS / max(1, len(pairs))
    z = norm.ppf((1 + quantile) / 2)
    shifts = []
    for name, (then, now) in zip(names, pairs, strict=True):
        shares = [part.counts / part.counts.sum() for part in (then, now)]
        sizes = [min(int(part.counts.sum()), part.n_independent) for part in (then, now)]
        drawn = [generator.multinomial(n, (shares[0] + shares[1]) / 2, size=_DRAWS) / n for n in sizes]
        noise = float(np.quantile(divergence(*drawn), quantile))
        moved, reach = now.mean - then.mean, float(z * np.hypot(then.error, now.error))
        interval = Estimate(moved, moved - reach, moved + reach) if reach else Estimate(moved)
        shifts.append(Shift(name, float(divergence(*shares)), noise, then.mean, now.mean, interval))
    return tuple(shifts)


def divergence(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Jensen-Shannon divergence in bits of shares over the last axis: shape (..., bins) to (...)."""
    middle = (first + second) / 2

    def bits(shares: NDArray[Any]) -> NDArray[np.float64]:
        ratio = np.divide(shares, middle, out=np.ones_like(middle), where=shares > 0)
        return np.asarray((shares * np.log2(ratio)).sum(axis=-1))

    return np.maximum(0.0, (bits(first) + bits(second)) / 2)
