"""The words of a text as one writes them out: without labels and calls to read more, contractions as two words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline.data.copies.abbreviated_words import HYPHENATED
from pipeline.data.copies.weighed_words import CALL_WORDS, CALLS, LABELS
from pipeline.data.text.text_words import Writing, fold_words

_APOSTROPHES: Final = frozenset("'’ʼ`′ʹ‘")
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
# Which a look-alike between Latin words has become, and is a word in Cyrillic
_LETTERS: Final = {"b": "в", "c": "с", "k": "к", "o": "о", "y": "у", "a": "а"}
_UKRAINIAN: Final = re.compile("[іїєґ]")
_UKRAINIAN_WORDS: Final = frozenset(
    fold_words("що це цей ця але або якщо яка яке який року ще вже його тільки")
)
_IN: Final = frozenset(fold_words("у уві"))  # which Ukrainian writes for "в" as it sounds better
_IS: Final = frozenset("it he she that what there here who where".split())  # noqa: SIM905
_CONTRACTED: Final = {"re": "are", "ve": "have", "ll": "will", "m": "am", "d": "would"}
_IRREGULAR: Final = {"won": "will", "can": "can", "shan": "shall", "ain": "is"}
_LABEL_BREAK: Final = re.compile(r"[^\w\s'’,-]|\s-\s")
_BULLET: Final = re.compile("[0-9]{1,2}|[a-zа-яіїє]")
_AFTER_BULLET: Final = re.compile(r"[.)]\)?\s")
_PART_BREAK: Final = re.compile(r"[^\w\s'’-]|\s-\s|\n")  # between clauses or more
_IN_ADDRESSES: Final = frozenset("./-?=&")
_MEASURE: Final = re.compile("([0-9]{1,15})(bn|mn|mln|tn|km|kg|млн|млрд|тыс|тис|км|кг|га)")
_JOINTS: Final = frozenset({".", "-", ". "})  # between the letters of an abbreviation
_LETTERS_OF_USA: Final = 3
_LONG_WORD: Final = 6  # letters: so long a word before a full stop and a capital is no abbreviation


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a `Writing`."""

    word: str
    gap: str  # before it
    capital: bool | None
    opening: bool
    upper: bool
    tag: bool
    has_stop: bool


def write_out(writing: Writing) -> list[Word]:
    """Words of a text in order."""
    return _expand(_drop_labels(_part_units(_join(writing))))


def _join(writing: Writing) -> list[Word]:
    """Words, those with an apostrophe or a disguise of one in Cyrillic joined."""
    found: list[Word] = []
    is_ukrainian = any(_UKRAINIAN.search(word) or word in _UKRAINIAN_WORDS for word in writing.words)
    is_cyrillic = any(len(word) > 1 and _CYRILLIC.match(word) for word in writing.words)
    for i, written in enumerate(writing.words):
        word = _LETTERS.get(written, written) if is_cyrillic else written
        word = "в" if is_ukrainian and word in _IN else word
        capital = None if writing.capitals is None else writing.capitals[i]
        one = Word(
            word,
            writing.gaps[i],
            capital,
            writing.openings[i],
            writing.uppers[i],
            writing.tags[i],
            _has_stop(writing, i),
        )
        if found and one.gap in _APOSTROPHES and _CYRILLIC.match(word) and _CYRILLIC.match(found[-1].word):
            found[-1] = replace(found[-1], word=found[-1].word + word, has_stop=one.has_stop)
        else:
            found.append(one)
    return found


def _part_units(words: list[Word]) -> list[Word]:
    """With "3bn" and "40km" as two words each."""
    found: list[Word] = []
    for word in words:
        parts = _MEASURE.fullmatch(word.word)
        if parts is None:
            found.append(word)
        else:
            found += _give(word, parts.groups(), upper=False)
    return found


def _has_stop(writing: Writing, at: int) -> bool:
    """Whether a word may be cut off by a full stop: one that ends no sentence."""
    if not writing.gaps[at + 1].startswith(".") or at + 1 == len(writing.words):
        return False
    capital = writing.openings[at + 1] or (writing.capitals is not None and writing.capitals[at + 1])
    return not capital or len(writing.words[at]) < _LONG_WORD


