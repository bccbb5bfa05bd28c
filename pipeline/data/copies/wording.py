"""What a text says, word by word, in a form in which the same thing has the same key however it is written.

Signs, labels such as "BREAKING:", calls to read more, articles, euphonic variants, contractions, currencies and numbers
are brought into one form here. What only two texts together tell, as that "IMF" is the International Monetary Fund
that the other names, is found in `pipeline.data.copies.same_statement`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from pipeline.data.copies.numerals import Manner, is_numeral, read_number
from pipeline.data.text.text_words import Writing, fold_words
from pipeline.data.copies.wording_lists import (
    ABBREVIATIONS,
    BODIES,
    COLOURS,
    FREE,
    HYPHENATED,
    LABELS,
    OPENERS,
    PREPOSITIONS,
    RELATIVES,
    SAYING,
    SUBORDINATORS,
    TITLES,
    TRAILERS,
    VARIANTS,
    WEIGHTY,
)

# What it takes that a word may be missing in the other text: nothing, little, as one of eight words, or it may not
Weight = Literal["free", "colour", "light", "heavy"]

_APOSTROPHES: Final = frozenset("'’ʼ`′ʹ‘")  # noqa: RUF001 - these are meant
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
# Which a look-alike between Latin words has become, and is a word in Cyrillic
_LETTERS: Final = {"b": "в", "c": "с", "k": "к", "o": "о", "y": "у", "a": "а"}  # noqa: RUF001
_IS: Final = frozenset("it he she that what there here who where".split())  # noqa: SIM905
_CONTRACTED: Final = {"re": "are", "ve": "have", "ll": "will", "m": "am", "d": "would"}
_IRREGULAR: Final = {"won": "will", "can": "can", "shan": "shall", "ain": "is"}
_CURRENCIES: Final = {"$": "@dollar", "€": "@euro", "£": "@pound", "₽": "@rouble", "₴": "@hryvnia"}
_OF_CURRENCY: Final = {
    word: code
    for code, words in (
        ("@dollar", "dollar dollars usd доллар доллара долларов доллары долларами долар долара доларів долари"),
        ("@euro", "euro euros eur евро євро"),
        ("@pound", "pound pounds gbp"),
        ("@rouble", "rouble roubles ruble rubles rub руб рублей рубля рубль рублі рублів рублями"),
        ("@hryvnia", "hryvnia hryvnias uah грн гривен гривна гривны гривень гривня гривні"),
        ("@percent", "percent процент процента процентов проценты відсоток відсотка відсотків відсотки"),
    )
    for word in fold_words(words)
}
_MONTHS: Final = {
    word: f"@month{number}"
    for number, words in enumerate(
        (
            "january jan январь января январе січень січня січні",
            "february feb февраль февраля феврале лютий лютого лютому",
            "march mar март марта марте березень березня березні",
            "april apr апрель апреля апреле квітень квітня квітні",
            "may май мая мае травень травня травні",
            "june jun июнь июня июне червень червня червні",
            "july jul июль июля июле липень липня липні",
            "august aug август августа августе серпень серпня серпні",
            "september sep sept сентябрь сентября сентябре вересень вересня вересні",
            "october oct октябрь октября октябре жовтень жовтня жовтні",
            "november nov ноябрь ноября ноябре листопад листопада листопаді",
            "december dec декабрь декабря декабре грудень грудня грудні",
        ),
        1,
    )
    for word in fold_words(words)
}
_YEARS: Final = frozenset(fold_words("года году год г года року рік рр гг р"))
_LABEL_BREAK: Final = re.compile(r"[^\w\s'’,-]|\s-\s")
_LIST_BREAK: Final = re.compile(r"[,;:()\u2014\u2013\u2026.!\n]|\s-\s")
_SENTENCE_END: Final = re.compile(r"[.!?\u2026\n]")
_SPELLING: Final = (
    (re.compile(r"(?<=..)is(?=(?:e|es|ed|ing|ation|ations)$)"), "iz"),
    (re.compile(r"(?<=...)our(?=(?:s|ed|ing|able|ably|ite|hood|ly|ful|less|er|ers)?$)"), "or"),
    (re.compile(r"(?<=...)(?<=[bt])re(?=s?$)"), "er"),
    (re.compile(r"(?<=..)ogue(?=s?$)"), "og"),
    (re.compile(r"(?<=...)ence(?=s?$)"), "ense"),
    (re.compile(r"(?<=.)yse(?=[sdr]?$)"), "yze"),
    (re.compile("ae"), "e"),
)
# Adjectives, but for names in -ский, and adverbs
_DESCRIBES: Final = re.compile("(?:..(?<![сц]к)(?:ыи|ии|ои|ая|яя|ое|ее|ые|ие)|...но)$")
_LONG_WORD: Final = 6  # letters
_TWICE: Final = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class Unit:
    """A word, or what stands for one.

    Attributes:
        key: two units with one key are one thing.
        word: as written, in small letters.
        weight: of the unit if the other text lacks it.
        is_name: it begins with a capital inside a sentence.
        may_be_name: or at the beginning of one, or nobody can tell.
        is_upper: it is in capitals throughout, where not all is: an abbreviation.
        manner: of a number; None for words.
        has_stop: a full stop follows that ends no sentence, or perhaps none.
        breaks: the unit is the first after a comma, dash, "and" and so on.
        begins: the unit is the first of a sentence.
        is_joined: a hyphen stands before it.
    """

    key: str
    word: str
    weight: Weight
    is_name: bool = False
    may_be_name: bool = False
    is_upper: bool = False
    manner: Manner | None = None
    has_stop: bool = False
    breaks: bool = False
    begins: bool = False
    is_joined: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """What one text says.

    Attributes:
        words: as `find_words` gives them.
        asks: whether it has a question mark.
        units: in order, without hashtags before or after all other words.
        tags: these hashtags.
        with_tags: units and tags in order.
    """

    words: tuple[str, ...]
    asks: bool
    units: tuple[Unit, ...]
    tags: tuple[Unit, ...]
    with_tags: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a `Writing`."""

    word: str
    gap: str  # before it
    capital: bool | None
    opening: bool
    upper: bool
    tag: bool
    has_stop: bool


