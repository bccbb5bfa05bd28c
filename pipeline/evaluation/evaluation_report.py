"""One model on one labelled set: every figure with its interval and the number of positives behind it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.evaluation import EvaluationSettings
from pipeline.evaluation.calibration_quality import CalibrationQuality
from pipeline.measures.enough_positives import (
    ENOUGH_CLUSTERS,
    Mask,
    count_positive_clusters,
    describe_left_out,
    describe_macro,
    names_of,
)
from pipeline.measures.f1_intervals import estimate_frames, estimate_macro_f1
from pipeline.measures.hierarchy import imply_parents, list_levels
from pipeline.measures.intervals import (
    Estimate,
    as_estimate,
    cluster_weights,
    counts_by_cluster,
    renumber,
    reweigh,
    sum_by_cluster,
    take_frames,
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

OVERALL = ("macro_f1", "micro_f1", "samples_f1", "mean_average_precision")


@dataclass(frozen=True, slots=True)
class FrameScores:
    """How one frame fares; estimates are "too few" where it has not enough positive clusters.

    Attributes:
        frame: its id.
        positives: rows that carry it; positive_clusters: clusters of copies with one, which decide what is enough.
        predicted: rows it was given.
        precision: of nothing predicted has no value.
        recall: of the positives.
        f1: of both.
        average_precision: of the ranking.
    """

    frame: str
    positives: int
    positive_clusters: int
    predicted: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    average_precision: Estimate

    @property
    def is_judged(self) -> bool:
        """Whether it has enough positive clusters, and so is part of macro figures."""
        return self.positive_clusters >= ENOUGH_CLUSTERS

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "positives": self.positives,
            "positive_clusters": self.positive_clusters,
            "predicted": self.predicted,
            **{
                name: getattr(self, name).to_json()
                for name in ("precision", "recall", "f1", "average_precision")
            },
        }


@dataclass(frozen=True, slots=True)
class LevelScores:
    """How the frames of one level of the codebook fare together.

    Attributes:
        level: "coarse", frames without a parent, each with its children counted in; or "fine", frames without children.
        judged: frames with enough positive clusters, which the figure is a mean over; frames: in all.
        macro_f1: of them.
    """

    level: str
    judged: int
    frames: int
    macro_f1: Estimate

    @property
    def name(self) -> str:
        """The figure as it is to be printed."""
        return f"  {self.level}: {self.judged} of {self.frames} frames"


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Overall figures and one line for each frame.

    Attributes:
        n: texts; n_clusters: clusters of copies among them, the unit of the intervals.
        macro_f1: mean over the frames with enough positive clusters, see `macro_frames`; no value without any.
        micro_f1: of all decisions on all frames.
        samples_f1: mean over texts.
        mean_average_precision: over the same frames as macro_f1.
        calibration_error: expected calibration error, all frames pooled.
        notes: what a reader has to know; warnings: why the figures mislead, which stands above them.
        levels: macro-F1 coarse and fine; none where no frame has a parent.
        calibration: the same before and after calibration, with Brier scores, for each frame as well.
    """

    n: int
    n_clusters: int
    macro_f1: Estimate
    micro_f1: Estimate
    samples_f1: Estimate
    mean_average_precision: Estimate
    calibration_error: float
    confidence: float
    per_frame: tuple[FrameScores, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    levels: tuple[LevelScores, ...] = ()
    calibration: CalibrationQuality | None = None

    @property
    def macro_frames(self) -> tuple[str, ...]:
        """The frames that macro figures are means over."""
        return tuple(scores.frame for scores in self.per_frame if scores.is_judged)

    @property
    def macro_name(self) -> str:
        """Macro-F1 with the frames it covers, as it is to be printed."""
        return describe_macro(len(self.macro_frames), len(self.per_frame))

    def to_json(self) -> dict[str, Any]:
        """One flat object: plain figures first, intervals under "intervals", frames under "per_frame"."""
        return {
            "n": self.n,
            "n_clusters": self.n_clusters,
            **{name: getattr(self, name).value for name in OVERALL},
            "macro_frames": list(self.macro_frames),
            **(
                {"levels": {s.level: asdict(s) | {"macro_f1": s.macro_f1.to_json()} for s in self.levels}}
                if self.levels
                else {}
            ),
            "calibration_error": self.calibration_error,
            "calibration": None if self.calibration is None else self.calibration.to_json(),
            "confidence": self.confidence,
            "intervals": {name: getattr(self, name).to_json() for name in OVERALL},
            "per_frame": {scores.frame: scores.to_json() for scores in self.per_frame},
            "notes": [*self.warnings, *self.notes],
        }

    def flat_metrics(self) -> dict[str, float]:
        """Figures by name, for a tracker: overall ones plain, frames as `frame/ID/f1`."""
        overall = self.to_json()
        figures = {
            name: float(overall[name])
            for name in ("n", *OVERALL, "calibration_error")
            if overall[name] is not None
        }
        figures["macro_frames"] = len(self.macro_frames)
        for name in ("macro_f1", "micro_f1"):
            interval = overall["intervals"][name]
            for bound in ("low", "high"):
                if interval[bound] is not None:
                    figures[f"{name}_{bound}"] = interval[bound]
        if self.calibration is not None:
            known = self.calibration.overall.flat()
            figures.update({f"calibration/{name}": value for name, value in known.items()})
        for level in self.levels:
            if level.macro_f1.value is not None:
                figures[f"{level.level}_macro_f1"] = level.macro_f1.value
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
    parents: Sequence[int] = (),
) -> EvaluationReport:
    """Compare decisions and probabilities (n, k) with the coders' 0/1 truth (n, k).

    Args:
        truth: the coders' labels.
        calibrated: probabilities.
        decided: decisions.
        clusters: cluster of copies of each row, shape (n,), any ids.
        frame_ids: names of the k columns.
        settings: replicates and confidence.
        seed: of the bootstrap.
        parents: column of each frame's parent, -1 for none.
    """
    numbers = renumber(clusters)
    by_row = count_decisions(truth, decided)
    positive_clusters = count_positive_clusters(truth, numbers)
    judged = positive_clusters >= ENOUGH_CLUSTERS
    samples = samples_f1_by_row(truth, decided)
    drawn = _Replicates.draw(
        truth, calibrated, by_row=by_row, samples=samples, clusters=numbers, settings=settings, seed=seed
    )
    by_cluster = counts_by_cluster(by_row, numbers)
    overall = _estimate_overall(
        truth,
        calibrated,
        by_cluster,
        samples=float(samples.mean()),
        judged=judged,
        drawn=drawn,
        confidence=settings.confidence,
    )
    return EvaluationReport(
        n=len(truth),
        n_clusters=len(by_cluster.tp),
        macro_f1=overall["macro_f1"],
        micro_f1=overall["micro_f1"],
        samples_f1=overall["samples_f1"],
        mean_average_precision=overall["mean_average_precision"],
        calibration_error=expected_calibration_error(truth, calibrated),
        confidence=settings.confidence,
        per_frame=_score_frames(
            truth,
            calibrated,
            by_cluster,
            positive_clusters=positive_clusters,
            frame_ids=frame_ids,
            drawn=drawn,
            confidence=settings.confidence,
        ),
        notes=tuple(describe_left_out(names) for names in [names_of(frame_ids, ~judged)] if names),
        levels=_score_levels(truth, decided, numbers, parents, settings.confidence),
    )


