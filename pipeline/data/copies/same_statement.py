"""Do two texts say the same, so that what coders said of one may be said of the other?

Copies in the sense of `pipeline.data.copies.near_duplicates` stand in one fold, and yet "is ready" and "is not ready" differ
by one word. Two texts bear one label only if all that differs between them is harmless:

- a word in another spelling, with a typing error, or, once, with another ending of number, gender or case, see
  `pipeline.data.copies.word_forms`; a numeral for its word, an abbreviation for what it stands for;
- articles and other words without weight, a title before a name that both have, labels such as "BREAKING:", see
  `pipeline.data.copies.wording`;
- a word more or less, one in eight at most, that is no negation, number or name, and none that changes how surely, by
  whom, when or how much ("may", "former", "almost"). An adverb that colours ("again") counts half;
- hashtags more or less at either end, any number of them, but for names that the text itself does not have;
- parts in another order that say the same there, see `pipeline.data.copies.moved_parts`.

A word exchanged for another is never harmless: "supports" and "rejects" are as near as two synonyms. So is a text that
holds the other and more: the rest may carry frames of its own. And a question is no statement.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rapidfuzz.distance import Levenshtein, Prefix

from pipeline.data.copies.moved_parts import say_the_same_in_another_order
from pipeline.data.copies.numerals import is_numeral
from pipeline.data.text.text_words import Writing
from pipeline.data.copies.word_forms import find_likeness
from pipeline.data.copies.wording import Unit, Wording, spell
from pipeline.data.copies.wording_lists import ABBREVIATIONS, BODIES, COLOURS, PREPOSITIONS, TITLES, WEIGHTY

WORDS_FOR_ONE: Final = 8  # of a text, for each that it may have more or less
_WORDS_FOR_AN_ENDING: Final = 20  # of a text, for each ending but the first that may differ
_COSTS: Final = {"free": 0.0, "colour": 0.5, "light": 1.0, "heavy": float("inf")}
_MOST: Final = 12  # units of a part that differs: of more no comparison is tried
_NAMES: Final = 6  # words of what an abbreviation stands for, at most
_SPOKEN: Final = re.compile("[аеиоуыэюяіє]")  # noqa: RUF001 - without a vowel no Slavic word is one
_JOINED: Final = 4  # letters at least, of two words written as one
_PIECE: Final = 2  # letters at least, of a word in a compound such as Минобороны
_SLACK: Final = 1.5  # of what differs between copies
_HALF: Final = 0.5  # of a word, a negation or a "may"
_OPENING: Final = 3  # words that differ at the end of both texts: these have an opening in common
_STEM, _ALIKE = 4, 5 / 8  # letters that related words share
_INFINITE: Final = float("inf")

Cost = tuple[float, int]  # of words more or less, and how many endings differ


def say_the_same(one: Wording, other: Wording) -> bool:
    """Whether a label of one text may be copied to the other, and labels that differ contradict each other."""
    if one.asks != other.asks:
        return False
    if one.words == other.words:
        return True
    units = _agree_in_tags(one, other)
    if units is None or not all(units):
        return False
    n_words = max(map(len, units))
    first, second = unify(*units)
    if not _may_be_same(first, second, n_words):
        return False
    if _are_aligned(first, second, n_words):
        return True
    if one.asks:
        return False
    brought = _bring_together(first, second, n_words)
    return brought is not None and say_the_same_in_another_order(*brought)


def are_alike(one: Wording, other: Wording, threshold: float) -> bool:
    """Whether two texts have so nearly the same words, in whichever order, that one was made of the other.

    Prepositions do not count. Of what differs, one name or number at most; no common opening with another end.
    """
    first, second = unify(one.with_tags, other.with_tags)
    left = [list(first), list(second)]
    counts = [Counter(unit.key for unit in units) for units in left]
    common = counts[0] & counts[1]
    places = []
    for units in left:
        rest = Counter(common)
        alone = []
        for place, unit in enumerate(units):
            if rest[unit.key]:
                rest[unit.key] -= 1
            else:
                alone.append(place)
        places.append(alone)
    if min(map(len, places)) > _MOST:
        return False
    for place in list(places[0]):
        there = next((j for j in places[1] if _are_related(left[0][place], left[1][j])), None)
        if there is not None:
            places[0].remove(place)
            places[1].remove(there)
    lengths = [sum(_counts(unit) for unit in units) for units in left]
    differ = [[place for place in alone if _counts(units[place])] for units, alone in zip(left, places, strict=True)]
    weights = [sum(_HALF if units[j].key in WEIGHTY | COLOURS else 1 for j in alone) for units, alone in zip(left, differ, strict=True)]
    if max(weights) > max(lengths) * _SLACK * (1 - threshold) + 1e-9:
        return False
    if max(sum(units[j].is_name or units[j].manner is not None for j in alone) for units, alone in zip(left, differ, strict=True)) > 1:
        return False
    ends = [len(alone) >= _OPENING and alone[0] == len(units) - len(alone) for units, alone in zip(left, places, strict=True)]
    return not all(ends)


def _counts(unit: Unit) -> bool:
    return unit.word not in PREPOSITIONS


def _are_related(one: Unit, other: Unit) -> bool:
    """Whether two words are forms of one, or begin alike."""
    if one.manner is not None or other.manner is not None:
        return find_likeness(one, other) is not None
    common = Prefix.similarity(one.word, other.word)
    return common >= max(_STEM, _ALIKE * max(len(one.word), len(other.word))) or find_likeness(one, other) is not None


def agree_in_numbers_and_names(one: Writing, other: Writing) -> bool:
    """Whether no word that differs is a number or surely a name: two reports of a kind tell of two events."""
    for edit in Levenshtein.editops(one.words, other.words):
        for is_there, place, writing in (
            (edit.tag != "insert", edit.src_pos, one),
            (edit.tag != "delete", edit.dest_pos, other),
        ):
            if is_there:
                is_name = writing.capitals is not None and writing.capitals[place]
                if is_numeral(writing.words[place]) or is_name:
                    return False
    return True


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
        if any(alone[key].weight == "heavy" for key in new):
            return None
        left += bool(new)
    return None if left > 1 else (units[0], units[1])


def unify(one: Sequence[Unit], other: Sequence[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Both with one unit for what one of them abbreviates and the other names in full."""
    first, second = _drop_own_abbreviations(one), _drop_own_abbreviations(other)
    for name in _BODIES:
        forms = [name.find(units) for units in (first, second)]
        if all(forms) and {form.key for form in forms[0]} != {form.key for form in forms[1]}:
            first, second = (name.replace(units, found) for units, found in zip((first, second), forms, strict=True))
    second = _shorten(first, second)
    return _shorten(second, first), second


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    key: str


