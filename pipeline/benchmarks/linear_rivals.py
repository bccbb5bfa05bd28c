"""Rivals with a linear head: word TF-IDF, and sentence vectors of the encoder left as it is.

Both get what a careful user gives them: balanced class weights, and strength of regularisation and thresholds
chosen together for best macro-F1 on out-of-fold probabilities, in folds that keep copies together.
"""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from pipeline.benchmarks.rivals import Decided, Thresholds, best_thresholds, decide, macro_f1
from pipeline.classifiers.protocols import Probabilities
from pipeline.data.labels.splits import Folds, join_folds

_threadpools: Any = importlib.import_module("threadpoolctl")  # scikit-learn's; it has no types

C_GRID = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
INNER_FOLDS = 5
_MAX_ITERATIONS = 1000

NewFeatures = Callable[[], Any]  # makes what turns texts into rows: fit_transform(texts), transform(texts)


class LinearRival:
    """Features of texts and a logistic regression: one for each frame, or one softmax in single-label mode.

    Args:
        new_features: makes the features anew for each fold.
        single_label: one frame a text.
        seed: of folds and solver.
    """

    def __init__(self, new_features: NewFeatures, *, single_label: bool, seed: int) -> None:
        self._new_features = new_features
        self._single_label = single_label
        self._seed = seed
        self._features: Any = None
        self._head: _Head | None = None
        self._thresholds: Thresholds = 0.5

    def fit(self, folds: Folds) -> tuple[str, ...]:
        """Choose C and thresholds out of fold, then fit on all rows of train and dev."""
        rows, clusters = join_folds(folds, ("train", "dev"))
        texts, truth = np.asarray(rows.table["text"], object), rows.indicator()
        by_c = self._out_of_fold(texts, truth, clusters)
        tuned = {c: best_thresholds(truth, unseen) for c, unseen in by_c.items()}
        quality = {
            c: macro_f1(truth, decide(unseen, tuned[c], single_label=self._single_label))
            for c, unseen in by_c.items()
        }
        best = max(quality, key=quality.__getitem__)
        self._thresholds = tuned[best]
        self._features = self._new_features()
        self._head = self._fit_head(self._features.fit_transform(texts), truth, best)
        return (f"C = {best:g}, out-of-fold macro-F1 {quality[best]:.3f}",)

    def predict(self, texts: list[str]) -> tuple[Probabilities, Decided]:
        """Probabilities and decisions."""
        if self._head is None:
            raise RuntimeError("predict was called before fit")
        probabilities = self._head(self._features.transform(texts))
        return probabilities, decide(probabilities, self._thresholds, single_label=self._single_label)

    def _out_of_fold(
        self, texts: NDArray[Any], truth: NDArray[np.int8], clusters: NDArray[np.int64]
    ) -> dict[float, Probabilities]:
        """For each C the probabilities of every row from a model that has not seen it."""
        unseen = {c: np.zeros(truth.shape, np.float32) for c in C_GRID}
        n_folds = min(INNER_FOLDS, len(np.unique(clusters)))
        splitter = GroupKFold(n_folds, shuffle=True, random_state=self._seed)
        for fitted, held_out in splitter.split(texts, groups=clusters):
            features = self._new_features()
            known, new = features.fit_transform(texts[fitted]), features.transform(texts[held_out])
            for c in C_GRID:
                unseen[c][held_out] = self._fit_head(known, truth[fitted], c)(new)
        return unseen

    def _fit_head(self, features: Any, truth: NDArray[np.int8], c: float) -> "_Head":
        # Threads that wait for one another make fits of this size many times slower.
        with _threadpools.threadpool_limits(limits=1, user_api="blas"):
            return self._fit_models(features, truth, c)

    def _fit_models(self, features: Any, truth: NDArray[np.int8], c: float) -> "_Head":
        options = {
            "C": c,
            "class_weight": "balanced",
            "max_iter": _MAX_ITERATIONS,
            "random_state": self._seed,
        }
        if self._single_label:
            model = LogisticRegression(**options).fit(features, truth.argmax(axis=1))
            return _Softmax(model, truth.shape[1])
        models = [
            float(column.mean())
            if column.min() == column.max()
            else LogisticRegression(solver="liblinear", **options).fit(features, column)
            for column in truth.T
        ]
        return _OneVersusRest(models)


_Head = Callable[[Any], Probabilities]


class _Softmax:
    """Probabilities in the columns of all frames, those that were not in the training rows included."""

    def __init__(self, model: LogisticRegression, n_frames: int) -> None:
        self._model = model
        self._n_frames = n_frames

    def __call__(self, features: Any) -> Probabilities:
        found = self._model.predict_proba(features)
        probabilities = np.zeros((len(found), self._n_frames), np.float32)
        probabilities[:, self._model.classes_] = found
        return probabilities


class _OneVersusRest:
    """One regression for each frame; a share stands for a frame that all rows, or none, carried."""

    def __init__(self, models: list[Any]) -> None:
        self._models = models

    def __call__(self, features: Any) -> Probabilities:
        columns = [
            np.full(features.shape[0], model)
            if isinstance(model, float)
            else model.predict_proba(features)[:, 1]
            for model in self._models
        ]
        return np.asarray(np.stack(columns, axis=1), np.float32)


class FrozenVectors:
    """Mean-pooled, normalised sentence vectors of an encoder that is not trained; each text is encoded once.

    Args:
        encoder: folder with a sentence-transformers model.
        known: vectors by text, shared by all folds: they depend on no training row.
    """

    def __init__(self, encoder: Path, known: dict[str, NDArray[np.float32]]) -> None:
        self._encoder = encoder
        self._known = known

    def fit_transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (n_texts, width); nothing is learnt."""
        return self.transform(texts)

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (n_texts, width)."""
        new = sorted({text for text in texts if text not in self._known})
        if new:
            from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - the TF-IDF rival needs no torch

            model = SentenceTransformer(str(self._encoder))
            vectors = model.encode(new, normalize_embeddings=True, show_progress_bar=False)
            self._known.update(zip(new, vectors, strict=True))
        return np.stack([self._known[text] for text in texts])


def word_tfidf() -> TfidfVectorizer:
    """TF-IDF of words and word pairs."""
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