def _score_levels(
    truth: NDArray[Any],
    decided: NDArray[Any],
    clusters: NDArray[np.int64],
    parents: Sequence[int],
    confidence: float,
) -> tuple[LevelScores, ...]:
    """Both levels, children counted with their parents, also where a text has a single label."""
    whole, found = imply_parents(truth, parents), imply_parents(decided, parents)
    scores = []
    for level, columns in list_levels(parents).items():
        judged = count_positive_clusters(whole[:, columns], clusters) >= ENOUGH_CLUSTERS
        counts = counts_by_cluster(count_decisions(whole[:, columns], found[:, columns]), clusters)
        macro_f1 = estimate_macro_f1(take_frames(counts, judged), confidence)
        scores.append(LevelScores(level, int(judged.sum()), len(columns), macro_f1))
    return tuple(scores)


@dataclass(frozen=True, slots=True)
class _Replicates:
    """Figures of every bootstrap replicate; first axis the replicate, second the frame where there is one."""

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
            pooled = weights @ samples_sum
            row_weights = weights[:, clusters]
            precision = np.stack(
                [
                    average_precision(truth[:, k], calibrated[:, k], row_weights)
                    for k in range(truth.shape[1])
                ],
                axis=1,
            )
            parts.append((reweigh(by_cluster, weights).micro_f1, pooled[:, 0] / pooled[:, 1], precision))
        return _Replicates(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _estimate_overall(
    truth: NDArray[Any],
    calibrated: NDArray[Any],
    by_cluster: Counts,
    *,
    samples: float,
    judged: Mask,
    drawn: _Replicates,
    confidence: float,
) -> dict[str, Estimate]:
    """The figures of `OVERALL`."""
    n_clusters = len(by_cluster.tp)

    def interval(value: float, replicates: Floats) -> Estimate:
        return as_estimate(value, replicates, confidence, n_clusters=n_clusters)

    ranked = [average_precision(truth[:, k], calibrated[:, k])[0] for k in np.flatnonzero(judged)]
    return {
        "macro_f1": estimate_macro_f1(take_frames(by_cluster, judged), confidence),
        "micro_f1": interval(float(total(by_cluster).micro_f1), drawn.micro_f1),
        "samples_f1": interval(samples, drawn.samples_f1),
        "mean_average_precision": interval(
            float(np.mean(ranked)), _nanmean_rows(drawn.average_precision[:, judged])
        )
        if ranked
        else Estimate(None),
    }


def _score_frames(
    truth: NDArray[Any],
    calibrated: NDArray[Any],
    by_cluster: Counts,
    *,
    positive_clusters: NDArray[np.int64],
    frame_ids: tuple[str, ...],
    drawn: _Replicates,
    confidence: float,
) -> tuple[FrameScores, ...]:
    whole, estimates = total(by_cluster), estimate_frames(by_cluster, confidence)
    found = []
    for k, frame in enumerate(frame_ids):
        figures = dict.fromkeys((*estimates, "average_precision"), Estimate(None))
        if positive_clusters[k] >= ENOUGH_CLUSTERS:
            figures = {name: values[k] for name, values in estimates.items()}
            ranked = float(average_precision(truth[:, k], calibrated[:, k])[0])
            figures["average_precision"] = as_estimate(
                ranked, drawn.average_precision[:, k], confidence, n_clusters=len(by_cluster.tp)
            )
        found.append(
            FrameScores(
                frame=frame,
                positives=int(truth[:, k].sum()),
                positive_clusters=int(positive_clusters[k]),
                predicted=int(whole.tp[k] + whole.fp[k]),
                precision=figures["precision"],
                recall=figures["recall"],
                f1=figures["f1"],
                average_precision=figures["average_precision"],
            )
        )
    return tuple(found)


def _nanmean_rows(values: Floats) -> Floats:
    """Mean of each row over what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    sums = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(
        np.divide(sums, known.sum(axis=1), out=np.full(len(values), np.nan), where=known.any(axis=1))
    )
