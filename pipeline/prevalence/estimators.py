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

1. Labels that show nothing do not prove that there is nothing: `pipeline.prevalence.unseen_errors` says what is charged
   for labels that might have been seen. Errors of the model count power^2 times, labels 1 - power^2 times. Power is
   tuned with the first in view, so it shrinks towards 0 where labels are few.
2. Power is fitted on the same labels: residuals are stretched by their leverage in that fit.
3. The interval is Wilson's (1927) with an effective sample size p(1 - p) / variance and a t quantile in place of
   the normal one (Dean & Pagano 2015, "Evaluating confidence interval methods for binomial proportions in
   clustered surveys"; Franco et al. 2019, "Comparative study of confidence intervals for proportions in complex
   sample surveys"). It stays within [0, 1] and is not empty when no label is positive. Wilson's rests on a variance
   that grows with the share. In a part of the output, where a few heavy units show the model's errors or do not, it
   grows faster: the estimate is low just when few misses were seen, and looks sure. There the skewness of the residuals
   (sum of cubes over sum of squares) takes the place of Wilson's at the end where it is larger, as far as the sample
   lies outside the part (compare Johnson 1978, "Modified t tests and confidence intervals for asymmetrical
   populations").

`python -m pipeline.benchmarks.share_coverage` shows how often such intervals hold the true share.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import t as student

from pipeline.prevalence.label_designs import (
    Design,
    Floats,
    Integers,
    LabelledDomain,
    Mask,
    divide,
    sum_groups,
)
from pipeline.prevalence.unseen_errors import charge_errors, charge_labels, expect_unseen, limit_local

_LARGEST_LEVERAGE: Final = 0.75


@dataclass(frozen=True, eq=False)
class Shares:
    """Estimates of k frames, each array of shape (k,).

    Attributes:
        value: share, in [0, 1].
        low: lower end of the interval.
        high: upper end of the interval.
        variance: of the share: the sum of squares of its column of `residuals`, and the larger charge.
        power: weight of the predictions, in [0, 1].
        residuals: linearised, of each cluster, shape (n_clusters, k); those of two domains give their covariance.
        charges: variance for what the sample did not show, at the lower and at the upper end, shape (2, k).
        skew: how much more the variance grows with the share than a plain sample's, see `wilson_bounds`.
        spread: one over the effective size of the sample if all shares were estimated from labels.
        freedom: degrees of freedom of the variance.
    """

    value: Floats
    low: Floats
    high: Floats
    variance: Floats
    power: Floats
    residuals: Floats
    charges: Floats
    skew: Floats
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
    domain = LabelledDomain(design, inside)
    weights = domain.weights
    label_means, sample_means = weights @ labels, weights @ predictions
    stretch = np.sqrt((1 - design.inclusion) / (1 - _leverage(domain)))
    of_labels = _sum_clusters(weights[:, None] * (labels - label_means), stretch, design)
    of_predictions = _sum_clusters(weights[:, None] * (predictions - sample_means), stretch, design)
    may_trust = power is None or power > 0  # estimates from labels alone know no predictions
    doubt = predictions * (1 - predictions) if may_trust else np.ones_like(predictions)
    expected = expect_unseen(doubt, domain)
    local = limit_local(predictions, np.stack([label_means, prediction_means]), domain)
    label_charges = charge_labels(labels, expected, local, domain)
    error_charges = charge_errors(predictions, expected, local, domain)

    curvature = (of_predictions**2).sum(axis=0) + error_charges.max(axis=0)
    if power is None:
        # What is left where sums cancel differs between processors and is no slope that was fitted
        slope = divide((of_predictions * of_labels).sum(axis=0), curvature).round(12)
        powers = np.clip(slope, 0, 1)
        is_fitted = (slope > 0) & (slope < 1)
    else:
        powers, is_fitted = np.full(len(label_means), float(power)), np.zeros(len(label_means), bool)
    fit_leverage = np.where(is_fitted, divide(of_predictions**2, curvature), 0)
    residuals = (of_labels - powers * of_predictions) / np.sqrt(1 - fit_leverage)
    seen = (residuals**2).sum(axis=0)
    charges = powers**2 * error_charges + (1 - powers**2) * label_charges
    charges = np.maximum(
        charges, powers * 2 * local.sum(axis=1)
    )  # a label that is wrong moves all of its weight
    variance = seen + charges.max(axis=0)
    value = np.clip(label_means + powers * (prediction_means - sample_means), 0, 1)
    freedom = max(_degrees_of_freedom(domain) - (power is None), 1.0)
    spread = domain.spread
    of_share = (1 - 2 * value) / _effective_size(value, variance, spread)
    skew = domain.outside * (divide((residuals**3).sum(axis=0), variance) - of_share)
    quantile = student.ppf((1 + confidence) / 2, freedom)
    low, _ = wilson_bounds(value, seen + charges[0], spread, quantile, skew)
    _, high = wilson_bounds(value, seen + charges[1], spread, quantile, skew)
    return Shares(value, low, high, variance, powers, residuals, charges, skew, spread, freedom)


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


def _leverage(domain: LabelledDomain) -> Floats:
    """How far each residual is drawn to zero by the mean of its stratum or of the domain, shape (n,)."""
    design = domain.design
    in_stratum = _clusters_of_strata(design)[design.strata]
    in_domain = np.bincount(design.clusters, domain.weights)[design.clusters]
    leverage = np.maximum(np.where(in_stratum > 1, 1 / in_stratum, 0), in_domain)
    return np.minimum(leverage, _LARGEST_LEVERAGE)


def _sum_clusters(residuals: Floats, stretch: Floats, design: Design) -> Floats:
    """Residuals (n, k), weighted, centred within strata, stretched and summed: shape (n_clusters, k).

    A stratum with a single cluster has no spread of its own and is centred at the overall mean, zero.
    """
    sizes = np.bincount(design.strata)
    centres = sum_groups(residuals, design.strata) / np.maximum(sizes, 1)[:, None]
    centres[_clusters_of_strata(design) < 2] = 0  # noqa: PLR2004 - one cluster has no spread
    return sum_groups((residuals - centres[design.strata]) * stretch[:, None], design.clusters)


def _clusters_of_strata(design: Design) -> Integers:
    return LabelledDomain(design, np.ones(len(design), bool)).strata[0]


def _degrees_of_freedom(domain: LabelledDomain) -> float:
    """Clusters of the domain less the means that centre them, a stratum counting as far as it lies inside."""
    strata = domain.design.strata
    sizes, sizes_inside = np.bincount(strata), np.bincount(strata, domain.inside)
    return domain.n_clusters - max(1.0, float((sizes_inside / np.maximum(sizes, 1)).sum()))


def wilson_bounds(
    value: Floats,
    variance: Floats,
    spread: Floats | float,
    quantile: Floats | float,
    skew: Floats | float = 0.0,
) -> tuple[Floats, Floats]:
    """Wilson's interval with an effective sample size; `spread` is one over that of a plain sample.

    The ends are the shares s from which the value is a quantile q away, (s - value)^2 = q^2 (variance at s), where the
    variance at s is s(1 - s) over the effective size: it changes by its skewness for each step from the value. `skew`
    is added to that where it widens: at the upper end if positive, at the lower if negative.

    The arguments are broadcast against one another. Where all units of the domain are labelled, `spread` is 0 and the
    interval is the value.
    """
    value, variance, spread, quantile, skew = np.broadcast_arrays(
        *map(np.asarray, (value, variance, spread, quantile, skew))
    )
    is_sampled = spread > 0
    shift = quantile**2 / _effective_size(value, variance, spread)
    start = shift * value * (1 - value)
    ends = []
    for side, widening in ((-1, np.minimum(skew, 0)), (1, np.maximum(skew, 0))):
        slope = shift * (1 - 2 * value) + quantile**2 * widening
        step = (slope + side * np.sqrt(slope**2 + 4 * (1 + shift) * start)) / (2 * (1 + shift))
        ends.append(np.where(is_sampled, value + step, value))
    return np.clip(ends[0], 0, value), np.clip(ends[1], value, 1)


def _effective_size(value: Floats, variance: Floats, spread: Floats | float) -> Floats:
    """Of the plain sample with this variance; a share of 0 or 1 is smoothed so that it has a spread too."""
    value, variance, spread = np.broadcast_arrays(value, variance, spread)
    size = 1 / np.where(spread > 0, spread, 1.0)
    smoothed = (value * size + 0.5) / (size + 1)
    return np.divide(smoothed * (1 - smoothed), variance, out=size, where=variance > 0)
