"""Is one model better than another on the same labelled texts, and how sure is that?

Paired cluster permutation: under the null hypothesis the two models' decisions on a forward cluster may be
swapped; the p-value is the share of random swaps whose difference is at least as large (Good 2005,
"Permutation, parametric and bootstrap tests"; +1 in both terms, Phipson & Smyth 2010). The interval of the
difference is the paired cluster bootstrap. Frames are tested as well, with Holm's correction.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.evaluation import EvaluationSettings
from pipeline.evaluation.evaluation_report import MINIMUM_POSITIVES
from pipeline.measures.intervals import (
    CELLS_AT_ONCE,
    Estimate,
    as_estimate,
    cluster_weights,
    counts_by_cluster,
    renumber,
    reweigh,
)
from pipeline.measures.metrics import Counts, Floats, count_decisions, total

PERMUTATIONS = 2000


@dataclass(frozen=True, slots=True)
class Difference:
    """Second minus first, with its interval and its p-value (None where the frame has too few positives)."""

    name: str
    positives: int
    first: float
    second: float
    gain: Estimate
    p_value: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "positives": self.positives,
            "first": self.first,
            "second": self.second,
            "gain": self.gain.to_json(),
            "p_value": self.p_value,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Overall differences, and one for each frame with p-values corrected by Holm's method."""

    macro_f1: Difference
    micro_f1: Difference
    per_frame: tuple[Difference, ...]

    @property
    def verdict(self) -> str:
        """What may be said of macro-F1, in one sentence without names."""
        gain = self.macro_f1.gain
        if gain.low is None or gain.high is None:
            return "no difference can be shown on this test set: one forward cluster gives no interval"
        if gain.low > 0:
            return "the second is better: the interval of the gain lies above zero"
        if gain.high < 0:
            return "the first is better: the interval of the gain lies below zero"
        return "no difference can be shown on this test set: the interval of the gain includes zero"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "macro_f1": self.macro_f1.to_json(),
            "micro_f1": self.micro_f1.to_json(),
            "per_frame": [difference.to_json() for difference in self.per_frame],
            "verdict": self.verdict,
        }


def compare_decisions(
    truth: NDArray[Any],
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    clusters: NDArray[Any],
    frame_ids: tuple[str, ...],
    settings: EvaluationSettings,
    seed: int = 0,
) -> Comparison:
    """Compare two models' decisions (n, k) on the same rows.

    Args:
        truth: the coders' 0/1 labels.
        first: decisions of the one.
        second: decisions of the other.
        clusters: forward cluster of each row, shape (n,).
        frame_ids: names of the k columns.
        settings: replicates and confidence.
        seed: of bootstrap and permutation.
    """
    numbers = renumber(clusters)
    a = counts_by_cluster(count_decisions(truth, first), numbers)
    b = counts_by_cluster(count_decisions(truth, second), numbers)
    drawn_a, drawn_b = _bootstrap(a, numbers, settings, seed), _bootstrap(b, numbers, settings, seed)
    swapped_a, swapped_b = _swap(a, b, seed)
    whole_a, whole_b = total(a), total(b)
    positives = truth.sum(axis=0).astype(int)
    interval = partial(as_estimate, confidence=settings.confidence, n_clusters=len(a.tp))

    def overall(name: str) -> Difference:
        one, other = float(getattr(whole_a, name)), float(getattr(whole_b, name))
        gains = getattr(drawn_b, name) - getattr(drawn_a, name)
        null = getattr(swapped_b, name) - getattr(swapped_a, name)
        gain = interval(other - one, gains)
        return Difference(name, int(positives.sum()), one, other, gain, _p_value(other - one, null))

    tested = [k for k in range(len(frame_ids)) if positives[k] >= MINIMUM_POSITIVES]
    null = swapped_b.f1 - swapped_a.f1
    corrected = dict(
        zip(
            tested,
            holm([_p_value(float(whole_b.f1[k] - whole_a.f1[k]), null[:, k]) for k in tested]),
            strict=True,
        )
    )
    gains = drawn_b.f1 - drawn_a.f1
    per_frame = tuple(
        Difference(
            frame,
            int(positives[k]),
            float(whole_a.f1[k]),
            float(whole_b.f1[k]),
            interval(float(whole_b.f1[k] - whole_a.f1[k]), gains[:, k]) if k in corrected else Estimate(None),
            corrected.get(k),
        )
        for k, frame in enumerate(frame_ids)
    )
    return Comparison(overall("macro_f1"), overall("micro_f1"), per_frame)


def holm(p_values: list[float]) -> list[float]:
    """Holm's step-down correction (Holm 1979), in the order given."""
    corrected = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = running
    return corrected


def _bootstrap(
    counts: Counts, clusters: NDArray[np.int64], settings: EvaluationSettings, seed: int
) -> Counts:
    """Counts of every replicate, (b, k); the same seed draws the same clusters, which pairs the models."""
    return _joined([reweigh(counts, w) for w in cluster_weights(clusters, settings.bootstrap_samples, seed)])


def _swap(a: Counts, b: Counts, seed: int) -> tuple[Counts, Counts]:
    """Both models' counts under random swaps of whole clusters, each (PERMUTATIONS, k)."""
    generator = np.random.default_rng(seed + 1)
    gain = Counts(b.tp - a.tp, b.fp - a.fp, b.fn - a.fn)
    moved = []
    left = PERMUTATIONS
    while left:
        chunk = min(left, max(1, CELLS_AT_ONCE // len(a.tp)))
        moved.append(reweigh(gain, generator.integers(0, 2, size=(chunk, len(a.tp))).astype(float)))
        left -= chunk
    whole_a, whole_b, by = total(a), total(b), _joined(moved)
    return (
        Counts(whole_a.tp + by.tp, whole_a.fp + by.fp, whole_a.fn + by.fn),
        Counts(whole_b.tp - by.tp, whole_b.fp - by.fp, whole_b.fn - by.fn),
    )


def _joined(parts: list[Counts]) -> Counts:
    return Counts(*(np.concatenate([getattr(part, n) for part in parts]) for n in ("tp", "fp", "fn")))


def _p_value(observed: float, null: Floats) -> float:
    as_large = np.abs(null) >= abs(observed) - 1e-12
    return float((as_large.sum() + 1) / (len(null) + 1))
