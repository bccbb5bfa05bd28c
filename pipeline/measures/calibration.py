"""From a classifier's raw probabilities to probabilities that mean what they say.

Multi-label: Platt scaling of each frame's logit, p' = sigmoid(slope * logit(p) + offset), smoothed targets
(Platt 1999, "Probabilistic outputs for support vector machines"). A frame with few positives says little about
its slope, so each slope is pulled towards the one that fits all frames together. Offsets are not: they carry how
frequent a frame is, which even few positives tell well, and pulling them would overstate every rare frame.
Single-label: one temperature for the softmax (Guo et al. 2017, "On calibration of modern neural networks").
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

Floats = NDArray[np.float64]

_EDGE = 1e-6  # keeps logits finite: a probability of 0 or 1 is never taken at its word
_MIN_SLOPE = 0.05  # calibration may flatten a ranking, never turn it round


@dataclass(frozen=True, slots=True)
class Calibrator:
    """Slope and offset for each frame (k,), or one temperature over all in single-label mode.

    Slopes 1 and offsets 0 leave probabilities as they are.
    """

    slopes: Floats
    offsets: Floats
    softmax: bool

    def __call__(self, probabilities: NDArray[Any]) -> Floats:
        """Calibrated probabilities, shape (n, k)."""
        if self.softmax:
            scores = np.log(np.clip(probabilities, _EDGE, 1.0)) * self.slopes
            return np.asarray(softmax(scores, axis=1))
        return np.asarray(expit(logit(probabilities) * self.slopes + self.offsets))

    def to_json(self) -> dict[str, Any]:
        """Plain values for the bundle."""
        return {"slopes": self.slopes.tolist(), "offsets": self.offsets.tolist(), "softmax": self.softmax}

    @staticmethod
    def from_json(raw: dict[str, Any]) -> "Calibrator":
        """The reverse of `to_json`."""
        return Calibrator(
            np.asarray(raw["slopes"], float), np.asarray(raw["offsets"], float), bool(raw["softmax"])
        )


def identity_calibrator(n_frames: int, *, single_label: bool) -> Calibrator:
    """Leaves probabilities as they are."""
    return Calibrator(np.ones(n_frames), np.zeros(n_frames), softmax=single_label)


def fit_calibrator(
    probabilities: NDArray[Any], truth: NDArray[Any], *, single_label: bool, shrinkage: float
) -> Calibrator:
    """Fit on probabilities that were predicted for rows outside the classifier's training.

    Args:
        probabilities: raw, shape (n, k).
        truth: 0/1, or the probabilities that they are to mean, shape (n, k).
        single_label: one temperature in place of k slopes and offsets.
        shrinkage: number of positives that weigh as much as the pooled slope does.
    """
    if single_label:
        return _fit_temperature(probabilities, truth)
    scores = logit(probabilities)
    pooled, _ = _fit_platt(scores.ravel(), truth.ravel(), (1.0, 0.0), (1.0, 0.0))
    # The prior counts as `shrinkage` positives: dividing by four is the curvature of the logistic loss.
    fitted = [
        _fit_platt(of_frame, labels, (pooled, 0.0), (shrinkage / 4, 0.0))
        for of_frame, labels in zip(scores.T, truth.T, strict=True)
    ]
    slopes, offsets = np.array(fitted).T
    return Calibrator(slopes, offsets, softmax=False)


def refit_calibrator(
    fitted: Calibrator, probabilities: NDArray[Any], truth: NDArray[Any], *, shrinkage: float
) -> Calibrator:
    """Correct a fitted calibrator on rows of another corpus or coder.

    Multi-label: one slope and offset for all frames together on the log odds that it gives, and each frame's own,
    pulled towards these; here offsets are pulled as well, for how frequent a frame is was known before. Single-label:
    a new temperature.

    Args:
        fitted: on other rows.
        probabilities: raw, of new rows, shape (n, k).
        truth: 0/1, shape (n, k).
        shrinkage: number of positives that weigh as much as what all frames together say.
    """
    if fitted.softmax:
        return _fit_temperature(probabilities, truth)
    scores = logit(fitted(probabilities))
    pooled = _fit_platt(scores.ravel(), truth.ravel(), (1.0, 0.0), (shrinkage / 4, 0.0))
    moved = [
        _fit_platt(of_frame, labels, pooled, (shrinkage / 4, shrinkage / 4))
        for of_frame, labels in zip(scores.T, truth.T, strict=True)
    ]
    slopes, offsets = np.array(moved).T
    return Calibrator(fitted.slopes * slopes, fitted.offsets * slopes + offsets, softmax=False)


def _fit_platt(
    scores: Floats, truth: NDArray[Any], centre: tuple[float, float], strength: tuple[float, float]
) -> tuple[float, float]:
    """Slope and offset of least log loss + strength / 2 * squared distance to centre, of each."""
    from scipy.optimize import minimize  # noqa: PLC0415 - a third of a second, and a model that only scores fits nothing

    positives = float(truth.sum())
    negatives = float(truth.size - positives)
    targets = truth * (positives + 1) / (positives + 2) + (1 - truth) / (negatives + 2)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        slope, offset = parameters
        margin = slope * scores + offset
        residual = expit(margin) - targets
        away, pull = parameters - np.array(centre), np.array(strength)
        value = np.sum(np.logaddexp(0.0, margin) - targets * margin) + np.sum(pull * away**2) / 2
        return float(value), np.array([np.dot(residual, scores), residual.sum()]) + pull * away

    start, bounds = np.array(centre), [(_MIN_SLOPE, None), (None, None)]
    slope, offset = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(slope), float(offset)


def _fit_temperature(probabilities: NDArray[Any], truth: NDArray[Any]) -> Calibrator:
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - a third of a second, and a model that only scores fits nothing

    n_frames = probabilities.shape[1]

    def loss(log_slope: float) -> float:
        calibrated = Calibrator(np.full(n_frames, np.exp(log_slope)), np.zeros(n_frames), softmax=True)(
            probabilities
        )
        return float(-(truth * np.log(np.clip(calibrated, _EDGE, 1.0))).sum(axis=1).mean())

    found = minimize_scalar(loss, bounds=(np.log(_MIN_SLOPE), np.log(20.0)), method="bounded")
    return Calibrator(np.full(n_frames, float(np.exp(found.x))), np.zeros(n_frames), softmax=True)


def logit(probabilities: NDArray[Any]) -> Floats:
    """Log odds, finite for every probability in [0, 1]; any shape, which is kept."""
    clipped = np.clip(np.asarray(probabilities, float), _EDGE, 1 - _EDGE)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))
