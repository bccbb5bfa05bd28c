"""What each character of a text contributes to the baseline's scores, without approximation.

The baseline's score is an offset plus the sum over n-grams of weight times TF-IDF. Each n-gram's part is divided
equally over its occurrences, and that of an occurrence over the characters of the text that it covers; the spaces
that pad a word cover none. Contributions of all characters therefore add up to the score less the offset.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from pipeline.classifiers.tfidf.tfidf_baseline import TfidfBaseline

Places = list[int]  # positions in the text's lower case


def contribute_characters(model: TfidfBaseline, text: str) -> NDArray[np.float64]:
    """Contributions to the score of each frame before calibration (log odds), shape (n_characters, k)."""
    contributions = np.zeros((len(text), len(model.labels)))
    lowered = text.lower()
    origin = _find_origins(text)
    for vectorizer, weights in model.linear_parts():
        values = vectorizer.transform([text]).tocsr()
        value_of = dict(zip(values.indices.tolist(), values.data.tolist(), strict=True))
        occurrences: defaultdict[int, list[Places]] = defaultdict(list)
        for ngram, places in _cut_ngrams(vectorizer, lowered):
            column = vectorizer.vocabulary_.get(ngram)
            if column is not None:
                occurrences[column].append(places)
        for column, found in occurrences.items():
            part = weights[column].astype(float) * value_of[column] / len(found)
            for places in found:
                np.add.at(contributions, origin[places], part / len(places))
    return contributions


def _find_origins(text: str) -> NDArray[np.int64]:
    """For each character of the lower case, which of the text it comes from: a few letters become two."""
    return np.repeat(np.arange(len(text)), [len(character.lower()) for character in text])


def _cut_ngrams(vectorizer: TfidfVectorizer, lowered: str) -> Iterator[tuple[str, Places]]:
    """N-grams as scikit-learn cuts them, each with the places of the characters that it covers."""
    if vectorizer.analyzer == "char_wb":
        for match in re.finditer(r"\S+", lowered):
            yield from _cut_word(match.group(), match.start(), *vectorizer.ngram_range)
        return
    words = [(m.group(), m.start()) for m in re.finditer(vectorizer.token_pattern, lowered)]
    shortest, longest = vectorizer.ngram_range
    for n in range(shortest, longest + 1):
        for i in range(len(words) - n + 1):
            chosen = words[i : i + n]
            places = [place for word, start in chosen for place in range(start, start + len(word))]
            yield " ".join(word for word, _ in chosen), places


def _cut_word(word: str, start: int, shortest: int, longest: int) -> Iterator[tuple[str, Places]]:
    """A word with its spaces that is shorter than n is one n-gram itself, once."""
    padded = f" {word} "
    length = len(padded)
    for n in range(shortest, min(longest, max(shortest, length)) + 1):
        for first in range(max(length - n, 0) + 1):
            inside = range(max(first, 1), min(first + n, length - 1))
            whole = range(1, length - 1)  # of a space alone, which is its word's
            yield padded[first : first + n], [start + place - 1 for place in inside or whole]
