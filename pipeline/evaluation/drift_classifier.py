"""How well a classifier tells two sets of texts apart: near 0.5, they are alike; near 1, they hardly overlap.

Also called a classifier two-sample test (Lopez-Paz & Oquab 2017, "Revisiting classifier two-sample tests").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline

from pipeline.data.copies.near_duplicates import cluster_texts
from pipeline.errors import DataError
from pipeline.measures.intervals import Estimate, as_estimate
from pipeline.scoring.drift_reference import find_words

MOST_TEXTS: Final = 3000  # of each set
FEWEST_TEXTS: Final = 20
N_FOLDS: Final = 5
_SAMPLES: Final = 300
_CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class DomainSeparation:
    """Area under the curve of telling new texts from training texts, with a 95 % cluster-bootstrap interval.

    Attributes:
        auc: 0.5 to 1 in effect.
        n_then: training texts compared; n_now: new texts, texts that stand in both sets left out of both.
        n_shared: distinct texts that stood in both sets.
    """

    auc: Estimate
    n_then: int
    n_now: int
    n_shared: int


def separate_domains(then: Sequence[str], now: Sequence[str], *, seed: int) -> DomainSeparation:
    """Cross-validated word TF-IDF and logistic regression, copies kept in one fold.

    Args:
        then: training texts.
        now: new texts.
        seed: of the drawing, the folds and the bootstrap.

    Raises:
        DataError: too few different texts.
    """
    shared = set(then) & set(now)
    generator = np.random.default_rng(seed)
    old, new = (_draw(set(texts) - shared, generator) for texts in (then, now))
    if min(len(old), len(new)) < FEWEST_TEXTS:
        raise DataError(
            f"telling training texts from new ones needs {FEWEST_TEXTS} different texts of each; received {len(old)} "
            f"and {len(new)} that do not stand in both: leave out --labelled"
        )
    texts = np.array([*old, *new], object)
    is_new = np.repeat([0, 1], [len(old), len(new)])
    clusters = cluster_texts(list(texts))
    scores = np.zeros(len(texts))
    for fitted, held_out in GroupKFold(N_FOLDS, shuffle=True, random_state=seed).split(
        texts, groups=clusters
    ):
        model = make_pipeline(
            TfidfVectorizer(tokenizer=find_words, token_pattern=None, sublinear_tf=True),
            LogisticRegression(C=10.0, solver="liblinear", class_weight="balanced", random_state=seed),
        )
        scores[held_out] = model.fit(texts[fitted], is_new[fitted]).decision_function(texts[held_out])
    return DomainSeparation(
        _estimate_auc(is_new, scores, clusters, generator), len(old), len(new), len(shared)
    )


def _draw(texts: set[str], generator: np.random.Generator) -> list[str]:
    ordered = sorted(texts)
    if len(ordered) <= MOST_TEXTS:
        return ordered
    chosen = generator.choice(len(ordered), MOST_TEXTS, replace=False)
    return [ordered[i] for i in np.sort(chosen)]


def _estimate_auc(
    is_new: NDArray[Any],
    scores: NDArray[np.float64],
    clusters: NDArray[np.int64],
    generator: np.random.Generator,
) -> Estimate:
    numbers = np.unique(clusters, return_inverse=True)[1].reshape(-1)
    n_clusters = int(numbers.max()) + 1
    draws = generator.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), size=_SAMPLES)
    replicates = np.array([_auc(is_new, scores, drawn[numbers]) for drawn in draws])
    value = float(roc_auc_score(is_new, scores))
    return as_estimate(value, replicates, _CONFIDENCE, n_clusters=n_clusters)


def _auc(is_new: NDArray[Any], scores: NDArray[np.float64], weights: NDArray[np.int64]) -> float:
    kept = weights > 0
    if len(np.unique(is_new[kept])) < 2:  # noqa: PLR2004 - the area needs both classes
        return float("nan")
    return float(roc_auc_score(is_new[kept], scores[kept], sample_weight=weights[kept]))
