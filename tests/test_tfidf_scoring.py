"""The fast way to character n-grams gives what scikit-learn's vectorizer gives, for any text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import FRAMES, each_its_own_cluster, quiet_context, toy_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union

from pipeline.classifiers.tfidf import tfidf_scoring
from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline
from pipeline.classifiers.tfidf.tfidf_scoring import FastTfidf
from pipeline.config.model import TfidfSettings

TEXTS = [
    "The world order is changing today.",
    "ΟΔΟΣ ΣΟΦΟΣ İstanbul ISPARTA ıi",
    "Переговоры о мире: мир, мира, миром",
    "a  b\tc\u00a0d\u2028e\x1cf\x85g a a a",
    "straße STRASSE ﬁnance ǅ \ud83d 👩‍👩‍👧‍👦 e\u0301",
]
# Letters that change their number or shape in lower case, and all kinds of white space, more often than chance
ODD = st.sampled_from("İıΣςσΟǅẞßﬁ \t\n\x0b\x1c\x85\u00a0\u2009\u2028\u3000\u200b\u0301'.aAbое\ud83d")
ANY_TEXT = st.text(st.characters(exclude_categories=()) | ODD, max_size=40) | st.sampled_from(TEXTS)


def fit(texts: Sequence[str] = TEXTS, **changes: Any) -> TfidfVectorizer:
    options = {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True, "dtype": np.float32}
    return TfidfVectorizer(**(options | changes)).fit(texts)


def assert_same_features(found: csr_matrix, expected: csr_matrix) -> None:
    """The same n-grams with the same weights; only the order inside a row may differ."""
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    found, expected = found.copy(), expected.copy()
    found.sort_indices()
    expected.sort_indices()
    np.testing.assert_array_equal(found.indptr, expected.indptr)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_max_ulp(found.data, expected.data, 8)  # norms are sums, which have an order


@settings(deadline=None, max_examples=200)
@given(learnt=st.lists(ANY_TEXT, max_size=4), texts=st.lists(ANY_TEXT, min_size=1, max_size=6))
def test_features_are_those_of_the_vectorizer(learnt: list[str], texts: list[str]) -> None:
    vectorizer = fit([*TEXTS, *learnt])
    assert_same_features(FastTfidf(vectorizer).transform(texts), vectorizer.transform(texts))


@settings(deadline=None, max_examples=50)
@given(
    texts=st.lists(ANY_TEXT, min_size=1, max_size=4),
    n=st.tuples(st.integers(1, 4), st.integers(0, 9)),
    choices=st.fixed_dictionaries(
        {
            "lowercase": st.booleans(),
            "sublinear_tf": st.booleans(),
            "norm": st.sampled_from(["l1", "l2", None]),
            "dtype": st.sampled_from([np.float32, np.float64]),
        }
    ),
)
def test_settings_are_those_of_the_vectorizer(
    texts: list[str], n: tuple[int, int], choices: dict[str, Any]
) -> None:
    vectorizer = fit(ngram_range=(n[0], n[0] + n[1]), **choices)
    assert_same_features(FastTfidf(vectorizer).transform(texts), vectorizer.transform(texts))


def test_ngrams_of_a_word_are_counted_worked_example() -> None:
    """ " abab " has "ab" twice, " a", "ba" and "b " once; "c" alone has none of them. One text: every idf is 1."""
    vectorizer = fit(["abab"], ngram_range=(2, 2), sublinear_tf=False, norm=None)
    [row] = FastTfidf(vectorizer).transform(["ABAB c"]).toarray()
    names = vectorizer.get_feature_names_out()
    assert dict(zip(names, row.tolist(), strict=True)) == {" a": 1, "ab": 2, "b ": 1, "ba": 1}


def test_the_baseline_gives_the_probabilities_of_a_plain_scikit_learn_pipeline(tmp_path: Path) -> None:
    rows, common = toy_rows(), {"sublinear_tf": True, "min_df": 2, "dtype": np.float32}
    rival = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", **common),
            TfidfVectorizer(ngram_range=(2, 5), analyzer="char_wb", **common),
        ),
        OneVsRestClassifier(LogisticRegression(C=3.0, solver="liblinear")),
    ).fit(list(rows.table["text"]), rows.indicator())
    ours = TfidfBaseline(TfidfSettings(c_grid=(3.0,), class_weight_power=0), FRAMES, single_label=False)
    ours.fit(rows, None, each_its_own_cluster(rows), quiet_context(tmp_path, seed=3))
    texts = [*toy_rows(30, seed=5).table["text"], *TEXTS, ""]
    np.testing.assert_allclose(ours.predict_proba(texts), rival.predict_proba(texts), atol=1e-5)


def test_a_row_is_the_same_to_the_last_bit_whatever_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    vectorizer = fit()
    alone = [FastTfidf(vectorizer).transform([text]) for text in TEXTS]
    warm = FastTfidf(vectorizer)
    monkeypatch.setattr(tfidf_scoring, "WORDS_KEPT", 3)
    for _ in range(2):
        together = warm.transform(TEXTS)
        for i, row in enumerate(alone):
            np.testing.assert_array_equal(together[[i]].indices, row.indices)
            np.testing.assert_array_equal(together[[i]].data, row.data)


def test_memory_is_bounded_whatever_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfidf_scoring, "WORDS_KEPT", 100)
    fast = FastTfidf(fit())
    fast.transform([f"word{i} " + "x" * i for i in range(1000)])
    remembered = fast._columns_of_word
    assert 0 < len(remembered) <= 100
    assert max(map(len, remembered)) <= tfidf_scoring.LONGEST_KEPT


@pytest.mark.parametrize(
    "options", [{"analyzer": "word"}, {"analyzer": "char"}, {"binary": True}, {"use_idf": False}]
)
def test_other_vectorizers_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected analyzer 'char_wb'"):
        FastTfidf(fit(**options))
