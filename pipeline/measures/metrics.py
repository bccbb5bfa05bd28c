"""How well decisions and probabilities agree with the coders.

Definitions are those of scikit-learn with `zero_division=0`: macro is the plain mean over all frames of the
codebook, micro pools all decisions, samples is the mean over texts. One exception, stated because it matters
where many texts carry no frame: for `samples`, a text without frames that is given none counts as 1, not 0.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """True positives, false positives and false negatives; each of shape (..., k)."""

    tp: Floats
    fp: Floats
    fn: Floats

    @property
    def precision(self) -> Floats:
        """Share of the positive decisions that are right; 0 where there are none. The shape of the counts."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> Floats:
        """Share of the positives that are found; 0 where there are none. The shape of the counts."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> Floats:
        """Harmonic mean of both; 0 where there are neither positives nor found ones. The shape of the counts."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def macro_f1(self) -> Floats:
        """Mean of the frames' F1; the last axis is averaged out: shape (..., k) to (...)."""
        return np.asarray(self.f1.mean(axis=-1))

    @property
    def micro_f1(self) -> Floats:
        """F1 of all decisions pooled over the last axis: shape (..., k) to (...)."""
        tp = self.tp.sum(axis=-1)
        return _ratio(2 * tp, 2 * tp + self.fp.sum(axis=-1) + self.fn.sum(axis=-1))


def count_decisions(truth: NDArray[Any], decided: NDArray[Any]) -> Counts:
    """Counts for each row and frame (n, k); sum over rows for the whole."""
    truth, decided = truth.astype(bool), decided.astype(bool)
    return Counts(
        (truth & decided).astype(float), (~truth & decided).astype(float), (truth & ~decided).astype(float)
    )


def total(counts: Counts) -> Counts:
    """Counts summed over rows, shape (k,)."""
    return Counts(counts.tp.sum(axis=0), counts.fp.sum(axis=0), counts.fn.sum(axis=0))


def samples_f1_by_row(truth: NDArray[Any], decided: NDArray[Any]) -> Floats:
    """F1 of each text over its frames, shape (n,); 1 where no frame is right and none was given."""
    counts = count_decisions(truth, decided)
    wrong_or_right = 2 * counts.tp.sum(axis=1) + counts.fp.sum(axis=1) + counts.fn.sum(axis=1)
    return np.where(wrong_or_right == 0, 1.0, _ratio(2 * counts.tp.sum(axis=1), wrong_or_right))


def average_precision(truth: NDArray[Any], scores: NDArray[Any], weights: Floats | None = None) -> Floats:
    """Average precision of one frame, sum over n of (R_n - R_{n-1}) P_n, tied scores taken together.

    Args:
        truth: 0/1, shape (n,).
        scores: shape (n,).
        weights: optional row weights, shape (b, n): one result for each of the b weightings.

    Returns:
        Shape (b,), or (1,) without weights; NaN where the weighted positives are none.
    """
    weights = np.ones((1, len(truth))) if weights is None else weights
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.append(np.flatnonzero(np.diff(scores[order]) != 0), len(order) - 1)
    ordered = weights[:, order]
    found = np.cumsum(ordered * truth[order], axis=1)[:, last_of_tie]
    seen = np.cumsum(ordered, axis=1)[:, last_of_tie]
    positives = found[:, -1:]
    with np.errstate(invalid="ignore"):
        recall = np.where(positives > 0, found / np.where(positives > 0, positives, 1), np.nan)
    steps = np.diff(recall, axis=1, prepend=0.0)
    return np.asarray(np.sum(steps * _ratio(found, seen), axis=1))


def mean_average_precision(truth: NDArray[Any], scores: NDArray[Any]) -> float | None:
    """Mean of the average precision over the frames that have positives; None where none has. Both of shape (n, k)."""
    present = np.flatnonzero(truth.any(axis=0))
    if not len(present):
        return None
    return float(np.mean([average_precision(truth[:, k], scores[:, k])[0] for k in present]))


def expected_calibration_error(truth: NDArray[Any], probabilities: NDArray[Any], bins: int = 10) -> float:
    """Mean gap between stated and observed frequency over equal-width bins, weighted by bin size.

    Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian binning"; all frames pooled.
    """
    flat, right = probabilities.ravel(), truth.ravel().astype(float)
    which = np.minimum((flat * bins).astype(int), bins - 1)
    sizes = np.bincount(which, minlength=bins)
    stated = np.bincount(which, weights=flat, minlength=bins)
    observed = np.bincount(which, weights=right, minlength=bins)
    return float(np.abs(stated - observed).sum() / max(sizes.sum(), 1))


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    return np.asarray(
        np.divide(numerator, denominator, out=np.zeros_like(numerator, float), where=denominator > 0)
    )
