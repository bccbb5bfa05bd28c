"""Is one model better than another on the same labelled texts, and how sure is that?

Interval, p-value and verdict come from one distribution, see `pipeline.measures.paired_swaps`: swaps of the two models'
decisions on whole forward clusters. They cannot disagree. Those of frames hold for all tested frames together.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.evaluation import EvaluationSettings
from pipeline.measures.enough import Mask, describe_left_out, describe_macro, find_judged, names_of
from pipeline.measures.intervals import Estimate, counts_by_cluster, renumber, take_frames
from pipeline.measures.metrics import Counts, count_decisions, total
from pipeline.measures.paired_swaps import PairedSwaps, Tested


@dataclass(frozen=True, slots=True)
class Difference:
    """Second minus first, with its interval and its p-value; without figures where there are too few positives."""

    name: str
    positives: int
    first: float | None
    second: float | None
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
    """Overall differences, and one for each frame.

    Attributes:
        macro_f1: over `frames`.
        micro_f1: over all decisions.
        per_frame: of every frame; intervals and p-values hold for all that have them together.
        frames: with enough positive clusters.
        confidence: of the intervals.
    """

    macro_f1: Difference
    micro_f1: Difference
    per_frame: tuple[Difference, ...]
    frames: tuple[str, ...]
    confidence: float

    @property
    def macro_name(self) -> str:
        """Macro-F1 with the frames it covers, as it is to be printed."""
        return describe_macro(len(self.frames), len(self.per_frame))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know."""
        left_out = [entry.name for entry in self.per_frame if entry.name not in self.frames]
        return (describe_left_out(left_out),) if left_out else ()

    @property
    def verdict(self) -> str:
        """What may be said of macro-F1, in one sentence without names."""
        gain = self.macro_f1.gain
        nothing = "no difference can be shown on this test set"
        if gain.value is None:
            return f"{nothing}: no frame has enough positives"
        if gain.low is None or gain.high is None:
            return f"{nothing}: one forward cluster gives no interval"
        if gain.low > 0:
            return "the second is better: the interval of the gain lies above zero"
        if gain.high < 0:
            return "the first is better: the interval of the gain lies below zero"
        return f"{nothing}: the interval of the gain includes zero"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "macro_f1": self.macro_f1.to_json(),
            "micro_f1": self.micro_f1.to_json(),
            "per_frame": [difference.to_json() for difference in self.per_frame],
            "macro_frames": list(self.frames),
            "confidence": self.confidence,
            "verdict": self.verdict,
            "notes": list(self.notes),
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
        settings: confidence.
        seed: of the swaps.
    """
    numbers = renumber(clusters)
    a, b = (counts_by_cluster(count_decisions(truth, decided), numbers) for decided in (first, second))
    judged = find_judged(truth, numbers)
    positives = truth.sum(axis=0).astype(int)
    alpha = 1 - settings.confidence
    tested = iter(_test_frames(a, b, judged, alpha=alpha, seed=seed))
    per_frame = tuple(
        _difference(frame, int(positives[k]), _f1(a, k), _f1(b, k), next(tested))
        if judged[k]
        else Difference(frame, int(positives[k]), None, None, Estimate(None), None)
        for k, frame in enumerate(frame_ids)
    )
    return Comparison(
        macro_f1=compare_macro(a, b, judged, positives=int(positives[judged].sum()), alpha=alpha, seed=seed),
        micro_f1=_compare_micro(a, b, positives=int(positives.sum()), alpha=alpha, seed=seed),
        per_frame=per_frame,
        frames=names_of(frame_ids, judged),
        confidence=settings.confidence,
    )


def compare_macro(
    first: Counts, second: Counts, judged: Mask, *, positives: int, alpha: float, seed: int
) -> Difference:
    """The difference in macro-F1 over some frames.

    Args:
        first: counts of clusters of the one model, shape (n_clusters, k).
        second: of the other.
        judged: the frames, shape (k,).
        positives: of these frames.
        alpha: one minus the confidence of the interval.
        seed: of the swaps.
    """
    if not judged.any():
        return Difference("macro_f1", positives, None, None, Estimate(None), None)
    a, b = take_frames(first, judged), take_frames(second, judged)
    one, other = (float(total(counts).macro_f1) for counts in (a, b))
    tested = None if len(a.tp) == 1 else PairedSwaps(a, b, alpha=alpha, seed=seed).test_macro()
    return _difference("macro_f1", positives, one, other, tested)


def _compare_micro(a: Counts, b: Counts, *, positives: int, alpha: float, seed: int) -> Difference:
    """All decisions pooled are as those on one frame."""
    one, other = (
        Counts(*(part.sum(axis=1, keepdims=True) for part in (counts.tp, counts.fp, counts.fn)))
        for counts in (a, b)
    )
    found = compare_macro(one, other, np.ones(1, bool), positives=positives, alpha=alpha, seed=seed)
    return Difference("micro_f1", positives, found.first, found.second, found.gain, found.p_value)


def _test_frames(a: Counts, b: Counts, judged: Mask, *, alpha: float, seed: int) -> list[Tested | None]:
    if len(a.tp) == 1 or not judged.any():
        return [None] * int(judged.sum())
    swaps = PairedSwaps(take_frames(a, judged), take_frames(b, judged), alpha=alpha, seed=seed)
    return [*swaps.test_frames()]


def _f1(counts: Counts, k: int) -> float:
    return float(total(counts).f1[k])


def _difference(name: str, positives: int, first: float, second: float, tested: Tested | None) -> Difference:
    if tested is None:  # one cluster: nothing to swap
        return Difference(name, positives, first, second, Estimate(second - first), None)
    gain = Estimate(second - first, tested.gain.low, tested.gain.high)
    return Difference(name, positives, first, second, gain, tested.p_value)
