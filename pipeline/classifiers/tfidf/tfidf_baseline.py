"""The baseline: TF-IDF of words and character n-grams, one-vs-rest logistic regression with class weights.

Every choice that a fair baseline needs is made on the training rows alone: the regularisation strength is the
one of best mean average precision over inner folds that keep clusters of copies together. Character n-grams
inside word borders carry inflected languages (Russian, Ukrainian) without a stemmer; in Chinese, Japanese and Thai
they run through whole clauses.
"""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import FeatureUnion

from pipeline.classifiers.protocols import FitContext, FitSummary, Probabilities
from pipeline.classifiers.tfidf.counted_texts import CountedTexts
from pipeline.classifiers.tfidf.tfidf_scoring import FastTfidf
from pipeline.config.model import TfidfSettings
from pipeline.data.labels.labelled_rows import LabelledData
from pipeline.data.text.word_pattern import WORD
from pipeline.errors import DataError, ModelError
from pipeline.files.array_files import read_arrays
from pipeline.files.cores import count_cores
from pipeline.files.json_files import write_json
from pipeline.measures.metrics import mean_average_precision

_SETTINGS_FILE = "classifier.json"
_VOCABULARY_FILE = "vocabulary.json"
_WEIGHTS_FILE = "weights.npz"
_MAX_ITERATIONS = 1000
# What is a word, by the rules that a model was trained with
_WORD_OF_RULES = {1: r"\w+", 2: WORD}  # one-letter words too: they are prepositions in Russian and Ukrainian