def read_wording(writing: Writing) -> Wording:
    """Units of a text."""
    words = _expand(_drop_labels(_join(writing)))
    tags = tuple(_unit(word, word.word) for word in words if word.tag)
    units = tuple(_read_units([word for word in words if not word.tag]))
    with_tags = tuple(_read_units(words)) if tags else units
    return Wording(writing.words, bool(writing.questions), units, tags, with_tags)


def spell(word: str) -> str:
    """An English or Cyrillic word in one of the spellings that it may have; only for comparing."""
    if len(word) < _LONG_WORD:
        return word
    if word.isascii():
        for pattern, spelled in _SPELLING:
            word = pattern.sub(spelled, word)
    else:
        word = word.replace("ґ", "г").replace("ться", "тся")
    return _TWICE.sub(r"\1", word)


def _join(writing: Writing) -> list[_Word]:
    """Words, those with an apostrophe or a disguise of one in Cyrillic joined."""
    found: list[_Word] = []
    is_cyrillic = any(len(word) > 1 and _CYRILLIC.match(word) for word in writing.words)
    for i, written in enumerate(writing.words):
        word = _LETTERS.get(written, written) if is_cyrillic else written
        capital = None if writing.capitals is None else writing.capitals[i]
        one = _Word(
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


def _has_stop(writing: Writing, at: int) -> bool:
    """Whether a word may be cut off by a full stop: one that ends no sentence."""
    if not writing.gaps[at + 1].startswith(".") or at + 1 == len(writing.words):
        return False
    capital = writing.openings[at + 1] or (writing.capitals is not None and writing.capitals[at + 1])
    return not capital or len(writing.words[at]) < _LONG_WORD


def _drop_labels(words: list[_Word]) -> list[_Word]:
    """Without "BREAKING:" before and "Read more" after the rest."""
    start = 0
    for length in (3, 2, 1):
        key = tuple(word.word for word in words[:length])
        if len(words) > length and key in LABELS:
            is_shouted = all(word.upper for word in words[:length]) and not words[length].upper
            if is_shouted or _LABEL_BREAK.search(words[length].gap):
                start = length
                break
    rest = words[start:]
    for length in (3, 2, 1):
        key = tuple(word.word for word in rest[-length:])
        if len(rest) > length and key in TRAILERS and _LABEL_BREAK.search(rest[-length].gap):
            return rest[:-length]
    return rest


def _expand(words: list[_Word]) -> list[_Word]:
    """With contractions and abbreviations of letters with stops or hyphens written out."""
    found: list[_Word] = []
    i = 0
    while i < len(words):
        word = words[i]
        after = words[i + 1] if i + 1 < len(words) else None
        if after is not None and after.gap in _APOSTROPHES:
            written = _write_out(word.word, after.word)
            if written is not None:
                found += [
                    replace(word, word=one, upper=False, gap=word.gap if j == 0 else " ")
                    for j, one in enumerate(written)
                ]
                i += 2
                continue
        if word.word == "cannot":
            found += [replace(word, word="can"), replace(word, word="not", gap=" ", capital=False, opening=False)]
            i += 1
            continue
        if after is not None and after.gap in {".", "-", ". "} and (word.word, after.word) in HYPHENATED:
            written = HYPHENATED[word.word, after.word]
            is_upper = after.upper or (word.word[0] in "u" and bool(word.capital or word.opening))
            found += [
                replace(word, word=one, upper=is_upper and len(written) == 1, gap=word.gap if j == 0 else " ")
                for j, one in enumerate(written)
            ]
            i += 2
            if found[-1].word == "us" and i < len(words) and words[i].word == "a" and words[i].gap == ".":
                i += 1
            continue
        found.append(word)
        i += 1
    return found


def _write_out(word: str, ending: str) -> list[str] | None:
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


def _read_units(words: list[_Word]) -> Iterator[Unit]:
    texts = [word.word for word in words]
    gaps = [*(word.gap for word in words), " "]
    uppers = [word.upper for word in words]
    at = 0
    breaks = begins = True
    while at < len(words):
        word = words[at]
        breaks |= bool(_LIST_BREAK.search(word.gap))
        begins |= bool(_SENTENCE_END.search(word.gap)) and _ends_sentence(words, at)
        found: list[Unit] = []
        end = at + 1
        money = _find_sign(word.gap)
        date = _read_date(texts, gaps, at)
        number = None if date else read_number(texts, gaps, uppers, at)
        if date:
            found, end = date, at + 3
        elif number:
            found, end = [_number(number.value, number.manner)], number.end
            if money:
                found.append(Unit(money, money, "heavy"))
            if end < len(words) and texts[end] == "per" and end + 1 < len(words) and texts[end + 1] == "cent":
                found.append(Unit("@percent", "percent", "heavy"))
                end += 2
            elif end < len(words) and texts[end] in _OF_CURRENCY:
                if not money:
                    found.append(Unit(_OF_CURRENCY[texts[end]], texts[end], "heavy"))
                end += 1
            elif "%" in gaps[end]:
                found.append(Unit("@percent", "percent", "heavy"))
            elif _find_sign(gaps[end]) and gaps[end][:1] != " " and not money:
                sign = str(_find_sign(gaps[end]))
                found.append(Unit(sign, sign, "heavy"))
        elif word.word in _MONTHS and _is_month(words, at):
            found = [Unit(_MONTHS[word.word], word.word, "heavy")]
            # "March 5" and "5 March"
            if end < len(words) and (day := read_number(texts, gaps, uppers, end)) and _is_day(day.value):
                if not (at and texts[at - 1][0].isdecimal() and _is_day(texts[at - 1])):
                    found = [_number(day.value, day.manner), *found]
                    end = day.end
        elif word.word in _YEARS and at and re.fullmatch("[12][0-9]{3}", texts[at - 1]):
            found = []
        elif word.word in FREE or (word.word == "&"):
            if word.word not in {"the", "a", "an", "же", "ж", "то"}:
                breaks = True
            at = end
            continue
        else:
            found = [_unit(word, word.word)]
        for i, unit in enumerate(found):
            yield replace(unit, breaks=breaks and i == 0, begins=begins and i == 0)
        if found:
            breaks = begins = False
        at = end


def _ends_sentence(words: list[_Word], at: int) -> bool:
    return words[at].opening or "\n" in words[at].gap or "!" in words[at].gap


def _find_sign(gap: str) -> str | None:
    return next((code for sign, code in _CURRENCIES.items() if sign in gap), None)


def _number(value: str, manner: Manner) -> Unit:
    key = f"#{value}" + ("o" if manner == "ordinal" else "")
    return Unit(key, value, "heavy", manner=manner)


def _read_date(texts: list[str], gaps: list[str], at: int) -> list[Unit] | None:
    """05.03.2024 as a day, a month and a year."""
    parts = texts[at : at + 3]
    if not (
        len(parts) == 3  # noqa: PLR2004 - day, month, year
        and gaps[at + 1] in {".", "/"}
        and gaps[at + 2] == gaps[at + 1]
        and all(part.isdecimal() and len(part) <= 4 for part in parts)  # noqa: PLR2004
        and _is_day(parts[0])
        and 0 < int(parts[1]) <= 12  # noqa: PLR2004
    ):
        return None
    month = f"@month{int(parts[1])}"
    return [
        _number(str(int(parts[0])), "digits"),
        Unit(month, month, "heavy"),
        _number(str(int(parts[2])), "digits"),
    ]


def _is_day(value: str) -> bool:
    return value.isdecimal() and len(value) <= 2 and 0 < int(value) <= 31  # noqa: PLR2004


def _is_month(words: list[_Word], at: int) -> bool:
    """English months have a capital, and "May" stands beside a number."""
    word = words[at]
    if not word.word.isascii():
        return True
    near = [words[i].word for i in (at - 1, at + 1) if 0 <= i < len(words)]
    is_beside_number = any(one[0].isdecimal() for one in near)
    return is_beside_number or (word.capital is True and len(word.word) > 3)  # noqa: PLR2004


def _unit(word: _Word, text: str) -> Unit:
    is_upper = word.upper and len(text) > 1
    key = VARIANTS.get(text, text)
    if is_upper and text in _BODY_OF:
        key = f"@{_BODY_OF[text]}"
    is_name = bool(word.capital) or is_upper
    may_be_name = word.capital is None or is_name or word.opening
    return Unit(
        key,
        text,
        _weigh(text, may_be_name=may_be_name, is_name=is_name),
        is_name=is_name,
        may_be_name=may_be_name,
        is_upper=is_upper,
        has_stop=word.has_stop,
        is_joined=word.gap == "-",
    )


_BODY_OF: Final = {short: number for number, (shorts, _) in enumerate(BODIES) for short in shorts}
_KNOWN: Final = (
    (PREPOSITIONS | SUBORDINATORS | RELATIVES | SAYING | TITLES | frozenset(ABBREVIATIONS)) - WEIGHTY
) | COLOURS


def _weigh(text: str, *, may_be_name: bool, is_name: bool) -> Weight:
    if text in FREE:
        return "free"
    if text in WEIGHTY or is_numeral(text):
        return "heavy"
    if text in COLOURS and not is_name:
        return "colour"
    if is_name or (may_be_name and not _is_common(text)):
        return "heavy"
    return "light"


def _is_common(text: str) -> bool:
    """Whether a word at the beginning of a sentence is surely no name."""
    if text in _KNOWN or text in OPENERS:
        return True
    if text.isascii():
        return text.endswith("ly") and len(text) >= _LONG_WORD
    return _DESCRIBES.search(text) is not None