def _drop_labels(words: list[Word]) -> list[Word]:
    """Without "BREAKING:" before and "Read more" after the rest."""
    start = 0
    for length in (3, 2, 1):
        key = tuple(word.word for word in words[:length])
        if len(words) > length and key in LABELS:
            is_shouted = all(word.upper for word in words[:length]) and not words[length].upper
            if is_shouted or _LABEL_BREAK.search(words[length].gap):
                start = length
                break
    return _drop_calls(_drop_bullets(_drop_addresses(words[start:])))


def _drop_addresses(words: list[Word]) -> list[Word]:
    """Without links that name no scheme, as "site.ua/n/12"."""
    found: list[Word] = []
    i = 0
    while i < len(words):
        end = i + 1
        while end < len(words) and words[end].gap in _IN_ADDRESSES:
            end += 1
        gaps = [word.gap for word in words[i + 1 : end]]
        if not ("/" in gaps and gaps[0] == "." and words[i].word[0].isalpha()):
            found += words[i:end]
        i = end
    return found


def _drop_bullets(words: list[Word]) -> list[Word]:
    """Without "1." or "a)" before the rest."""
    if len(words) > 1 and _BULLET.fullmatch(words[0].word) and _AFTER_BULLET.match(words[1].gap):
        is_number = words[0].word.isdecimal()
        return words[1:] if is_number or words[1].gap.startswith(")") else words
    return words


def _drop_calls(words: list[Word]) -> list[Word]:
    """Without greetings before, and calls to read, to follow or to share after the rest."""
    parts = [[words[0]]] if words else []
    for word in words[1:]:
        if _PART_BREAK.search(word.gap):
            parts.append([])
        parts[-1].append(word)
    while len(parts) > 1 and _is_call(parts[-1]):
        parts.pop()
    while len(parts) > 1 and _is_call(parts[0]):
        parts.pop(0)
    return [word for part in parts for word in part]


def _is_call(part: list[Word]) -> bool:
    words = {word.word for word in part}
    return part[0].word in CALLS and words <= CALL_WORDS


def _expand(words: list[Word]) -> list[Word]:
    """With contractions, and abbreviations of letters with stops or hyphens, written out."""
    found: list[Word] = []
    i = 0
    while i < len(words):
        written, length = _write_out_one(words[i : i + 3])
        found += written
        i += length
    return found


def _write_out_one(words: list[Word]) -> tuple[list[Word], int]:
    """What the first of three words stands for, perhaps with those after it, and how many they are."""
    word = words[0]
    if word.word == "cannot":
        return [
            replace(word, word="can"),
            replace(word, word="not", gap=" ", capital=False, opening=False),
        ], 1
    if len(words) == 1:
        return [word], 1
    after = words[1]
    contraction = _read_contraction(word.word, after.word) if after.gap in _APOSTROPHES else None
    if contraction is not None:
        return _give(word, contraction, upper=word.upper and len(contraction) == 1), 2
    written = HYPHENATED.get((word.word, after.word)) if after.gap in _JOINTS else None
    if written is None:
        return [word], 1
    is_state = word.word == "u" and bool(word.capital or word.opening)  # U.S., U.N.
    is_america = (
        written == ("us",) and len(words) == _LETTERS_OF_USA and (words[2].gap, words[2].word) == (".", "a")
    )
    return _give(word, written, upper=(after.upper or is_state) and len(written) == 1), 3 if is_america else 2


def _give(word: Word, written: Sequence[str], *, upper: bool) -> list[Word]:
    """Words in place of one."""
    return [
        replace(word, word=one, upper=upper, gap=word.gap if j == 0 else " ") for j, one in enumerate(written)
    ]


def _read_contraction(word: str, ending: str) -> list[str] | None:
    """A contraction as words; a possessive loses its ending."""
    if ending == "t" and word.endswith("n"):
        return [_IRREGULAR.get(word, word[:-1]), "not"]
    if ending == "s":
        if word == "let":
            return ["let", "us"]
        return [word, "is"] if word in _IS else [word]
    if ending in _CONTRACTED:
        return [word, _CONTRACTED[ending]]
    return None
