"""What the last doubling of the labelled sentences gained, and how much of that may be chance."""

from collections.abc import Sequence

import numpy as np

from pipeline.config.evaluation import EvaluationSettings
from pipeline.measures.intervals import Estimate, as_estimate, cluster_weights, reweigh
from pipeline.measures.metrics import Counts, total


def estimate_gain(
    halves: Sequence[Counts], whole: Counts, settings: EvaluationSettings, *, seed: int
) -> Estimate:
    """Macro-F1 of all sentences minus the mean of models on half of them, on the same test fold.

    Each replicate of the bootstrap draws clusters of the test fold, the same for both sides, and one of the halves:
    the interval covers both. It does not cover that all sentences are themselves one draw.

    Args:
        halves: counts of clusters of each model on a half, each (n_clusters, k).
        whole: those of the model on all sentences.
        settings: replicates and confidence.
        seed: of the drawing.
    """
    n_clusters = len(whole.tp)
    generator = np.random.default_rng([seed, len(halves)])
    value = float(total(whole).macro_f1 - np.mean([total(half).macro_f1 for half in halves]))
    gains = []
    for weights in cluster_weights(np.arange(n_clusters), settings.bootstrap_samples, seed):
        by_half = np.stack([reweigh(half, weights).macro_f1 for half in halves])  # (n_halves, b)
        drawn = generator.integers(len(halves), size=len(weights))
        gains.append(reweigh(whole, weights).macro_f1 - by_half[drawn, np.arange(len(weights))])
    return as_estimate(value, np.concatenate(gains), settings.confidence, n_clusters=n_clusters)


def describe_gain(gain: Estimate | None, half: int, whole: int, confidence: float) -> str:
    """One sentence on what more labels would buy; it promises nothing that was not measured.

    Args:
        gain: of the last doubling.
        half: sentences before it.
        whole: sentences after it.
        confidence: of the interval.
    """
    if gain is None or gain.value is None:
        return "there are too few sentences to measure what doubling them gains"
    measured = (
        f"the last doubling, from {half} to {whole} labelled sentences, changed macro-F1 by {gain.value:+.3f}"
    )
    if gain.low is None or gain.high is None:
        return f"{measured}; the test fold gives it no interval, so nothing follows from it"
    measured += f" ({confidence:.0%} interval {gain.low:+.3f} to {gain.high:+.3f})"
    if gain.low <= 0 <= gain.high:
        return f"{measured}: whether more labels would help cannot be told from this test fold"
    if gain.high < 0:
        return f"{measured}: nothing here says that more labels of this kind would help"
    return (
        f"{measured}: labels still help; {whole} more may bring about as much or, since curves flatten, less, "
        "and this is no promise"
    )
