"""Where a model is good and where it is not: the same figures for parts of an evaluation.

A slice's macro-F1 is the mean over the frames with enough positive clusters in that slice, so two slices' macro-F1
may speak of different frames. So a slice names its frames, and beside its figure stands that of all rows over the same
frames. What compares is the `gap`: the slice's macro-F1 minus that of all other rows, over the frames with enough on
both sides. Its interval is made of those of the two (MOVER: Zou and Donner 2008, "Construction of confidence limits
about effect measures"), which counts clusters that lie in both as independent: if anything, it is too wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.evaluation import EvaluationSettings
from pipeline.evaluation.comparison import compare_macro
from pipeline.evaluation.row_facts import TrainingFacts
from pipeline.evaluation.slice_masks import Mask, SliceRows, slice_rows
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.measures.enough_positives import ENOUGH_CLUSTERS, find_judged, names_of
from pipeline.measures.f1_intervals import estimate_macro_f1, subtract
from pipeline.measures.intervals import (
    Estimate,
    as_estimate,
    cluster_weights,
    counts_by_cluster,
    renumber,
    reweigh,
    take_frames,
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
        n_clusters: clusters of copies among them.
        positives: labels, all frames together.
        frames: with enough positive clusters here, over which macro_f1 is the mean.
        left_out: the other frames.
        macro_f1: over those frames.
        overall: macro-F1 of all rows over the same frames; None where there are no figures.
        micro_f1: of all decisions on all frames.
        gap: macro-F1 here minus that of all other rows, over frames with enough positive clusters on both sides.
        too_few: why there are no figures; None where there are.
    """

    dimension: str
    value: str
    n: int
    n_clusters: int
    positives: int
    frames: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    overall: float | None = None
    macro_f1: Estimate = field(default_factory=lambda: Estimate(None))
    micro_f1: Estimate = field(default_factory=lambda: Estimate(None))
    gap: Estimate = field(default_factory=lambda: Estimate(None))
    too_few: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        names = ("dimension", "value", "n", "n_clusters", "positives", "overall", "too_few")
        estimates = ("macro_f1", "micro_f1", "gap")
        return {
            **{name: getattr(self, name) for name in names},
            "frames": list(self.frames),
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
                "positive_clusters_of_a_frame": ENOUGH_CLUSTERS,
            },
            "slices": [entry.to_json() for entry in self.slices],
            "notes": list(self.notes),
        }


def evaluate_slices(
    predictions: TestPredictions,
    training: TrainingFacts | None,
    settings: EvaluationSettings,
    *,
    frame_ids: tuple[str, ...],
    seed: int = 0,
) -> SliceReport:
    """Figures of every slice of these rows.

    Args:
        predictions: rows with truth and decisions; without facts there are no slices, and a note says so.
        training: of the rows the model has learnt from.
        settings: replicates and confidence.
        frame_ids: names of the k columns.
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
    drawn: dict[int, list[Floats]] = {id(part): [] for part in judged if part.too_few is None}
    for weights in cluster_weights(numbers, settings.bootstrap_samples, seed) if drawn else ():
        for part in judged:
            if part.too_few is None:
                drawn[id(part)].append(part.counts_under(weights).micro_f1)
    entries = [
        part.to_slice(whole, drawn.get(id(part), []), frame_ids, settings.confidence) for part in judged
    ]
    return SliceReport(tuple(sorted(entries, key=_badness)), settings.confidence, tuple(notes))


@dataclass(frozen=True, slots=True)
class SliceGain:
    """Second model minus first on one slice: macro-F1 over the frames with enough positive clusters there."""

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
        clusters: cluster of copies of each row, shape (n,).
        slices: masks of rows.
        settings: confidence.
        seed: of the swaps.
    """
    numbers = renumber(clusters)
    rows = [count_decisions(truth, decided) for decided in (first, second)]
    pairs = [[_Part.of(part, truth, counts, numbers) for counts in rows] for part in slices]
    return [_gain(a, b, alpha=1 - settings.confidence, seed=seed) for a, b in pairs]


