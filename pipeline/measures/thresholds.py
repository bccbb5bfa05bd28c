"""Where a probability becomes "this sentence carries the frame": the threshold whose expected F1 is best.

If a frame's calibrated probabilities p are right, deciding for the m most probable of n rows has an expected F1 of
about 2 (p_1 + ... + p_m) / (m + p_1 + ... + p_n), and the m that makes it largest gives the threshold (Ye, Chai, Lee
and Chieu 2012, "Optimizing F-measure: a tale of two approaches"; it lies near half of the best F1: Lipton, Elkan and
Naryanaswamy 2014). Every row counts with its probability. The threshold that is best on the labels themselves rests
on the few rows near it that carry the frame, and is the worse the fewer they are:
`python -m pipeline.benchmarks.validity --only thresholds`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.measures.calibration import Floats

_NEVER_SEEN = 0.5  # of a frame without a positive, whose probabilities only say that it is rare


def tune_thresholds(decided_on: NDArray[Any], probabilities: NDArray[Any], truth: NDArray[Any]) -> Floats:
    """Thresholds (k,).

    Args:
        decided_on: what will be compared with them, shape (n, k), n > 0: the same in order as the probabilities.
        probabilities: calibrated, of rows outside the training, shape (n, k).
        truth: 0/1, shape (n, k); only whether a frame occurs.
    """
    seen = np.atleast_1d(truth.any(axis=0))
    return np.array(
        [
            _best_threshold(scores, expected) if occurs else _NEVER_SEEN
            for scores, expected, occurs in zip(decided_on.T, probabilities.T, seen, strict=True)
        ]
    )


def _best_threshold(scores: NDArray[Any], expected: NDArray[Any]) -> float:
    """Halfway between the last row that is decided for and the first that is not."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(expected[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + hits[-1])
    last = int(f1.argmax())
    below = scores[order[last + 1]] if last + 1 < len(order) else 0.0
    return float(scores[order[last]] + below) / 2
