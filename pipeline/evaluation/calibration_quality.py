"""How far probabilities mean what they say, before and after calibration, for each frame and for all together.

Brier score: mean squared distance of probability and truth (Brier 1950, "Verification of forecasts expressed in
terms of probability"); 0 is perfect, and stating a frame's share p everywhere gives p (1 - p). Expected
calibration error: see `metrics.expected_calibration_error`. Most decisions have a probability near 0, which is easily
right: the error among those above .1 stands beside. Slope and intercept: see `pipeline.measures.calibration_slope`.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.measures.calibration_slope import fit_recalibration
from pipeline.measures.intervals import Estimate, renumber
from pipeline.measures.metrics import expected_calibration_error

LOW: Final = 0.1  # probabilities up to it are left out of the error above it


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
