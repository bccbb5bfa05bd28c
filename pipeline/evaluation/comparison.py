"""Is one model better than another on the same labelled texts, and how sure is that?

Interval, p-value and verdict come from one distribution, see `pipeline.measures.paired_swaps`: swaps of the two models'
decisions on whole clusters of copies. They cannot disagree. Those of frames hold for all tested frames together. What
was compared on the same rows before widens them, see `pipeline.evaluation.reused_test_rows`.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.evaluation import EvaluationSettings
from pipeline.evaluation.reused_test_rows import TestUse, expected_luck
from pipeline.measures.enough_positives import Mask, describe_left_out, describe_macro, find_judged, names_of
from pipeline.measures.f1_intervals import estimate_macro_f1
from pipeline.measures.intervals import Estimate, counts_by_cluster, renumber, take_frames
from pipeline.measures.metrics import Counts, count_decisions, total
from pipeline.measures.paired_swaps import PairedSwaps, Tested

if TYPE_CHECKING:
    from pipeline.evaluation.slices import SliceGain


@dataclass(frozen=True, slots=True)
class Difference:
    """Second minus first, with interval, p-value and standard error; none where there are too few positives."""

    name: str
    positives: int
    first: float | None
    second: float | None
    gain: Estimate
    p_value: float | None
    error: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "positives": self.positives,
            "first": self.first,
            "second": self.second,
            "gain": self.gain.to_json(),
            "p_value": self.p_value,
            "standard_error": self.error,
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
        n: rows compared on.
        levels: macro-F1 of the first and of the second, with intervals that hold for all known models together.
        use: of these rows before, for which intervals and p-values are corrected; None where nobody counted.
        languages: the gain in each language of the rows, where there are several; each interval holds alone.
    """

    macro_f1: Difference
    micro_f1: Difference
    per_frame: tuple[Difference, ...]
    frames: tuple[str, ...]
    confidence: float
    n: int
    levels: tuple[Estimate, Estimate]
    use: TestUse | None
    languages: tuple["SliceGain", ...] = ()

    @property
    def pairs(self) -> int:
        """Comparisons that intervals and p-values hold for together."""
        return 1 if self.use is None else self.use.possible_pairs

    @property
    def luck(self) -> float | None:
        """Macro-F1 that the best of so many equal models is expected to show above its true one."""
        if self.use is None or self.macro_f1.error is None:
            return None
        return expected_luck(self.use.models, self.macro_f1.error)

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
            return f"{nothing}: one cluster of copies gives no interval"
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
            "n": self.n,
            "test_use": None if self.use is None else self.use.to_json(),
            "languages": [entry.to_json() for entry in self.languages],
            "levels": [estimate.to_json() for estimate in self.levels],
            "luck_of_the_best": self.luck,
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
    use: TestUse | None = None,
) -> Comparison:
    """Compare two models' decisions (n, k) on the same rows.

    Args:
        truth: the coders' 0/1 labels.
        first: decisions of the one.
        second: decisions of the other.
        clusters: cluster of copies of each row, shape (n,).
        frame_ids: names of the k columns.
        settings: confidence.
        seed: of the swaps.
        use: of these rows before.
    """
    numbers = renumber(clusters)
    a, b = (counts_by_cluster(count_decisions(truth, decided), numbers) for decided in (first, second))
    judged = find_judged(truth, numbers)
    positives = truth.sum(axis=0).astype(int)
    pairs, models = (1, 1) if use is None else (use.possible_pairs, use.models)
    alpha = (1 - settings.confidence) / pairs
    tested = iter(_test_frames(a, b, judged, alpha=alpha, seed=seed))
    per_frame = tuple(
        _difference(frame, int(positives[k]), _f1(a, k), _f1(b, k), next(tested))
        if judged[k]
        else Difference(frame, int(positives[k]), None, None, Estimate(None), None)
        for k, frame in enumerate(frame_ids)
    )
    macro = compare_macro(a, b, judged, positives=int(positives[judged].sum()), alpha=alpha, seed=seed)
    micro = _compare_micro(a, b, positives=int(positives.sum()), alpha=alpha, seed=seed)
    one_of = 1 - (1 - settings.confidence) / models
    return Comparison(
        macro_f1=_adjust(macro, pairs),
        micro_f1=_adjust(micro, pairs),
        per_frame=tuple(_adjust(entry, pairs) for entry in per_frame),
        frames=names_of(frame_ids, judged),
        confidence=settings.confidence,
        n=len(truth),
        levels=(
            estimate_macro_f1(take_frames(a, judged), one_of),
            estimate_macro_f1(take_frames(b, judged), one_of),
        ),
        use=use,
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


def _adjust(found: Difference, pairs: int) -> Difference:
    """A p-value that holds for so many comparisons together."""
    return found if found.p_value is None else replace(found, p_value=min(1.0, pairs * found.p_value))


def _compare_micro(a: Counts, b: Counts, *, positives: int, alpha: float, seed: int) -> Difference:
    """All decisions pooled are as those on one frame."""
    one, other = (
        Counts(*(part.sum(axis=1, keepdims=True) for part in (counts.tp, counts.fp, counts.fn)))
        for counts in (a, b)
    )
    found = compare_macro(one, other, np.ones(1, bool), positives=positives, alpha=alpha, seed=seed)
    return Difference(
        "micro_f1", positives, found.first, found.second, found.gain, found.p_value, found.error
    )


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
    return Difference(name, positives, first, second, gain, tested.p_value, tested.error)
