"""Numbers in running text, in English, Russian and Ukrainian: digits, words, thousands, ordinals, hours, dates.

"12,000", "12 000", "12 тыс." and "twelve thousand" are one number, as are "10:30", "10.30" and "10:30 am".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from pipeline.data.text.text_words import fold_words

# How a number is written: in digits; as a word; as an ordinal ("third"); as digits with an ending ("3rd", "III")
Manner = Literal["digits", "word", "ordinal", "ending"]

_CARDINALS: Final = """
    0 zero ноль нуль ноля нуля
    1 one один одна одно одного одну одной одним одном одне одній одні одною одному
    2 two два две двух двумя двое двоих двум дві двох двома двоє двом
    3 three три трех тремя трое троих трем трьох трьома троє трьом
    4 four четыре четырех четырьмя четверо четырем чотири чотирьох четверо чотирма чотирьом
    5 five пять пяти пятью пятеро п'ять п'яти п'ятьох п'ятьма
    6 six шесть шести шестью шестеро шість шістьох шістьма
    7 seven семь семи семью семеро сім сімох сьома
    8 eight восемь восьми восемью восьмеро вісім вісьмох
    9 nine девять девяти девятью дев'ять дев'яти дев'ятьох
    10 ten десять десяти десятью десятьох
    11 eleven одиннадцать одиннадцати одинадцять одинадцяти
    12 twelve двенадцать двенадцати дванадцять дванадцяти
    13 thirteen тринадцать тринадцати тринадцять тринадцяти
    14 fourteen четырнадцать четырнадцати чотирнадцять чотирнадцяти
    15 fifteen пятнадцать пятнадцати п'ятнадцять п'ятнадцяти
    16 sixteen шестнадцать шестнадцати шістнадцять шістнадцяти
    17 seventeen семнадцать семнадцати сімнадцять сімнадцяти
    18 eighteen восемнадцать восемнадцати вісімнадцять вісімнадцяти
    19 nineteen девятнадцать девятнадцати дев'ятнадцять дев'ятнадцяти
    20 twenty двадцать двадцати двадцять двадцяти
    30 thirty тридцать тридцати тридцять тридцяти
    40 forty сорок сорока
    50 fifty пятьдесят пятидесяти п'ятдесят п'ятдесяти
    60 sixty шестьдесят шестидесяти шістдесят шістдесяти
    70 seventy семьдесят семидесяти сімдесят сімдесяти
    80 eighty восемьдесят восьмидесяти вісімдесят вісімдесяти
    90 ninety девяносто девяноста дев'яносто дев'яноста
    100 сто ста
    200 двести двухсот двісті двохсот
    300 триста трехсот трьохсот
    400 четыреста четырехсот чотириста чотирьохсот
    500 пятьсот пятисот п'ятсот п'ятисот
    600 шестьсот шестисот шістсот шестисот
    700 семьсот семисот сімсот семисот
    800 восемьсот восьмисот вісімсот восьмисот
    900 девятьсот девятисот дев'ятсот дев'ятисот
"""
_ORDINALS: Final = """
    1 first перв перш
    2 second втор
    3 third трет
    4 fourth четверт
    5 fifth пят п'ят
    6 sixth шест шост
    7 seventh седьм сьом
    8 eighth восьм
    9 ninth девят дев'ят
    10 tenth десят
    11 eleventh одиннадцат одинадцят
    12 twelfth двенадцат дванадцят
    13 thirteenth тринадцат тринадцят
    14 fourteenth четырнадцат чотирнадцят
    15 fifteenth пятнадцат п'ятнадцят
    16 sixteenth шестнадцат шістнадцят
    17 seventeenth семнадцат сімнадцят
    18 eighteenth восемнадцат вісімнадцят
    19 nineteenth девятнадцат дев'ятнадцят
    20 twentieth двадцат двадцят
    30 thirtieth тридцат тридцят
    40 fortieth сороков
    50 fiftieth пятидесят п'ятдесят
    100 hundredth сот
"""
_SCALES: Final = """
    0.5 half
    12 dozen дюжина дюжины
    100 hundred
    1000 thousand тысяча тысячи тысяч тысячу тысячей тыс тисяча тисячі тисяч тисячу тис k
    1000000 million millions mln mn mio миллион миллиона миллионов миллионы млн мільйон мільйона мільйонів мільйони
    1000000000 billion billions bln bn миллиард миллиарда миллиардов миллиарды млрд мільярд мільярда мільярдів мільярди
    1000000000000 trillion trillions trn tn триллион триллиона триллионов трлн трильйон трильйона трильйонів
