"""Which texts a cheap classifier may dismiss, so that a dear one need not read them.

A text's score is the probability that it carries any frame, 1 - product of (1 - p_k) over calibrated p_k, frames
taken as independent. The gate is the highest score such that the upper bound of the miss rate (the share of coded
frame-carrying texts below it) is at most the one that the user allows. Candidates are tried from the lowest up to
the first that fails, so that trying many costs no confidence (fixed-sequence testing; Angelopoulos et al. 2021,
"Learn then test"). The bound is Clopper and Pearson's at the effective number of texts, since texts of one forward
cluster are missed together (Korn & Graubard 1998, "Confidence intervals for proportions with small expected number
of positive counts estimated from survey data").
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from pipeline.measures.calibration import Floats

CONFIDENCE = 0.95
_SHARE_FOR_DESIGN = 0.1  # misses at the gate itself are too few to see whether they come in clusters


@dataclass(frozen=True, slots=True)
class Gate:
    """Texts that score less than `threshold` are dismissed; 0 dismisses none.

    Attributes:
        threshold: of `carrying_scores`.
        dismissed_share: of all texts it was chosen on.
        carriers: texts among these that carry a frame.
        missed: of these, dismissed.
        miss_bound: one-sided upper bound of the miss rate at `CONFIDENCE`.
        design_effect: how many times as many carriers would say as much if misses did not come in clusters.
    """

    threshold: float
    dismissed_share: float
    carriers: int
    missed: int
    miss_bound: float
    design_effect: float


def carrying_scores(calibrated: NDArray[Any]) -> Floats:
    """Probability of any frame, shape (n,), from calibrated probabilities (n, k)."""
    return np.asarray(1.0 - np.prod(1.0 - np.asarray(calibrated, float), axis=1))


def choose_gate(
    scores: Floats, truth: NDArray[Any], clusters: NDArray[np.int64], max_miss_rate: float
) -> Gate:
    """The gate that dismisses most texts.

    Args:
        scores: of texts by a classifier that had not seen them, shape (n,).
        truth: 0/1, shape (n, k).
        clusters: cluster of copies of each text, shape (n,).
        max_miss_rate: most that the upper bound may be.
    """
    carries = truth.any(axis=1)
    of_carriers = np.sort(scores[carries])
    n = len(of_carriers)
    effect = _design_effect(scores[carries], clusters[carries]) if n else 1.0
    threshold, missed = 0.0, 0
    for count, score in enumerate(of_carriers):  # a gate at this score misses those before it
        if bound_miss_rate(count, n, effect) > max_miss_rate:
            break
        threshold = float(score)
    missed = int((of_carriers < threshold).sum())
    return Gate(
        threshold,
        dismissed_share=float((scores < threshold).mean()) if len(scores) else 0.0,
        carriers=n,
        missed=missed,
        miss_bound=bound_miss_rate(missed, n, effect),
        design_effect=effect,
    )


def bound_miss_rate(missed: int, carriers: int, design_effect: float = 1.0) -> float:
    """One-sided upper bound of missed / carriers at `CONFIDENCE`; 1 without carriers."""
    if missed >= carriers:
        return 1.0
    return float(beta.ppf(CONFIDENCE, missed / design_effect + 1, (carriers - missed) / design_effect))


def _design_effect(scores: Floats, clusters: NDArray[np.int64]) -> float:
    """Variance of a share of misses when clusters are drawn, over that when texts are; at least 1."""
    is_missed = scores < np.quantile(scores, _SHARE_FOR_DESIGN)
    share = float(is_missed.mean())
    if not 0 < share < 1:
        return 1.0
    _, cluster = np.unique(clusters, return_inverse=True)
    residuals = np.bincount(cluster, is_missed - share)
    n_clusters, n = len(residuals), len(scores)
    if n_clusters == 1:
        return float(n)
    between = np.sum(residuals**2) * n_clusters / (n_clusters - 1)
    return float(max(1.0, between / (share * (1 - share) * n**2 / (n - 1))))
