"""Probabilities for every training row from a classifier that has not seen it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from pipeline.data.labels import LabelledData
from pipeline.errors import DataError
from pipeline.protocols import Classifier, FitContext, Probabilities

N_FOLDS = 3  # a fine-tuned encoder is fitted as often


def out_of_fold_probabilities(
    build: Callable[[], Classifier],
    data: LabelledData,
    clusters: NDArray[np.int64],
    context: FitContext,
    *,
    n_folds: int = N_FOLDS,
) -> Probabilities:
    """Raw probabilities of shape (n, k); row i comes from a classifier fitted without its forward cluster.

    Args:
        build: makes a new, unfitted classifier.
        data: n rows.
        clusters: forward cluster of each row, shape (n,).
        context: seed and progress; each fold works in a folder of its own.
        n_folds: at most; fewer where there are fewer clusters.

    Raises:
        DataError: all rows are one cluster.
    """
    n_folds = min(n_folds, len(np.unique(clusters)))
    if n_folds < 2:  # noqa: PLR2004 - nothing is outside of a single fold
        raise DataError(f"{data.path}: all training rows are near-duplicates of one another")
    texts = np.asarray(data.table["text"], object)
    raw = np.zeros((len(data), len(data.frame_ids)), np.float32)
    splitter = GroupKFold(n_folds, shuffle=True, random_state=context.seed)
    for fold, (fitted, held_out) in enumerate(splitter.split(texts, groups=clusters)):
        context.progress("fitting out of fold", fold, n_folds)
        classifier = build()
        inner = replace(
            context,
            work_folder=context.work_folder / f"fold-{fold}",
            log_metric=_unrecorded,
            progress=_unseen,
        )
        classifier.fit(data.subset(fitted), None, clusters[fitted], inner)
        raw[held_out] = classifier.predict_proba(list(texts[held_out]))
    context.progress("fitting out of fold", n_folds, n_folds)
    return raw


def _unrecorded(_name: str, _value: float, _step: int) -> None:
    """Curves of inner folds would overwrite those of the run."""


def _unseen(_what: str, _done: int, _total: int) -> None:
    """Inner bars would flicker beside the outer one."""