"""
# Endings of Slavic ordinals, after й has become и
_ENDINGS: Final = frozenset(
    fold_words(
        """
        ый ий ой ая яя ое ее ые ие ого его ому ему ом ем ую юю ых их ым им ыми ими ья ье ьего ьему ьем ьей ьих ьим ьи
        а я е є у ю і ій їй им ої ою
        """
    )
)
_SUFFIXED: Final = re.compile(r"([0-9]{1,15})(st|nd|rd|th|k)")
_SUFFIX: Final = frozenset(
    fold_words("й я е го му м ти х ю ый ой ая ое ого ым ом ых ій і а у га ге та те ша ше шу шого тя тє ма ме")
)
_ROMAN: Final = re.compile(r"(?=..)x{0,3}(ix|iv|v?i{0,3})")
_LONGEST: Final = 18  # digits of a number that is read as one
_ROMAN_DIGITS: Final = {"i": 1, "v": 5, "x": 10}
_BETWEEN: Final = frozenset({" ", "-"})  # the words of a number
_POINTS: Final = frozenset({".", ",", ":"})  # before a fraction or minutes
_GROUP: Final = 3  # digits of thousands
_TWENTY, _HUNDRED = 20, 100
_LARGEST: Final = 10**15  # value that is multiplied further
_GROUPING: Final = frozenset({",", ".", " ", "'", "\u2019"})


def _read(lines: str) -> dict[str, Decimal]:
    return {
        word: Decimal(value)
        for value, *words in (fold_words_of_line(line) for line in lines.strip().splitlines())
        for word in words
    }


def fold_words_of_line(line: str) -> list[str]:
    """The first as it is, a number, and the others folded."""
    value, rest = line.split(maxsplit=1)
    return [value, *fold_words(rest)]


CARDINALS: Final = _read(_CARDINALS)
ORDINALS: Final = _read(_ORDINALS)
SCALES: Final = _read(_SCALES)
WHOLE: Final = {
    word: value
    for value, words in (
        (Decimal("1.5"), "полтора полторы полутора півтора півтори"),
        (Decimal(500), "полтысячи півтисячі"),
        (Decimal(500_000), "полмиллиона півмільйона"),
    )
    for word in fold_words(words)
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number, how it is written, and the place of the word after it."""

    value: str
    manner: Manner
    end: int


def read_number(words: Sequence[str], gaps: Sequence[str], uppers: Sequence[bool], at: int) -> Number | None:
    """The number that begins at a word, if one does."""
    word = words[at]
    if word[0].isdecimal():
        return _read_digits(words, gaps, at)
    if uppers[at] and _ROMAN.fullmatch(word):
        return Number(str(_of_roman(word)), "ending", at + 1)
    return _read_words(words, gaps, at)


def is_numeral(word: str) -> bool:
    """Whether a word is a number by itself."""
    return (
        any(letter.isdigit() for letter in word)
        or word in CARDINALS
        or word in SCALES
        or word in WHOLE
        or _find_ordinal(word) is not None
    )


def _read_digits(words: Sequence[str], gaps: Sequence[str], at: int) -> Number | None:
    word, end = words[at], at + 1
    suffixed = _SUFFIXED.fullmatch(word)
    if suffixed:
        digits, suffix = suffixed.groups()
        is_scaled = suffix == "k"
        return Number(_plain(Decimal(digits + "000" * is_scaled)), "digits" if is_scaled else "ending", end)
    if not word.isdecimal() or len(word) > _LONGEST:
        return Number(word, "digits", end) if word.isdecimal() else None
    if _has_thousands(words, gaps, end):
        text = word
        while len(text) < _LONGEST and _has_thousands(words, gaps, end) and gaps[end] == gaps[at + 1]:
            text, end = text + words[end], end + 1
        return _finish_clock(text, words, gaps, end)
    is_followed = end < len(words)
    if is_followed and gaps[end] in _POINTS and words[end].isdecimal() and len(words[end]) <= _LONGEST:
        return _finish_clock(f"{int(word)}.{words[end]}", words, gaps, end + 1)
    if is_followed and gaps[end] == "-" and words[end] in _SUFFIX:
        return Number(_plain(Decimal(word)), "ending", end + 1)
    return _finish_clock(word, words, gaps, end)


