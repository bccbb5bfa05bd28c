"""Are two words one word: in another form, another spelling, or with a typing error?

Endings of number, gender and case do not change what a sentence says; those of time, aspect and voice do ("receives"
and "received", "закрыли" and "закрывают"), and so do those that make another word ("minister" and "ministry"). Nobody
knows here which strings are words, so that a typing error is one that makes no other word as a rule: two letters that
changed places, one written twice, one wrong deep in a long word.
"""

import re
from functools import lru_cache
from typing import Final, Literal

from rapidfuzz.distance import OSA, Postfix, Prefix

from pipeline.data.copies.abbreviated_words import CONFUSED
from pipeline.data.copies.weighed_words import NEGATIONS, WEIGHTY
from pipeline.data.copies.wording import Unit, spell
from pipeline.data.text.text_words import fold_words

Likeness = Literal["spelling", "agreement", "ending"]

_SWAP_IN: Final = 4  # letters at least, for two that changed places
_OTHER_SCRIPTS: Final = "\u0590"  # from Hebrew on, where one letter is another person, number or root
_TYPO_IN: Final = 5  # letters at least, for a typing error in one
_BEGINNING: Final = 3  # letters in which an error is another word: Slavic verbs differ there
_LONG: Final = 6  # letters at least, of a noun that Ukrainian begins with either letter
_NAME: Final = 7  # letters at least of a name, for an error in it
_NAME_END: Final = 3  # letters in which an error is another name: Niger, Nigeria
_SLAVIC_ENDING: Final = 2  # letters at most, of a foreign name
_STEM: Final = 3  # letters at least before endings
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]+")
_VOWELS: Final = frozenset("аеиоуыэюяіє")
_BEFORE_ADJECTIVES: Final = frozenset("кгхжчшщн")  # after which -ий and -ая are endings of one adjective
_SOUND_ALIKE: Final = ({"о", "а"}, {"е", "и"})  # where they are not stressed
# After which "пре" and "при" make two words: предать and придать
_TWO_PREFIXES: Final = re.compile("пр[еи](?:ступ|быв|бы|да|емни|клон|твор|ход|зир|дел|терп|зре|зна|мен)")
_UKRAINIAN: Final = re.compile("[іїєґ]")


def _endings(text: str) -> frozenset[str]:
    return frozenset(fold_words(text)) | {""}


# Of nouns, adjectives and participles in Russian and Ukrainian
_CASES: Final = _endings(
    """
    а я у ю о е и ы ь і ї є ё ом ем ём ой ей ою ею ам ям ами ями ах ях ов ев ів їв ей ий ый ій ая яя ое ее ые ие ого его
    ому ему ым им ых их ыми ими ую юю ью ию ия ии ие ием иям иями иях ові еві єві єм єм їм їх їй єю ями ість ості істю
    ьми ми ен на но ны ён
    """
)
# Of one verb in one time: agreement in gender and number
_PAST: Final = (
    frozenset(fold_words("л ла ло ли")),
    frozenset(fold_words("в ла ло ли")),
    frozenset(fold_words("лся лась лось лись")),
    frozenset(fold_words("вся лася лося лися лась лось лись")),
    _endings("ла ло ли"),  # вёз, везла
)
_PRESENT: Final = (
    frozenset(fold_words("ет ют")),
    frozenset(fold_words("ет ут")),
    frozenset(fold_words("ит ят")),
    frozenset(fold_words("ит ат")),
    frozenset(fold_words("ется ются")),
    frozenset(fold_words("ется утся")),
    frozenset(fold_words("ится ятся")),
    frozenset(fold_words("ится атся")),
    frozenset(fold_words("є ють")),
    frozenset(fold_words("е уть")),
    frozenset(fold_words("е ють")),
    frozenset(fold_words("ить ять")),
    frozenset(fold_words("ить ать")),
    frozenset(fold_words("їть ять")),
    frozenset(fold_words("ється ються")),
    frozenset(fold_words("еться уться")),
    frozenset(fold_words("иться яться")),
    frozenset(fold_words("иться аться")),
)
_ENGLISH_VERBS: Final = frozenset(
    map(frozenset, (("is", "are"), ("was", "were"), ("has", "have"), ("does", "do")))
)
_VERBAL: Final = re.compile(
    "(л|ла|ло|ли|в|лся|лась|лось|лись|вся|лася|лося|лися|ет|ют|ут|ит|ят|ат|ется|ются|утся|ится|ятся|атся|є|ють|уть|ить|ять"
    "|ать|ти|ть|тися|ється|ються|еться|уться|иться|яться|аться|ешь|ишь|ем|им|еш|иш|ємо|имо|емо)$"
)
_SUFFIX: Final = re.compile("л?[аеиоуыэюяіє]?|(?:л?[аеиоуыюяіє])?ва|ну")  # of aspect, after the stem
_PLURALS: Final = (("", "s"), ("", "es"), ("y", "ies"), ("fe", "ves"), ("f", "ves"))
# How names are written in Latin letters, one for all
_WRITTEN: Final = tuple(
    (re.compile(pattern), written)
    for pattern, written in (
        ("shch|sch|tsch", "sh"),
        ("tch", "ch"),
        ("kh", "h"),
        ("ck|q", "k"),
        ("x", "ks"),
        ("ph", "f"),
        ("w", "v"),
        ("tz|cz|ts", "c"),
        ("ou|oo", "u"),
        ("(?<=.)[yji]e", "e"),
        ("(?<![scztp])h(?=.)", "g"),
        ("(?<=.)(?:iy|yy|yi|ii|ij|yj|ey|ei|ie|y|j)", "i"),
        ("^(?:ye|je|ie)", "e"),
        ("^(?:yu|ju|iu)", "u"),
        ("^(?:ya|ja|ia)", "a"),
        ("^y", "i"),
        ("ue", "u"),
        ("oe", "o"),
        ("(?<=[aeiou])h$", ""),
        (r"(.)\1+", r"\1"),
    )
)
_LETTERS: Final = dict(
    zip(
        "абвгґдезиклмнопрстуфхыэіє",
        "a b v g g d e z i k l m n o p r s t u f h i e i e".split(),  # noqa: SIM905
        strict=True,
    )
) | {"ж": "zh", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "u", "я": "a", "ь": "", "ъ": ""}


