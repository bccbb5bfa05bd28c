"""What the benchmark asks of a method that is not ours, and what several of them need."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from pipeline.classifiers.protocols import Probabilities
from pipeline.data.labels.splits import Folds
from pipeline.measures.metrics import count_decisions, total

Decided = NDArray[np.bool_]  # shape (n_texts, k)
Thresholds = NDArray[np.float64] | float  # shape (k,), or one for all frames
_HALF = 0.5


class Rival(Protocol):
    """Learns from the train and dev folds; sees of the test fold nothing but the texts, once."""

    def fit(self, folds: Folds) -> tuple[str, ...]:
        """Learn, tuning included; what a reader has to know of it."""
        ...

    def predict(self, texts: list[str]) -> tuple[Probabilities, Decided]:
        """Probabilities and decisions, both of shape (n_texts, k)."""
        ...


def best_thresholds(truth: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[np.float64]:
    """The threshold of best F1 for each frame, shape (k,); 0.5 where a frame has no positives.

    Args:
        truth: 0/1, shape (n, k).
        probabilities: of rows outside the training, shape (n, k).
    """
    thresholds = np.full(truth.shape[1], _HALF)
    for k in np.flatnonzero(truth.any(axis=0)):
        precision, recall, cuts = precision_recall_curve(truth[:, k], probabilities[:, k])
        f1 = 2 * precision[:-1] * recall[:-1] / np.maximum(precision[:-1] + recall[:-1], 1e-12)
        best = int(f1.argmax())
        # Half-way to the next lower score: the same decisions here, and no favour to either side elsewhere.
        thresholds[k] = cuts[best] if best == 0 else (cuts[best - 1] + cuts[best]) / 2
    return thresholds


def decide(probabilities: NDArray[Any], thresholds: Thresholds = _HALF, *, single_label: bool) -> Decided:
    """The largest in single-label mode, else whatever reaches its threshold; shape (n, k)."""
    if single_label:
        best = probabilities.argmax(axis=1)
        return np.asarray(np.arange(probabilities.shape[1])[None, :] == best[:, None], bool)
    return np.asarray(probabilities >= thresholds, bool)


def macro_f1(truth: NDArray[Any], decided: NDArray[Any]) -> float:
    """Mean F1 over all frames."""
    return float(total(count_decisions(truth, decided)).macro_f1)
