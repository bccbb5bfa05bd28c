"""What would have to be done to probabilities to make them right: slope and intercept, with intervals.

The truth is regressed on the logit of the probability (Cox 1958, "Two further applications of a model for binary
regression"). A slope below 1 says that probabilities are too far out, above 1 that they are too timid. The intercept,
taken at slope 1, says how far they are off on average: above 0 they are too low (Van Calster et al. 2019, "Calibration:
the Achilles heel of predictive analytics"). Standard errors are those of the sandwich over clusters, with the
correction n / (n - 1), and intervals those of t.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import t

from pipeline.measures.calibration import logit
from pipeline.measures.enough_positives import ENOUGH_CLUSTERS
from pipeline.measures.intervals import Estimate, sum_by_cluster
from pipeline.measures.metrics import Floats

_STEPS: Final = 50
_CLOSE: Final = 1e-9
_WORST_CONDITION: Final = 1e10  # of the curvature: beyond, probabilities are all alike
_FURTHEST: Final = 20.0  # a slope beyond is of probabilities that part the classes: it has no end


@dataclass(frozen=True, slots=True)
class Recalibration:
    """Slope and intercept; without value where there are too few positives or negatives to say."""

    slope: Estimate
    intercept: Estimate


def fit_recalibration(
    truth: NDArray[Any], probabilities: NDArray[Any], clusters: NDArray[np.int64], confidence: float
) -> Recalibration:
    """Slope and intercept of all k columns pooled.

    Args:
        truth: 0/1, shape (n, k).
        probabilities: shape (n, k).
        clusters: of the n rows, numbered from 0; the columns of a row are of its cluster.
        confidence: of the intervals.
    """
    has_either = [
        sum_by_cluster(part.astype(float), clusters).any(axis=1).sum() for part in (truth, 1 - truth)
    ]
    if min(has_either) < ENOUGH_CLUSTERS:
        return Recalibration(Estimate(None), Estimate(None))
    scores = logit(probabilities).ravel()
    right, of = truth.ravel().astype(float), np.repeat(clusters, truth.shape[1])
    one = np.ones((len(scores), 1))
    both = np.column_stack([one, scores])
    return Recalibration(
        slope=_estimate(both, right, of, np.zeros(len(scores)), confidence),
        intercept=_estimate(one, right, of, scores, confidence),
    )


def _estimate(
    design: Floats, right: Floats, clusters: NDArray[np.int64], offset: Floats, confidence: float
) -> Estimate:
    """The last coefficient of a logistic regression with its interval over clusters."""
    found = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        stated = expit(design @ found + offset)
        curvature = (design * (stated * (1 - stated))[:, None]).T @ design
        if np.linalg.cond(curvature) > _WORST_CONDITION or np.abs(found).max() > _FURTHEST:
            return Estimate(None)
        step = np.linalg.solve(curvature, design.T @ (right - stated))
        found = found + np.clip(step, -1, 1)
        if np.abs(step).max() < _CLOSE:
            break
    else:
        return Estimate(None)
    by_cluster = sum_by_cluster(design * (right - expit(design @ found + offset))[:, None], clusters)
    n = len(by_cluster)
    inverse = np.linalg.inv(curvature)
    variance = inverse @ (by_cluster.T @ by_cluster) @ inverse * n / (n - 1)
    value, half = float(found[-1]), float(t.ppf((1 + confidence) / 2, n - 1) * np.sqrt(variance[-1, -1]))
    return Estimate(value, value - half, value + half)