def find_likeness(one: Unit, other: Unit) -> Likeness | None:
    """How two units that differ are one word; None if they are not."""
    if one.manner is not None or other.manner is not None:
        return "spelling" if one.key == other.key or _are_one_number(one, other) else None
    is_code = "@" in one.key or "@" in other.key or one.is_upper or other.is_upper  # abbreviations
    a, b = one.word, other.word
    if is_code or frozenset((a, b)) in CONFUSED:
        return "spelling" if one.key == other.key else None
    if one.key == other.key or _are_euphonic(a, b) or spell(a) == spell(b):
        return "spelling"
    if a in WEIGHTY or b in WEIGHTY:
        return _compare_weighty(a, b)
    is_name_again = one.may_be_name and other.may_be_name and _are_one_name(a, b)
    return "spelling" if is_name_again else _compare(a, b, is_name=one.is_name and other.is_name)


def _compare(a: str, b: str, *, is_name: bool) -> Likeness | None:
    if sorted(a) != sorted(b):  # letters that changed places are no ending
        if _agree_otherwise(a, b):
            return "agreement"
        if _differ_in_ending(a, b, is_name=is_name):
            return "ending"
        if _CYRILLIC.fullmatch(a) and _CYRILLIC.fullmatch(b) and _have_one_stem(a, b):
            return None  # of one stem, but with endings that say something else
    is_known = max(a + b) < _OTHER_SCRIPTS
    return "spelling" if is_known and _is_typing_error(a, b, is_name=is_name) else None


def _are_one_number(one: Unit, other: Unit) -> bool:
    """Third is 3rd and 3, as in dates, but not three."""
    if one.manner is None or other.manner is None or one.word != other.word:
        return False
    return {one.manner, other.manner} != {"word", "ordinal"}


def _are_one_name(a: str, b: str) -> bool:
    """Zelensky and Zelenskyy, a name in two alphabets, and Twitter in a Slavic case."""
    one, other = write_name(a), write_name(b)
    if a.isascii() == b.isascii():
        return one == other
    latin, slavic = (one, other) if a.isascii() else (other, one)
    return slavic.startswith(latin) and len(slavic) - len(latin) <= _SLAVIC_ENDING and len(latin) >= _STEM


@lru_cache(maxsize=1 << 16)
def write_name(name: str) -> str:
    """A name in Latin letters, however it was brought into them."""
    written = "".join(_LETTERS.get(letter, letter) for letter in name)
    for pattern, one in _WRITTEN:
        written = pattern.sub(one, written)
    return written


def _compare_weighty(a: str, b: str) -> Likeness | None:
    """Of words that matter, "готова" and "готові", and "believe" and "beleive"."""
    if a in WEIGHTY and b in WEIGHTY:
        if _agree_otherwise(a, b):
            return "agreement"
        is_form = not {a, b} & NEGATIONS and not a.isascii()
        return "ending" if is_form and _differ_in_ending(a, b, is_name=False) else None
    is_error = sorted(a) == sorted(b) or _are_doubled(a, b)
    return (
        "spelling"
        if min(len(a), len(b)) > _TYPO_IN and is_error and _is_typing_error(a, b, is_name=False)
        else None
    )


def _are_euphonic(a: str, b: str) -> bool:
    """Ukrainian "вчитель" and "учитель", "іде" and "йде"."""
    is_noun = len(a) >= _LONG and not _VERBAL.search(
        a
    )  # verbs that begin with "в" or "у" are Russian, too, and two
    if a[1:] != b[1:] or len(a) < _STEM or not (_UKRAINIAN.search(a + b) or is_noun):
        return False
    return {a[0], b[0]} in ({"у", "в"}, {"і", "и"}) and a[1:2] not in "аеиоуіяєюї"