@dataclass(frozen=True, slots=True)
class _Body:
    """A state or body, its abbreviations and full names, as beginnings of words."""

    code: str
    shorts: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]

    def find(self, units: Sequence[Unit]) -> list[_Found]:
        found: list[_Found] = []
        at = 0
        while at < len(units):
            end = at + 1 if units[at].key == self.code else self._match(units, at)
            if end:
                found.append(_Found(at, end, " ".join(unit.key for unit in units[at:end])))
            at = end or at + 1
        return found

    def _match(self, units: Sequence[Unit], at: int) -> int:
        for name in self.names:
            place = at
            for stem in name:
                while place > at and place < len(units) and units[place].word in _SMALL:
                    place += 1
                if place >= len(units) or not _begins(units[place].word, stem):
                    break
                place += 1
            else:
                return place
        return 0

    def replace(self, units: Sequence[Unit], found: Sequence[_Found]) -> list[Unit]:
        left = list(units)
        for one in reversed(found):
            left[one.start : one.end] = [replace(units[one.start], key=self.code, weight="heavy")]
        return left


def _begins(word: str, stem: str) -> bool:
    """Whether a word is a stem with an ending."""
    return word.startswith(stem) and len(word) <= len(stem) + (0 if word.isascii() and len(stem) > 4 else 5)


_SMALL: Final = PREPOSITIONS | frozenset("of for on and и в по с у та з і".split())  # noqa: SIM905
_BODIES: Final = [
    _Body(f"@{number}", shorts, tuple(names)) for number, (shorts, names) in enumerate(BODIES)
]


def _drop_own_abbreviations(units: Sequence[Unit]) -> list[Unit]:
    """Without the abbreviation in "the International Monetary Fund (IMF)"."""
    left: list[Unit] = []
    for unit in units:
        is_own = unit.is_upper and any(
            _has_initials(unit.word, left[-n:]) for n in range(2, min(_NAMES, len(left)) + 1)
        )
        if not is_own:
            left.append(unit)
    return left


def _shorten(short: Sequence[Unit], long: Sequence[Unit]) -> list[Unit]:
    """The second text with the abbreviations of the first for what they stand for."""
    left = list(long)
    keys = {unit.key for unit in short}
    known = {unit.key for unit in long}
    for unit in short:
        if unit.key in known or unit.manner is not None:
            continue
        for at in range(len(left)):
            if left[at].key in keys:
                continue
            end = next((at + n for n in range(1, _NAMES + 1) if at + n <= len(left) and _stands_for(unit, left[at : at + n])), 0)
            if end:
                left[at:end] = [replace(unit, breaks=left[at].breaks, begins=left[at].begins)]
                break
    return left


def _stands_for(unit: Unit, run: Sequence[Unit]) -> bool:
    if len(run) == 1:
        return _abbreviates(unit, run[0])
    if unit.is_upper and _has_initials(unit.word, run):
        return True
    words = [one.word for one in run if one.word not in _SMALL or one is run[0]]
    if len(run) <= 3 and len(unit.word) >= _JOINED and spell("".join(one.word for one in run)) == spell(unit.word):
        return True
    return len(words) in {2, 3} and run[-1].word == words[-1] and _is_compound(unit.word, words)