@dataclass(frozen=True, slots=True)
class _Part:
    """A slice being judged: its counts by cluster (clusters of the slice only) and which frames count."""

    rows: SliceRows
    n: int
    clusters: NDArray[np.int64]  # numbers among all clusters, in the order of `counts`
    counts: Counts
    positives: int
    frames: Mask  # enough positive clusters in the slice
    compared: Mask  # enough in the slice and outside
    too_few: str | None

    @staticmethod
    def of(part: SliceRows, truth: NDArray[Any], by_row: Counts, numbers: NDArray[np.int64]) -> "_Part":
        mask = part.rows
        clusters, own = np.unique(numbers[mask], return_inverse=True)
        inside = Counts(by_row.tp[mask], by_row.fp[mask], by_row.fn[mask])
        frames = find_judged(truth[mask], numbers[mask])
        return _Part(
            rows=part,
            n=int(mask.sum()),
            clusters=clusters,
            counts=counts_by_cluster(inside, np.asarray(own.reshape(-1), np.int64)),
            positives=int(truth[mask].sum()),
            frames=frames,
            compared=frames & find_judged(truth[~mask], numbers[~mask]),
            too_few=_too_few(int(mask.sum()), len(clusters), int(frames.sum())),
        )

    def counts_under(self, weights: Floats) -> Counts:
        """Counts of the slice, (b, k), under weights of all clusters (b, n_clusters)."""
        return reweigh(self.counts, weights[:, self.clusters])

    def macro_f1(self, counts: Counts) -> Floats:
        """Mean over the frames that count here: shape (..., k) to (...)."""
        return np.asarray(counts.f1[..., self.frames].mean(axis=-1))

    def to_slice(
        self, every: Counts, drawn: list[Floats], frame_ids: tuple[str, ...], confidence: float
    ) -> Slice:
        """The slice's figures; `every` are the counts of all clusters, `drawn` replicates of its micro-F1."""
        plain = (self.rows.dimension, self.rows.value, self.n, len(self.clusters), self.positives)
        if self.too_few is not None:
            return Slice(*plain, too_few=self.too_few)
        micro = float(total(self.counts).micro_f1)
        return Slice(
            *plain,
            frames=names_of(frame_ids, self.frames),
            left_out=names_of(frame_ids, ~self.frames),
            overall=float(self.macro_f1(total(every))),
            macro_f1=estimate_macro_f1(take_frames(self.counts, self.frames), confidence),
            micro_f1=as_estimate(micro, np.concatenate(drawn), confidence, n_clusters=len(self.clusters)),
            gap=self._gap(every, confidence),
        )

    def _gap(self, every: Counts, confidence: float) -> Estimate:
        """Macro-F1 of the slice minus that of the rest, over the frames that compare."""
        rest = Counts(every.tp.copy(), every.fp.copy(), every.fn.copy())
        for name in ("tp", "fp", "fn"):
            getattr(rest, name)[self.clusters] -= getattr(self.counts, name)
        held = (rest.tp + rest.fp + rest.fn).any(axis=1)
        others = Counts(rest.tp[held], rest.fp[held], rest.fn[held])
        one, other = (
            estimate_macro_f1(take_frames(counts, self.compared), confidence)
            for counts in (self.counts, others)
        )
        return subtract(one, other)


def _too_few(n: int, n_clusters: int, n_frames: int) -> str | None:
    if n < MINIMUM_ROWS:
        return f"too few texts: {n} of at least {MINIMUM_ROWS}"
    if n_clusters < MINIMUM_CLUSTERS:
        return f"too few clusters of copies: {n_clusters} of at least {MINIMUM_CLUSTERS}"
    if not n_frames:
        return f"too few positives: no frame has them in {ENOUGH_CLUSTERS} clusters of copies"
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


def _gain(a: _Part, b: _Part, *, alpha: float, seed: int) -> SliceGain:
    plain = (a.rows.dimension, a.rows.value, a.n, len(a.clusters), int(a.frames.sum()))
    if a.too_few is not None:
        return SliceGain(*plain, None, None, Estimate(None), a.too_few)
    found = compare_macro(a.counts, b.counts, a.frames, positives=a.positives, alpha=alpha, seed=seed)
    return SliceGain(*plain, found.first, found.second, found.gain, None)
