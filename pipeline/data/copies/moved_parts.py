"""Are the same words in another order the same statement?

"On Monday the council met in Kyiv" and "The council met in Kyiv on Monday" are; "Russia accuses Ukraine" and "Ukraine
accuses Russia" are not. A part may stand elsewhere if it surely says the same there:

- a phrase that begins with a preposition or a conjunction, or an adverb, unless it passes a word that would take it
  ("said", "which"), or another phrase with the same preposition;
- who said it, before or after what was said;
- clauses and members of a list, if the list or the clauses are the same in both texts;
- in Russian and Ukrainian, whose endings tell who does what, whatever stands between verbs, prepositions and adverbs.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pipeline.data.copies.weighed_words import (
    COLOURS,
    PREPOSITIONS,
    RELATIVES,
    SAYING,
    SUBORDINATORS,
    TIMES,
    WHICH_TIMES,
)
from pipeline.data.copies.wording import Unit

_SENTENCE: Final = 3  # units at least, of one that may stand elsewhere
_CLAUSE: Final = 2
_ATTRIBUTION: Final = 7  # words at most, of who said it
_LOOSE: Final = PREPOSITIONS | SUBORDINATORS | COLOURS | TIMES
_PREFERENCE: Final = 0.5  # of a word, that a part without a preposition stands where it stood
_FREE_BLOCKS: Final = 4  # parts of a Slavic sentence that may be in any order
_VERB: Final = re.compile(
    "[аяиеыуоіїю](?:л|ла|ло|ли)(?:ся|сь|лася)?$|[аяеуиї](?:ет|ют|ют|ить|ять|ють)$|[иыаяуею]тся$|[аяиеуюі]ться$|[аяую]є$|[аяуюи]в(?:ся)?$"
)
_NO_VERBS: Final = re.compile(
    "посол|стол|бюджет|устав|став|прав|удав|состав|канал|материал|вокзал|сигнал|журнал|финал|зал"
)
_MOST: Final = 80  # units; longer texts are not searched for moved parts
_MOST_BLOCKS: Final = 12  # that stand elsewhere

Block = tuple[int, int, int]  # first place in one text, in the other, units


def say_the_same_in_another_order(one: Sequence[Unit], other: Sequence[Unit]) -> bool:
    """Whether two texts of the same units differ in the order of parts that may stand anywhere."""
    a, b = ([unit.key for unit in units] for units in (one, other))
    if len(a) != len(b) or len(a) > _MOST or sorted(a) != sorted(b):
        return False
    if have_equal_parts(one, other):
        return True
    blocks = _find_blocks(a, b)
    if sum(block[2] for block in blocks) < len(a):
        return False
    return any(
        _may_have_moved(blocks, _choose_fixed(blocks, one, loose), one, other) for loose in (False, True)
    )


def _may_have_moved(
    blocks: Sequence[Block], fixed: set[int], one: Sequence[Unit], other: Sequence[Unit]
) -> bool:
    """Whether the parts that do not stand fast say the same in both places."""
    moved = [block for i, block in enumerate(blocks) if i not in fixed]
    if _is_attribution(moved, one) and _is_attribution([(b, a, n) for a, b, n in moved], other):
        return True
    return (
        all(_may_move(block, blocks, one) for block in moved)
        or _are_lists(moved, one, other)
        or (len(blocks) <= _FREE_BLOCKS and _are_free(blocks, one, other))
    )


def have_equal_parts(one: Sequence[Unit], other: Sequence[Unit]) -> bool:
    """Whether the same sentences, or the same clauses in the same sentences, stand in another order."""
    sentences = [_cut(units, [unit.begins for unit in units]) for units in (one, other)]
    if len(sentences[0]) > 1 or len(sentences[1]) > 1:
        if len(sentences[0]) != len(sentences[1]):
            return False
        keys = [sorted(_keys(part) for part in parts) for parts in sentences]
        if keys[0] == keys[1]:
            return min(len(part) for part in sentences[0]) >= _SENTENCE
        return False
    clauses = [
        sorted(_cut(units, [unit.breaks for unit in units]), key=lambda part: sorted(_keys(part)))
        for units in (one, other)
    ]
    return (
        len(clauses[0]) == len(clauses[1]) > 1
        and min(map(len, clauses[0])) >= _CLAUSE
        and all(_are_same_clause(*pair) for pair in zip(*clauses, strict=True))
    )


def _are_same_clause(one: Sequence[Unit], other: Sequence[Unit]) -> bool:
    """Whether two parts have the same words in one order, or in Slavic in a free one."""
    a, b = _keys(one), _keys(other)
    return a == b or (sorted(a) == sorted(b) and _are_free(_find_blocks(a, b), one, other))


def _cut(units: Sequence[Unit], begins: Sequence[bool]) -> list[Sequence[Unit]]:
    cuts = [0, *(place for place in range(1, len(units)) if begins[place]), len(units)]
    return [units[start:end] for start, end in pairwise(cuts)]


def _keys(units: Sequence[Unit]) -> tuple[str, ...]:
    return tuple(unit.key for unit in units)


def _find_blocks(a: Sequence[str], b: Sequence[str]) -> list[Block]:
    """The other text as parts of the first, the longest first; sorted by their place in the other."""
    places: dict[str, list[int]] = {}
    for i, key in enumerate(a):
        places.setdefault(key, []).append(i)
    free_a, free_b = [True] * len(a), [True] * len(b)
    blocks: list[Block] = []
    left = len(b)
    while left and len(blocks) < _MOST_BLOCKS:
        best: Block = (0, 0, 0)
        for j in range(len(b)):
            for i in places[b[j]] if free_b[j] else ():
                length = 0
                while (
                    i + length < len(a)
                    and j + length < len(b)
                    and free_a[i + length]
                    and free_b[j + length]
                    and a[i + length] == b[j + length]
                ):
                    length += 1
                if length > best[2]:
                    best = (i, j, length)
        i, j, length = best
        free_a[i : i + length] = free_b[j : j + length] = [False] * length
        blocks.append(best)
        left -= length
    return sorted(blocks, key=lambda block: block[1])


def _choose_fixed(blocks: Sequence[Block], one: Sequence[Unit], loose: bool) -> set[int]:
    """Which blocks, by number, stand in one order in both texts: those with most words.

    Args:
        blocks: of both texts.
        one: units of the first.
        loose: what begins with a conjunction or a preposition rather moves, however long it is.
    """
    own = [
        (n if not loose else 1 / (1 + n)) if one[a].key in _LOOSE else n + _PREFERENCE for a, _, n in blocks
    ]
    weight, before = list(own), [-1] * len(blocks)
    for i, block in enumerate(blocks):
        for j in range(i):
            if blocks[j][0] < block[0] and weight[j] + own[i] > weight[i]:
                weight[i], before[i] = weight[j] + own[i], j
    fixed: set[int] = set()
    i = max(range(len(blocks)), key=weight.__getitem__)
    while i >= 0:
        fixed.add(i)
        i = before[i]
    return fixed


def _may_move(block: Block, blocks: Sequence[Block], one: Sequence[Unit]) -> bool:
    """Whether a phrase may stand in both of its places."""
    place, there, length = block
    units = one[place : place + length]
    first = units[0].key
    is_clause = first in SUBORDINATORS and length > 1
    is_time = units[-1].key in TIMES and all(unit.key in TIMES | WHICH_TIMES for unit in units)
    is_adverb = is_time or all(unit.key in COLOURS or _is_manner(unit.key) for unit in units)
    if not (is_clause or is_adverb or (first in PREPOSITIONS and length > 1)):
        return False
    passed = [one[i] for a, b, n in blocks if (a < place) != (b < there) for i in range(a, a + n)]
    if not is_clause and any(unit.key in SAYING | RELATIVES | SUBORDINATORS for unit in passed):
        return False
    if is_clause and any(unit.key in SAYING for unit in passed):
        return False
    is_when = length > 1 and (units[1].manner is not None or units[1].key in TIMES)  # "в 7 утра", "on Monday"
    return is_adverb or is_when or all(unit.key != first for unit in passed)


def _are_free(blocks: Sequence[Block], one: Sequence[Unit], other: Sequence[Unit]) -> bool:
    """Whether Slavic texts part in both orders only where endings tell what belongs to what."""
    if any(unit.key in SUBORDINATORS | RELATIVES | SAYING for unit in one):
        return False
    for units, starts in ((one, {a for a, _, _ in blocks}), (other, {b for _, b, _ in blocks})):
        for place in starts - {0}:
            before, after = units[place - 1].word, units[place].word
            is_loose = after in PREPOSITIONS | COLOURS | TIMES or before in COLOURS | TIMES
            is_number = units[place].manner is not None
            is_apart = is_loose or is_number or units[place].breaks or _is_verb(before) or _is_verb(after)
            if before in PREPOSITIONS or not is_apart:
                return False
    return any(_is_verb(unit.word) for unit in one)


def _is_verb(word: str) -> bool:
    return _VERB.search(word) is not None and not _NO_VERBS.search(word)


def _is_manner(key: str) -> bool:
    return key.isascii() and key.endswith("ly") and len(key) > 5  # noqa: PLR2004 - "only", "early"


def _is_attribution(moved: Sequence[Block], units: Sequence[Unit]) -> bool:
    """Whether what moved is who said it, at the beginning or the end."""
    places = sorted(place for start, _, length in moved for place in range(start, start + length))
    if not places or len(places) > _ATTRIBUTION or places[-1] - places[0] >= len(places):
        return False
    says = [place for place in places if units[place].key in SAYING]
    return len(says) == 1 and len(places) > 1 and (places[0] == 0 or places[-1] == len(units) - 1)


def _are_lists(moved: Sequence[Block], one: Sequence[Unit], other: Sequence[Unit]) -> bool:
    """Whether what moved are members of a list that has the same members in both texts."""
    (a, a_end), (b, b_end) = (
        (min(block[side] for block in moved), max(block[side] + block[2] for block in moved))
        for side in (0, 1)
    )
    first, last = min(a, b), max(a_end, b_end)
    if any(units[first - 1].key in SUBORDINATORS for units in (one, other) if first):
        return False  # "because A, B" is not "because B, A"
    parts = [_cut(units[first:last], [unit.breaks for unit in units[first:last]]) for units in (one, other)]
    if len(parts[0]) == 1 or sorted(map(_keys, parts[0])) != sorted(map(_keys, parts[1])):
        return False
    return not any(unit.begins for unit in one[first + 1 : last])