def _abbreviates(unit: Unit, full: Unit) -> bool:
    word = full.word
    if unit.word in ABBREVIATIONS and (unit.has_stop or unit.word.isascii() or not _SPOKEN.search(unit.word) and len(unit.word) > 1):
        if any(word.startswith(stem) for stem in ABBREVIATIONS[unit.word]):
            return True
    is_initial = len(unit.word) == 1 and unit.may_be_name and full.may_be_name
    return unit.has_stop and (len(unit.word) > 1 or is_initial) and word.startswith(unit.word) and len(word) > len(unit.word) + 1


def _has_initials(short: str, run: Sequence[Unit]) -> bool:
    """Whether an abbreviation is made of the first letters of words, small ones among them or not."""
    if len(run) < 2 or not short[0] == run[0].word[:1] or run[-1].word in _SMALL:
        return False
    without = "".join(unit.word[:1] for unit in run if unit.word not in _SMALL and not unit.is_joined)
    whole = "".join(unit.word[:1] for unit in run)
    parts = "".join(unit.word[:1] for unit in run if unit.word not in _SMALL)
    return short in {without, whole, parts}


def _is_compound(word: str, words: Sequence[str]) -> bool:
    """Whether a word is made of the beginnings of others, as Минобороны and Госдума are."""
    if len(words) == 1:
        common = Prefix.similarity(word, words[0])
        return common > _PIECE and len(word) - common <= 3 and (len(words[0]) - common <= 3 or common == len(word))
    for size in range(Prefix.similarity(word, words[0]), _PIECE - 1, -1):
        rest = word[size:]
        if len(rest) > _PIECE and (_is_compound(rest, words[1:]) or rest[0] in "оео" and _is_compound(rest[1:], words[1:])):
            return True
    return False


def _may_be_same(one: Sequence[Unit], other: Sequence[Unit], n_words: int) -> bool:
    """A quick look: whether few enough units have another number of letters, as it were, in both."""
    return abs(len(one) - len(other)) <= n_words


def _drop_costs(units: Sequence[Unit]) -> list[float]:
    """What it costs that the other text lacks each unit."""
    costs = []
    for unit, after in zip(units, [*units[1:], None], strict=True):
        is_before_name = after is not None and (after.is_name or after.word in TITLES)
        is_title = unit.word in TITLES or (len(unit.word) == 1 and unit.has_stop and unit.may_be_name)
        costs.append(0.0 if is_title and is_before_name else _COSTS[unit.weight])
    for place, cost in enumerate(costs):  # words side by side, or at the end, are a part of what is said
        is_part = place + 1 == len(costs) or 1.0 in costs[max(place - 1, 0) : place] # noqa: RUF
        if cost == 1.0 and is_part and place + 1 == len(costs):
            costs[place] = _INFINITE
    return costs


def _are_aligned(one: Sequence[Unit], other: Sequence[Unit], n_words: int) -> bool:
    """Whether all that differs between texts in one order is harmless."""
    costs = _drop_costs(one), _drop_costs(other)
    total, endings = 0.0, 0
    for a, a_end, b, b_end in _differing_parts(one, other):
        if max(a_end - a, b_end - b) > _MOST:
            return False
        cost, n = min(
            _align(one[a:a_end], other[b:b_end], drop_a, drop_b)
            for drop_a, drop_b in (
                (costs[0][a:a_end], [_INFINITE] * (b_end - b)),
                ([_INFINITE] * (a_end - a), costs[1][b:b_end]),
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
    for tag, a_start, a_end, b_start, b_end in Levenshtein.opcodes(*keys):
        if tag == "equal":
            if a_start > a or b_start > b:
                yield a, a_start, b, b_start
            a, b = a_end, b_end
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
            if last[j] < best and last[j][0] < _INFINITE:
                likeness = find_likeness(unit, their)
                if likeness is not None:
                    best = min(best, (last[j][0], last[j][1] + (likeness == "ending")))
            row.append(best)
        last = row
    return last[-1]


def _bring_together(one: Sequence[Unit], other: Sequence[Unit], n_words: int) -> tuple[list[Unit], list[Unit]] | None:
    """Both with the same units in their own orders: spelled alike, without what one of them may have more."""
    counts = [Counter(unit.key for unit in units) for units in (one, other)]
    more = [counts[0] - counts[1], counts[1] - counts[0]]
    if max(sum(left.values()) for left in more) > _MOST:
        return None
    left, kept = [], []
    for units, extra in zip((one, other), more, strict=True):
        rest = Counter(extra)
        places = []
        for place in range(len(units) - 1, -1, -1):
            if rest[units[place].key]:
                rest[units[place].key] -= 1
                places.append(place)
        left.append(places[::-1])
        kept.append(list(units))
    cost = 0.0
    costs = [_drop_costs(one), _drop_costs(other)]
    for place in list(left[0]):
        for there in left[1]:
            if find_likeness(one[place], other[there]) == "spelling":
                kept[1][there] = replace(other[there], key=one[place].key)
                left[0].remove(place)
                left[1].remove(there)
                break
    if left[0] and left[1]:
        return None
    for side in (0, 1):
        cost += sum(costs[side][place] for place in left[side])
        for place in reversed(left[side]):
            del kept[side][place]
    return (kept[0], kept[1]) if cost * WORDS_FOR_ONE <= n_words else None
