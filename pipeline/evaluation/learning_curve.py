"""Would more labelled sentences help? The same model trained on growing parts of the labelled rows.

The parts are nested and drawn by whole forward clusters, as coders would label posts at random; the test fold is
the same for all. A part counts every labelled sentence that training uses, dev included: train and dev keep the
ratio that they have in the whole.
"""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config import RunConfig
from pipeline.data.codebook import Codebook, load_codebook
from pipeline.data.splits import Folds
from pipeline.errors import ConfigError
from pipeline.evaluation.intervals import Estimate
from pipeline.evaluation.test_predictions import evaluate_predictions
from pipeline.protocols import FitContext, Progress
from pipeline.training import fit_with_decisions, predict_test, read_folds, work_folder

DEFAULT_SIZES = (25, 50, 100, 200, 400, 800, 1600, 3200)
_WORK = "learning-curve"
SMALLEST = 10  # sentences; with fewer there is nothing to hold out and calibrate on


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One model of the curve.

    Attributes:
        size: labelled sentences that its training used; whole clusters may take it a little past what was asked.
        n_train: of these, rows that weights were fitted on or that were used out of fold.
        n_dev: the others.
        macro_f1: on the test fold, with its interval.
        micro_f1: likewise.
        mean_average_precision: likewise.
        absent_frames: frames without any positive among the sentences.
        seconds: of training.
    """

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
class LearningCurve:
    """Points by ascending size, all measured on the same test fold.

    The intervals are those of the test fold; another draw of the training sentences would move the points too,
    those of small sizes most.

    Attributes:
        name: of the config.
        kind: of classifier.
        points: ascending.
        n_test: texts of the test fold.
        n_test_clusters: forward clusters among them.
        confidence: of the intervals.
        notes: what a reader has to know.
    """

    name: str
    kind: str
    points: tuple[CurvePoint, ...]
    n_test: int
    n_test_clusters: int
    confidence: float
    notes: tuple[str, ...]

    @property
    def gain_of_last_step(self) -> float | None:
        """Macro-F1 of the largest part minus that of the one before it; None for a single point."""
        values = [point.macro_f1.value for point in self.points[-2:]]
        if len(values) < 2 or values[0] is None or values[1] is None:  # noqa: PLR2004 - a step has two ends
            return None
        return values[1] - values[0]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "n_test": self.n_test,
            "n_test_clusters": self.n_test_clusters,
            "confidence": self.confidence,
            "points": [point.to_json() for point in self.points],
            "notes": list(self.notes),
        }


def learning_curve(
    config: RunConfig,
    sizes: Sequence[int] = DEFAULT_SIZES,
    progress: Progress = lambda _what, _done, _total: None,
) -> LearningCurve:
    """Train the config's model on parts of its labelled rows and measure each on the whole test fold.

    Args:
        config: of a training run; nothing is recorded and no bundle is written.
        sizes: labelled sentences, train and dev together. Sizes beyond what there is are left out, and all there
            are is always the last point.
        progress: told of each part.

    Raises:
        ConfigError: a size below 10, or the codebook does not fit its schema.
        DataError: labels that cannot be used.
    """
    if too_small := [size for size in sizes if size < SMALLEST]:
        raise ConfigError(
            f"sizes: expected {SMALLEST} sentences or more, got {', '.join(map(str, too_small))}"
        )
    codebook = load_codebook(Path(config.data.codebook))
    folds = read_folds(config, codebook)
    parts = nested_parts(folds, sizes, config.seed)
    work = work_folder(config, folds) / _WORK  # beside what a killed run of this config left there
    points = []
    for i, part in enumerate(parts):
        progress("learning curve", i, len(parts))
        context = FitContext(config.seed, work / str(_size(part)), lambda *_: None, progress)
        points.append(_measure(config, codebook, part, context))
    progress("learning curve", len(parts), len(parts))
    shutil.rmtree(work, ignore_errors=True)
    return LearningCurve(
        config.name,
        config.model.kind,
        tuple(points),
        len(folds.test),
        len(np.unique(folds.clusters["test"])),
        config.evaluation.confidence,
        (*folds.notes, *_note_left_out(sizes, _size(folds))),
    )


def nested_parts(folds: Folds, sizes: Sequence[int], seed: int) -> list[Folds]:
    """Folds with the first clusters of one random order; the last are the whole. Test is the same in all.

    A part grows by whole clusters until it has as many sentences as asked, so the larger hold the smaller.
    """
    whole = _size(folds)
    wanted = sorted({size for size in sizes if size < whole})
    share = len(folds.dev) / whole
    orders = {
        name: _draw_order(folds.clusters[name], np.random.default_rng([seed, number]))
        for number, name in enumerate(("train", "dev"))
    }
    parts = []
    for size in wanted:
        n_dev = min(max(1, round(size * share)), len(folds.dev))
        parts.append(_take(folds, orders, {"train": size - n_dev, "dev": n_dev}))
    distinct = {_size(part): part for part in parts if _size(part) < whole}
    return [*(distinct[size] for size in sorted(distinct)), folds]


def _draw_order(clusters: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.int64]:
    """For each row the place of its cluster in a random order, shape (n,)."""
    _, number = np.unique(clusters, return_inverse=True)
    return np.asarray(generator.permutation(int(number.max()) + 1)[number], np.int64)


def _take(folds: Folds, orders: dict[str, NDArray[np.int64]], wanted: dict[str, int]) -> Folds:
    chosen = {name: _first_clusters(orders[name], n) for name, n in wanted.items()}
    return replace(
        folds,
        train=folds.train.subset(chosen["train"]),
        dev=folds.dev.subset(chosen["dev"]),
        clusters={
            **folds.clusters,
            **{name: folds.clusters[name][rows] for name, rows in chosen.items()},
        },
    )


def _first_clusters(places: NDArray[np.int64], wanted: int) -> NDArray[np.int64]:
    """Rows of the first clusters that hold at least so many rows, in the order of the table."""
    held = np.cumsum(np.bincount(places))
    last = int(np.searchsorted(held, wanted))
    return np.flatnonzero(places <= last)


def _measure(config: RunConfig, codebook: Codebook, part: Folds, context: FitContext) -> CurvePoint:
    start = time.monotonic()
    classifier, decisions, _ = fit_with_decisions(config, codebook, part, context)
    seconds = time.monotonic() - start
    found = predict_test(classifier, decisions, part)
    report = evaluate_predictions(found, codebook.frame_ids, config.evaluation, seed=config.seed)
    positives = [part.train.count_positives(), part.dev.count_positives()]
    return CurvePoint(
        size=_size(part),
        n_train=len(part.train),
        n_dev=len(part.dev),
        macro_f1=report.macro_f1,
        micro_f1=report.micro_f1,
        mean_average_precision=report.mean_average_precision,
        absent_frames=tuple(f for f in codebook.frame_ids if not any(counts[f] for counts in positives)),
        seconds=round(seconds, 3),
    )


def _size(folds: Folds) -> int:
    return len(folds.train) + len(folds.dev)


def _note_left_out(sizes: Sequence[int], whole: int) -> tuple[str, ...]:
    beyond = sorted({size for size in sizes if size > whole})
    if not beyond:
        return ()
    return (f"sizes beyond the {whole} labelled sentences were left out: {', '.join(map(str, beyond))}",)
