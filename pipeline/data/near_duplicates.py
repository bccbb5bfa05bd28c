"""Clusters of texts that are one text in substance: forwards, quotations, light edits, rows of one post.

Two texts belong together if they share a group, are equal but for case, accents, punctuation, emoji, links and
disguises (look-alike letters, invisible characters and the like, see `pipeline.data.text_normalisation`), or share
enough word 3-grams (Jaccard similarity; for a text quoted inside a longer one, the share of the shorter).

Candidates for the third come from a bottom-k MinHash sketch (Broder 1997, "On the resemblance and containment
of documents"): the k word 3-grams of a text with the smallest hashes are a random sample of it, and are looked
up in an index of all word 3-grams of all texts. Unlike banded MinHash signatures this finds quotations as well as
near-duplicates: a text of which another holds 70 % is overlooked with probability 0.3^12, one in two million,
as long as its 3-grams are not so common that PARTNERS bounds the search. Every candidate is verified on the full
sets (64-bit hashes stand for the 3-grams). numpy and scipy do the work: pure Python MinHash takes minutes here.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from pipeline.data.normal_form import normalize_compatibility
from pipeline.data.normalise_batches import normalise_texts

NGRAM = 3
SKETCH = 12  # word 3-grams of each text that are looked up
PARTNERS = 32  # texts with which one looked-up 3-gram is compared: the shortest that have it
SHORT_TOKENS = 13  # texts up to here are compared as sets of words: one change spoils most of their 3-grams
LONG_TOKENS = 10  # texts from here on are compared by 3-grams; the overlap catches pairs across the border
QUOTED_TOKENS = 20  # a shorter text inside a longer one is a stock phrase, not a quotation
BOILERPLATE_TOKENS = 40  # longer than nearly every sentence; longer texts are not boilerplate
PAIRS_AT_ONCE = 2_000_000  # candidates held in memory
ELEMENTS_AT_ONCE = 20_000_000  # members of the sets that are intersected at once

Hashes = NDArray[np.uint64]
Integers = NDArray[np.int64]

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
# Of Latin, Greek and Cyrillic; those of other scripts are vowels. U+034F stays: it keeps long runs of marks apart.
_ACCENT = re.compile("[\u0300-\u034e\u0350-\u036f]")
_LINK = re.compile(r"https?://\S+|www\.\S+|t\.me/\S+|@\w+")
# Chinese and Japanese write no spaces: each of their characters counts as a word.
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


def cluster_texts(
    texts: Sequence[str],
    *,
    groups: Sequence[str | None] | None = None,
    threshold: float = 0.7,
    min_tokens: int = 6,
    max_groups: int = 50,
) -> Integers:
    """Cluster ids of texts; the result does not depend on their order.

    Args:
        texts: posts or sentences.
        groups: rows of one group (sentences of one post, say) always belong together; None stands alone.
        threshold: Jaccard similarity, or contained share of a quoted text, from which two texts are one.
        min_tokens: texts with fewer words are linked by their group only, so that "Read in full" does not
            glue everything together.
        max_groups: a sentence-long text (up to 39 words) whose copies and variants stand in more groups than
            this is boilerplate (a disclaimer, a greeting) and links nothing. Groups of one row do not count:
            there, copies glue nothing but themselves together.

    Returns:
        Shape (n,): the smallest row index of each row's cluster.
    """
    return cluster_words(
        find_words(texts), groups=groups, threshold=threshold, min_tokens=min_tokens, max_groups=max_groups
    )


def cluster_words(
    tokens: Sequence[Sequence[str]],
    *,
    groups: Sequence[str | None] | None = None,
    threshold: float = 0.7,
    min_tokens: int = 6,
    max_groups: int = 50,
) -> Integers:
    """`cluster_texts` of texts whose words are known already, see `find_words`."""
    if not len(tokens):
        return np.zeros(0, dtype=np.int64)
    # distinct texts in alphabetical order, so that nothing below depends on the order of the rows
    text_of_row, distinct = pd.factorize(
        np.array([" ".join(words) for words in tokens], dtype=object), sort=True
    )
    text_of_row = text_of_row.astype(np.int64)
    counts = np.zeros(len(distinct), dtype=np.int64)
    counts[text_of_row] = [len(words) for words in tokens]
    group_of_row = _number_groups(groups, len(tokens))

    links = _link_similar_texts(np.asarray(distinct, dtype=object), counts, threshold, min_tokens)
    is_linking = counts >= min_tokens
    is_linking &= ~_find_boilerplate(links, counts, text_of_row, group_of_row, max_groups)
    links = links[is_linking[links].all(axis=1)]
    return _join(text_of_row, group_of_row, is_linking, links)


def find_words(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text in normal form, by which texts are compared.

    Disguises, compatibility characters, accents, case, links, emoji and punctuation do not count.
    """
    return [_tokenize(text) for text in normalise_texts(texts)]


