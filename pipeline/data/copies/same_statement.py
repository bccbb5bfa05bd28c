"""Do two texts say the same, so that what coders said of one may be said of the other?

Copies in the sense of `pipeline.data.copies.near_duplicates` stand in one fold, and yet "is ready" and "is not ready"
differ by one word. Two texts bear one label only if all that differs between them is harmless:

- a word in another spelling, with a typing error, or, once, with another ending of number, gender or case, see
  `pipeline.data.copies.word_forms`; a numeral for its word, an abbreviation for what it stands for;
- articles and other words without weight, a title before a name that both have, labels such as "BREAKING:", see
  `pipeline.data.copies.wording`;
- a word more or less, one in six at most, that is no negation, number or name, and none that changes how surely, by
  whom, when or how much ("may", "former", "almost"). An adverb that colours ("again") counts half;
- hashtags more or less at either end, any number of them, but for such as are sentences, and if one text only has them;
- greetings, calls to read or to follow, bullets, links;
- parts in another order that say the same there, see `pipeline.data.copies.moved_parts`.

In languages other than English, Russian and Ukrainian nothing is known of words: none may differ. Sentences and clauses
may stand in another order.

A word exchanged for another is never harmless: "supports" and "rejects" are as near as two synonyms. So is a text that
holds the other and more: the rest may carry frames of its own. And a question is no statement.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import Levenshtein

from pipeline.data.copies.abbreviation_match import unify
from pipeline.data.copies.dropped_words import INFINITE, find_costs
from pipeline.data.copies.moved_parts import have_equal_parts, say_the_same_in_another_order
from pipeline.data.copies.numerals import is_numeral
from pipeline.data.copies.weighed_words import NEGATIONS
from pipeline.data.copies.word_forms import find_likeness
from pipeline.data.copies.wording import Unit, Wording
from pipeline.data.text.language import UNDETERMINED, identify_language

WORDS_FOR_ONE: Final = 6  # of a text, for each that it may have more or less
_WORDS_FOR_AN_ENDING: Final = 20  # of a text, for each ending but the first that may differ
_MOST: Final = 12  # units of a part that differs: of more no comparison is tried
_ONE_WORD: Final = 12  # letters of a hashtag, if it is one
# Languages; short Russian is taken for some of these
_KNOWN: Final = frozenset({"en", "ru", "uk", "be", "bg", "mk", UNDETERMINED})
_UNCHANGED: Final = ("spelling", "agreement")  # likeness that changes nobody's part

Cost = tuple[float, int]  # of words more or less, and how many endings differ


def say_the_same(one: Wording, other: Wording) -> bool:
    """Whether a label of one text may be copied to the other, and labels that differ contradict each other."""
    if one.asks != other.asks or one.words == other.words:
        return one.asks == other.asks and one.signs == other.signs
    units = _agree_in_tags(one, other)
    if units is None or not all(units):
        return False
    n_words = max(map(len, units))
    first, second = unify(*units)
    if not _are_aligned(first, second, n_words):
        brought = None if one.asks else _bring_together(first, second, n_words)
        if brought is None or not say_the_same_in_another_order(*brought):
            return False
    if [unit.key for unit in first] == [unit.key for unit in second] or have_equal_parts(first, second):
        return True
    return is_known(one.words) and is_known(other.words)


@lru_cache(maxsize=100_000)
def is_known(words: tuple[str, ...]) -> bool:
    """Whether the rules know which words of a text's language weigh little; not so of "vielleicht"."""
    return identify_language(" ".join(words)) in _KNOWN


def _agree_in_tags(one: Wording, other: Wording) -> tuple[tuple[Unit, ...], tuple[Unit, ...]] | None:
    """Units to compare; None if hashtags say something else."""
    if not one.tags and not other.tags:
        return one.units, other.units
    units, left = [], 0
    for mine, theirs in ((one, other), (other, one)):
        own, their = ({unit.key for unit in text.units} for text in (mine, theirs))
        is_part = any(tag.key in their - own for tag in mine.tags)  # "#Hvar is closed" and "Hvar is closed"
        units.append(mine.with_tags if is_part else mine.units)
        known = [*mine.units, *theirs.units]
        alone = {
            tag.key: tag
            for tag in mine.tags
            if tag.key not in own | their and not any(find_likeness(tag, unit) for unit in known)
        }
        new = set(alone) - {tag.key for tag in theirs.tags}
        if any(_says_something(alone[key]) for key in new):
            return None
        left += bool(new)
    return None if left > 1 else (units[0], units[1])


