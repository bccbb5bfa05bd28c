"""Texts counted once for all folds: what scikit-learn's TfidfVectorizer gives when fitted on some of them.

Cutting texts into n-grams is most of the time of fitting a vectorizer, and does not depend on the fold; which n-grams
are kept, and their weights, does. So all n-grams of all texts are counted once, and a fold takes rows and columns.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion


class CountedTexts:
    """The n-grams of texts, to be weighed.

    Args:
        union: unfitted TfidfVectorizers, which say what is counted and what is kept of it.
        texts: all of them.

    Raises:
        ValueError: no text has a word.
    """

    def __init__(self, union: FeatureUnion, texts: list[str]) -> None:
        self._union = union
        self._parts = [_CountedPart(vectorizer, texts) for _, vectorizer in union.transformer_list]

    def fit(
        self, rows: NDArray[np.int64], unseen: NDArray[np.int64]
    ) -> tuple[FeatureUnion, csr_matrix, csr_matrix]:
        """Fit on some rows.

        Args:
            rows: of texts to learn vocabulary and weights from, shape (n,).
            unseen: of texts that are only transformed, shape (m,).

        Returns:
            The fitted union, and features of shapes (n, n_features) and (m, n_features).

        Raises:
            ValueError: nothing is left of the vocabulary.
        """
        fitted, of_rows, of_unseen = zip(*(part.fit(rows, unseen) for part in self._parts), strict=True)
        names = [name for name, _ in self._union.transformer_list]
        union = FeatureUnion(list(zip(names, fitted, strict=True)))
        return union, hstack(of_rows, "csr"), hstack(of_unseen, "csr")


class _CountedPart:
    def __init__(self, vectorizer: TfidfVectorizer, texts: list[str]) -> None:
        self._vectorizer = vectorizer
        every = clone(vectorizer).set_params(min_df=1, max_features=None)
        self._counts: csr_matrix = CountVectorizer.fit_transform(every, texts)
        self._terms: NDArray[np.str_] = every.get_feature_names_out()

    def fit(
        self, rows: NDArray[np.int64], unseen: NDArray[np.int64]
    ) -> tuple[TfidfVectorizer, csr_matrix, csr_matrix]:
        counts = self._counts[rows]
        kept = self._choose_columns(counts)
        weighing = TfidfTransformer(sublinear_tf=self._vectorizer.sublinear_tf)
        features = weighing.fit_transform(counts[:, kept])
        fitted = clone(self._vectorizer).set_params(vocabulary=self._terms[kept].tolist())
        fitted.idf_ = weighing.idf_
        if not len(unseen):  # scikit-learn refuses no rows
            return fitted, features, features[:0]
        return fitted, features, weighing.transform(self._counts[unseen][:, kept])

    def _choose_columns(self, counts: csr_matrix) -> NDArray[np.int64]:
        """Those in `min_df` texts, the most frequent `max_features` of them; in order."""
        kept = np.flatnonzero(
            np.bincount(counts.indices, minlength=counts.shape[1]) >= self._vectorizer.min_df
        )
        if not len(kept):
            raise ValueError("After pruning, no terms remain. Try a lower min_df.")
        most = self._vectorizer.max_features
        if len(kept) > most:
            frequency = np.asarray(counts[:, kept].sum(axis=0)).ravel()
            kept = kept[np.sort(np.argsort(-frequency)[:most])]
        return kept
