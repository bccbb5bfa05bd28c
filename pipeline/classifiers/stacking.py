"""How much to trust each of several classifiers, for each frame, learnt from out-of-fold probabilities.

Multi-label: logit p = offset + sum of weight_m * logit p_m, a logistic regression for each frame whose weights
are not negative and are pulled towards those that fit all frames together (stacking, Wolpert 1992; non-negative
weights, Breiman 1996 "Stacked regressions"). Single-label: one weight for each classifier on its log
probabilities, under a softmax.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from pipeline.measures.calibration import Floats, logit

_EDGE = 1e-6


@dataclass(frozen=True, slots=True)
class Stack:
    """Weights of shape (n_members, k) and offsets of shape (k,)."""

    weights: Floats
    offsets: Floats
    single_label: bool

    def combine(self, members: Sequence[NDArray[Any]]) -> Floats:
        """Probabilities (n, k) of each member to one probability (n, k)."""
        if self.single_label:
            return np.asarray(softmax(_weighted(_log_probabilities(members), self.weights), axis=1))
        scores = _weighted(np.stack([logit(p) for p in members]), self.weights)
        return np.asarray(expit(scores + self.offsets))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "weights": self.weights.tolist(),
            "offsets": self.offsets.tolist(),
            "single_label": self.single_label,
        }

    @staticmethod
    def from_json(raw: dict[str, Any]) -> "Stack":
        """The reverse of `to_json`."""
        return Stack(
            np.asarray(raw["weights"], float), np.asarray(raw["offsets"], float), bool(raw["single_label"])
        )


def fit_stack(
    members: Sequence[NDArray[Any]], truth: NDArray[Any], *, single_label: bool, shrinkage: float = 20.0
) -> Stack:
    """Learn the weights from out-of-fold probabilities (n, k) of each member and 0/1 truth (n, k).

    Args:
        members: one array for each classifier.
        truth: the coders' labels.
        single_label: one frame a text.
        shrinkage: number of positives that weigh as much as what all frames together say.
    """
    n_members, n_frames = len(members), truth.shape[1]
    if single_label:
        weights = _fit_single_label(_log_probabilities(members), truth.argmax(axis=1))
        return Stack(np.repeat(weights[:, None], n_frames, axis=1), np.zeros(n_frames), single_label=True)
    scores = np.stack([logit(p) for p in members], axis=-1)  # (n, k, n_members)
    start = np.append(np.full(n_members, 1 / n_members), 0.0)
    pooled = _fit_logistic(scores.reshape(-1, n_members), truth.ravel(), centre=start, strength=1.0)
    fitted = np.stack(
        [
            _fit_logistic(scores[:, k], truth[:, k], centre=pooled, strength=shrinkage / 4)
            for k in range(n_frames)
        ]
    )
    return Stack(fitted[:, :n_members].T.copy(), fitted[:, n_members].copy(), single_label=False)


def _fit_logistic(features: Floats, truth: NDArray[Any], *, centre: Floats, strength: float) -> Floats:
    """Non-negative weights and an offset of least log loss + strength / 2 * squared distance to centre."""
    from scipy.optimize import minimize  # noqa: PLC0415 - a third of a second, and a model that only scores fits nothing

    def loss(parameters: Floats) -> tuple[float, Floats]:
        margin = features @ parameters[:-1] + parameters[-1]
        residual = expit(margin) - truth
        away = parameters - centre
        value = np.sum(np.logaddexp(0.0, margin) - truth * margin) + strength / 2 * np.sum(away**2)
        gradient = np.append(residual @ features, residual.sum()) + strength * away
        return float(value), gradient

    bounds = [(0.0, None)] * features.shape[1] + [(None, None)]
    return np.asarray(minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=bounds).x, float)


def _fit_single_label(log_probabilities: Floats, right: NDArray[np.int64]) -> Floats:
    from scipy.optimize import minimize  # noqa: PLC0415 - a third of a second, and a model that only scores fits nothing

    n_members = len(log_probabilities)
    rows = np.arange(len(right))

    def loss(weights: Floats) -> float:
        combined = softmax(np.tensordot(weights, log_probabilities, axes=1), axis=1)
        return float(-np.log(np.clip(combined[rows, right], _EDGE, 1.0)).mean())

    start = np.full(n_members, 1 / n_members)
    return np.asarray(minimize(loss, start, method="L-BFGS-B", bounds=[(0.0, None)] * n_members).x, float)


def _log_probabilities(members: Sequence[NDArray[Any]]) -> Floats:
    return np.asarray(np.log(np.clip(np.stack([np.asarray(p, float) for p in members]), _EDGE, 1.0)))


def _weighted(scores: Floats, weights: Floats) -> Floats:
    """Scores (n_members, n, k) and weights (n_members, k) to (n, k)."""
    return np.asarray(np.einsum("mnk,mk->nk", scores, weights))
