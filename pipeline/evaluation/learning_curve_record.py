"""What a learning curve is: one measured model for each size and draw, and their sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.measures.enough_positives import describe_macro
from pipeline.measures.intervals import Estimate


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One model of the curve.

    Attributes:
        asked: size that was asked for; models of one asked size are summed up together.
        draw: which draw of the sentences, 0 is the first.
        size: labelled sentences that its training used; whole clusters may take it a little past what was asked.
        n_train: of these, rows that weights were fitted on or that were used out of fold.
        n_dev: the others.
        macro_f1: on the test fold, with its interval.
        micro_f1: likewise.
        mean_average_precision: likewise.
        absent_frames: frames without any positive among the sentences.
        seconds: of training.
    """

    asked: int
    draw: int
    size: int
    n_train: int
    n_dev: int
    macro_f1: Estimate
    micro_f1: Estimate
    mean_average_precision: Estimate
    absent_frames: tuple[str, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "asked": self.asked,
            "draw": self.draw,
            "size": self.size,
            "n_train": self.n_train,
            "n_dev": self.n_dev,
            "macro_f1": self.macro_f1.to_json(),
            "micro_f1": self.micro_f1.to_json(),
            "mean_average_precision": self.mean_average_precision.to_json(),
            "absent_frames": list(self.absent_frames),
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class SizeSummary:
    """The models of one size.

    Attributes:
        size: labelled sentences, rounded mean over the draws.
        draws: how many models.
        macro_f1: mean over the draws, with the smallest and the largest as bounds; no bounds of a single one.
        seconds: of training, mean.
    """

    size: int
    draws: int
    macro_f1: Estimate
    seconds: float

    @staticmethod
    def of(points: Sequence[CurvePoint]) -> "SizeSummary":
        """Sum up the points of one asked size."""
        values = [point.macro_f1.value for point in points if point.macro_f1.value is not None]
        several = len(values) > 1
        return SizeSummary(
            size=round(float(np.mean([point.size for point in points]))),
            draws=len(points),
            macro_f1=Estimate(
                float(np.mean(values)) if values else None,
                min(values) if several else None,
                max(values) if several else None,
            ),
            seconds=round(float(np.mean([point.seconds for point in points])), 3),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "size": self.size,
            "draws": self.draws,
            "macro_f1": self.macro_f1.to_json(),
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Points by ascending size, all measured on the same test fold.

    The intervals of points are those of the test fold; another draw of the training sentences would move the points
    too, those of small sizes most: several draws show by how much.

    Attributes:
        name: of the config.
        kind: of classifier.
        points: ascending by asked size, then by draw.
        last_doubling: macro-F1 that half of the sentences gained by doubling to all, with its interval over test
            texts and draws of the half; None where half is too few.
        macro_frames: frames with enough positive clusters in the test fold, over which macro figures are means.
        n_frames: of the codebook.
        n_test: texts of the test fold.
        n_test_clusters: clusters of copies among them.
        confidence: of the intervals.
        notes: what a reader has to know.
    """

    name: str
    kind: str
    points: tuple[CurvePoint, ...]
    last_doubling: Estimate | None
    macro_frames: tuple[str, ...]
    n_frames: int
    n_test: int
    n_test_clusters: int
    confidence: float
    notes: tuple[str, ...]

    @property
    def macro_name(self) -> str:
        """Macro-F1 with the frames it covers, as it is to be printed."""
        return describe_macro(len(self.macro_frames), self.n_frames)

    @property
    def sizes(self) -> tuple[SizeSummary, ...]:
        """One summary for each asked size, ascending."""
        asked = dict.fromkeys(point.asked for point in self.points)
        return tuple(SizeSummary.of([p for p in self.points if p.asked == size]) for size in asked)

    @property
    def half(self) -> SizeSummary | None:
        """The models from which the last doubling begins; None where half is too few."""
        points = [point for point in self.points if point.asked == self.points[-1].size // 2]
        return SizeSummary.of(points) if points else None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "measured_on": "test",
            "macro_frames": list(self.macro_frames),
            "n_test": self.n_test,
            "n_test_clusters": self.n_test_clusters,
            "confidence": self.confidence,
            "sizes": [summary.to_json() for summary in self.sizes],
            "last_doubling": None if self.last_doubling is None else self.last_doubling.to_json(),
            "points": [point.to_json() for point in self.points],
            "notes": list(self.notes),
        }

    def to_table(self) -> pd.DataFrame:
        """One row for each model; the columns of an estimate are its name, NAME_low and NAME_high."""
        rows = []
        for point in self.points:
            row: dict[str, Any] = {}
            for name, value in point.to_json().items():
                if isinstance(value, dict):
                    row |= {name: value["value"], f"{name}_low": value["low"], f"{name}_high": value["high"]}
                else:
                    row[name] = ";".join(value) if isinstance(value, list) else value
            rows.append(row)
        return pd.DataFrame(rows)
