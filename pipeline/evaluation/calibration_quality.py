"""How far probabilities mean what they say, before and after calibration, for each frame and for all together.

Brier score: mean squared distance of probability and truth (Brier 1950, "Verification of forecasts expressed in
terms of probability"); 0 is perfect, and stating a frame's share p everywhere gives p (1 - p). Expected
calibration error: see `metrics.expected_calibration_error`.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.measures.metrics import expected_calibration_error


@dataclass(frozen=True, slots=True)
class CalibrationScores:
    """Figures of one frame, or of all frames pooled; "before" is None where raw probabilities are unknown."""

    brier_before: float | None
    brier_after: float
    error_before: float | None
    error_after: float

    def to_json(self) -> dict[str, float | None]:
        """Plain values."""
        return asdict(self)


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
    truth: NDArray[Any], raw: NDArray[Any] | None, calibrated: NDArray[Any], frame_ids: tuple[str, ...]
) -> CalibrationQuality:
    """Brier score and calibration error of probabilities (n, k) against the coders' 0/1 (n, k).

    Args:
        truth: the coders' labels.
        raw: the classifier's own probabilities; None where they were not kept.
        calibrated: probabilities after calibration.
        frame_ids: names of the k columns.
    """

    def score(columns: slice) -> CalibrationScores:
        return CalibrationScores(
            brier_before=None if raw is None else brier_score(truth[:, columns], raw[:, columns]),
            brier_after=brier_score(truth[:, columns], calibrated[:, columns]),
            error_before=None
            if raw is None
            else expected_calibration_error(truth[:, columns], raw[:, columns].astype(float)),
            error_after=expected_calibration_error(truth[:, columns], calibrated[:, columns]),
        )

    frames = {frame: score(slice(k, k + 1)) for k, frame in enumerate(frame_ids)}
    return CalibrationQuality(score(slice(None)), frames)


def brier_score(truth: NDArray[Any], probabilities: NDArray[Any]) -> float:
    """Mean squared distance of probabilities and 0/1 truth of the same shape."""
    return float(np.mean((probabilities.astype(float) - truth.astype(float)) ** 2))
