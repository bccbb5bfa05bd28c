"""Test folds whose truth is known: coders' labels, decisions of a model, and clusters of copies."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.measures.metrics import Floats

ALONE = 0.75  # of the clusters hold one row; the others two to eight copies
_LARGEST = 8
_OTHERWISE = 0.1  # of the copies are judged anew by the model: a copy is not always word for word


@dataclass(frozen=True, slots=True)
class Population:
    """What a model does to each of k frames, in the limit of many texts.

    Attributes:
        shares: of the rows that carry the frame, shape (k,).
        recall: of the model, shape (k,).
        precision: of the model, shape (k,).
    """

    shares: Floats
    recall: Floats
    precision: Floats

    @staticmethod
    def alike(shares: Floats, recall: float, precision: float) -> "Population":
        """Every frame with one recall and one precision."""
        return Population(shares, np.full(len(shares), recall), np.full(len(shares), precision))

    @property
    def f1(self) -> Floats:
        """True F1 of each frame, shape (k,)."""
        return 2 * self.recall * self.precision / (self.recall + self.precision)

    @property
    def false_alarms(self) -> Floats:
        """Chance that a row without the frame is given it, shape (k,)."""
        odds = self.shares / (1 - self.shares)
        return self.recall * odds * (1 - self.precision) / self.precision

    def decide(self, truth: NDArray[Any], generator: np.random.Generator) -> NDArray[np.bool_]:
        """Decisions of such a model on rows (n, k), each independent of the others."""
        found, given = (generator.random(truth.shape) for _ in range(2))
        return np.where(truth, found < self.recall, given < self.false_alarms)


def draw_clusters(n: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Cluster of each of n rows: `ALONE` of the clusters with one row, the rest with two to eight."""
    sizes = np.where(generator.random(n) < ALONE, 1, generator.integers(2, _LARGEST + 1, n))
    return np.repeat(np.arange(n), sizes)[:n]


def draw_truth(
    shares: Floats, clusters: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Labels (n, k), the same for all copies of a text."""
    return np.asarray(generator.random((int(clusters.max()) + 1, len(shares))) < shares)[clusters]


def draw_decisions(
    population: Population,
    truth: NDArray[np.bool_],
    clusters: NDArray[np.int64],
    generator: np.random.Generator,
) -> NDArray[np.bool_]:
    """Decisions (n, k), the same for most copies of a text."""
    first = np.unique(clusters, return_index=True)[1]
    alike = population.decide(truth[first], generator)[clusters]
    anew = generator.random(truth.shape) < _OTHERWISE
    return np.where(anew, population.decide(truth, generator), alike)
