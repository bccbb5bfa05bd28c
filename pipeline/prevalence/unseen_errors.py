"""What a sample did not show: variance that is charged for labels which might have been seen and were not.

Labels that show nothing do not prove that there is nothing. Half a label more is therefore expected: where predictions
are used, one miss and one false alarm with half an average cluster's weight each (`charge_errors`); where only labels
are used, half a label of the heaviest unit in a stratum whose labels are all alike, or of an average cluster
(`charge_labels`). Compare the pseudo-counts of Agresti & Coull (1998), "Approximate is better than exact". This is
ours; without it, intervals for rare frames hold the truth in 70 to 90 % of samples in place of 95 %.

Where strata are many, or the model is sure of one, the charge is no more than the sum over strata of what each might
have shown (`expect_unseen`): the heaviest unit alone would widen the interval of a share of 1.5 % by a third if strata
are made by score. That trusts a model where it is sure, as far as it was calibrated: on the whole. In a part of the
output, a channel or a month, it may be wrong where it is right elsewhere, and few coded units of the part lie in the
stratum of which it is sure, so that often none of its errors is seen: `limit_local`.

Each end of an interval bears what lies on its side: misses the upper, false alarms the lower.
"""

from typing import Final

import numpy as np

from pipeline.prevalence.label_designs import Floats, LabelledDomain, divide

_UNSEEN: Final = 0.5  # weight of a label that the sample might have shown
# Likewise, where the model is sure of a stratum: labels among all clusters of the sample. With a third of it, intervals
# of scored samples hold the truth in 85 % where the model is sure and wrong (see the claims about shares).
_LEAST_UNSEEN: Final = 0.3
_WRONG_IN_PART: Final = 0.3  # of what the model takes for one kind in a stratum
_ERRORS_TO_END: Final = 2.0  # standard errors from a share to the end of its interval


def expect_unseen(doubt: Floats, domain: LabelledDomain) -> Floats:
    """Variance, shape (n_strata, k), of labels that each stratum might have shown once more, and did not.

    The chance of such a label is half a one among the stratum's clusters, but no more than the predictions expect
    there (`doubt`, f(1 - f) of each unit, shape (n, k)) or than three tenths of one among all clusters of the sample,
    whichever is larger: a stratum of units that the model holds for certain is not as open as one of which nothing
    is known.
    """
    chance = np.maximum(domain.mean_in_strata(doubt), _LEAST_UNSEEN / domain.n_clusters)
    return np.minimum(_open_strata(domain), domain.strata[1][:, None] * chance)


def limit_local(predictions: Floats, shares: Floats, domain: LabelledDomain) -> Floats:
    """As `expect_unseen`, for a model that errs in this domain alone: shape (2, n_strata, k).

    Of what it takes for positive in a stratum up to three tenths may be false alarms (first), of the rest as much may
    be misses (second); but in no stratum a larger part than the domain is thought to have of the kind that they truly
    are. The variance is such that an end of the interval reaches that far, and no more than half a label of an average
    cluster. It counts as far as the sample lies outside the domain; for the whole it is nothing.

    Args:
        predictions: shape (n, k).
        shares: of positives in the domain, by labels and by predictions, shape (2, k).
        domain: its labelled units.
    """
    size = domain.weigh_in_strata(np.ones_like(predictions))
    false_alarms = np.minimum(
        _WRONG_IN_PART * domain.weigh_in_strata(predictions), size * (1 - shares.min(axis=0))
    )
    misses = np.minimum(_WRONG_IN_PART * domain.weigh_in_strata(1 - predictions), size * shares.max(axis=0))
    variance = (np.stack([false_alarms, misses]) / _ERRORS_TO_END) ** 2 / 2  # `charge_errors` doubles it
    return np.asarray(domain.outside * np.minimum(_open_strata(domain), variance))


def charge_errors(predictions: Floats, expected: Floats, local: Floats, domain: LabelledDomain) -> Floats:
    """Variance of errors of the model that were not seen: below the share and above, shape (2, k).

    A unit with the probability f that was not seen is a miss with the chance f, which moves the share up by 1 - f, and
    a false alarm with 1 - f, which moves it down by f: of its variance f(1 - f) the part f lies below. A normal
    distribution has half on either side, so an end bears twice its side's part, and never more than all.

    Args:
        predictions: shape (n, k).
        expected: of each stratum, by `expect_unseen`.
        local: likewise, by `limit_local`.
        domain: its labelled units.
    """
    chance = np.clip(predictions, 1e-6, 1 - 1e-6)
    doubt = chance * (1 - chance)
    below = divide(domain.mean_in_strata(doubt * chance), domain.mean_in_strata(doubt))
    borne = np.minimum(1, 2 * np.stack([below, 1 - below]))
    of_all = 2 * np.minimum(_UNSEEN * domain.spread**2, expected.sum(axis=0))
    charges = of_all * divide((expected * borne).sum(axis=1), expected.sum(axis=0))
    return np.asarray(np.maximum(charges, 2 * local.sum(axis=1)))


def charge_labels(labels: Floats, expected: Floats, local: Floats, domain: LabelledDomain) -> Floats:
    """Variance of half a label that strata and clusters might have shown and did not: below the share and above.

    Args:
        labels: shape (n, k).
        expected: of each stratum, by `expect_unseen`.
        local: likewise, by `limit_local`.
        domain: its labelled units.

    Returns:
        Shape (2, k).
    """
    share = domain.mean_in_strata(labels)
    by_clusters = _UNSEEN * (domain.spread**2 - (domain.at_stake**2).sum() ** 2)
    of_unit = np.where(domain.inside, domain.of_clusters[domain.design.clusters], 0)[:, None]
    charges = []
    for is_quiet, in_domain in zip((share == 1, share == 0), local, strict=True):
        heaviest = (of_unit * is_quiet[domain.design.strata]).max(axis=0)
        in_strata = (np.maximum(expected, in_domain) * is_quiet).sum(axis=0)
        charges.append(np.maximum(np.minimum(_UNSEEN * heaviest**2, in_strata), by_clusters))
    return np.stack(charges)


def _open_strata(domain: LabelledDomain) -> Floats:
    """Variance of half a label of an average cluster of each stratum, shape (n_strata, 1)."""
    clusters, squared = domain.strata
    return np.asarray((_UNSEEN * squared / np.maximum(clusters, 1))[:, None])
