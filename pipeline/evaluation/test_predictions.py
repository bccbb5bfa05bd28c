"""What a model said of its test fold, kept in its bundle: comparisons need no second look at the texts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config import EvaluationSettings
from pipeline.evaluation.report import EvaluationReport, evaluate_decisions


@dataclass(frozen=True, slots=True)
class TestPredictions:
    """Rows of the test fold in the order of its table.

    Attributes:
        ids: row ids, shape (n,).
        clusters: forward cluster of each row, shape (n,).
        truth: the coders' 0/1, shape (n, k).
        calibrated: probabilities, shape (n, k).
        decided: decisions, shape (n, k).
    """

    __test__ = False  # pytest: the name is a noun, not a test

    ids: NDArray[np.str_]
    clusters: NDArray[np.int64]
    truth: NDArray[np.int8]
    calibrated: NDArray[np.float64]
    decided: NDArray[np.bool_]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays, to be written without pickle."""
        return {name: getattr(self, name) for name in ("ids", "clusters", "truth", "calibrated", "decided")}

    def sorted_by_id(self) -> "TestPredictions":
        """The same rows in the order of their ids, in which two models' rows meet."""
        order = np.argsort(self.ids)
        return TestPredictions(**{name: values[order] for name, values in self.to_arrays().items()})

    @staticmethod
    def from_arrays(arrays: dict[str, NDArray[Any]]) -> "TestPredictions":
        """The reverse of `to_arrays`."""
        return TestPredictions(**arrays)


def evaluate_predictions(
    predictions: TestPredictions, frame_ids: tuple[str, ...], settings: EvaluationSettings, *, seed: int
) -> EvaluationReport:
    """Every figure of `evaluate_decisions` on these rows.

    Args:
        predictions: rows with their truth.
        frame_ids: names of the k columns.
        settings: replicates and confidence.
        seed: of the bootstrap.
    """
    return evaluate_decisions(
        predictions.truth,
        predictions.calibrated,
        predictions.decided,
        clusters=predictions.clusters,
        frame_ids=frame_ids,
        settings=settings,
        seed=seed,
    )
