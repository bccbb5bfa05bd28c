"""Intervals of precision, recall and F1 that hold with few positives.

Of one frame: precision and recall are proportions, and so is F* = TP / (TP + FP + FN), which F1 = 2 F* / (1 + F*)
rises with (Hand, Christen and Kirielle 2021, "F*: an interpretable transformation of the F-measure"). Each has
Wilson's interval with n**2 / sum m_c**2 rows in place of n, where m_c are the rows of cluster c among the n (Kish
1965, "Survey sampling"; copies count as wholly alike): no interval is without width, also where all is right.

Of macro-F1: delta method on the logit scale. The variance of a frame is that of its F* with the same effective number
of rows, F* being drawn a little towards that of all frames together: a frame of which everything was found by chance
would else seem certain. Frames of the same texts err together, so their correlation enters as their clusters show it.
F1 of a sample runs below that of the population, the more the fewer clusters; the centre is corrected for it.
"""

from typing import Final

import numpy as np
from scipy.stats import norm

from pipeline.measures.intervals import Estimate
from pipeline.measures.metrics import Counts, Floats, total

_BORROWED: Final = 2.0  # effective rows that a frame's variance takes from all frames together

Bounds = tuple[Floats, Floats]


def estimate_frames(by_cluster: Counts, confidence: float) -> dict[str, list[Estimate]]:
    """Precision, recall and F1 of each frame.

    Args:
        by_cluster: counts of clusters, shape (n_clusters, k).
        confidence: of the intervals.

    Returns:
        By name, k estimates each: no value where the figure is a ratio with nothing below the line, no interval
        where all rows are one cluster.
    """
    whole = total(by_cluster)
    relevant = by_cluster.tp + by_cluster.fp + by_cluster.fn
    found = {
        "precision": (whole.precision, by_cluster.tp + by_cluster.fp),
        "recall": (whole.recall, by_cluster.tp + by_cluster.fn),
        "f1": (whole.f1, relevant),
    }
    estimates = {}
    for name, (values, rows) in found.items():
        low, high = wilson_bounds(by_cluster.tp, rows, confidence)
        if name == "f1":
            low, high = f1_of_f_star(low), f1_of_f_star(high)
        has_interval = len(rows) > 1
        estimates[name] = [
            Estimate(None)
            if not n
            else Estimate(float(value), float(one), float(other))
            if has_interval
            else Estimate(float(value))
            for n, value, one, other in zip(rows.sum(axis=0), values, low, high, strict=True)
        ]
    return estimates


def estimate_macro_f1(by_cluster: Counts, confidence: float) -> Estimate:
    """Macro-F1 over the given frames, each of which should have enough positive clusters.

    Args:
        by_cluster: counts of clusters, shape (n_clusters, k).
        confidence: of the interval.

    Returns:
        No value without a frame; no interval where all rows are one cluster.
    """
    n_clusters, k = by_cluster.tp.shape
    if not k:
        return Estimate(None)
    value = float(total(by_cluster).macro_f1)
    if n_clusters == 1:
        return Estimate(value)
    if k == 1:
        return estimate_frames(by_cluster, confidence)["f1"][0]
    rows = effective_rows(by_cluster.tp + by_cluster.fp + by_cluster.fn)
    centre, half_width = _centre(by_cluster), norm.ppf((1 + confidence) / 2) * _macro_error(by_cluster, rows)
    inside = 1 / (rows.sum() + 4)  # from 0 and 1, where a logit has no end
    centre = float(np.clip(centre, inside, 1 - inside))
    odds, step = np.log(centre / (1 - centre)), half_width / (centre * (1 - centre))
    low, high = (float(1 / (1 + np.exp(-side))) for side in (odds - step, odds + step))
    return Estimate(value, min(low, value), max(high, value))


def subtract(one: Estimate, other: Estimate) -> Estimate:
    """One figure minus another of other rows, each with its own interval (MOVER: Zou and Donner 2008)."""
    if one.value is None or other.value is None:
        return Estimate(None)
    value = one.value - other.value
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return Estimate(value)
    low = np.hypot(one.value - one.low, other.high - other.value)
    high = np.hypot(one.high - one.value, other.value - other.low)
    return Estimate(value, float(value - low), float(value + high))


def wilson_bounds(hits: Floats, rows: Floats, confidence: float) -> Bounds:
    """Wilson's interval of each share of hits among rows, for clusters of rows.

    Args:
        hits: in each cluster, shape (n_clusters, k).
        rows: likewise, of which the hits are some.
        confidence: of the intervals.

    Returns:
        Low and high, shape (k,); 0 and 1 where there are no rows.
    """
    n = np.maximum(effective_rows(rows), 1e-9)
    share = np.divide(
        hits.sum(axis=0), rows.sum(axis=0), out=np.full(n.shape, 0.5), where=rows.sum(axis=0) > 0
    )
    z = norm.ppf((1 + confidence) / 2)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    # the share itself bounds what rounding may have moved past it
    return (
        np.clip(np.minimum(middle - half, share), 0, 1),
        np.clip(np.maximum(middle + half, share), 0, 1),
    )


def effective_rows(rows: Floats) -> Floats:
    """Independent rows that tell as much as rows in clusters (n_clusters, k) do, shape (k,)."""
    squares = (rows**2).sum(axis=0)
    return np.asarray(
        np.divide(rows.sum(axis=0) ** 2, squares, out=np.zeros(rows.shape[1]), where=squares > 0)
    )


def f1_of_f_star(f_star: Floats) -> Floats:
    """F1 of the same decisions; any shape, which is kept."""
    return np.asarray(2 * f_star / (1 + f_star))


def residuals(by_cluster: Counts) -> tuple[Floats, Floats]:
    """What each cluster adds to the error of F1 by linearisation, and its weight; both (n_clusters, k).

    F1 is the ratio X / Y of sums of 2 TP and of 2 TP + FP + FN: its error is about sum (x_c - F1 y_c) / Y.
    """
    x = 2 * by_cluster.tp
    y = x + by_cluster.fp + by_cluster.fn
    whole = np.maximum(y.sum(axis=0), 1)
    return (x - total(by_cluster).f1 * y) / whole, y / whole


def _centre(by_cluster: Counts) -> float:
    """Macro-F1 with the bias of each ratio taken off, to the second order: bias = -sum (residual * weight)."""
    errors, weights = residuals(by_cluster)
    return float(total(by_cluster).macro_f1 + (errors * weights).sum(axis=0).mean())


def _macro_error(by_cluster: Counts, rows: Floats) -> float:
    """Standard error of macro-F1."""
    whole = total(by_cluster)
    relevant = whole.tp + whole.fp + whole.fn
    f_star = np.divide(whole.tp, relevant, out=np.zeros_like(relevant), where=relevant > 0)
    together = ((f_star * rows).sum() + 2) / (rows.sum() + 4)
    smooth = (f_star * rows + together * _BORROWED) / (rows + _BORROWED)
    slope = 2 / (1 + smooth) ** 2  # of F1 in F*
    errors = slope * np.sqrt(smooth * (1 - smooth) / np.maximum(rows, 1))
    return float(np.sqrt(errors @ _correlations(residuals(by_cluster)[0]) @ errors) / len(errors))


def _correlations(errors: Floats) -> Floats:
    """Of the frames over the clusters, shape (k, k)."""
    size = np.sqrt((errors**2).sum(axis=0))
    scaled = np.divide(errors, size, out=np.zeros_like(errors), where=size > 0)
    matrix = scaled.T @ scaled
    np.fill_diagonal(matrix, 1.0)
    return np.asarray(matrix)