class TfidfBaseline:
    """A linear model for each frame over shared TF-IDF features.

    Args:
        settings: n-gram ranges, vocabulary limits, the grid of C.
        labels: frame ids in column order.
        single_label: probabilities of a softmax over frames in place of one sigmoid a frame.
    """

    kind: ClassVar[str] = "tfidf"
    needs_dev: ClassVar[bool] = False
    word_rules: int = 2

    def __init__(self, settings: TfidfSettings, labels: tuple[str, ...], *, single_label: bool) -> None:
        self.settings = settings
        self.labels = labels
        self.single_label = single_label
        self._vectorizer: FeatureUnion = None
        self._scoring: list[TfidfVectorizer | FastTfidf] = []  # the same features, sooner
        self._weights = np.zeros((0, len(labels)), np.float32)  # (n_features, k)
        self._offsets = np.zeros(len(labels), np.float32)

    def fit(
        self,
        train: LabelledData,
        dev: LabelledData | None,  # noqa: ARG002 - the protocol's; nothing here stops early
        clusters: NDArray[np.int64],
        context: FitContext,
    ) -> FitSummary:
        """Choose C over inner folds, then fit on all rows; `clusters` of shape (n_train,)."""
        texts, truth = context.add_codebook_texts(train)
        with self._explain_no_words(len(texts)):
            counted = CountedTexts(self._new_vectorizer(), texts)
        best_c, held_out = self._choose_c(counted, truth, clusters, context)
        vectorizer, features, _ = self._fit_vectorizer(counted, np.arange(len(texts)))
        self._keep(vectorizer)
        self._weights, self._offsets = self._solve(features, truth, best_c)
        figures = {"chosen_c": best_c, "features": float(self._weights.shape[0])}
        return FitSummary(figures, out_of_fold=held_out)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities before calibration, shape (n_texts, n_frames)."""
        self._fitted()
        if not len(texts):
            return np.zeros((0, len(self.labels)), np.float32)
        scores, start = self._offsets, 0
        for part in self._scoring:
            features = part.transform(texts)
            end = start + features.shape[1]
            scores, start = scores + features @ self._weights[start:end], end
        return _to_probabilities(scores, single_label=self.single_label)

    def linear_parts(self) -> Iterator[tuple[TfidfVectorizer, NDArray[np.float32]]]:
        """Each vectorizer with the weights of its features, shape (n_features, k).

        Scores before the logistic function are `offsets` plus the sum of features times weights over the parts.
        """
        start = 0
        for _, part in self._fitted().transformer_list:
            end = start + len(part.vocabulary_)
            yield part, self._weights[start:end]
            start = end

    @property
    def offsets(self) -> NDArray[np.float32]:
        """Intercept of each frame, shape (k,)."""
        return self._offsets

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """None, shape (n_texts,): every text is read to its end."""
        return np.zeros(len(texts), bool)

    def save(self, folder: Path) -> None:
        """Vocabulary and settings as JSON, weights as plain arrays: the same training gives the same bytes."""
        parts = dict(self._fitted().transformer_list)
        vocabularies = {
            name: sorted(part.vocabulary_, key=part.vocabulary_.__getitem__) for name, part in parts.items()
        }
        (folder / _VOCABULARY_FILE).write_text(json.dumps(vocabularies, ensure_ascii=False), encoding="utf-8")
        idf = {f"idf_{name}": part.idf_ for name, part in parts.items()}
        np.savez(folder / _WEIGHTS_FILE, weights=self._weights, offsets=self._offsets, **idf)
        described = {
            "settings": self.settings.model_dump(mode="json"),
            "labels": self.labels,
            "single_label": self.single_label,
            "word_rules": self.word_rules,
        }
        write_json(folder / _SETTINGS_FILE, described)

    @classmethod
    def load(cls, folder: Path) -> "TfidfBaseline":
        """Read what `save` wrote.

        Raises:
            ModelError: a file is missing, damaged or holds a type that is not trusted.
        """
        try:
            described = json.loads((folder / _SETTINGS_FILE).read_text(encoding="utf-8"))
            model = cls(
                TfidfSettings.model_validate(described["settings"]),
                tuple(described["labels"]),
                single_label=described["single_label"],
            )
            model.word_rules = described.get("word_rules", 1)  # the first rules were not written down
            vocabularies = json.loads((folder / _VOCABULARY_FILE).read_text(encoding="utf-8"))
            vectorizer = model._new_vectorizer(vocabularies)
            n_features = sum(len(vocabularies[name]) for name, _ in vectorizer.transformer_list)
            arrays = read_arrays(folder / _WEIGHTS_FILE)
            model._weights = arrays["weights"].reshape(n_features, len(model.labels))
            model._offsets = arrays["offsets"].reshape(len(model.labels))
            for name, part in vectorizer.transformer_list:
                part.idf_ = arrays[f"idf_{name}"]
            model._keep(vectorizer)
        except Exception as error:  # noqa: BLE001 - damaged archives raise anything inside the readers
            raise ModelError(f"{folder}: not a readable baseline: {error}") from None
        return model

    def _choose_c(
        self, counted: CountedTexts, truth: NDArray[np.int8], clusters: NDArray[np.int64], context: FitContext
    ) -> tuple[float, Probabilities | None]:
        """The best C, and with it the probabilities (n, k) of rows by models that had not seen them.

        The first n texts are the rows, which have clusters; every model learns from what comes after them.
        """
        grid = self.settings.c_grid
        n_folds = min(self.settings.inner_folds, len(np.unique(clusters)))
        if n_folds < 2:  # noqa: PLR2004 - one fold leaves nothing to validate on
            return float(grid[len(grid) // 2]), None
        n = len(clusters)
        known, always = truth[:n], np.arange(n, len(truth))
        scores = np.zeros((len(grid), *known.shape), np.float32)
        folds = GroupKFold(n_folds, shuffle=True, random_state=context.seed).split(known, groups=clusters)
        for fold, (rows, held_out) in enumerate(folds):
            fitted = np.concatenate([rows, always])
            _, features, unseen = self._fit_vectorizer(counted, fitted, held_out)
            for i, c in enumerate(grid):
                context.progress("baseline: choosing C", fold * len(grid) + i + 1, n_folds * len(grid))
                weights, offsets = self._solve(features, truth[fitted], c)
                scores[i, held_out] = unseen @ weights + offsets
        quality = [mean_average_precision(known, of_c) for of_c in scores]
        for c, value in zip(grid, quality, strict=True):
            if value is not None:
                context.log_metric(f"inner_mean_average_precision_c_{c:g}", value, 0)
        best = int(np.argmax([value or 0.0 for value in quality]))
        return float(grid[best]), _to_probabilities(scores[best], single_label=self.single_label)

    def _fit_vectorizer(
        self, counted: CountedTexts, rows: NDArray[np.int64], unseen: Sequence[int] | NDArray[np.int64] = ()
    ) -> tuple[FeatureUnion, csr_matrix, csr_matrix]:
        """A vectorizer as if fitted on the texts of some rows, and the features of those and of unseen rows."""
        with self._explain_no_words(len(rows)):
            return counted.fit(rows, np.asarray(unseen, np.int64))

    @contextmanager
    def _explain_no_words(self, n_texts: int) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise DataError(
                f"{n_texts} training texts leave the baseline no vocabulary ({error}): label more of them, or "
                f"lower model.min_df, which is {self.settings.min_df}"
            ) from None

    def _new_vectorizer(self, vocabularies: Mapping[str, Sequence[str]] | None = None) -> FeatureUnion:
        """Unfitted, or with the vocabularies of a fitted one."""
        words, characters = self.settings.word_ngrams, self.settings.char_ngrams
        known = vocabularies or {}

        def part(name: str, **options: Any) -> tuple[str, TfidfVectorizer]:
            limits = {"min_df": self.settings.min_df, "max_features": self.settings.max_features}
            common = {"sublinear_tf": True, "lowercase": True, "dtype": np.float32}
            return name, TfidfVectorizer(vocabulary=known.get(name), **common, **limits, **options)

        parts = [part("words", ngram_range=words, token_pattern=_WORD_OF_RULES[self.word_rules])]
        if characters is not None:
            parts.append(part("characters", ngram_range=characters, analyzer="char_wb"))
        return FeatureUnion(parts)

    def _keep(self, vectorizer: FeatureUnion) -> None:
        self._vectorizer = vectorizer
        self._scoring = [
            FastTfidf(part) if part.analyzer == "char_wb" else part for _, part in vectorizer.transformer_list
        ]

    def _fitted(self) -> FeatureUnion:
        if self._vectorizer is None:
            raise ModelError("this baseline was neither fitted nor loaded")
        return self._vectorizer

    def _solve(
        self, features: csr_matrix, truth: NDArray[np.int8], c: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weights (n_features, k) and offsets (k,) of one regression for each frame.

        The primal solver takes no random numbers, so frames may be solved side by side (liblinear leaves the
        interpreter's lock) and still come out the same to the last bit; the dual one shares a generator.
        """
        weights = np.zeros((features.shape[1], len(self.labels)), np.float32)
        offsets = np.zeros(len(self.labels), np.float32)
        features.sort_indices()  # scikit-learn does it in place, which threads must not do at once

        def solve(k: int) -> None:
            positives = int(truth[:, k].sum())
            if positives in {0, len(truth)}:  # nothing to learn: the base rate, smoothed, is all there is
                offsets[k] = np.log((positives + 0.5) / (len(truth) - positives + 0.5))
                return
            ratio = ((len(truth) - positives) / positives) ** self.settings.class_weight_power
            model = LogisticRegression(
                C=c, solver="liblinear", class_weight={0: 1.0, 1: ratio}, max_iter=_MAX_ITERATIONS
            )
            model.fit(features, truth[:, k])
            weights[:, k], offsets[k] = model.coef_[0], model.intercept_[0]

        with warnings.catch_warnings(), ThreadPoolExecutor(count_cores()) as threads:
            # Where texts repeat, the last digits may go on changing long after the ranking stands still.
            warnings.simplefilter("ignore", ConvergenceWarning)
            list(threads.map(solve, range(len(self.labels))))
        return weights, offsets


def _to_probabilities(scores: NDArray[np.float32], *, single_label: bool) -> Probabilities:
    if single_label:
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
    return np.asarray(np.exp(-np.logaddexp(0.0, -scores)), np.float32)
