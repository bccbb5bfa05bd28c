"""What rows of a language model buy: the same model trained on people's rows and growing parts of a teacher's.

The people's rows, the test fold and all that is decided on stay the same; only rows that are learnt from come in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.classifiers.protocols import FitContext, Progress
from pipeline.config.run_config import RunConfig
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.data.labels.splits import Folds
from pipeline.errors import ConfigError
from pipeline.evaluation.learning_curve_record import CurvePoint, SizeSummary
from pipeline.files.durable_files import replacing
from pipeline.measures.enough_positives import describe_macro, find_judged
from pipeline.measures.intervals import Estimate
from pipeline.tracking.mlflow_tracker import MlflowTracker
from pipeline.training.fit_model import read_folds
from pipeline.training.learning_curve import estimate_gain, measure_part
from pipeline.training.unfinished_work import hold_work_folder

_NAME = "teacher_curve"


@dataclass(frozen=True, slots=True)
class TeacherCurve:
    """Points by ascending number of the teacher's rows; the first has none.

    Attributes:
        name: of the config.
        kind: of classifier.
        n_people: rows that people labelled, train and dev.
        sizes: one summary for each number of the teacher's rows.
        gain: macro-F1 of all the teacher's rows over none, with its interval over test texts.
        macro_name: macro-F1 with the frames it covers.
        n_test: texts of the test fold.
        confidence: of the interval.
        cost_per_hundred: money for a hundred of the teacher's rows; None where nobody said.
        notes: what a reader has to know.
    """

    name: str
    kind: str
    n_people: int
    sizes: tuple[SizeSummary, ...]
    gain: Estimate
    macro_name: str
    n_test: int
    confidence: float
    cost_per_hundred: float | None
    notes: tuple[str, ...]

    def gain_per_hundred(self, summary: SizeSummary) -> float | None:
        """Macro-F1 that a hundred rows bought up to this size; None at none, or without a figure."""
        first, here = self.sizes[0].macro_f1.value, summary.macro_f1.value
        if not summary.size or first is None or here is None:
            return None
        return (here - first) * 100 / summary.size

    def gain_per_money(self, summary: SizeSummary) -> float | None:
        """The same for one unit of money; None where nobody said what a row costs."""
        gain = self.gain_per_hundred(summary)
        return gain / self.cost_per_hundred if gain is not None and self.cost_per_hundred else None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        sizes = [
            {
                **summary.to_json(),
                "gain_per_hundred": self.gain_per_hundred(summary),
                "gain_per_money": self.gain_per_money(summary),
            }
            for summary in self.sizes
        ]
        return {
            "name": self.name,
            "kind": self.kind,
            "people_rows": self.n_people,
            "measured_on": "test",
            "n_test": self.n_test,
            "confidence": self.confidence,
            "cost_per_hundred": self.cost_per_hundred,
            "sizes": sizes,
            "gain": self.gain.to_json(),
            "notes": list(self.notes),
        }


def draw_teacher_curve(
    config: RunConfig,
    sizes: Sequence[int],
    progress: Progress,
    *,
    repeats: int,
    cost_per_hundred: float | None = None,
    output: Path | None = None,
) -> TeacherCurve:
    """Measure the curve as one MLflow run, whose metrics have the number of the teacher's rows as their step.

    Args:
        config: with `data.teacher`, or with rows of a language model among its labelled ones.
        sizes: rows of the teacher; none and all are always points. Sizes beyond what there is are left out.
        progress: told of each part.
        repeats: draws of each size.
        cost_per_hundred: money for a hundred of its rows.
        output: folder for the table; None writes none.

    Raises:
        ConfigError: there is no teacher.
        PipelineError: as a training; the store failed.
    """
    codebook = load_codebook(Path(config.data.codebook))
    folds = read_folds(config, codebook)
    if folds.taught is None:
        raise ConfigError("there are no rows of a language model: name a file of them as data.teacher")
    parts = list(_draw_parts(folds, sizes, repeats, config.seed))
    points, counts = [], []
    tags = {"kind": "teacher-curve", "classifier": config.model.kind}
    with (
        MlflowTracker.start(config.tracking, f"{config.name} teacher curve", tags=tags) as tracker,
        hold_work_folder(config, f"{folds.fingerprint} {_NAME}") as work,
    ):
        tracker.log_config(config.model_dump(mode="json"))
        for i, (size, draw, part) in enumerate(parts):
            progress("teacher curve", i, len(parts))
            context = FitContext(config.seed, work / f"{size}-{draw}", lambda *_: None, progress)
            point, counted = measure_part(config, codebook, part, context, asked=size, draw=draw)
            points.append(replace(point, size=size))
            counts.append(counted)
        progress("teacher curve", len(parts), len(parts))
        judged = find_judged(folds.test.indicator(), folds.clusters["test"])
        gain = estimate_gain(counts[:1], counts[-1], config.evaluation, seed=config.seed)
        curve = TeacherCurve(
            config.name,
            config.model.kind,
            len(folds.train) + len(folds.dev),
            _sum_up(points),
            gain if judged.any() else Estimate(None),
            describe_macro(int(judged.sum()), len(judged)),
            len(folds.test),
            config.evaluation.confidence,
            cost_per_hundred,
            folds.notes,
        )
        for summary in curve.sizes:
            if summary.macro_f1.value is not None:
                tracker.log_metrics({"macro_f1": summary.macro_f1.value}, step=summary.size)
        tracker.log_dict(curve.to_json(), f"{_NAME}.json")
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        with replacing(output / f"{_NAME}.csv") as temporary:
            pd.json_normalize(curve.to_json()["sizes"]).to_csv(temporary, index=False, encoding="utf-8-sig")
    return curve


def _draw_parts(
    folds: Folds, sizes: Sequence[int], repeats: int, seed: int
) -> "list[tuple[int, int, Folds]]":
    """Size, draw and folds of every model, by ascending size; those of one draw are nested."""
    taught = folds.taught
    if taught is None:
        return []
    orders = [np.random.default_rng([seed, draw]).permutation(len(taught)) for draw in range(repeats)]
    parts = [(0, 0, replace(folds, taught=None))]
    for size in sorted({size for size in sizes if 0 < size < len(taught)}):
        parts += [
            (size, draw, replace(folds, taught=taught.subset(np.sort(order[:size]))))
            for draw, order in enumerate(orders)
        ]
    return [*parts, (len(taught), 0, folds)]


def _sum_up(points: Sequence[CurvePoint]) -> tuple[SizeSummary, ...]:
    by_size: dict[int, list[CurvePoint]] = {}
    for point in points:
        by_size.setdefault(point.asked, []).append(point)
    return tuple(SizeSummary.of(of_size) for of_size in by_size.values())
