"""Several scores of one unit as one: weights that are chosen out of fold.

Of m scores f_j (a model's, a colleague's, a keyword list's) of the same units, the one that leaves the smallest
variance of label less score is a weighted sum. Weights that were chosen on the very labels that correct the share would
make it look surer than it is, so the coded units are divided into folds by whole clusters, and in each fold the weights
of the others hold (cross-fitting; Zrnic & Candès 2024, "Cross-prediction-powered inference"; for several predictors at
once compare Breiman 1996, "Stacked regressions"). With the share s_v of the sample's weight in fold v and the mean F_j
of a score over all units, what the mixture expects is sum_v s_v sum_j w_vj F_j: right on average in every fold.

Weights are the least squares solution without negative ones, of centred scores, with one unit's variance added to each
score as in the tuning of the power (`pipeline.prevalence.estimators`), and add up to one: how far the mixture is to be
trusted at all is the power's to say.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import nnls

from pipeline.prevalence.label_designs import Design, Floats, Integers, Mask

FOLDS: Final = 5


@dataclass(frozen=True, eq=False)
class Mixture:
    """How m scores of n coded units are put together.

    Attributes:
        weights: of each score in each fold, shape (n_folds, m, k); they add up to one over the scores.
        folds: of the units, shape (n,).
        predictions: the mixture for each unit, by the weights of the other folds, shape (n, k).
    """

    weights: Floats
    folds: Integers
    predictions: Floats

    def expect(self, means: Floats, design: Design, inside: Mask) -> Floats:
        """Mean of the mixture over all units of a domain, shape (k,).

        Args:
            means: of each score over all units of the domain, shape (m, k).
            design: of the coded units.
            inside: those in the domain, shape (n,).
        """
        shares = np.bincount(self.folds, inside / design.inclusion, minlength=len(self.weights))
        return np.asarray(np.einsum("v,vjk,jk->k", shares / shares.sum(), self.weights, means))

    @property
    def mean_weights(self) -> Floats:
        """Over the folds, shape (m, k)."""
        return np.asarray(self.weights.mean(axis=0))


def mix_scores(labels: Floats, predictions: Floats, design: Design) -> Mixture:
    """Choose the weights.

    Args:
        labels: of the coded units, shape (n, k).
        predictions: the scores of the same units, shape (m, n, k).
        design: of the units.
    """
    m, n, k = predictions.shape
    if m == 1:
        return Mixture(np.ones((1, 1, k)), np.zeros(n, np.int64), predictions[0])
    n_clusters = int(design.clusters.max()) + 1
    folds = (np.random.default_rng(0).permutation(n_clusters) % FOLDS)[design.clusters]
    weights = np.empty((FOLDS, m, k))
    for fold in range(FOLDS):
        known = folds != fold
        for i in range(k):
            weights[fold, :, i] = _choose(
                labels[known, i], predictions[:, known, i].T, 1 / design.inclusion[known]
            )
    return Mixture(weights, folds, np.einsum("njk,jnk->nk", weights[folds], predictions))


def _choose(labels: Floats, scores: Floats, weights: Floats) -> Floats:
    """Weights of m scores, shape (n, m), that add up to one; equal ones where no score says anything."""
    m = scores.shape[1]
    if not len(labels):
        return np.full(m, 1 / m)
    root = np.sqrt(weights / weights.sum())[:, None]
    centred = scores - np.average(scores, axis=0, weights=weights)
    goal = labels - np.average(labels, weights=weights)
    doubt = np.eye(m) / np.sqrt(len(labels))
    found, _ = nnls(np.vstack([root * centred, doubt]), np.append(root[:, 0] * goal, np.zeros(m)))
    return found / found.sum() if found.sum() > 0 else np.full(m, 1 / m)
