"""What a text says, word by word, in a form in which the same thing has the same key however it is written.

Signs, labels such as "BREAKING:", calls to read more, articles, euphonic variants, contractions, currencies and numbers
are brought into one form here. What only two texts together tell, as that "IMF" is the International Monetary Fund
that the other names, is found in `pipeline.data.copies.same_statement`.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from pipeline.data.copies.abbreviated_words import ABBREVIATIONS, BODIES, BRANDS, SMALL_PHRASES, VARIANTS
from pipeline.data.copies.numerals import Manner, is_numeral, read_number
from pipeline.data.copies.weighed_words import (
    COLOUR_PHRASES,
    COLOURS,
    FREE,
    OPENERS,
    PREPOSITIONS,
    RELATIVES,
    SAYING,
    SUBORDINATORS,
    TITLES,
    WEIGHTY,
)
from pipeline.data.copies.written_words import Word, write_out
from pipeline.data.text.text_words import SURE_ENDS, Writing, fold_words

# What it takes that a word may be missing in the other text: nothing, little, as one of six words, or it may not
Weight = Literal["free", "colour", "light", "heavy"]

_CURRENCIES: Final = {"$": "@dollar", "€": "@euro", "£": "@pound", "₽": "@rouble", "₴": "@hryvnia"}
_OF_CURRENCY: Final = {
    word: code
    for code, words in (
        (
            "@dollar",
            "dollar dollars usd доллар доллара долларов доллары долларами долл дол долар долара доларів долари",
        ),
        ("@euro", "euro euros eur евро євро"),
        ("@pound", "pound pounds gbp"),
        ("@rouble", "rouble roubles ruble rubles rub руб рублей рубля рубль рублі рублів рублями"),
        ("@hryvnia", "hryvnia hryvnias uah грн гривен гривна гривны гривень гривня гривні"),
        ("@percent", "percent процент процента процентов проценты відсоток відсотка відсотків відсотки"),
    )
    for word in fold_words(words)
}
_PERCENT: Final = re.compile("процент(?!н)|відсот(?!к(?:ов|ів)о)|percents?$")
_SIGNS: Final = frozenset(_OF_CURRENCY.values())
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
_SHORT_MONTHS: Final = dict(  # which stand beside a number
    zip(
        fold_words(
            "янв фев февр мар апр авг сен сент окт ноя нояб дек січ лют бер квіт трав черв лип серп вер жовт груд"
        ),
        map("@month{}".format, (1, 2, 2, 3, 4, 8, 9, 9, 10, 11, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12)),
        strict=True,
    )
)
_YEARS: Final = frozenset(fold_words("года году год г года року рік рр гг р"))
_YEAR: Final = re.compile("[12][0-9]{3}")
_LAST_DAY, _LAST_MONTH = 31, 12
_ARTICLES: Final = frozenset(fold_words("the teh a an же ж то"))  # free words that part nothing
_LIST_BREAK: Final = re.compile(rf"[,;:()\u2014\u2013\u2026.!\n\u060c\u061b\u3001{SURE_ENDS}]|\s-\s")
_SENTENCE_END: Final = re.compile(rf"[.!?\u2026\n{SURE_ENDS}]")
_begins_surely: Final = re.compile(rf"[\n!{SURE_ENDS}]").search
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
_DESCRIBES: Final = re.compile(
    "(?:..(?<![сц]к)(?:ыи|ии|ои|ая|яя|ое|ее|ые|ие)|(?:[бвгджзклмпрстчш]|..[еая])ні|...но)$"
)
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

    @property
    def signs(self) -> list[str]:
        """Currencies and per cents, which stand beside words and are none."""
        return [unit.key for unit in self.units if unit.key in _SIGNS]


def read_wording(writing: Writing) -> Wording:
    """Units of a text."""
    words = write_out(writing)
    tags = tuple(_unit(word) for word in words if word.tag)
    units = tuple(_read_units([word for word in words if not word.tag]))
    with_tags = tuple(_read_units(words)) if tags else units
    return Wording(writing.words, bool(writing.questions), units, tags, with_tags)


@lru_cache(maxsize=100_000)
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


def _read_units(words: list[Word]) -> Iterator[Unit]:
    reader = _Reader(words)
    at, breaks, begins = 0, True, True
    while at < len(words):
        word = words[at]
        if word.gap == " " and not (word.capital or word.opening or word.has_stop or breaks):
            ordinary = _find_ordinary(word.word, may_be_name=word.capital is None)
            if ordinary is not None:
                yield ordinary
                at += 1
                continue
        breaks |= bool(_LIST_BREAK.search(word.gap))
        begins |= bool(_SENTENCE_END.search(word.gap)) and reader.begins_sentence(at)
        found, at = reader.read(at)
        if found:
            yield replace(found[0], breaks=breaks, begins=begins) if breaks or begins else found[0]
            yield from found[1:]
            breaks = begins = False
        breaks |= not found and word.word in FREE - _ARTICLES


class _Reader:
    """Reads the units that begin at a word of a text: a phrase, a date, an amount, or the word itself."""

    def __init__(self, words: list[Word]) -> None:
        self._words = words
        self._texts = [word.word for word in words]
        self._gaps = [*(word.gap for word in words), " "]
        self._uppers = [word.upper for word in words]

    def begins_sentence(self, at: int) -> bool:
        """Whether what stands before a word, a full stop perhaps, ends a sentence."""
        word = self._words[at]
        return word.opening or _begins_surely(word.gap) is not None

    def read(self, at: int) -> tuple[list[Unit], int]:
        """Units, and the place after them."""
        text = self._texts[at]
        length = self._find_phrase(at, COLOUR_PHRASES)
        if length:
            key = " ".join(self._texts[at : at + length])
            return [Unit(key, key, "colour")], at + length
        length = self._find_phrase(at, SMALL_PHRASES)
        if length:
            one = SMALL_PHRASES[tuple(self._texts[at : at + length])]
            return [Unit(_find_key(one), one, _weigh(one, may_be_name=False, is_name=False))], at + length
        found = self._read_price(at) or self._read_date(at) or self._read_amount(at) or self._read_month(at)
        if found:
            return found
        is_year = text in _YEARS and at and _YEAR.fullmatch(self._texts[at - 1])
        if is_year or text in FREE:
            return [], at + 1
        return [_unit(self._words[at])], at + 1

    def _find_phrase(self, at: int, phrases: Container[tuple[str, ...]]) -> int:
        """Of how many words one of the phrases is that begins here; 0 if none does."""
        for length in range(_LONGEST_PHRASE.get(self._texts[at], 0), 0, -1):
            is_joined = set(self._gaps[at + 1 : at + length]) <= {" ", ", "}
            if is_joined and tuple(self._texts[at : at + length]) in phrases:
                return length
        return 0

    def _read_date(self, at: int) -> tuple[list[Unit], int] | None:
        """05.03.2024 as a day, a month and a year."""
        parts, gaps = self._texts[at : at + 3], self._gaps[at + 1 : at + 3]
        if gaps not in (["."] * 2, ["/"] * 2) or not all(part.isdecimal() for part in parts):
            return None
        day, month, year = parts
        if not (_is_day(day) and _is_day(month) and int(month) <= _LAST_MONTH and _YEAR.fullmatch(year)):
            return None
        units = [_number(str(int(day)), "digits"), _heavy(f"@month{int(month)}"), _number(year, "digits")]
        return units, at + 3

    def _read_price(self, at: int) -> tuple[list[Unit], int] | None:
        """An amount after its currency: "USD 5 million"."""
        code = _OF_CURRENCY.get(self._texts[at])
        is_price = (
            code
            and at + 1 < len(self._texts)
            and self._gaps[at + 1] == " "
            and self._texts[at + 1][0].isdecimal()
        )
        amount = self._read_amount(at + 1) if is_price else None
        return ([*amount[0], _heavy(str(code))], amount[1]) if amount and len(amount[0]) == 1 else None

    def _read_amount(self, at: int) -> tuple[list[Unit], int] | None:
        """A number with what it counts, a currency or per cent, in one order however that is written."""
        number = read_number(self._texts, self._gaps, self._uppers, at)
        if number is None:
            return None
        if self._gaps[number.end].startswith(")") and "(" not in self._gaps[at] and _is_day(self._texts[at]):
            return [], number.end  # of a list: "1) ... 2) ..."
        found, end = [_number(number.value, number.manner)], number.end
        before, after = _find_sign(self._gaps[at]), self._gaps[end]
        if self._texts[end : end + 2] == ["per", "cent"]:
            return [*found, _heavy("@percent")], end + 2
        if end < len(self._texts) and self._texts[end] in _OF_CURRENCY:
            return [*found, _heavy(before or _OF_CURRENCY[self._texts[end]])], end + 1
        if end < len(self._texts) and _PERCENT.match(self._texts[end]):
            return [*found, _heavy("@percent")], end + 1
        stands_after = _find_sign(after) if after.endswith(" ") or end == len(self._texts) else None
        sign = (
            before
            or ("@percent" if "%" in after else None)
            or (stands_after if after[:1] == " " else _find_sign(after))
        )
        return [*found, *([_heavy(sign)] if sign else [])], end

    def _read_month(self, at: int) -> tuple[list[Unit], int] | None:
        """The month of "March 5" and "5 March" stands after the day."""
        text, end = self._texts[at], at + 1
        has_day = at > 0 and _is_day(self._texts[at - 1])
        if has_day and text in _SHORT_MONTHS:
            return [_heavy(_SHORT_MONTHS[text])], end
        if text not in _MONTHS or not self._is_month(at):
            return None
        month = _heavy(_MONTHS[text])
        day = (
            None
            if has_day or end == len(self._texts)
            else read_number(self._texts, self._gaps, self._uppers, end)
        )
        if day is None or not _is_day(day.value):
            return [month], end
        return [_number(day.value, day.manner), month], day.end

    def _is_month(self, at: int) -> bool:
        """English months have a capital, and "May" stands beside a number."""
        text = self._texts[at]
        near = [*self._texts[max(at - 1, 0) : at], *self._texts[at + 1 : at + 2]]
        is_beside_number = any(one[0].isdecimal() for one in near)
        return (
            not text.isascii()
            or is_beside_number
            or (self._words[at].capital is True and len(text) > len("may"))
        )


def _find_sign(gap: str) -> str | None:
    return next((code for sign, code in _CURRENCIES.items() if sign in gap), None)


def _number(value: str, manner: Manner) -> Unit:
    return Unit(f"#{value}" + ("o" if manner == "ordinal" else ""), value, "heavy", manner=manner)


def _heavy(code: str) -> Unit:
    return Unit(code, code, "heavy")


def _is_day(value: str) -> bool:
    return value.isdecimal() and len(value) <= len("31") and 0 < int(value) <= _LAST_DAY


@lru_cache(maxsize=100_000)
def _find_ordinary(word: str, *, may_be_name: bool) -> Unit | None:
    """The unit of a word without a capital among others that is no number, month or free word; None for those."""
    if word in _LONGEST_PHRASE or word in FREE or word in _MONTHS or word in _YEARS or is_numeral(word):
        return None
    weight = _weigh(word, may_be_name=may_be_name, is_name=False)
    return Unit(_find_key(word), word, weight, may_be_name=may_be_name)


def _unit(word: Word) -> Unit:
    text = word.word
    is_upper = word.upper and len(text) > 1
    key = _find_key(text)
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


_LONGEST_PHRASE: Final[dict[str, int]] = {}
for _phrase in (*COLOUR_PHRASES, *SMALL_PHRASES):
    _LONGEST_PHRASE[_phrase[0]] = max(len(_phrase), _LONGEST_PHRASE.get(_phrase[0], 0))
_BODY_OF: Final = {short: number for number, (shorts, _) in enumerate(BODIES) for short in shorts}
_KNOWN: Final = (
    (PREPOSITIONS | SUBORDINATORS | RELATIVES | SAYING | TITLES | frozenset(ABBREVIATIONS)) - WEIGHTY
) | COLOURS


def _find_key(text: str) -> str:
    for short, long in BRANDS.items() if text[0] in _BRAND_STARTS else ():
        if text.startswith(short) and len(text) <= len(short) + 2:
            return long
    return VARIANTS.get(text, text)


_BRAND_STARTS: Final = frozenset(short[0] for short in BRANDS)


def _weigh(text: str, *, may_be_name: bool, is_name: bool) -> Weight:
    if text in FREE:
        return "free"
    if text in WEIGHTY or is_numeral(text):
        return "heavy"
    is_adverb = text.isascii() and text.endswith("ly") and len(text) >= _LONG_WORD
    if not is_name and (text in COLOURS or (is_adverb and not may_be_name)):
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