def _tokenize(text: str) -> list[str]:
    plain = normalize_compatibility(_LINK.sub(" ", text)).casefold().translate(_INVISIBLE)
    if not plain.isascii():
        plain = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", plain)))
    return _TOKEN.findall(plain)


def _number_groups(groups: Sequence[str | None] | None, n: int) -> Integers:
    """A number for each row's group; rows without a group get one of their own."""
    if groups is None:
        return np.arange(n, dtype=np.int64)
    if len(groups) != n:
        raise ValueError(f"expected one group for each of the {n} texts, got {len(groups)}")
    numbers = pd.factorize(np.array(groups, dtype=object))[0].astype(np.int64)
    alone = numbers < 0
    numbers[alone] = numbers.max(initial=0) + 1 + np.arange(alone.sum())
    return numbers


def _link_similar_texts(
    distinct: NDArray[np.object_], counts: Integers, threshold: float, min_tokens: int
) -> Integers:
    """Verified pairs of distinct texts, shape (m, 2)."""
    short = np.flatnonzero((counts >= min_tokens) & (counts <= SHORT_TOKENS))
    words, text_of_word = _hash_words(distinct[short])
    looked_up = _index_ngrams(words, text_of_word, 2, len(short))
    compared = _index_ngrams(words, text_of_word, 1, len(short))
    pairs = [short[_keep_similar(compared, pair, threshold)] for pair in _find_candidates(looked_up)]

    long = np.flatnonzero(counts >= max(min_tokens, LONG_TOKENS))
    words, text_of_word = _hash_words(distinct[long])
    index = _index_ngrams(words, text_of_word, NGRAM, len(long))
    quoted = QUOTED_TOKENS - NGRAM + 1
    pairs += [long[_keep_similar(index, pair, threshold, quoted)] for pair in _find_candidates(index)]
    return np.concatenate([np.zeros((0, 2), dtype=np.int64), *pairs])


def _hash_words(texts: NDArray[np.object_]) -> tuple[Hashes, Integers]:
    """Hashes of all words of all texts in a row, and which text each belongs to.

    Python's own hash differs from process to process; this one is the same everywhere.
    """
    split = [text.split(" ") for text in texts]
    flat = np.array([word for words in split for word in words], dtype=object)
    lengths = np.array([len(words) for words in split], dtype=np.int64)
    hashes = pd.util.hash_array(flat, categorize=True) if len(flat) else np.zeros(0, dtype=np.uint64)
    return hashes, np.repeat(np.arange(len(texts), dtype=np.int64), lengths)


def _index_ngrams(words: Hashes, text_of_word: Integers, n: int, n_texts: int) -> "csr_array[Any]":
    """Which texts have which word n-grams: ones in a matrix (n_texts, distinct n-grams), columns by hash."""
    size = max(len(words) - n + 1, 0)
    hashes = np.zeros(size, dtype=np.uint64)
    for offset in range(n):
        hashes = _mix(hashes + words[offset : offset + size])
    inside = text_of_word[:size] == text_of_word[n - 1 : n - 1 + size]
    distinct, columns = np.unique(hashes[inside], return_inverse=True)
    rows = text_of_word[:size][inside]
    entries = np.unique(rows * max(len(distinct), 1) + columns)
    rows, columns = np.divmod(entries, max(len(distinct), 1))
    data = np.ones(len(entries), dtype=np.int32)
    return csr_array((data, (rows, columns)), shape=(n_texts, len(distinct)))


