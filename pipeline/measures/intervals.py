"""Cluster bootstrap: intervals that know that forwards of one post are not independent.

Whole clusters are drawn with replacement (Field & Welsh 2007, "Bootstrapping clustered data"); an interval is
the percentile interval over the replicates. Precision, recall, F1 and macro-F1 have better ones: `f1_intervals`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.measures.metrics import Counts, Floats

CELLS_AT_ONCE = 20_000_000  # replicates are drawn in chunks, so that memory stays flat on large test sets


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure on the data at hand with its interval; None in place of what cannot be said."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def to_json(self) -> dict[str, float | None]:
        """Plain values."""
        return {"value": self.value, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        if self.value is None:
            return "too few"
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def as_estimate(value: float, replicates: Floats, confidence: float, *, n_clusters: int) -> Estimate:
    """Percentile interval of the replicates (b,) around a value; NaN replicates carry no information.

    A single cluster gives no interval: every draw repeats it, which looks like certainty. Nor do replicates that
    are all the same, as those of an error that was never made: an interval without width claims what no data shows.
    """
    usable = replicates[~np.isnan(replicates)]
    if n_clusters == 1 or len(usable) < len(replicates) / 2:
        return Estimate(value)
    tail = (1 - confidence) / 2
    low, high = np.quantile(usable, [tail, 1 - tail])
    return Estimate(value, float(low), float(high)) if low < high else Estimate(value)


def cluster_weights(clusters: NDArray[np.int64], samples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """How often each cluster is drawn, in chunks of shape (b, n_clusters); `samples` rows in all.

    Args:
        clusters: cluster number of each row, shape (n,), numbered 0 to n_clusters - 1.
        samples: bootstrap replicates.
        seed: of the drawing.
    """
    n_clusters = int(clusters.max()) + 1
    generator = np.random.default_rng(seed)
    left = samples
    while left:
        chunk = min(left, max(1, CELLS_AT_ONCE // max(len(clusters), 1)))
        yield generator.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), size=chunk).astype(float)
        left -= chunk


def renumber(clusters: NDArray[Any]) -> NDArray[np.int64]:
    """Cluster ids of any kind as 0 to n_clusters - 1, shape (n,)."""
    return np.asarray(np.unique(clusters, return_inverse=True)[1].reshape(-1), np.int64)


def sum_by_cluster(values: Floats, clusters: NDArray[np.int64]) -> Floats:
    """Rows (n, k) summed within clusters, shape (n_clusters, k)."""
    sums = np.zeros((int(clusters.max()) + 1, *values.shape[1:]))
    np.add.at(sums, clusters, values)
    return sums


def counts_by_cluster(counts: Counts, clusters: NDArray[np.int64]) -> Counts:
    """Counts of rows (n, k) to counts of clusters (n_clusters, k)."""
    return Counts(*(sum_by_cluster(part, clusters) for part in (counts.tp, counts.fp, counts.fn)))


def take_frames(counts: Counts, chosen: NDArray[Any]) -> Counts:
    """Counts (..., k) of the frames that a mask (k,) chooses."""
    return Counts(counts.tp[..., chosen], counts.fp[..., chosen], counts.fn[..., chosen])


def reweigh(counts: Counts, weights: Floats) -> Counts:
    """Cluster counts (n_clusters, k) under drawn weights (b, n_clusters), shape (b, k)."""
    return Counts(weights @ counts.tp, weights @ counts.fp, weights @ counts.fn)
