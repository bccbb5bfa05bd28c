"""Where a model is good and where it is not: the same figures for parts of an evaluation.

A slice's macro-F1 is the mean over the frames with enough positives in that slice, so two slices' macro-F1 may
speak of different frames. What compares is the `gap`: the slice's macro-F1 minus that of all other rows, over the
frames with enough positives on both sides. Intervals come from one cluster bootstrap over all evaluated rows (domain
estimation: the clusters are drawn, and what falls into the slice is counted), so those of the gap are paired.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.evaluation import EvaluationSettings
from pipeline.evaluation.evaluation_report import MINIMUM_POSITIVES
from pipeline.evaluation.row_facts import TrainingFacts
from pipeline.evaluation.slice_masks import Mask, SliceRows, slice_rows
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.measures.intervals import (
    Estimate,
    as_estimate,
    cluster_weights,
    counts_by_cluster,
    renumber,
    reweigh,
)
from pipeline.measures.metrics import Counts, Floats, count_decisions, total

MINIMUM_ROWS = 20  # of a slice; below, an F1 says more about the rows than about the model
MINIMUM_CLUSTERS = 5  # likewise: few clusters give intervals that are too narrow


@dataclass(frozen=True, slots=True)
class Slice:
    """Figures of one slice.

    Attributes:
        dimension: "channel", "language", "month", "length", "forwarded" or "novelty".
        value: of the dimension.
        n: texts.
        n_clusters: forward clusters among them.
        positives: labels, all frames together.
        n_frames: frames with enough positives here, over which macro_f1 is the mean.
        macro_f1: over those frames.
        micro_f1: of all decisions on all frames.
        gap: macro-F1 here minus that of all other rows, over frames with enough positives on both sides.
        too_few: why there are no figures; None where there are.
    """

    dimension: str
    value: str
    n: int
    n_clusters: int
    positives: int
    n_frames: int = 0
    macro_f1: Estimate = field(default_factory=lambda: Estimate(None))
    micro_f1: Estimate = field(default_factory=lambda: Estimate(None))
    gap: Estimate = field(default_factory=lambda: Estimate(None))
    too_few: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        names = ("dimension", "value", "n", "n_clusters", "positives", "n_frames", "too_few")
        estimates = ("macro_f1", "micro_f1", "gap")
        return {
            **{name: getattr(self, name) for name in names},
            **{name: getattr(self, name).to_json() for name in estimates},
        }


@dataclass(frozen=True, slots=True)
class SliceReport:
    """All slices of one evaluation, the worst first: ascending gap, then ascending macro-F1, then too few rows."""

    slices: tuple[Slice, ...]
    confidence: float
    notes: tuple[str, ...] = ()

    def worst(self, count: int) -> tuple[Slice, ...]:
        """The slices furthest below the rest: those with a negative gap alone."""
        return tuple(e for e in self.slices if e.gap.value is not None and e.gap.value < 0)[:count]

    def of(self, dimension: str) -> tuple[Slice, ...]:
        """The slices of one dimension, worst first."""
        return tuple(entry for entry in self.slices if entry.dimension == dimension)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "confidence": self.confidence,
            "minimum": {
                "rows": MINIMUM_ROWS,
                "clusters": MINIMUM_CLUSTERS,
                "positives_of_a_frame": MINIMUM_POSITIVES,
            },
            "slices": [entry.to_json() for entry in self.slices],
            "notes": list(self.notes),
        }


def evaluate_slices(
    predictions: TestPredictions,
    training: TrainingFacts | None,
    settings: EvaluationSettings,
    *,
    seed: int = 0,
) -> SliceReport:
    """Figures of every slice of these rows.

    Args:
        predictions: rows with truth and decisions; without facts there are no slices, and a note says so.
        training: of the rows the model has learnt from.
        settings: replicates and confidence.
        seed: of the bootstrap.
    """
    if predictions.facts is None:
        note = (
            "the bundle keeps no channel, date, language or length of its test rows: train again for slices"
        )
        return SliceReport((), settings.confidence, (note,))
    parts, notes = slice_rows(predictions.facts, training)
    numbers = renumber(predictions.clusters)
    by_row = count_decisions(predictions.truth, predictions.decided)
    judged = [_Part.of(part, predictions.truth, by_row, numbers) for part in parts]
    whole = counts_by_cluster(by_row, numbers)
    able = [part for part in judged if part.too_few is None]
    drawn: dict[int, list[tuple[Floats, Floats, Floats]]] = {id(part): [] for part in able}
    for weights in cluster_weights(numbers, settings.bootstrap_samples, seed) if able else ():
        every = reweigh(whole, weights)
        for part in able:
            drawn[id(part)].append(part.figures(part.counts_under(weights), every))
    point = total(by_row)
    entries = [part.to_slice(point, drawn.get(id(part), []), settings.confidence) for part in judged]
    return SliceReport(tuple(sorted(entries, key=_badness)), settings.confidence, tuple(notes))


@dataclass(frozen=True, slots=True)
class SliceGain:
    """Second model minus first on one slice: macro-F1 over the frames with enough positives there."""

    dimension: str
    value: str
    n: int
    n_clusters: int
    n_frames: int
    first: float | None
    second: float | None
    gain: Estimate
    too_few: str | None

    @property
    def name(self) -> str:
        """As a config names it."""
        return f"{self.dimension}={self.value}"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        names = (
            "dimension",
            "value",
            "n",
            "n_clusters",
            "n_frames",
            "first",
            "second",
            "too_few",
        )
        return {**{name: getattr(self, name) for name in names}, "gain": self.gain.to_json()}


def compare_slices(
    truth: NDArray[Any],
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    clusters: NDArray[Any],
    slices: Sequence[SliceRows],
    settings: EvaluationSettings,
    seed: int = 0,
) -> list[SliceGain]:
    """Gains of the second model's decisions (n, k) over the first's, on each slice, with paired intervals.

    Args:
        truth: the coders' labels (n, k).
        first: decisions of the one.
        second: decisions of the other.
        clusters: forward cluster of each row, shape (n,).
        slices: masks of rows.
        settings: replicates and confidence.
        seed: of the bootstrap.
    """
    numbers = renumber(clusters)
    rows = [count_decisions(truth, decided) for decided in (first, second)]
    pairs = [[_Part.of(part, truth, counts, numbers) for counts in rows] for part in slices]
    drawn: list[list[Floats]] = [[] for _ in pairs]
    for weights in cluster_weights(numbers, settings.bootstrap_samples, seed) if pairs else ():
        for (a, b), gains in zip(pairs, drawn, strict=True):
            if a.too_few is None:
                gains.append(b.macro_f1(b.counts_under(weights)) - a.macro_f1(a.counts_under(weights)))
    return [_gain(a, b, gains, settings.confidence) for (a, b), gains in zip(pairs, drawn, strict=True)]


@dataclass(frozen=True, slots=True)
class _Part:
    """A slice being judged: its counts by cluster (clusters of the slice only) and which frames count."""

    rows: SliceRows
    n: int
    clusters: NDArray[np.int64]  # numbers among all clusters, in the order of `counts`
    counts: Counts
    positives: int
    frames: Mask  # enough positives in the slice
    compared: Mask  # enough positives in the slice and outside
    too_few: str | None

    @staticmethod
    def of(part: SliceRows, truth: NDArray[Any], by_row: Counts, numbers: NDArray[np.int64]) -> "_Part":
        mask = part.rows
        clusters, own = np.unique(numbers[mask], return_inverse=True)
        inside = Counts(by_row.tp[mask], by_row.fp[mask], by_row.fn[mask])
        here = truth[mask].sum(axis=0)
        frames = here >= MINIMUM_POSITIVES
        return _Part(
            rows=part,
            n=int(mask.sum()),
            clusters=clusters,
            counts=counts_by_cluster(inside, np.asarray(own.reshape(-1), np.int64)),
            positives=int(here.sum()),
            frames=frames,
            compared=frames & (truth[~mask].sum(axis=0) >= MINIMUM_POSITIVES),
            too_few=_too_few(int(mask.sum()), len(clusters), int(frames.sum())),
        )

    def counts_under(self, weights: Floats) -> Counts:
        """Counts of the slice, (b, k), under weights of all clusters (b, n_clusters)."""
        return reweigh(self.counts, weights[:, self.clusters])

    def macro_f1(self, counts: Counts) -> Floats:
        """Mean over the frames that count here."""
        return np.asarray(counts.f1[..., self.frames].mean(axis=-1))

    def figures(self, counts: Counts, every: Counts) -> tuple[Floats, Floats, Floats]:
        """Macro-F1, micro-F1 and gap (NaN where nothing compares) from counts of the slice and of all rows."""
        if not self.compared.any():
            return self.macro_f1(counts), counts.micro_f1, np.full(counts.f1.shape[:-1], np.nan)
        rest = Counts(every.tp - counts.tp, every.fp - counts.fp, every.fn - counts.fn)
        gap = (counts.f1 - rest.f1)[..., self.compared].mean(axis=-1)
        return self.macro_f1(counts), counts.micro_f1, np.asarray(gap)

    def to_slice(self, every: Counts, drawn: list[tuple[Floats, Floats, Floats]], confidence: float) -> Slice:
        plain = (self.rows.dimension, self.rows.value, self.n, len(self.clusters), self.positives)
        if self.too_few is not None:
            return Slice(*plain, too_few=self.too_few)
        values = self.figures(total(self.counts), every)
        replicates = [np.concatenate(column) for column in zip(*drawn, strict=True)]
        macro, micro, gap = (
            Estimate(None)
            if np.isnan(value)
            else as_estimate(float(value), draws, confidence, n_clusters=len(self.clusters))
            for value, draws in zip(values, replicates, strict=True)
        )
        return Slice(*plain, int(self.frames.sum()), macro, micro, gap)


def _too_few(n: int, n_clusters: int, n_frames: int) -> str | None:
    if n < MINIMUM_ROWS:
        return f"too few texts: {n} of at least {MINIMUM_ROWS}"
    if n_clusters < MINIMUM_CLUSTERS:
        return f"too few forward clusters: {n_clusters} of at least {MINIMUM_CLUSTERS}"
    if not n_frames:
        return f"too few positives: no frame has {MINIMUM_POSITIVES}"
    return None


def _badness(entry: Slice) -> tuple[Any, ...]:
    def order(estimate: Estimate) -> tuple[bool, float]:
        return estimate.value is None, estimate.value or 0.0

    return (
        entry.too_few is not None,
        *order(entry.gap),
        *order(entry.macro_f1),
        entry.dimension,
        entry.value,
    )


def _gain(a: _Part, b: _Part, gains: list[Floats], confidence: float) -> SliceGain:
    plain = (a.rows.dimension, a.rows.value, a.n, len(a.clusters), int(a.frames.sum()))
    if a.too_few is not None:
        return SliceGain(*plain, None, None, Estimate(None), a.too_few)
    first, second = float(a.macro_f1(total(a.counts))), float(b.macro_f1(total(b.counts)))
    gain = as_estimate(second - first, np.concatenate(gains), confidence, n_clusters=len(a.clusters))
    return SliceGain(*plain, first, second, gain, None)
