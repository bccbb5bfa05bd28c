"""What thresholds of best expected F1 gain over those that are best on the labels themselves.

Frames of known shares with scores that overlap: both thresholds are chosen on the same calibrated rows, and judged on
fresh ones.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.measures.calibration import fit_calibrator
from pipeline.measures.thresholds import tune_thresholds

_SHARES: Final = np.array([0.03, 0.05, 0.05, 0.1, 0.1, 0.15, 0.2, 0.3])
_AWAY: Final = 2.2  # how far positives lie off, in standard deviations of the scores
_SHRINKAGE: Final = 20.0
_FRESH_ROWS: Final = 20_000


def _draw_rows(n: int, generator: np.random.Generator) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Probabilities, too sure of themselves, and the truth, both (n, 8)."""
    truth = generator.random((n, len(_SHARES))) < _SHARES
    scores = _AWAY * (truth - 0.5) + generator.normal(size=truth.shape)
    return expit(1.5 * _AWAY * scores + logit(_SHARES)), truth


def _f1(decided: NDArray[np.bool_], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """F1 (k,) of decisions (n, k)."""
    return np.asarray(
        2 * (decided & truth).sum(axis=0) / np.maximum(decided.sum(axis=0) + truth.sum(axis=0), 1)
    )


def _best_on_labels(probabilities: NDArray[Any], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The threshold of best F1 on the rows themselves, for each frame (k,)."""
    grid = np.linspace(0.02, 0.98, 97)
    best = np.stack([_f1(probabilities >= threshold, truth) for threshold in grid]).argmax(axis=0)
    return np.asarray(grid[best])


def _measure_rows(n: int, seed: int) -> tuple[float, float]:
    """Gain in mean F1 on fresh rows, and the spread of log(found / carried) as a share of the other's."""
    generator = np.random.default_rng(seed)
    raw, truth = _draw_rows(n, generator)
    while not truth.any(axis=0).all():
        raw, truth = _draw_rows(n, generator)
    calibrator = fit_calibrator(raw, truth.astype(np.int8), single_label=False, shrinkage=_SHRINKAGE)
    rows, (fresh, fresh_truth) = calibrator(raw), _draw_rows(_FRESH_ROWS, generator)
    f1, away = [], []
    for thresholds in (_best_on_labels(rows, truth), tune_thresholds(rows, rows, truth)):
        decided = calibrator(fresh) >= thresholds
        f1.append(_f1(decided, fresh_truth).mean())
        away.append(np.log((decided.sum(axis=0) + 1) / (fresh_truth.sum(axis=0) + 1)).std())
    return float(f1[1] - f1[0]), float(away[1] / away[0])


def measure_thresholds(repetitions: int) -> Iterator[Finding]:
    """Two findings for each number of rows."""
    for n in (100, 300, 1000):
        gains, spreads = np.array([_measure_rows(n, seed) for seed in range(repetitions)]).T
        error = float(gains.std(ddof=1) / np.sqrt(repetitions)) if repetitions > 1 else None
        yield Finding(f"{n} rows: gain in mean F1", float(gains.mean()), Target(low=0.0), repetitions, error)
        yield Finding(
            f"{n} rows: spread of found / carried, times that of the other",
            float(np.median(spreads)),
            Target(high=1.0),
            repetitions,
        )


CLAIMS: Final = (
    Claim(
        "Thresholds of best expected F1 beat those that are best on the labels",
        measure_thresholds,
        short=20,
        long=200,
    ),
)
