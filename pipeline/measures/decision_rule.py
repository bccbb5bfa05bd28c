"""Calibration and thresholds together: what turns a classifier's output into published scores and labels.

Where frames have parents, this is the one place that makes both agree: a parent is at least as probable as each of
its children, and is decided wherever one of them is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.decisions import DecisionSettings
from pipeline.measures.calibration import (
    Calibrator,
    Floats,
    fit_calibrator,
    identity_calibrator,
    refit_calibrator,
)
from pipeline.measures.hierarchy import imply_parents
from pipeline.measures.thresholds import tune_thresholds


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """One calibrator and one threshold for each frame (k,); in single-label mode the largest wins.

    `parents` holds the column of the frame that each frame implies, -1 for none; () where none implies any, as in
    single-label mode.
    """

    calibrator: Calibrator
    thresholds: Floats
    single_label: bool
    parents: tuple[int, ...] = ()

    def calibrate(self, raw: NDArray[Any]) -> Floats:
        """Raw probabilities (n, k) to calibrated ones (n, k)."""
        return imply_parents(self.calibrator(raw), self.parents)

    def decide(self, calibrated: NDArray[Any]) -> NDArray[np.bool_]:
        """Calibrated probabilities (n, k) to decisions (n, k)."""
        if self.single_label:
            return np.asarray(
                np.arange(calibrated.shape[1])[None, :] == calibrated.argmax(axis=1)[:, None], bool
            )
        return imply_parents(np.asarray(calibrated >= self.thresholds, bool), self.parents)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the bundle."""
        return {
            "single_label": self.single_label,
            "thresholds": self.thresholds.tolist(),
            "calibrator": self.calibrator.to_json(),
            **({"parents": list(self.parents)} if self.parents else {}),
        }

    @staticmethod
    def from_json(raw: dict[str, Any]) -> "DecisionRule":
        """The reverse of `to_json`."""
        return DecisionRule(
            Calibrator.from_json(raw["calibrator"]),
            np.asarray(raw["thresholds"], float),
            bool(raw["single_label"]),
            tuple(map(int, raw.get("parents", ()))),
        )


def fit_decision_rule(
    raw: NDArray[Any],
    truth: NDArray[Any],
    settings: DecisionSettings,
    *,
    single_label: bool,
    parents: Sequence[int] = (),
) -> DecisionRule:
    """Fit calibration and thresholds on raw probabilities (n, k) of rows outside the training.

    Args:
        raw: the classifier's own probabilities.
        truth: 0/1, shape (n, k).
        settings: which calibration, which thresholds.
        single_label: argmax in place of thresholds.
        parents: column of each frame's parent, -1 for none; of no effect in single-label mode.
    """
    implied = () if single_label or max(parents, default=-1) < 0 else tuple(parents)
    n_frames = truth.shape[1]
    fitted = fit_calibrator(raw, truth, single_label=single_label, shrinkage=settings.shrinkage_positives)
    calibrator = fitted
    if settings.calibration == "none":
        calibrator = identity_calibrator(n_frames, single_label=single_label)
    if single_label:
        thresholds = np.zeros(n_frames)
    elif settings.threshold == "tuned":
        decided_on, expected = (imply_parents(by(raw), implied) for by in (calibrator, fitted))
        thresholds = tune_thresholds(decided_on, expected, truth)
    else:
        thresholds = np.full(n_frames, settings.threshold)
    return DecisionRule(calibrator, thresholds, single_label, implied)


def refit_decision_rule(
    rule: DecisionRule, raw: NDArray[Any], truth: NDArray[Any], *, shrinkage: float
) -> DecisionRule:
    """Correct a rule on rows of another corpus or coder, see `refit_calibrator`; thresholds are tuned anew.

    Args:
        rule: learnt elsewhere.
        raw: the classifier's own probabilities of rows that it has not seen, shape (n, k).
        truth: 0/1, shape (n, k).
        shrinkage: number of positives that weigh as much as what all frames together say.
    """
    calibrator = refit_calibrator(rule.calibrator, raw, truth, shrinkage=shrinkage)
    if rule.single_label:
        return DecisionRule(calibrator, rule.thresholds, single_label=True)
    calibrated = imply_parents(calibrator(raw), rule.parents)
    # a frame that the new rows lack was learnt before, so its probabilities mean something
    thresholds = tune_thresholds(calibrated, calibrated, np.ones_like(truth))
    return DecisionRule(calibrator, thresholds, single_label=False, parents=rule.parents)


def copy_decision_rule(
    rule: DecisionRule,
    raw: NDArray[Any],
    probabilities: NDArray[Any],
    more: NDArray[Any],
    *,
    tuned: bool,
    shrinkage: float,
) -> DecisionRule:
    """The rule of a classifier that copies another: calibrated to the other's probabilities.

    Args:
        rule: of the other.
        raw: the copy's own probabilities of rows that neither has learnt from, shape (n, k).
        probabilities: what the other, calibrated, gives these rows, shape (n, k).
        more: the copy's own probabilities of further such rows, shape (m, k).
        tuned: a copy is less sure than what it copies, so thresholds are those of best expected F1 on all these rows;
            else they are the other's.
        shrinkage: number of positives that weigh as much as the pooled slope does.
    """
    calibrator = fit_calibrator(raw, probabilities, single_label=rule.single_label, shrinkage=shrinkage)
    copied = replace(rule, calibrator=calibrator)
    if rule.single_label or not tuned:
        return copied
    calibrated = copied.calibrate(np.concatenate([raw, more]))
    return replace(copied, thresholds=tune_thresholds(calibrated, calibrated, np.ones_like(calibrated)))
