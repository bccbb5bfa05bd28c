"""What one text abbreviates and the other names in full: "the IMF", "Минобороны", "Gen. Keller", "anti-war"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from rapidfuzz.distance import Prefix

from pipeline.data.copies.abbreviated_words import ABBREVIATIONS, BODIES
from pipeline.data.copies.weighed_words import PREPOSITIONS
from pipeline.data.copies.wording import Unit, spell

_MOST: Final = 24  # units that differ: among more nothing is looked for
_NAMES: Final = 8  # words of what an abbreviation stands for, at most
_PARTS: Final = 3  # words at most that another is made of
_JOINED: Final = 4  # letters at least, of two words written as one
_PIECE: Final = 2  # letters at least, of a word in a compound such as Минобороны
_CASE: Final = 3  # letters at most, of an ending
_ENDING: Final = 5  # of an adjective's, with what stands before it
_START: Final = 4  # letters of a name by which it is looked up
_VOWEL: Final = re.compile("[аеиоуыэюяіє]")
_SMALL: Final = PREPOSITIONS | frozenset("of for on and и в по с у та з і".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a name stands, and how it is written there."""

    start: int
    end: int
    key: str


@dataclass(frozen=True, slots=True)
class _Body:
    """A state or body, its abbreviations and full names, as beginnings of words."""

    code: str
    shorts: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]

    @property
    def starts(self) -> set[str]:
        """What the key of a unit may begin with that is one, or begins one."""
        return {self.code, *(name[0][:_START] for name in self.names)}

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
    """Whether a word is a stem, in Slavic with an ending."""
    return word.startswith(stem) and (
        len(word) <= len(stem) + (1 if word.isascii() else _ENDING) or stem == "organi"
    )


_BODIES: Final = [_Body(f"@{number}", shorts, tuple(names)) for number, (shorts, names) in enumerate(BODIES)]


_BODIES_OF: Final = {
    start: [body for body in _BODIES if start in body.starts] for body in _BODIES for start in body.starts
}


def unify(one: Sequence[Unit], other: Sequence[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Both with one unit for what one of them abbreviates and the other names in full."""
    first, second = _drop_own_abbreviations(one), _drop_own_abbreviations(other)
    keys = [{unit.key for unit in units} for units in (first, second)]
    named = {body: None for key in sorted(keys[0] ^ keys[1]) for body in _BODIES_OF.get(key[:_START], ())}
    for name in named:
        forms = [name.find(units) for units in (first, second)]
        if all(forms) and {form.key for form in forms[0]} != {form.key for form in forms[1]}:
            first, second = (
                name.replace(units, found) for units, found in zip((first, second), forms, strict=True)
            )
    second = _shorten(first, second)
    return _shorten(second, first), second


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
    alone = [unit for unit in short if unit.key not in known and unit.manner is None]
    for unit in alone if len(alone) <= _MOST else ():
        for at in range(len(left)):
            if left[at].key in keys or left[at].word[:1] != unit.word[:1]:
                continue
            runs = (left[at : at + n] for n in range(1, min(_NAMES, len(left) - at) + 1))
            run = next((run for run in runs if _stands_for(unit, run)), None)
            if run is not None:
                left[at : at + len(run)] = [replace(unit, breaks=run[0].breaks, begins=run[0].begins)]
                break
    return left


def _stands_for(unit: Unit, run: Sequence[Unit]) -> bool:
    if len(run) == 1:
        return _abbreviates(unit, run[0])
    if unit.is_upper and _has_initials(unit.word, run):
        return True
    whole = "".join(one.word for one in run)
    if len(run) <= _PARTS and len(unit.word) >= _JOINED and spell(whole) == spell(unit.word):
        return True
    words = [one.word for one in run if one.word not in _SMALL or one is run[0]]
    return 1 < len(words) <= _PARTS and run[-1].word == words[-1] and _is_compound(unit.word, words)


def _abbreviates(unit: Unit, full: Unit) -> bool:
    """Whether a word is cut off, or written as is usual."""
    short, word = unit.word, full.word
    # Slavic abbreviations that could be words need a full stop
    is_surely_short = unit.has_stop or short.isascii() or (len(short) > 1 and not _VOWEL.search(short))
    if is_surely_short and any(word.startswith(stem) for stem in ABBREVIATIONS.get(short, ())):
        return True
    is_initial = len(short) == 1 and unit.may_be_name and full.may_be_name
    is_cut = unit.has_stop and word.startswith(short) and len(word) > len(short) + 1
    return is_cut and (len(short) > 1 or is_initial)


def _has_initials(short: str, run: Sequence[Unit]) -> bool:
    """Whether an abbreviation is made of the first letters of words, small ones among them or not."""
    if len(run) == 1 or run[-1].word in _SMALL or any(unit.is_upper for unit in run):
        return False
    without = "".join(unit.word[:1] for unit in run if unit.word not in _SMALL and not unit.is_joined)
    whole = "".join(unit.word[:1] for unit in run)
    parts = "".join(unit.word[:1] for unit in run if unit.word not in _SMALL)
    return short in {without, whole, parts}


def _is_compound(word: str, words: Sequence[str]) -> bool:
    """Whether a word is made of the beginnings of others, as Минобороны and Госдума are."""
    if len(words) == 1:
        common = Prefix.similarity(word, words[0])
        is_whole = len(words[0]) - common <= _CASE or common == len(word)
        return common > _PIECE and len(word) - common <= _CASE and is_whole
    for size in range(Prefix.similarity(word, words[0]), _PIECE - 1, -1):
        rest = word[size:]
        if len(rest) > _PIECE and (
            _is_compound(rest, words[1:]) or (rest[0] in "оео" and _is_compound(rest[1:], words[1:]))
        ):
            return True
    return False
