"""Do two texts say the same, so that what coders said of one may be said of the other?

Copies in the sense of `pipeline.data.copies.near_duplicates` stand in one fold, and yet "is ready" and "is not ready"
differ by one word. Two texts bear one label only if each word that differs between them is harmless:

- a word exchanged for one that is spelled nearly alike, so a typing error or another ending, or a numeral for its
  word;
- a word more or less, one in eight at most, that is no negation, no number and no name. A name is a word with a
  capital inside a sentence, and at the beginning of one any word with a capital; where a script has no capitals, or a
  text is written in one case throughout, any word may be a name;
- hashtags more or less at either end, any number of them, but for names that the text itself does not have.

The same sentences in another order say the same, if each has words enough to be no answer to another.

A word exchanged for another is never harmless: "supports" and "rejects" are as near as two synonyms. So is a text that
holds the other and more: the rest may carry frames of its own. And a question is no statement.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA, Levenshtein, Prefix

from pipeline.data.text.text_words import Writing

WORDS_FOR_ONE: Final = 8  # of a text, for each that it may have more or less
_ALIKE: Final = (
    5 / 8
)  # of a word and another form of it, from the beginning on: Slavic endings have three letters
_STEM: Final = 4  # letters at least
_TYPO_IN: Final = 5  # letters at least, for a typing error in one
_PREFIX: Final = 3  # letters in which an error is another word: Slavic verbs differ there
_SWAP_IN: Final = (
    6  # letters at least, for two that changed places after the first: of five, "trail" and "trial"
)
_SENTENCE: Final = 4  # words at least, of one that may stand elsewhere

# As `find_words` writes them: without accents, й as и, and "don't" as two words. Turkish and Japanese negate with
# endings, which makes another word; scripts without capitals admit no word more or less at all.
NEGATIONS: Final = frozenset(
    """
    no not nor never neither none nobody nothing nowhere without cannot t hardly barely scarcely unlikely against
    allegedly supposedly non anti lack lacks lacking refuse refuses refused deny denies denied fail fails failed
    не ни нет нету нельзя никогда никто никого никому никем ничто ничего ничему ничем никакои никакая никакое никакие
    никаких никаким нигде никуда ниоткуда никак некому нечего незачем без вряд едва якобы будто против вопреки отнюдь
    вовсе лишь отказ отказался отказалась отказались отрицает отрицают
    ні ані немае нема неможна ніколи ніхто нікого нікому ніким ніщо нічого нічому нічим ніякии ніяка ніяке ніякі ніяких
    ніде нікуди ніяк навряд ледве ледь наче нібито начебто проти всупереч аж няма ніхто нікога
    nicht kein keine keinen keinem keiner keines nie niemals nichts niemand niemanden niemandem nirgends weder ohne
    kaum gegen angeblich nein
    ne n pas jamais rien personne aucun aucune ni sans non guere nul nulle contre pretendument plus
    nunca jamas nadie nada ningun ninguno ninguna tampoco sin apenas contra
    mai niente nulla nessuno nessuna nessun senza neanche nemmeno contro nao nem nenhum nenhuma ninguem sem
    niet geen nooit niets niemand zonder noch tegen inte ingen inget aldrig utan ikke ingenting uden uten
    nie nigdy nikt nic zaden zadna zadne bez przeciw ne nikdy nikdo nikto ziadny proti nem soha nincs nelkul
    nu niciodata nimeni nimic fara nuk asnje kurre nei ei mitte kunagi nav nekad bez ne niekada değil degil yok
    """.split()  # noqa: SIM905 - a list of words reads better in lines
)
# Each the same number, in English, Russian and Ukrainian
_VALUES: Final = {
    word: line.split()[0]
    for line in """
    0 zero ноль нуль
    1 one один одна одно одного одну однои одним одне одніи
    2 two два две двух двумя двое двоих дві двох двома двоє двом
    3 three три трех тремя трое троих трьох трьома троє трьом
    4 four четыре четырех четверо чотири чотирьох четверо
    5 five пять пяти пятеро
    6 six шесть шести шестеро шість шести шістьох шестеро
    7 seven семь семи семеро сім семи сімох
    8 eight восемь восьми вісім восьми вісьмох
    9 nine девять девяти
    10 ten десять десяти
    11 eleven одиннадцать одиннадцати одинадцять одинадцяти
    12 twelve двенадцать двенадцати дванадцять дванадцяти
    13 thirteen тринадцать тринадцати тринадцять
    14 fourteen четырнадцать четырнадцати чотирнадцять
    15 fifteen пятнадцать пятнадцати
    20 twenty двадцать двадцати двадцять двадцяти
    30 thirty тридцать тридцати тридцять тридцяти
    40 forty сорок сорока
    50 fifty пятьдесят пятидесяти
    100 hundred сто ста
    1000 thousand тысяча тысячи тысяч тыс тисяча тисячі тисяч тис
    1000000 million millions mln миллион миллиона миллионов млн мільион мільиона мільионів
    1000000000 billion billions bn миллиард миллиарда миллиардов млрд мільярд мільярда мільярдів
    """.strip().splitlines()
    for word in line.split()
}
NUMBERS: Final = frozenset(_VALUES) | frozenset(
    """
    sixty seventy eighty ninety hundreds thousands half double twice third quarter dozen dozens percent first second
    only
    шестьдесят двести половина вдвое втрое дважды десятки сотни первыи второи треть процентов
    половина вдвічі двічі десятки сотні першии другии відсотків
    null eins zwei drei vier fünf funf sechs sieben acht neun zehn zwanzig hundert tausend million millionen milliarde
    milliarden halb doppelt zweimal hälfte halfte
    deux trois quatre cinq sept huit neuf dix vingt cent mille millions milliard milliards moitie double
    uno dos tres cuatro cinco seis siete ocho nueve diez veinte cien mil millon millones mitad doble
    """.split()  # noqa: SIM905 - as above
)


@dataclass(frozen=True, slots=True)
class _Difference:
    """Words of each text, by their places, that stand against each other; one of them may be missing."""

    one: int | None
    other: int | None


def say_the_same(one: Writing, other: Writing) -> bool:
    """Whether a label of one text may be copied to the other, and labels that differ contradict each other."""
    if bool(one.questions) != bool(other.questions):
        return False
    if one.words == other.words or _have_equal_sentences(one, other):
        return True
    longest = max(len(one.words), len(other.words))
    added = 0
    for change in _differences(one.words, other.words):
        if change.one is not None and change.other is not None:
            if not _is_other_form(one.words[change.one], other.words[change.other]):
                return False
            continue
        place, writing = (change.one, one) if change.one is not None else (change.other, other)
        if place is None or _weighs(writing, place):
            return False
        added += not writing.tags[place]
    return added * WORDS_FOR_ONE <= longest


def agree_in_numbers_and_names(one: Writing, other: Writing) -> bool:
    """Whether no word that differs is a number or surely a name: two reports of a kind tell of two events."""
    for change in _differences(one.words, other.words):
        for place, writing in ((change.one, one), (change.other, other)):
            if place is None:
                continue
            is_name = writing.capitals is not None and writing.capitals[place]
            if _is_number(writing.words[place]) or is_name:
                return False
    return True


def _differences(one: Sequence[str], other: Sequence[str]) -> Iterator[_Difference]:
    for edit in Levenshtein.editops(one, other):
        yield _Difference(
            edit.src_pos if edit.tag != "insert" else None, edit.dest_pos if edit.tag != "delete" else None
        )


def _have_equal_sentences(one: Writing, other: Writing) -> bool:
    if len(one.words) != len(other.words) or set(one.words) != set(other.words):
        return False
    sentences = sorted(one.sentences())
    return sentences == sorted(other.sentences()) and min(map(len, sentences)) >= _SENTENCE


def _weighs(writing: Writing, place: int) -> bool:
    """Whether a word more or less may change what is said."""
    word = writing.words[place]
    if word in NEGATIONS or _is_number(word):
        return True
    may_be_name = writing.capitals is None or writing.capitals[place] or writing.openings[place]
    return may_be_name and not (writing.tags[place] and writing.words.count(word) > 1)


def _is_number(word: str) -> bool:
    return word in NUMBERS or any(letter.isdigit() for letter in word)


def _is_other_form(one: str, other: str) -> bool:
    if _is_number(one) and _is_number(other):
        return _VALUES.get(one, one) == _VALUES.get(other, other)
    if one in NEGATIONS or other in NEGATIONS or _is_number(one) or _is_number(other):
        return False
    longer = max(len(one), len(other))
    common = Prefix.similarity(one, other)
    if common >= max(_STEM, _ALIKE * longer):
        return True
    if OSA.distance(one, other, score_cutoff=1) > 1:
        return False
    is_swap = one[:1] == other[:1] and longer >= _SWAP_IN and sorted(one) == sorted(other)
    return is_swap or (longer >= _TYPO_IN and common >= _PREFIX)
