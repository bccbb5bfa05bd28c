"""One model on one labelled set: every figure with its interval and the number of positives behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.evaluation import EvaluationSettings
from pipeline.evaluation.calibration_quality import CalibrationQuality
from pipeline.measures.intervals import (
    Estimate,
    as_estimate,
    cluster_weights,
    counts_by_cluster,
    renumber,
    reweigh,
    sum_by_cluster,
)
from pipeline.measures.metrics import (
    Counts,
    Floats,
    average_precision,
    count_decisions,
    expected_calibration_error,
    samples_f1_by_row,
    total,
)

MINIMUM_POSITIVES = 5  # below this an F1 says more about the draw than about the model


@dataclass(frozen=True, slots=True)
class FrameScores:
    """How one frame fares; estimates are "too few" below MINIMUM_POSITIVES positives."""

    frame: str
    positives: int
    predicted: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    average_precision: Estimate

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "positives": self.positives,
            "predicted": self.predicted,
            **{
                name: getattr(self, name).to_json()
                for name in ("precision", "recall", "f1", "average_precision")
            },
        }


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Overall figures and one line for each frame.

    Attributes:
        n: texts; n_clusters: forward clusters among them, the unit of the intervals.
        macro_f1: mean over all frames of the codebook; frames without positives count 0 as in scikit-learn.
        macro_f1_supported: the same over frames that have positives here.
        mean_average_precision: over frames that have positives here.
        calibration_error: expected calibration error, all frames pooled.
        notes: what a reader has to know; warnings: why the figures mislead, which stands above them.
        calibration: the same before and after calibration, with Brier scores, for each frame as well.
    """

    n: int
    n_clusters: int
    macro_f1: Estimate
    macro_f1_supported: Estimate
    micro_f1: Estimate
    samples_f1: Estimate
    mean_average_precision: Estimate
    calibration_error: float
    confidence: float
    per_frame: tuple[FrameScores, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    calibration: CalibrationQuality | None = None

    def to_json(self) -> dict[str, Any]:
        """One flat object: plain figures first, intervals under "intervals", frames under "per_frame"."""
        names = ("macro_f1", "macro_f1_supported", "micro_f1", "samples_f1", "mean_average_precision")
        return {
            "n": self.n,
            "n_clusters": self.n_clusters,
            **{name: getattr(self, name).value for name in names},
            "calibration_error": self.calibration_error,
            "calibration": None if self.calibration is None else self.calibration.to_json(),
            "confidence": self.confidence,
            "intervals": {name: getattr(self, name).to_json() for name in names},
            "per_frame": {scores.frame: scores.to_json() for scores in self.per_frame},
            "notes": [*self.warnings, *self.notes],
        }

    def flat_metrics(self) -> dict[str, float]:
        """Figures by name, for a tracker: overall ones plain, frames as `frame/ID/f1`."""
        overall = self.to_json()
        figures = {
            name: float(overall[name])
            for name in (
                "n",
                "macro_f1",
                "macro_f1_supported",
                "micro_f1",
                "samples_f1",
                "mean_average_precision",
                "calibration_error",
            )
            if overall[name] is not None
        }
        for name in ("macro_f1", "micro_f1"):
            interval = overall["intervals"][name]
            for bound in ("low", "high"):
                if interval[bound] is not None:
                    figures[f"{name}_{bound}"] = interval[bound]
        if self.calibration is not None:
            whole = self.calibration.overall.to_json()
            known = {name: value for name, value in whole.items() if value is not None}
            figures.update({f"calibration/{name}": value for name, value in known.items()})
        for scores in self.per_frame:
            figures[f"frame/{scores.frame}/positives"] = scores.positives
            for name in ("precision", "recall", "f1", "average_precision"):
                value = getattr(scores, name).value
                if value is not None:
                    figures[f"frame/{scores.frame}/{name}"] = value
        return figures


def evaluate_decisions(
    truth: NDArray[Any],
    calibrated: NDArray[Any],
    decided: NDArray[Any],
    *,
    clusters: NDArray[Any],
    frame_ids: tuple[str, ...],
    settings: EvaluationSettings,
    seed: int = 0,
) -> EvaluationReport:
    """Compare decisions and probabilities (n, k) with the coders' 0/1 truth (n, k).

    Args:
        truth: the coders' labels.
        calibrated: probabilities.
        decided: decisions.
        clusters: forward cluster of each row, shape (n,), any ids.
        frame_ids: names of the k columns.
        settings: replicates and confidence.
        seed: of the bootstrap.
    """
    numbers = renumber(clusters)
    n_clusters = int(numbers.max()) + 1
    interval = partial(as_estimate, confidence=settings.confidence, n_clusters=n_clusters)
    by_row = count_decisions(truth, decided)
    whole = total(by_row)
    positives = truth.sum(axis=0).astype(int)
    supported = positives > 0
    samples = samples_f1_by_row(truth, decided)
    point_ap = np.array([average_precision(truth[:, k], calibrated[:, k])[0] for k in range(truth.shape[1])])
    drawn = _Replicates.draw(
        truth, calibrated, by_row=by_row, samples=samples, clusters=numbers, settings=settings, seed=seed
    )
    overall = (
        {
            "macro_f1": (float(whole.macro_f1), drawn.f1.mean(axis=1)),
            "macro_f1_supported": (_mean(whole.f1[supported]), drawn.f1[:, supported].mean(axis=1)),
            "micro_f1": (float(whole.micro_f1), drawn.micro_f1),
            "samples_f1": (float(samples.mean()), drawn.samples_f1),
            "mean_average_precision": (
                _mean(point_ap[supported]),
                _nanmean_rows(drawn.average_precision[:, supported]),
            ),
        }
        if supported.any()
        else _nothing_to_find(whole, samples, drawn)
    )
    estimates = {name: interval(value, replicates) for name, (value, replicates) in overall.items()}
    per_frame = tuple(
        _frame_scores(
            frame, k, positives=positives, whole=whole, point_ap=point_ap, drawn=drawn, interval=interval
        )
        for k, frame in enumerate(frame_ids)
    )
    return EvaluationReport(
        n=len(truth),
        n_clusters=n_clusters,
        calibration_error=expected_calibration_error(truth, calibrated),
        confidence=settings.confidence,
        per_frame=per_frame,
        notes=_notes(frame_ids, positives),
        calibration=None,
        warnings=(),
        **estimates,
    )


@dataclass(frozen=True, slots=True)
class _Replicates:
    """Figures of every bootstrap replicate; first axis the replicate, second the frame where there is one."""

    precision: Floats
    recall: Floats
    f1: Floats
    micro_f1: Floats
    samples_f1: Floats
    average_precision: Floats

    @staticmethod
    def draw(
        truth: NDArray[Any],
        calibrated: NDArray[Any],
        *,
        by_row: Counts,
        samples: Floats,
        clusters: NDArray[np.int64],
        settings: EvaluationSettings,
        seed: int,
    ) -> "_Replicates":
        by_cluster = counts_by_cluster(by_row, clusters)
        samples_sum = sum_by_cluster(np.stack([samples, np.ones_like(samples)], axis=1), clusters)
        parts = []
        for weights in cluster_weights(clusters, settings.bootstrap_samples, seed):
            counts = reweigh(by_cluster, weights)
            pooled = weights @ samples_sum
            row_weights = weights[:, clusters]
            precision = np.stack(
                [
                    average_precision(truth[:, k], calibrated[:, k], row_weights)
                    for k in range(truth.shape[1])
                ],
                axis=1,
            )
            parts.append(
                (
                    counts.precision,
                    counts.recall,
                    counts.f1,
                    counts.micro_f1,
                    pooled[:, 0] / pooled[:, 1],
                    precision,
                )
            )
        return _Replicates(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _frame_scores(
    frame: str,
    k: int,
    *,
    positives: NDArray[np.int64],
    whole: Counts,
    point_ap: Floats,
    drawn: _Replicates,
    interval: Callable[[float, Floats], Estimate],
) -> FrameScores:
    def estimate(value: float, replicates: Floats) -> Estimate:
        if positives[k] < MINIMUM_POSITIVES:
            return Estimate(None)
        return interval(float(value), replicates[:, k])

    return FrameScores(
        frame=frame,
        positives=int(positives[k]),
        predicted=int(whole.tp[k] + whole.fp[k]),
        precision=estimate(whole.precision[k], drawn.precision),
        recall=estimate(whole.recall[k], drawn.recall),
        f1=estimate(whole.f1[k], drawn.f1),
        average_precision=estimate(point_ap[k], drawn.average_precision),
    )


def _nothing_to_find(whole: Counts, samples: Floats, drawn: _Replicates) -> dict[str, tuple[float, Floats]]:
    """The overall figures of a set in which no text carries any frame."""
    never = np.full(len(drawn.micro_f1), np.nan)
    return {
        "macro_f1": (float(whole.macro_f1), drawn.f1.mean(axis=1)),
        "macro_f1_supported": (0.0, never),
        "micro_f1": (float(whole.micro_f1), drawn.micro_f1),
        "samples_f1": (float(samples.mean()), drawn.samples_f1),
        "mean_average_precision": (0.0, never),
    }


def _notes(frame_ids: tuple[str, ...], positives: NDArray[np.int64]) -> tuple[str, ...]:
    none = [frame for frame, count in zip(frame_ids, positives, strict=True) if count == 0]
    few = [f for f, c in zip(frame_ids, positives, strict=True) if 0 < c < MINIMUM_POSITIVES]
    notes = []
    if none:
        notes.append(f"no positives here, counted as 0 in macro_f1: {', '.join(none)}")
    if few:
        notes.append(f"fewer than {MINIMUM_POSITIVES} positives, no figures given: {', '.join(few)}")
    return tuple(notes)


def _mean(values: Floats) -> float:
    return float(values.mean())


def _nanmean_rows(values: Floats) -> Floats:
    """Mean of each row over what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    sums = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(
        np.divide(sums, known.sum(axis=1), out=np.full(len(values), np.nan), where=known.any(axis=1))
    )
