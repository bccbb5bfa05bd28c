"""Points of the curves that figures and pages draw; plain arrays, no plotting."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

BINS: Final = 10
_NORMAL_95: Final = 1.96


def precision_recall_curve(
    truth: NDArray[np.bool_], scores: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Recall and precision at every distinct score, highest first; tied scores are taken together."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order]) != 0), len(order) - 1)
    found = np.cumsum(truth[order])[ends]
    precision, recall = found / (ends + 1), found / truth.sum()
    return np.concatenate([[0.0], recall]), np.concatenate([precision[:1], precision])


def reliability_bins(truth: NDArray[np.bool_], probabilities: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """For bins with decisions: mean probability, observed share, its interval; and the sizes of all bins.

    The interval is that of Wilson (1927) at 95 %.
    """
    which = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    sizes = np.bincount(which, minlength=BINS)
    some = sizes > 0
    n, z = sizes[some], _NORMAL_95
    stated = np.bincount(which, weights=probabilities, minlength=BINS)[some] / n
    observed = np.bincount(which, weights=truth, minlength=BINS)[some] / n
    centre = (observed + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(observed * (1 - observed) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return stated, observed, centre - half, centre + half, sizes
