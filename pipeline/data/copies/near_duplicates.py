"""Clusters of copies: texts that are one text in substance (forwards, edits, quotations), and rows of one post.

Two texts belong together if they share a group, or are the same words (case, accents, punctuation, emoji, links and
disguises do not count, see `pipeline.data.text.text_normalisation`), or if one is an edit of the other or holds it:

- an edit: of the words of the longer, less one, at most a fifth were put in, taken out or exchanged (Levenshtein
  distance of words, by rapidfuzz); a fraction of a word is one more from a half on, if no number and no name is among
  those that differ; in short texts that differ in two of these, reports of a kind, none is;
- alike: of short texts, three words in ten at most are not in both, in another form or place perhaps; prepositions do
  not count, and of names and numbers one at most may differ, see `pipeline.data.copies.alike_texts`;
- held: of the words of the shorter, less five, three in ten at most stand in no word 3-gram that the longer has too. So
  a quotation is one from six words on, and a text whose sentences changed places is still the same.

Both grow with the number of words, without a step. Ends that recur in a channel are taken off first, see
`pipeline.data.copies.recurring_ends`. A cluster is no chain: each of its texts shares most of its words with one of
them. To stand in one cluster is to stand in one fold; whether two texts say the same, so that a label may be copied,
is another question: `pipeline.data.copies.same_statement`.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.config.data import COPY_SIMILARITY
from pipeline.data.copies.alike_texts import SLACK
from pipeline.data.copies.bodies import Bodies
from pipeline.data.copies.close_readings import BOILERPLATE_WORDS, TEMPLATE_TEXTS, Readings
from pipeline.data.copies.copy_candidates import NgramIndex
from pipeline.data.copies.same_statement import say_the_same
from pipeline.data.copies.wording import Wording, read_wording

QUOTED_WORDS: Final = 5  # a text that another holds is a quotation if it has more words
FEW_WORDS: Final = (
    9  # of texts in which pairs of words are looked up, too: a change may leave no three together
)
FEWEST_WORDS: Final = 4  # of these texts: three words of which one differs are two texts
WORDS_AT_ONCE: Final = 10_000_000  # of pairs that are compared at once

Hashes = NDArray[np.uint64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


def cluster_texts(
    texts: Sequence[str],
    *,
    groups: Sequence[str | None] | None = None,
    channels: Sequence[str | None] | None = None,
    threshold: float = COPY_SIMILARITY,
    max_groups: int = 50,
) -> Integers:
    """Cluster ids of texts; the result does not depend on their order.

    Args:
        texts: posts or sentences.
        groups: rows of one group (sentences of one post, say) always belong together; None stands alone.
        channels: in which each text stands, so that its footers are known; None where that is not known.
        threshold: share of words that an edit keeps, or of a text that another must hold.
        max_groups: a sentence-long text (up to 39 words) whose copies and variants stand in more groups than
            this is boilerplate (a disclaimer, a greeting) and links nothing; of k words, in more than k² already, so
            that "Read in full" does not glue everything together. Groups of one row do not count: there, copies
            glue nothing but themselves together.

    Returns:
        Shape (n,): the smallest row index of each row's cluster.
    """
    if not len(texts):
        return np.zeros(0, dtype=np.int64)
    found = Bodies.of(texts, channels)
    group_of_row = _number_groups(groups, len(texts))
    readings = Readings(found, threshold)
    links = _drop_templates(_link_copies(found, readings, threshold), found, readings)
    is_linking = ~_find_boilerplate(links, found, group_of_row, max_groups)
    kind = _gather(links[is_linking[links].all(axis=1)], found.distinct, threshold)
    return _join(kind[found.of_row], group_of_row, is_linking[found.of_row])


def find_copied(texts: Sequence[str], others: Sequence[str], *, threshold: float = COPY_SIMILARITY) -> Mask:
    """Which texts are copies of one of the others, shape (n_texts,); nothing links through a third text."""
    found = Bodies.whole([*texts, *others])
    is_other = np.zeros(len(found.distinct), bool)
    is_other[found.of_row[len(texts) :]] = True
    links = _link_copies(found, Readings(found, threshold), threshold)
    is_copied = is_other.copy()
    is_copied[links[is_other[links[:, 1]], 0]] = True
    is_copied[links[is_other[links[:, 0]], 1]] = True
    return is_copied[found.of_row[: len(texts)]]


def find_statements(
    texts: Sequence[str],
    *,
    channels: Sequence[str | None] | None = None,
    threshold: float = COPY_SIMILARITY,
) -> Integers:
    """Ids of texts that say the same: to all of one id the labels of one may be copied.

    Rows of one id share a cluster, and each says the same as the row whose index is the id, see `say_the_same`, or as
    the one with most hashtags.
    """
    clusters = cluster_texts(texts, channels=channels, threshold=threshold)
    found = Bodies.of(texts, channels)
    statements = np.arange(len(texts), dtype=np.int64)
    for rows in np.split(np.argsort(clusters, kind="stable"), np.flatnonzero(np.diff(np.sort(clusters))) + 1):
        said: dict[int, Wording] = {}
        known: dict[tuple[str, int, int], int] = {}  # statements of equal texts, which are many
        for row in rows.tolist() if len(rows) > 1 else []:
            start, end = found.spans[row].tolist()
            key = (texts[row], start, end)
            if key not in known:
                wording = read_wording(found.writing(row, only_lines=True))
                known[key] = next((i for i, other in said.items() if say_the_same(other, wording)), row)
                if row == known[key] or len(wording.tags) > len(said[known[key]].tags):
                    said[known[key]] = wording
            statements[row] = known[key]
    return statements


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


def _link_copies(found: Bodies, readings: Readings, threshold: float) -> Integers:
    """Pairs of distinct texts that are copies, shape (m, 2)."""
    distinct, counts = found.distinct, found.counts
    index = NgramIndex(_words_in_a_row(distinct), counts)
    links = [np.zeros((0, 2), dtype=np.int64)]
    asked = [np.zeros((0, 2), dtype=np.int64)]
    for pairs, shared in index.find_candidates():
        is_copy = _are_edits(found, readings, pairs, threshold)
        is_quotable = found.sizes[pairs].min(axis=1) > QUOTED_WORDS
        left = np.flatnonzero(~is_copy & is_quotable & _may_be_held(counts[pairs].min(axis=1), shared))
        is_copy[left] = _are_held(index, found, pairs[left], threshold)
        links.append(pairs[is_copy])
        asked.append(readings.preselect(pairs[~is_copy]))
    few = np.flatnonzero((found.sizes >= FEWEST_WORDS) & (counts <= FEW_WORDS))
    for pairs, _ in NgramIndex(_words_in_a_row(distinct[few]), counts[few], size=2).find_candidates():
        asked.append(readings.preselect(few[pairs]))
    every = np.concatenate([*links, readings.choose_alike(np.concatenate(asked))])
    return np.asarray(np.unique(every, axis=0)) if len(every) else every


def _words_in_a_row(distinct: NDArray[np.object_]) -> Hashes:
    return np.frombuffer("".join(distinct).encode("utf-32-le"), "<u4").astype(np.uint64)


def _are_edits(found: Bodies, readings: Readings, pairs: Integers, threshold: float) -> Mask:
    """Pairs of which one text is an edit of the other; in short ones numbers and names have a say."""
    distinct, counts = found.distinct, found.counts
    longer = found.sizes[pairs].max(axis=1)
    is_short = longer < BOILERPLATE_WORDS
    of_word = counts[pairs].max(axis=1) / np.maximum(
        longer, 1
    )  # what is compared: 1 but in scripts without spaces
    allowed = _allow(longer - 1, threshold) * of_word
    at_most = np.where(is_short, _allow(longer - 1, threshold, rounding=0.5) * of_word, allowed)
    near = np.flatnonzero(np.abs(np.diff(counts[pairs])[:, 0]) <= at_most)
    distances = np.full(len(pairs), np.iinfo(np.int64).max)
    distances[near] = process.cpdist(
        distinct[pairs[near, 0]].tolist(), distinct[pairs[near, 1]].tolist(), scorer=Levenshtein.distance
    )
    is_edit = distances <= at_most
    for asked, judge in (
        (is_edit & (distances > allowed), readings.agree),
        (is_edit & (distances <= allowed) & is_short & (distances > of_word), readings.tell_of_one),
    ):
        is_edit[asked] = judge(pairs[asked])
    return np.asarray(is_edit)


def _are_held(index: NgramIndex, found: Bodies, pairs: Integers, threshold: float) -> Mask:
    """Pairs of which the longer text holds the shorter."""
    counts, sizes = found.counts, found.sizes
    is_swapped = counts[pairs[:, 0]] > counts[pairs[:, 1]]
    shorter, longer = np.where(is_swapped[:, None], pairs[:, ::-1], pairs).T
    is_held = np.zeros(len(pairs), bool)
    loads = np.cumsum(counts[pairs].sum(axis=1)) // WORDS_AT_ONCE
    for portion in np.split(np.arange(len(pairs)), np.flatnonzero(np.diff(loads)) + 1):
        uncovered = index.count_uncovered(shorter[portion], longer[portion])
        held = shorter[portion]
        allowed = _allow(sizes[held] - QUOTED_WORDS, threshold, SLACK)
        is_held[portion] = uncovered * sizes[held] <= allowed * counts[held]
    return is_held


def _may_be_held(shorter: Integers, shared: Integers) -> Mask:
    """Whether a pair shares enough looked-up 3-grams: those of a held text are, but for chance, half of its own."""
    return np.asarray(shared * 6 >= np.minimum(shorter - 2, 12))


def _allow(words: NDArray[Any], threshold: float, slack: float = 1.0, rounding: float = 1e-9) -> Integers:
    """How many of so many words may differ."""
    return np.asarray(np.floor(words * slack * (1 - threshold) + rounding), np.int64)


def _drop_templates(links: Integers, found: Bodies, readings: Readings) -> Integers:
    """Links without those between reports of a kind: forms of a sentence that differ in numbers or names."""
    is_short = (found.sizes < BOILERPLATE_WORDS)[links].all(axis=1)
    kind = _connect(links[is_short], len(found.counts))
    is_form = np.bincount(kind, minlength=len(kind))[kind] > TEMPLATE_TEXTS
    asked = np.flatnonzero(is_short & is_form[links[:, 0]]) if len(links) else np.zeros(0, np.int64)
    is_kept = np.ones(len(links), bool)
    is_kept[asked] = readings.agree(links[asked])
    return links[is_kept]


def _find_boilerplate(links: Integers, found: Bodies, group_of_row: Integers, max_groups: int) -> Mask:
    """Which bodies are sentence-long and stand, with their variants, in more groups than allowed."""
    words = found.sizes
    is_short = words < BOILERPLATE_WORDS
    kind = _connect(links[is_short[links].all(axis=1)], len(words))
    has_company = np.bincount(group_of_row)[group_of_row] > 1
    occurrences = np.unique(np.stack([kind[found.of_row], group_of_row], axis=1)[has_company], axis=0)
    groups_of_kind = np.bincount(occurrences[:, 0], minlength=len(words))
    allowed = np.minimum(max_groups, words**2)
    return np.asarray((is_short & (groups_of_kind[kind] > allowed)) | (words == 0))


def _gather(links: Integers, distinct: NDArray[np.object_], threshold: float) -> Integers:
    """Number of each body's cluster: those linked with one another, but no chain leads far from its medoid."""
    n = len(distinct)
    kind = _connect(links, n)
    degree = np.bincount(links.ravel(), minlength=n)
    order = np.lexsort((np.arange(n), -degree, kind))  # of each kind the one with most links first
    sizes = np.bincount(kind, minlength=n)
    gathered = np.full(n, -1, dtype=np.int64)
    for first in np.flatnonzero(np.diff(kind[order], prepend=-1)).tolist():
        members = order[first : first + sizes[kind[order[first]]]]
        while len(members):
            medoid = members[0]
            is_near = np.ones(len(members), bool)
            if degree[medoid] < len(members) - 1 or len(members) < sizes[kind[medoid]]:
                alike = process.cdist(
                    [distinct[medoid]], distinct[members].tolist(), scorer=fuzz.partial_ratio
                )
                is_near = alike[0] >= 100 * (1 - SLACK * (1 - threshold))
                is_near[0] = True
                is_near |= np.isin(members, _neighbours(links, medoid))
            gathered[members[is_near]] = medoid
            members = members[~is_near]
    return gathered


def _neighbours(links: Integers, body: int) -> Integers:
    """Bodies that are linked with one."""
    return np.concatenate([links[links[:, 0] == body, 1], links[links[:, 1] == body, 0]])


def _join(kind_of_row: Integers, group_of_row: Integers, is_linking: Mask) -> Integers:
    """Smallest row index of each row's cluster; nodes of the graph are rows, then kinds of texts, then groups."""
    n = len(kind_of_row)
    rows = np.arange(n, dtype=np.int64)
    n_kinds = int(kind_of_row.max()) + 1
    by_text = np.stack([rows, n + kind_of_row], axis=1)[is_linking]
    by_group = np.stack([rows, n + n_kinds + group_of_row], axis=1)
    component = _connect(np.concatenate([by_text, by_group]), n + n_kinds + int(group_of_row.max()) + 1)[:n]
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    return first[inverse].astype(np.int64)


def _connect(edges: Integers, n: int) -> Integers:
    """Number of the connected component of each of n nodes."""
    graph = coo_array((np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