def _mix(x: Hashes) -> Hashes:
    """Finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit in moves every bit out."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def _find_candidates(index: "csr_array[Any]") -> Iterator[Integers]:
    """Pairs of texts that share a looked-up n-gram, shape (m, 2), in portions that fit in memory."""
    sizes = np.diff(index.indptr)
    by_length = np.lexsort((np.arange(len(sizes)), sizes))
    having = index[by_length].tocsc()  # for each n-gram the texts that have it, shortest first
    frequency = np.diff(having.indptr).astype(np.int64)
    text, ngram = _sketch(index, frequency)
    n_partners = np.minimum(frequency[ngram], PARTNERS)
    portions = np.cumsum(n_partners) // PAIRS_AT_ONCE
    for portion in np.unique(portions):
        chosen = portions == portion
        first, repeats = having.indptr[ngram[chosen]].astype(np.int64), n_partners[chosen]
        starts = np.cumsum(repeats) - repeats
        place = np.repeat(first - starts, repeats) + np.arange(repeats.sum())
        a, b = np.repeat(text[chosen], repeats), by_length[having.indices[place]]
        keys = np.unique(np.minimum(a, b) * len(sizes) + np.maximum(a, b))
        pairs = np.stack(np.divmod(keys, len(sizes)), axis=1)
        yield pairs[pairs[:, 0] != pairs[:, 1]]


def _sketch(index: "csr_array[Any]", frequency: Integers) -> tuple[Integers, Integers]:
    """For each text its SKETCH n-grams of smallest hash, among those that another text has too."""
    text = np.repeat(np.arange(index.shape[0], dtype=np.int64), np.diff(index.indptr))
    ngram = index.indices.astype(np.int64)  # ascending within a text, and columns are ordered by hash
    shared = frequency[ngram] > 1
    text, ngram = text[shared], ngram[shared]
    nth = np.arange(len(text)) - np.searchsorted(text, text)
    return text[nth < SKETCH], ngram[nth < SKETCH]


def _keep_similar(
    sets: "csr_array[Any]", pairs: Integers, threshold: float, smallest_quoted: float = np.inf
) -> Integers:
    """The pairs whose Jaccard similarity, or contained share of a quoted text, reaches the threshold."""
    sizes = np.diff(sets.indptr).astype(np.int64)
    smaller, larger = np.sort(sizes[pairs], axis=1).T
    pairs = pairs[(smaller >= threshold * larger) | (smaller >= smallest_quoted)]
    load = np.cumsum(sizes[pairs].sum(axis=1)) // ELEMENTS_AT_ONCE
    kept = [np.zeros((0, 2), dtype=np.int64)]
    for portion in np.split(pairs, np.flatnonzero(np.diff(load)) + 1):
        common = np.asarray(sets[portion[:, 0]].multiply(sets[portion[:, 1]]).sum(axis=1)).ravel()
        size_a, size_b = sizes[portion].T
        smaller = np.minimum(size_a, size_b)
        jaccard = common / np.maximum(size_a + size_b - common, 1)
        is_quoted = (smaller >= smallest_quoted) & (common >= threshold * smaller)
        kept.append(portion[(jaccard >= threshold) | is_quoted])
    return np.concatenate(kept)


def _find_boilerplate(
    links: Integers, counts: Integers, text_of_row: Integers, group_of_row: Integers, max_groups: int
) -> NDArray[np.bool_]:
    """Which distinct texts are sentence-long and stand, with their variants, in more groups than allowed."""
    is_short = counts < BOILERPLATE_TOKENS
    kind = _connect(links[is_short[links].all(axis=1)], len(counts))
    has_company = np.bincount(group_of_row)[group_of_row] > 1
    occurrences = np.unique(np.stack([kind[text_of_row], group_of_row], axis=1)[has_company], axis=0)
    groups_of_kind = np.bincount(occurrences[:, 0], minlength=len(counts))
    return np.asarray(is_short & (groups_of_kind[kind] > max_groups))


def _join(
    text_of_row: Integers, group_of_row: Integers, is_linking: NDArray[np.bool_], links: Integers
) -> Integers:
    """Smallest row index of each row's cluster; nodes of the graph are rows, then texts, then groups."""
    n, n_texts = len(text_of_row), len(is_linking)
    rows = np.arange(n, dtype=np.int64)
    by_text = np.stack([rows, n + text_of_row], axis=1)[is_linking[text_of_row]]
    by_group = np.stack([rows, n + n_texts + group_of_row], axis=1)
    edges = np.concatenate([by_text, by_group, n + links])
    component = _connect(edges, n + n_texts + int(group_of_row.max()) + 1)[:n]
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    return first[inverse].astype(np.int64)


def _connect(edges: Integers, n: int) -> Integers:
    """Number of the connected component of each of n nodes."""
    graph = coo_array((np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
