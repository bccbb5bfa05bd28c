"""Is one short text made of the other? Nearly the same words tell it, in whichever order and form they stand."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rapidfuzz.distance import Levenshtein, Prefix

from pipeline.data.copies.abbreviation_match import unify
from pipeline.data.copies.dropped_words import find_costs
from pipeline.data.copies.numerals import is_numeral
from pipeline.data.copies.weighed_words import COLOURS, PREPOSITIONS, WEIGHTY
from pipeline.data.copies.word_forms import find_likeness
from pipeline.data.copies.wording import Unit, Wording
from pipeline.data.text.text_words import Writing

SLACK: Final = 1.5  # of what differs in an edit; where texts are cut, and order does not count, so much more
_MOST: Final = 12  # units that differ: of more no comparison is tried
_HALF: Final = 0.5  # of a word, a negation or a "may"
_OPENING: Final = 2  # words that differ at the end of both texts: these have an opening in common
_STEM: Final = 4  # letters at least that related words share
_ALIKE: Final = 5 / 8  # of the longer of them
_NO_CAPITALS: Final = "\u0590"  # from Hebrew on, but for Georgian, which begins no names with them
_ROUNDING: Final = 1e-9


def are_alike(one: Wording, other: Wording, threshold: float) -> bool:
    """Whether two texts have so nearly the same words, in whichever order, that one was made of the other.

    Prepositions do not count. Of what differs, one name or number at most; no common opening with another end.
    """
    if sorted(one.words) == sorted(other.words):
        return True
    both = unify(one.units or one.with_tags, other.units or other.with_tags)
    alone = _find_alone(*both)
    if alone is None:
        return False
    weight = most = 0.0
    for units, places in zip(both, alone, strict=True):
        costs = find_costs(units)
        counted = [units[j] for j in places if costs[j] and _counts(units[j])]
        if _count_names(counted) > 1:
            return False
        weight = max(weight, sum(_HALF if unit.key in WEIGHTY | COLOURS else 1 for unit in counted))
        most = max(most, sum(map(_counts, units)) * SLACK * (1 - threshold))
    is_opening = all(
        len(places) >= _OPENING and places[0] == len(units) - len(places)
        for units, places in zip(both, alone, strict=True)
    )
    return weight <= most + _ROUNDING and not is_opening


def _find_alone(one: Sequence[Unit], other: Sequence[Unit]) -> tuple[list[int], list[int]] | None:
    """Places of the units of each that have none alike in the other; None if they are too many to look at."""
    counts = [Counter(unit.key for unit in units) for units in (one, other)]
    common = counts[0] & counts[1]
    alone: list[list[int]] = []
    for units in (one, other):
        rest = Counter(common)
        alone.append([])
        for place, unit in enumerate(units):
            rest[unit.key] -= 1
            if rest[unit.key] < 0:
                alone[-1].append(place)
    if min(map(len, alone)) > _MOST:
        return None
    for place in list(alone[0]):
        there = next((j for j in alone[1] if _are_related(one[place], other[j])), None)
        if there is not None:
            alone[0].remove(place)
            alone[1].remove(there)
    return alone[0], alone[1]


def _count_names(units: Sequence[Unit]) -> int:
    """Names and numbers; in scripts without capitals, what differs beside a number is taken for a name."""
    numbers = sum(unit.manner is not None for unit in units)
    names = sum(unit.is_name for unit in units if unit.manner is None)
    return numbers + names + (numbers > 0 and any(unit.word[0] >= _NO_CAPITALS for unit in units))


def _counts(unit: Unit) -> bool:
    return unit.word not in PREPOSITIONS


def _are_related(one: Unit, other: Unit) -> bool:
    """Whether two words are forms of one, or begin alike."""
    if one.manner is not None or other.manner is not None:
        return find_likeness(one, other) is not None
    common = Prefix.similarity(one.word, other.word)
    return (
        common >= max(_STEM, _ALIKE * max(len(one.word), len(other.word)))
        or find_likeness(one, other) is not None
    )


def find_differing_names(one: Writing, other: Writing) -> tuple[list[str], list[str]]:
    """The words of each text that differ and are numbers or surely names."""
    found: tuple[list[str], list[str]] = ([], [])
    for edit in Levenshtein.editops(one.words, other.words):
        for is_there, place, writing, names in (
            (edit.tag != "insert", edit.src_pos, one, found[0]),
            (edit.tag != "delete", edit.dest_pos, other, found[1]),
        ):
            if is_there:
                is_name = writing.capitals is not None and writing.capitals[place]
                if is_name or is_numeral(writing.words[place]):
                    names.append(writing.words[place])
    return found
