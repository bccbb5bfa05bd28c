"""Share of units that carry a frame, from predictions on all units and labels on a probability sample of them.

The target is finite: the units at hand, not a wider population from which they came. With unit weights w (one
over the inclusion probability), labels y, predictions f and the mean F of f over *all* units, the share is

    power * F + sum_sample w (y - power * f) / sum_sample w

`power` 0 gives the classical estimate from labels alone (Hajek 1971, "Comment on An essay on the logical
foundations of survey sampling"); 1 gives the difference estimator (Saerndal, Swensson & Wretman 1992, "Model
Assisted Survey Sampling", 6.3), which is prediction-powered inference (Angelopoulos et al. 2023, "Prediction-
powered inference", Science 382). In between, power is tuned to the smallest variance: PPI++ (Angelopoulos, Duchi
& Zrnic 2023, arXiv:2311.01453), kept in [0, 1] as there. The estimate is right on average whatever the quality of
the predictions; they only decide how wide the interval is.

Variance. Residuals are centred within strata and summed over clusters (ultimate clusters; Saerndal, Swensson &
Wretman 1992, 4.5 and 5.7), a cluster that lies in several strata counting as one; each residual is shrunk by the
root of one minus its inclusion probability (finite-population correction, as Hajek's approximation for unequal
probabilities) and stretched by its leverage (HC2; MacKinnon & White 1985). Outside a domain residuals are zero,
so that the random number of labelled units in the domain is accounted for.

Three things that sampling theory for large samples leaves out, and that matter for rare frames:

1. Labels that show nothing do not prove that there is nothing. Half a label that might have been seen is added to the
   variance: where predictions are used, one miss and one false alarm with half a unit's weight each, power^2 * K^2
   with K = sum_clusters (sum w sqrt(1 - inclusion) / sum w)^2, close to 1/n; where labels are used, so 1 - power^2
   times, half a label of the heaviest unit in a stratum whose labels are all alike, or of an average cluster. Where
   strata are many, or the model is sure of one, both are no more than the sum over strata of what each might have
   shown, see `_expect_unseen`: the heaviest unit alone would widen the interval of a share of 1.5 % by a third if
   strata are made by score. Each end is charged twice the part of it that lies on its side, and at most all: misses
   at the upper, false alarms at the lower, see `_charge_errors`. Power is tuned with the first in view, so it shrinks
   towards 0 where labels are few; compare the pseudo-counts of Agresti & Coull (1998), "Approximate is better than
   exact". This is ours; without it, intervals for rare frames hold the truth in 70 to 90 % of samples in place of 95
   %.
2. Power is fitted on the same labels: residuals are stretched by their leverage in that fit.
3. The interval is Wilson's (1927) with an effective sample size p(1 - p) / variance and a t quantile in place of
   the normal one (Dean & Pagano 2015, "Evaluating confidence interval methods for binomial proportions in
   clustered surveys"; Franco et al. 2019, "Comparative study of confidence intervals for proportions in complex
   sample surveys"). It stays within [0, 1] and is not empty when no label is positive.

`python -m pipeline.benchmarks.share_coverage` shows how often such intervals hold the true share.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

_UNSEEN = 0.5  # weight of a label that the sample might have shown
# likewise, where the model is sure of a stratum: labels among all clusters of the sample. With a third of it, intervals
# of scored samples hold the truth in 85 % where the model is sure and wrong (see the claims about shares).
_LEAST_UNSEEN = 0.3
_LARGEST_LEVERAGE = 0.75


@dataclass(frozen=True, eq=False)
class Design:
    """How each labelled unit came into the sample.

    Attributes:
        inclusion: probability of being drawn (and, where not all were coded, of being coded), in (0, 1], shape (n,).
        strata: number of its stratum, 0 to n_strata - 1, shape (n,).
        clusters: number of its cluster, 0 to n_clusters - 1, shape (n,); units that stand alone have their own.
    """

    inclusion: Floats
    strata: Integers
    clusters: Integers

    def __len__(self) -> int:
        return len(self.inclusion)


@dataclass(frozen=True, eq=False)
class Shares:
    """Estimates of k frames, each array of shape (k,).

    Attributes:
        value: share, in [0, 1].
        low: lower end of the interval.
        high: upper end of the interval.
        variance: of the share: the sum of squares of its column of `residuals`, and `unseen`.
        power: weight of the predictions, in [0, 1].
        residuals: linearised, of each cluster, shape (n_clusters, k); those of two domains give their covariance.
        unseen: the part of the variance that stands for what the sample did not show.
        charges: what of that part lies below the share and what above, shape (2, k): each end of an interval counts no
            more than lies on its side.
        spread: one over the effective size of the sample if all shares were estimated from labels.
        freedom: degrees of freedom of the variance.
    """

    value: Floats
    low: Floats
    high: Floats
    variance: Floats
    power: Floats
    residuals: Floats
    unseen: Floats
    charges: Floats
    spread: float
    freedom: float


def estimate_means(
    labels: Floats,
    predictions: Floats,
    prediction_means: Floats,
    design: Design,
    *,
    in_domain: Mask | None = None,
    power: float | None = None,
    confidence: float = 0.95,
) -> Shares:
    """Shares of frames among the units of a domain, with intervals.

    Args:
        labels: 1 where a labelled unit carries the frame, else 0, shape (n, k).
        predictions: of the same units, in [0, 1], shape (n, k).
        prediction_means: over all units of the domain, labelled or not, shape (k,).
        design: of all labelled units, those outside the domain included.
        in_domain: which labelled units lie in the domain, shape (n,); None for all.
        power: weight of the predictions; None tunes it for each frame, 0 leaves predictions out.
        confidence: of the intervals.

    Raises:
        ValueError: no labelled unit in the domain.
    """
    inside = np.ones(len(design), bool) if in_domain is None else in_domain
    if not inside.any():
        raise ValueError("expected at least one labelled unit in the domain, got none")
    weights = inside / design.inclusion
    weights /= weights.sum()
    label_means, sample_means = weights @ labels, weights @ predictions
    stretch = np.sqrt((1 - design.inclusion) / (1 - _leverage(design, weights)))
    of_labels = _sum_clusters(weights[:, None] * (labels - label_means), stretch, design)
    of_predictions = _sum_clusters(weights[:, None] * (predictions - sample_means), stretch, design)
    at_stake = weights * np.sqrt(1 - design.inclusion)
    of_cluster = np.bincount(design.clusters, at_stake).astype(np.float64)
    spread = float((of_cluster**2).sum())
    may_trust = power is None or power > 0  # estimates from labels alone know no predictions
    doubt = predictions * (1 - predictions) if may_trust else np.ones_like(predictions)
    expected = _expect_unseen(doubt, inside, at_stake, design)
    label_charges = _charge_labels(labels, inside, at_stake, expected, design)
    unseen_errors = 2 * np.minimum(_UNSEEN * spread**2, expected.sum(axis=0))
    error_charges = unseen_errors * _charge_errors(predictions, inside, expected, design)

    curvature = (of_predictions**2).sum(axis=0) + unseen_errors
    if power is None:
        slope = _divide((of_predictions * of_labels).sum(axis=0), curvature)
        powers = np.clip(slope, 0, 1)
        is_fitted = (slope > 0) & (slope < 1)
    else:
        powers, is_fitted = np.full(len(label_means), float(power)), np.zeros(len(label_means), bool)
    fit_leverage = np.where(is_fitted, _divide(of_predictions**2, curvature), 0)
    residuals = (of_labels - powers * of_predictions) / np.sqrt(1 - fit_leverage)
    seen = (residuals**2).sum(axis=0)
    unseen = powers**2 * unseen_errors + (1 - powers**2) * label_charges.max(axis=0)
    charges = powers**2 * error_charges + (1 - powers**2) * label_charges
    value = np.clip(label_means + powers * (prediction_means - sample_means), 0, 1)
    freedom = max(_degrees_of_freedom(design, inside) - (power is None), 1.0)
    quantile = student.ppf((1 + confidence) / 2, freedom)
    low, _ = wilson_bounds(value, seen + charges[0], spread, quantile)
    _, high = wilson_bounds(value, seen + charges[1], spread, quantile)
    return Shares(value, low, high, seen + unseen, powers, residuals, unseen, charges, spread, freedom)


def plan_labels(
    variance: float, n_labelled: int, n_units: int, half_width: float, confidence: float = 0.95
) -> int:
    """How many labelled units, in all, would give an interval of `value` plus or minus `half_width`.

    A simple random sample of n out of N has variance s^2 (1/n - 1/N); s^2 is taken from the variance that was
    seen (Cochran 1977, "Sampling Techniques", 4.4). A plan, not a promise: other labels show another variance.
    """
    if n_labelled >= n_units:
        return n_units
    unit_variance = variance / (1 / n_labelled - 1 / n_units)
    if unit_variance <= 0:
        return n_labelled
    wanted = (half_width / student.ppf((1 + confidence) / 2, n_labelled)) ** 2
    return int(np.ceil(1 / (wanted / unit_variance + 1 / n_units)))


def _expect_unseen(doubt: Floats, inside: Mask, at_stake: Floats, design: Design) -> Floats:
    """Variance, shape (n_strata, k), of labels that each stratum might have shown once more, and did not.

    The chance of such a label is half a one among the stratum's clusters, but no more than the predictions expect
    there (`doubt`, f(1 - f) of each unit, shape (n, k)) or than three tenths of one among all clusters of the sample,
    whichever is larger: a stratum of units that the model holds for certain is not as open as one of which nothing
    is known.
    """
    doubts = _mean_in_strata(doubt, inside, design)
    of_all = _LEAST_UNSEEN / len(np.unique(design.clusters[inside]))
    cells = design.strata * (int(design.clusters.max()) + 1) + design.clusters
    used, cell = np.unique(cells[inside], return_inverse=True)
    strata = used // (int(design.clusters.max()) + 1)
    squared = np.bincount(strata, np.bincount(cell, at_stake[inside]) ** 2, minlength=len(doubts))
    clusters = np.bincount(strata, minlength=len(doubts))
    chance = np.minimum((_UNSEEN / np.maximum(clusters, 1))[:, None], np.maximum(doubts, of_all))
    return np.asarray(squared[:, None] * chance)


def _charge_errors(predictions: Floats, inside: Mask, expected: Floats, design: Design) -> Floats:
    """Parts of the variance of unseen errors that the lower and the upper end bear, shape (2, k), in [0, 1].

    A unit with the probability f that was not seen is a miss with the chance f, which moves the share up by 1 - f, and
    a false alarm with 1 - f, which moves it down by f: of its variance f(1 - f) the part f lies below. A normal
    distribution has half on either side, so an end bears twice its side's part, and never more than all.
    """
    chance = np.clip(predictions, 1e-6, 1 - 1e-6)
    doubt = chance * (1 - chance)
    below = _divide(_mean_in_strata(doubt * chance, inside, design), _mean_in_strata(doubt, inside, design))
    borne = np.minimum(1, 2 * np.stack([below, 1 - below]))
    return _divide((expected * borne).sum(axis=1), expected.sum(axis=0))


def _charge_labels(
    labels: Floats, inside: Mask, at_stake: Floats, expected: Floats, design: Design
) -> Floats:
    """Variance of half a label that strata and clusters might have shown and did not: below the share, and above.

    Args:
        labels: shape (n, k).
        inside: which units lie in the domain, shape (n,).
        at_stake: share of the weight of each unit, shrunk by its finite-population correction, shape (n,).
        expected: of each stratum, shape (n_strata, k), by `_expect_unseen`.
        design: of the units.

    Returns:
        Shape (2, k).
    """
    share = _mean_in_strata(labels, inside, design)
    of_cluster = np.bincount(design.clusters, at_stake)
    by_clusters = _UNSEEN * ((of_cluster**2).sum() ** 2 - (at_stake**2).sum() ** 2)
    charges = []
    for is_quiet in (share == 1, share == 0):
        of_unit = np.where(is_quiet[design.strata] & inside[:, None], of_cluster[design.clusters][:, None], 0)
        quiet = np.minimum(_UNSEEN * of_unit.max(axis=0) ** 2, (expected * is_quiet).sum(axis=0))
        charges.append(np.maximum(quiet, by_clusters))
    return np.stack(charges)


def _mean_in_strata(values: Floats, inside: Mask, design: Design) -> Floats:
    """Means of values (n, k) over the units of the domain in each stratum, shape (n_strata, k); 0 where none is."""
    sizes = np.bincount(design.strata, inside)
    return _sum_groups(values * inside[:, None], design.strata) / np.maximum(sizes, 1)[:, None]


def _leverage(design: Design, weights: Floats) -> Floats:
    """How far each residual is drawn to zero by the mean of its stratum or of the domain, shape (n,)."""
    in_stratum = _clusters_of_strata(design)[design.strata]
    in_domain = np.bincount(design.clusters, weights)[design.clusters]
    leverage = np.maximum(np.where(in_stratum > 1, 1 / in_stratum, 0), in_domain)
    return np.minimum(leverage, _LARGEST_LEVERAGE)


def _sum_clusters(residuals: Floats, stretch: Floats, design: Design) -> Floats:
    """Residuals (n, k), weighted, centred within strata, stretched and summed: shape (n_clusters, k).

    A stratum with a single cluster has no spread of its own and is centred at the overall mean, zero.
    """
    sizes = np.bincount(design.strata)
    centres = _sum_groups(residuals, design.strata) / np.maximum(sizes, 1)[:, None]
    centres[_clusters_of_strata(design) < 2] = 0  # noqa: PLR2004 - one cluster has no spread
    return _sum_groups((residuals - centres[design.strata]) * stretch[:, None], design.clusters)


def _sum_groups(values: Floats, groups: Integers) -> Floats:
    """Rows (n, k) summed by group: shape (n_groups, k)."""
    return np.stack([np.bincount(groups, column) for column in values.T], axis=1)


def _clusters_of_strata(design: Design) -> Integers:
    pairs = np.unique(design.strata * (int(design.clusters.max()) + 1) + design.clusters)
    return np.bincount(pairs // (int(design.clusters.max()) + 1))


def _degrees_of_freedom(design: Design, inside: Mask) -> float:
    """Clusters of the domain less the means that centre them, a stratum counting as far as it lies inside."""
    sizes, sizes_inside = np.bincount(design.strata), np.bincount(design.strata, inside)
    n_means = max(1.0, float((sizes_inside / np.maximum(sizes, 1)).sum()))
    return len(np.unique(design.clusters[inside])) - n_means


def wilson_bounds(
    value: Floats, variance: Floats, spread: Floats | float, quantile: Floats | float
) -> tuple[Floats, Floats]:
    """Wilson's interval with an effective sample size; `spread` is one over that of a plain sample.

    The arguments are broadcast against one another. Where all units of the domain are labelled, `spread` is 0 and the
    interval is the value.
    """
    value, variance, spread, quantile = np.broadcast_arrays(
        *map(np.asarray, (value, variance, spread, quantile))
    )
    is_sampled = spread > 0
    size = 1 / np.where(is_sampled, spread, 1.0)
    smoothed = (value * size + 0.5) / (size + 1)  # so that a share of 0 or 1 has a spread too
    effective = np.divide(smoothed * (1 - smoothed), variance, out=size.copy(), where=variance > 0)
    shift = quantile**2 / effective
    middle = (value + shift / 2) / (1 + shift)
    half = np.sqrt(shift * (value * (1 - value) + shift / 4)) / (1 + shift)
    low, high = np.clip(middle - half, 0, value), np.clip(middle + half, value, 1)
    return np.where(is_sampled, low, value), np.where(is_sampled, high, value)


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    """The quotient, and 0 where it has none."""
    out = np.zeros(np.broadcast_shapes(numerator.shape, denominator.shape))
    return np.divide(numerator, denominator, out=out, where=denominator > 0)
