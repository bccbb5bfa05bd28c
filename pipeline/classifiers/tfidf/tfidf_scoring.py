"""TF-IDF of character n-grams for scoring: what scikit-learn's vectorizer gives, several times as fast.

Nearly all the time of a TF-IDF baseline goes into cutting words into character n-grams and looking each of
them up, one by one. N-grams inside word borders depend on their word alone, so here each word is cut and looked
up once and remembered. The counts of a batch of texts are then one product of sparse matrices,

    (texts x words) @ (words x n-grams)

and scikit-learn weighs them. Training goes on with scikit-learn's own vectorizer.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer

WORDS_KEPT = 2**16  # about 25 MB of ordinary words; at most 100 MB
LONGEST_KEPT = 64  # characters; longer ones are links and the like, which seldom come back


class FastTfidf:
    """A fitted `char_wb` vectorizer that remembers words.

    Args:
        vectorizer: fitted, or with a vocabulary and idf weights; it is used, not copied.

    Raises:
        ValueError: its n-grams cross words, or it does not count them, or not weigh them.
    """

    def __init__(self, vectorizer: TfidfVectorizer) -> None:
        found = (vectorizer.analyzer, vectorizer.binary, vectorizer.use_idf)
        if found != ("char_wb", False, True):
            raise ValueError(
                f"expected analyzer 'char_wb', binary False and use_idf True; received {found}: call the "
                "vectorizer's own transform"
            )
        self._preprocess = vectorizer.build_preprocessor()
        self._ngram_range: tuple[int, int] = vectorizer.ngram_range
        self._vocabulary: dict[str, int] = vectorizer.vocabulary_
        self._dtype = vectorizer.dtype
        self._weighing = TfidfTransformer(norm=vectorizer.norm, sublinear_tf=vectorizer.sublinear_tf)
        self._weighing.idf_ = vectorizer.idf_
        self._columns_of_word: dict[str, NDArray[np.int32]] = {}

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Features of shape (n_texts, n_features), those of the vectorizer; columns in a row are not in order.

        A row depends on its text alone, to the last bit: neither on other texts nor on what is remembered.
        """
        return self._weighing.transform(self._count(texts), copy=False)

    def _count(self, texts: Sequence[str]) -> csr_matrix:
        number_of: defaultdict[str, int] = defaultdict()
        number_of.default_factory = number_of.__len__  # words are numbered as they come
        words = [[number_of[word] for word in self._preprocess(text).split()] for text in texts]
        columns = [self._find_columns(word) for word in number_of]
        words_of_texts = self._indicate(words, len(columns))
        return words_of_texts @ self._indicate(columns, len(self._vocabulary))

    def _indicate(self, rows: Sequence[Sequence[int] | NDArray[np.int32]], n_columns: int) -> csr_matrix:
        """Ones in the given columns of each row; a column that comes twice counts twice."""
        ends = np.cumsum([0, *map(len, rows)])
        columns = np.fromiter(chain.from_iterable(rows), np.int32, ends[-1])
        ones = np.ones(len(columns), self._dtype)
        return csr_matrix((ones, columns, ends), shape=(len(rows), n_columns))

    def _find_columns(self, word: str) -> NDArray[np.int32]:
        """Columns of the n-grams of a word that are in the vocabulary, as often as they occur."""
        columns = self._columns_of_word.get(word)
        if columns is None:
            columns = self._look_up(f" {word} ")
            if len(word) <= LONGEST_KEPT:
                if len(self._columns_of_word) >= WORDS_KEPT:
                    self._columns_of_word.clear()  # frequent words are back at once
                self._columns_of_word[word] = columns
        return columns

    def _look_up(self, padded: str) -> NDArray[np.int32]:
        """N-grams as scikit-learn cuts them: a word with its spaces that is shorter than n is one itself, once."""
        length, get = len(padded), self._vocabulary.get
        shortest, longest = self._ngram_range
        found = [
            column
            for n in range(shortest, min(longest, max(shortest, length)) + 1)
            for start in range(max(length - n, 0) + 1)
            if (column := get(padded[start : start + n])) is not None
        ]
        return np.array(found, np.int32)
