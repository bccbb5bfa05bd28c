"""How far probabilities mean what they say, before and after calibration, for each frame and for all together.

Brier score: mean squared distance of probability and truth (Brier 1950, "Verification of forecasts expressed in
terms of probability"); 0 is perfect, and stating a frame's share p everywhere gives p (1 - p). Expected
calibration error: see `metrics.expected_calibration_error`. Most decisions have a probability near 0, which is easily
right: the error among those above .1 stands beside.

Slope and intercept say what would have to be done to probabilities to make them right. The truth is regressed on the
logit of the probability (Cox 1958, "Two further applications of a model for binary regression"). A slope below 1 says
that probabilities are too far out, above 1 that they are too timid. The intercept, taken at slope 1, says how far they
are off on average: above 0 they are too low (Van Calster et al. 2019, "Calibration: the Achilles heel of predictive
analytics"). Standard errors are those of the sandwich over clusters, with the correction n / (n - 1), and intervals
those of t.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import t

from pipeline.measures.calibration import logit
from pipeline.measures.enough_positives import ENOUGH_CLUSTERS
from pipeline.measures.intervals import Estimate, renumber, sum_by_cluster
from pipeline.measures.metrics import Floats, expected_calibration_error

LOW: Final = 0.1  # probabilities up to it are left out of the error above it
_STEPS: Final = 50
_CLOSE: Final = 1e-9
_WORST_CONDITION: Final = 1e10  # of the curvature: beyond, probabilities are all alike
_FURTHEST: Final = 20.0  # a slope beyond is of probabilities that part the classes: it has no end


@dataclass(frozen=True, slots=True)
class CalibrationScores:
    """Figures of one frame, or of all frames pooled; "before" is None where raw probabilities are unknown.

    Attributes:
        brier_before: Brier score before calibration; brier_after: after.
        error_before: calibration error before; error_after: after.
        above: decisions with a probability above LOW.
        error_above: calibration error among them, after calibration; None where there are none.
        slope: of the recalibration, after calibration; without value where there are too few positives.
        intercept: likewise.
    """

    brier_before: float | None
    brier_after: float
    error_before: float | None
    error_after: float
    above: int
    error_above: float | None
    slope: Estimate
    intercept: Estimate

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def flat(self) -> dict[str, float]:
        """Figures that have a value, by name."""
        plain = self.to_json()
        for name in ("slope", "intercept"):
            bounds = plain.pop(name)
            plain |= {name: bounds["value"], f"{name}_low": bounds["low"], f"{name}_high": bounds["high"]}
        return {name: float(value) for name, value in plain.items() if value is not None}


@dataclass(frozen=True, slots=True)
class CalibrationQuality:
    """All frames pooled, and each frame by its id."""

    overall: CalibrationScores
    per_frame: dict[str, CalibrationScores]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "overall": self.overall.to_json(),
            "per_frame": {frame: scores.to_json() for frame, scores in self.per_frame.items()},
        }


def measure_calibration(
    truth: NDArray[Any],
    raw: NDArray[Any] | None,
    calibrated: NDArray[Any],
    frame_ids: tuple[str, ...],
    *,
    clusters: NDArray[Any],
    confidence: float,
) -> CalibrationQuality:
    """Brier score, calibration error, slope and intercept of probabilities (n, k) against the coders' 0/1 (n, k).

    Args:
        truth: the coders' labels.
        raw: the classifier's own probabilities; None where they were not kept.
        calibrated: probabilities after calibration.
        frame_ids: names of the k columns.
        clusters: cluster of copies of each row, shape (n,).
        confidence: of the intervals.
    """
    numbers = renumber(clusters)

    def score(columns: slice) -> CalibrationScores:
        is_above = calibrated[:, columns] > LOW
        fitted = fit_recalibration(truth[:, columns], calibrated[:, columns], numbers, confidence)
        return CalibrationScores(
            brier_before=None if raw is None else brier_score(truth[:, columns], raw[:, columns]),
            brier_after=brier_score(truth[:, columns], calibrated[:, columns]),
            error_before=None
            if raw is None
            else expected_calibration_error(truth[:, columns], raw[:, columns].astype(float)),
            error_after=expected_calibration_error(truth[:, columns], calibrated[:, columns]),
            above=int(is_above.sum()),
            error_above=expected_calibration_error(
                truth[:, columns][is_above], calibrated[:, columns][is_above]
            )
            if is_above.any()
            else None,
            slope=fitted.slope,
            intercept=fitted.intercept,
        )

    frames = {frame: score(slice(k, k + 1)) for k, frame in enumerate(frame_ids)}
    return CalibrationQuality(score(slice(None)), frames)


def brier_score(truth: NDArray[Any], probabilities: NDArray[Any]) -> float:
    """Mean squared distance of probabilities and 0/1 truth of the same shape."""
    return float(np.mean((probabilities.astype(float) - truth.astype(float)) ** 2))


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