def _agree_otherwise(a: str, b: str) -> bool:
    """Whether two are one verb in one time, that agrees with another gender or number."""
    if a.isascii() or b.isascii():
        return frozenset((a, b)) in _ENGLISH_VERBS
    common = Prefix.similarity(a, b)
    if common < _STEM or not (_CYRILLIC.fullmatch(a) and _CYRILLIC.fullmatch(b)):
        return False
    # Letters that both endings share belong to the endings: "ла" and "ло", "ил" and "или"
    return any(
        {a[common - back :], b[common - back :]} <= verbs
        for back in range(min(4, common - _STEM) + 1)
        for verbs in (*_PAST, *_PRESENT)
    )


def _differ_in_ending(a: str, b: str, *, is_name: bool) -> bool:
    common = Prefix.similarity(a, b)
    if a.isascii() and b.isascii():
        return not is_name and _are_plural(a, b)
    if not (_CYRILLIC.fullmatch(a) and _CYRILLIC.fullmatch(b)) or common < _STEM:
        return False
    if _changes_time(a, b):
        return False
    return any(
        a[common - back :] in _CASES and b[common - back :] in _CASES
        for back in range(min(2, common - _STEM) + 1)
    ) and (
        _are_declined_alike(a[common:], b[common:]) or (not is_name and a[common - 1] in _BEFORE_ADJECTIVES)
    )


def _are_declined_alike(one: str, other: str) -> bool:
    """Not so of Нигера and Нигерии: words in -ия keep their и."""
    return (len(one) > 1 and one[0] in "иі" and one[1] in _VOWELS) == (
        len(other) > 1 and other[0] in "иі" and other[1] in _VOWELS
    )


def _changes_time(a: str, b: str) -> bool:
    """Whether both are verbs of one stem in other times, or one is: "закрив" and "закриє"."""
    common = Prefix.similarity(a, b)
    found = [_VERBAL.search(word) for word in (a, b)]
    if not all(found):
        return False
    first, second = (a[common:], b[common:])
    both = {first, second}
    return bool(both - _CASES) or both in ({"в", "є"}, {"л", "ет"})


def _have_one_stem(a: str, b: str) -> bool:
    """Whether they part late, so that what differs is an ending or the aspect of a verb: "решил" and "решал"."""
    ends = [match.start() if (match := _VERBAL.search(word)) else -1 for word in (a, b)]
    if min(ends) < _STEM:
        return False
    stems = (a[: ends[0]], b[: ends[1]])
    common = Prefix.similarity(*stems)
    # Aspect is another vowel at the end of the stem, or -ыва-, -ива-, -ва-
    return all(_SUFFIX.fullmatch(stem[common:]) for stem in stems) and common >= min(map(len, stems)) - 2


def _are_plural(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    return len(short) >= _STEM and any(
        short.endswith(one) and long == short[: len(short) - len(one)] + many for one, many in _PLURALS
    )


def _is_typing_error(a: str, b: str, *, is_name: bool) -> bool:
    longer = max(len(a), len(b))
    if longer < _SWAP_IN or OSA.distance(a, b, score_cutoff=1) > 1:
        return False
    common, rest = Prefix.similarity(a, b), Postfix.similarity(a, b)
    if sorted(a) == sorted(b):  # two letters changed places
        return common >= 1 and (rest >= 1 or longer > _TYPO_IN)
    if is_name and not _are_doubled(a, b):
        return longer >= _NAME and common >= _BEGINNING and rest >= _NAME_END
    return _are_doubled(a, b) or (longer >= _TYPO_IN and _is_error_at(a, b, common, rest))


def _is_error_at(a: str, b: str, common: int, rest: int) -> bool:
    """Whether one wrong letter, after some in common and before the rest, makes no other word as a rule."""
    longer, is_latin = max(len(a), len(b)), a.isascii()
    if rest == 0 and common + 1 >= min(len(a), len(b)):  # at the very end, an ending
        return len(a) == len(b) and longer >= _NAME and not is_latin
    if common >= _BEGINNING or longer < _NAME:
        return common >= _BEGINNING
    # Near the beginning of a long word Slavic prefixes differ, but for vowels that sound alike and a third letter
    if len(a) == len(b):
        may_be = common > 0 and not is_latin and {a[common], b[common]} in _SOUND_ALIKE
        return may_be and not (_TWO_PREFIXES.match(a) and _TWO_PREFIXES.match(b))
    left_out = max(a, b, key=len)[common]
    is_slip = common >= 1 if is_latin else common == _BEGINNING - 1 and left_out in _VOWELS
    return is_slip and longer > _NAME


def _are_doubled(a: str, b: str) -> bool:
    """Whether a letter stands twice in one and once in the other."""
    short, long = sorted((a, b), key=len)
    if len(long) != len(short) + 1:
        return False
    at = Prefix.similarity(short, long)
    return long[at] == long[at - 1] if at else long[0] == long[1]
