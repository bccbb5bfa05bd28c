"""How labelled units came into a sample, those of them that lie in a domain, and sums over strata and clusters."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Design:
    """How each labelled unit came into the sample.

    Attributes:
        inclusion: probability of being drawn (and, where not all were coded, of being coded), in (0, 1], shape (n,).
        strata: number of its stratum, 0 to n_strata - 1, shape (n,).
        clusters: number of its cluster, 0 to n_clusters - 1, shape (n,); units that stand alone have their own.
    """

    inclusion: Floats
    strata: Integers
    clusters: Integers

    def __len__(self) -> int:
        return len(self.inclusion)


@dataclass(frozen=True, eq=False)
class LabelledDomain:
    """The labelled units of a domain.

    Attributes:
        design: of all labelled units, those outside the domain included.
        inside: which of them lie in it, shape (n,).
    """

    design: Design
    inside: Mask

    @cached_property
    def weights(self) -> Floats:
        """Share of the domain that each unit stands for, shape (n,), 0 outside; they add up to one."""
        weights = self.inside / self.design.inclusion
        return np.asarray(weights / weights.sum())

    @cached_property
    def at_stake(self) -> Floats:
        """The weights, shrunk by the root of the finite-population correction, shape (n,)."""
        return np.asarray(self.weights * np.sqrt(1 - self.design.inclusion))

    @cached_property
    def of_clusters(self) -> Floats:
        """What is at stake with each cluster, shape (n_clusters,)."""
        return np.bincount(self.design.clusters, self.at_stake).astype(np.float64)

    @property
    def spread(self) -> float:
        """One over the effective size of the sample."""
        return float((self.of_clusters**2).sum())

    @property
    def outside(self) -> float:
        """Part of the labelled units that lie elsewhere."""
        return float(1 - self.inside.mean())

    @property
    def n_clusters(self) -> int:
        """Clusters with a unit in the domain."""
        return len(np.unique(self.design.clusters[self.inside]))

    @cached_property
    def strata(self) -> tuple[Integers, Floats]:
        """In each stratum, the domain's clusters and the sum of squares of what is at stake with them there."""
        n_strata, n_clusters = int(self.design.strata.max()) + 1, int(self.design.clusters.max()) + 1
        cells = (self.design.strata * n_clusters + self.design.clusters)[self.inside]
        used, cell = np.unique(cells, return_inverse=True)
        squared = np.bincount(cell, self.at_stake[self.inside]) ** 2
        stratum = used // n_clusters
        sums = np.bincount(stratum, squared, minlength=n_strata).astype(np.float64)
        return np.bincount(stratum, minlength=n_strata), sums

    def mean_in_strata(self, values: Floats) -> Floats:
        """Means of values (n, k) over the domain's units in each stratum, shape (n_strata, k); 0 where none is."""
        sizes = np.bincount(self.design.strata, self.inside)
        return sum_groups(values * self.inside[:, None], self.design.strata) / np.maximum(sizes, 1)[:, None]

    def weigh_in_strata(self, values: Floats) -> Floats:
        """Weighted sums of values (n, k) over the domain's units in each stratum, shape (n_strata, k)."""
        return sum_groups(values * self.weights[:, None], self.design.strata)


def sum_groups(values: Floats, groups: Integers) -> Floats:
    """Rows (n, k) summed by group: shape (n_groups, k)."""
    return np.stack([np.bincount(groups, column) for column in values.T], axis=1)


def divide(numerator: Floats, denominator: Floats) -> Floats:
    """The quotient, and 0 where it has none."""
    out = np.zeros(np.broadcast_shapes(numerator.shape, denominator.shape))
    return np.divide(numerator, denominator, out=out, where=denominator > 0)
