"""What a model said of its test fold, kept in its bundle: comparisons need no second look at the texts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.evaluation import EvaluationSettings
from pipeline.evaluation.calibration_quality import measure_calibration
from pipeline.evaluation.comparison import Comparison, compare_decisions
from pipeline.evaluation.evaluation_report import EvaluationReport, evaluate_decisions
from pipeline.evaluation.reused_test_rows import TestUse
from pipeline.evaluation.row_facts import RowFacts

_ALWAYS = ("ids", "clusters", "truth", "calibrated", "decided")
_RAW = "raw"


@dataclass(frozen=True, slots=True)
class TestPredictions:
    """Rows of the test fold in the order of its table.

    Attributes:
        ids: row ids, shape (n,).
        clusters: cluster of copies of each row, shape (n,).
        truth: the coders' 0/1, shape (n, k).
        calibrated: probabilities, shape (n, k).
        decided: decisions, shape (n, k).
        raw: probabilities before calibration, shape (n, k); None in bundles written before they were kept.
        facts: channel, day, language, length and copies of each row; None likewise.
    """

    __test__ = False  # pytest: the name is a noun, not a test

    ids: NDArray[np.str_]
    clusters: NDArray[np.int64]
    truth: NDArray[np.int8]
    calibrated: NDArray[np.float64]
    decided: NDArray[np.bool_]
    raw: NDArray[np.floating[Any]] | None = None
    facts: RowFacts | None = None

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays, to be written without pickle; shapes are those of the attributes."""
        return {
            **{name: getattr(self, name) for name in _ALWAYS},
            **({} if self.raw is None else {_RAW: self.raw}),
            **({} if self.facts is None else self.facts.to_arrays()),
        }

    def sorted_by_id(self) -> "TestPredictions":
        """The same rows in the order of their ids, in which two models' rows meet."""
        return self.take(np.argsort(self.ids))

    def take(self, rows: NDArray[Any]) -> "TestPredictions":
        """Some of the rows, by position (n_chosen,) or mask (n,), in that order."""
        return TestPredictions.from_arrays({name: values[rows] for name, values in self.to_arrays().items()})

    @staticmethod
    def from_arrays(arrays: dict[str, NDArray[Any]]) -> "TestPredictions":
        """The reverse of `to_arrays`; what a bundle of an earlier version lacks is None."""
        always = {name: arrays[name] for name in _ALWAYS}
        return TestPredictions(**always, raw=arrays.get(_RAW), facts=RowFacts.from_arrays(arrays))


def evaluate_predictions(
    predictions: TestPredictions,
    frame_ids: tuple[str, ...],
    settings: EvaluationSettings,
    *,
    seed: int,
    parents: Sequence[int] = (),
) -> EvaluationReport:
    """Every figure of `evaluate_decisions` on these rows, and how far the probabilities can be trusted.

    Args:
        predictions: rows with their truth.
        frame_ids: names of the k columns.
        settings: replicates and confidence.
        seed: of the bootstrap.
        parents: column of each frame's parent, -1 for none.
    """
    report = evaluate_decisions(
        predictions.truth,
        predictions.calibrated,
        predictions.decided,
        clusters=predictions.clusters,
        frame_ids=frame_ids,
        settings=settings,
        seed=seed,
        parents=parents,
    )
    calibration = measure_calibration(
        predictions.truth,
        predictions.raw,
        predictions.calibrated,
        frame_ids,
        clusters=predictions.clusters,
        confidence=settings.confidence,
    )
    return replace(report, calibration=calibration)


def compare_predictions(
    first: TestPredictions,
    second: TestPredictions,
    frame_ids: tuple[str, ...],
    settings: EvaluationSettings,
    *,
    seed: int,
    use: TestUse | None = None,
) -> Comparison:
    """`compare_decisions` of two models on the same rows in the same order; truth and clusters are the first's."""
    return compare_decisions(
        first.truth,
        first.decided,
        second.decided,
        clusters=first.clusters,
        frame_ids=frame_ids,
        settings=settings,
        seed=seed,
        use=use,
    )