def _says_something(tag: Unit) -> bool:
    """Whether a hashtag is more than a matter or a name: a number, a negation, or several words in one."""
    return tag.word in NEGATIONS or is_numeral(tag.word) or len(tag.word) > _ONE_WORD


def _are_aligned(one: Sequence[Unit], other: Sequence[Unit], n_words: int) -> bool:
    """Whether all that differs between texts in one order is harmless."""
    costs = find_costs(one), find_costs(other)
    total, endings = 0.0, 0
    for a, a_end, b, b_end in _differing_parts(one, other):
        if max(a_end - a, b_end - b) > _MOST:
            return False
        cost, n = min(
            _align(one[a:a_end], other[b:b_end], drop_a, drop_b)
            for drop_a, drop_b in (
                (costs[0][a:a_end], [INFINITE] * (b_end - b)),
                ([INFINITE] * (a_end - a), costs[1][b:b_end]),
            )
        )
        total, endings = total + cost, endings + n
        if total * WORDS_FOR_ONE > n_words or endings > 1 + n_words // _WORDS_FOR_AN_ENDING:
            return False
    return True


def _differing_parts(one: Sequence[Unit], other: Sequence[Unit]) -> Iterator[tuple[int, int, int, int]]:
    """Places from and to in each text, what stands between units with one key."""
    a = b = 0
    keys = [[unit.key for unit in units] for units in (one, other)]
    for part in Levenshtein.opcodes(*keys):
        if part.tag == "equal":
            if part.src_start > a or part.dest_start > b:
                yield a, part.src_start, b, part.dest_start
            a, b = part.src_end, part.dest_end
    if a < len(one) or b < len(other):
        yield a, len(one), b, len(other)


def _align(
    one: Sequence[Unit], other: Sequence[Unit], drop_one: Sequence[float], drop_other: Sequence[float]
) -> Cost:
    """The least that it costs to bring one part into the other."""
    last: list[Cost] = [(0.0, 0)]
    for j in range(len(other)):
        last.append((last[j][0] + drop_other[j], last[j][1]))
    for i, unit in enumerate(one):
        row: list[Cost] = [(last[0][0] + drop_one[i], last[0][1])]
        for j, their in enumerate(other):
            best = min((last[j + 1][0] + drop_one[i], last[j + 1][1]), (row[j][0] + drop_other[j], row[j][1]))
            if last[j] < best and last[j][0] < INFINITE:
                likeness = find_likeness(unit, their)
                if likeness is not None:
                    best = min(best, (last[j][0], last[j][1] + (likeness == "ending")))
            row.append(best)
        last = row
    return last[-1]


def _bring_together(
    one: Sequence[Unit], other: Sequence[Unit], n_words: int
) -> tuple[list[Unit], list[Unit]] | None:
    """Both with the same units in their own orders: spelled alike, without what one of them may have more."""
    counts = [Counter(unit.key for unit in units) for units in (one, other)]
    alone = [_find_more(one, counts[0] - counts[1]), _find_more(other, counts[1] - counts[0])]
    if max(map(len, alone)) > _MOST:
        return None
    kept = [list(one), list(other)]
    for place in list(alone[0]):
        there = next((j for j in alone[1] if find_likeness(one[place], other[j]) in _UNCHANGED), None)
        if there is not None:
            kept[1][there] = replace(other[there], key=one[place].key)
            alone[0].remove(place)
            alone[1].remove(there)
    if all(alone):
        return None
    cost = 0.0
    for units, places, left in zip((one, other), alone, kept, strict=True):
        costs = find_costs(units)
        for place in reversed(places):
            cost += costs[place]
            del left[place]
    return (kept[0], kept[1]) if cost * WORDS_FOR_ONE <= n_words else None


def _find_more(units: Sequence[Unit], more: Counter[str]) -> list[int]:
    """Places of the last of the units that one text has more often."""
    rest = Counter(more)
    places = []
    for place in range(len(units) - 1, -1, -1):
        if rest[units[place].key] > 0:
            rest[units[place].key] -= 1
            places.append(place)
    return places[::-1]
