"""Where a probability becomes "this sentence carries the frame".

The threshold of best F1 for each frame, found on rows the classifier was not trained on. With few positives
that threshold is mostly noise, so it is pulled, on the log-odds scale, towards the one threshold that is best
for all frames together; the pull fades as positives grow.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from pipeline.measures.calibration import Floats, logit

_GRID = np.linspace(0.02, 0.98, 97)


def tune_thresholds(probabilities: NDArray[Any], truth: NDArray[Any], *, shrinkage: float) -> Floats:
    """Thresholds (k,) for calibrated probabilities (n, k) and 0/1 truth (n, k).

    Args:
        probabilities: calibrated, of rows outside the training.
        truth: 0/1.
        shrinkage: number of positives at which a frame's own threshold and the common one weigh the same.
    """
    f1 = _f1_on_grid(np.asarray(probabilities, float), np.asarray(truth, bool))
    with_positives = truth.sum(axis=0) > 0
    if not with_positives.any():
        return np.full(truth.shape[1], 0.5)
    common = logit(_GRID[_middle_of_best(f1[:, with_positives].mean(axis=1))])
    own = np.array([logit(_GRID[_middle_of_best(f1[:, frame])]) for frame in range(truth.shape[1])])
    positives = truth.sum(axis=0).astype(float)
    weight = positives / (positives + shrinkage)
    return np.asarray(expit(weight * own + (1 - weight) * common))


def _f1_on_grid(probabilities: Floats, truth: NDArray[np.bool_]) -> Floats:
    """F1 of every frame at every threshold of the grid, shape (n_grid, k)."""
    positives = truth.sum(axis=0)
    f1 = np.zeros((len(_GRID), truth.shape[1]))
    for i, threshold in enumerate(_GRID):
        decided = probabilities >= threshold
        hits = (decided & truth).sum(axis=0)
        f1[i] = 2 * hits / np.maximum(decided.sum(axis=0) + positives, 1)
    return f1


def _middle_of_best(curve: Floats) -> int:
    """Middle of the longest run of near-best thresholds: steadier than the first maximum."""
    good = np.flatnonzero(curve >= curve.max() - 1e-9)
    runs = np.split(good, np.flatnonzero(np.diff(good) > 1) + 1)
    longest = max(runs, key=len)
    return int(longest[len(longest) // 2])