def _has_thousands(words: Sequence[str], gaps: Sequence[str], at: int) -> bool:
    """Whether a word is a group of three digits after another group."""
    before = words[at - 1]
    return (
        at < len(words)
        and gaps[at] in _GROUPING
        and words[at].isdecimal()
        and len(words[at]) == _GROUP
        and len(before) <= _GROUP
        and not (before[0] == "0" and gaps[at - 1] != gaps[at])
    )


def _finish_clock(text: str, words: Sequence[str], gaps: Sequence[str], end: int) -> Number:
    """With "am", "pm" or a scale after it."""
    if end < len(words) and words[end] in {"am", "pm"}:
        hour, _, minute = text.partition(".")
        if int(hour) <= 12:  # noqa: PLR2004 - of a clock
            return Number(f"{int(hour) % 12 + 12 * (words[end] == 'pm')}.{minute or '00'}", "digits", end + 1)
    value, end, is_scaled = _scale(Decimal(text), words, gaps, end)
    return Number(_plain(value) if is_scaled or "." not in text else text, "digits", end)


def _read_words(words: Sequence[str], gaps: Sequence[str], at: int) -> Number | None:
    """Cardinals that add up ("сто двадцать пять"), the last of them perhaps an ordinal."""
    total, end, manner = _add_words(words, gaps, at)
    if manner == "ordinal":
        return Number(_plain(total), manner, end)
    if end == at:
        first = WHOLE.get(words[at], SCALES.get(words[at]))
        if first is None or words[at] == "k":
            return None
        is_half = words[at : at + 2] == ["half", "a"]  # million
        total, end = first, at + 1 + is_half
    value, end, _ = _scale(total, words, gaps, end)
    if value < _HUNDRED:
        return Number(_plain(value), "word", end)
    then = end + (words[end : end + 1] == ["and"])
    if then < len(words) and gaps[then] in _BETWEEN and words[then] in CARDINALS:
        rest = _read_words(words, gaps, then)
        if rest and rest.manner == "word" and Decimal(rest.value) < value:
            return Number(_plain(value + Decimal(rest.value)), "word", rest.end)
    return Number(_plain(value), "word", end)


def _add_words(words: Sequence[str], gaps: Sequence[str], at: int) -> tuple[Decimal, int, Manner]:
    """The sum of the cardinals from a word on, without hundreds and thousands as words of their own."""
    total, below, end = Decimal(0), Decimal(10) ** 4, at
    while end < len(words) and (end == at or gaps[end] in _BETWEEN):
        ordinal = _find_ordinal(words[end])
        value = CARDINALS.get(words[end], ordinal)
        if value is None or value >= below:
            break
        total, end = total + value, end + 1
        if words[end - 1] not in CARDINALS:
            return total, end, "ordinal"
        # "twenty" takes units, "сто" what is less; "twelve" nothing
        below = Decimal(10) ** (len(str(value)) - 1) if value >= _TWENTY else Decimal(0)
    return total, end, "word"


def _scale(value: Decimal, words: Sequence[str], gaps: Sequence[str], end: int) -> tuple[Decimal, int, bool]:
    """A number by the hundreds, thousands and so on that follow it."""
    first = end
    while (
        end < len(words) and value < _LARGEST and words[end] in SCALES and gaps[end].strip() in {"", "-", "."}
    ):
        value *= SCALES[words[end]]
        end += 1
        if end < len(words) and words[end] == "a":  # half a million
            end += 1
    return value, end, end > first


def _find_ordinal(word: str) -> Decimal | None:
    if word in ORDINALS:
        return ORDINALS[word] if word.isascii() else None
    for cut in (1, 2, 3, 4):
        if word[-cut:] in _ENDINGS and not word.isascii():
            value = ORDINALS.get(word[:-cut])
            if value is not None and word not in CARDINALS:
                return value
    return None


def _of_roman(word: str) -> int:
    digits = [_ROMAN_DIGITS[letter] for letter in word]
    return sum(
        -digit if any(later > digit for later in digits[i + 1 :]) else digit for i, digit in enumerate(digits)
    )


def _plain(value: Decimal) -> str:
    """Without an exponent and zeros at the end of a fraction."""
    if value == value.to_integral_value():
        return str(int(value))
    return format(value.normalize(), "f")
