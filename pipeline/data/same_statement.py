"""Do two texts say the same, so that what coders said of one may be said of the other?

Copies in the sense of `pipeline.data.near_duplicates` stand in one fold, and yet "is ready" and "is not ready" differ
by one word. Two texts bear one label only if each word that differs between them is harmless:

- a word exchanged for one that is spelled nearly alike, so a typing error or another ending;
- a word more or less, one in eight at most, that is no negation, no number and no name. A name is a word with a
  capital inside a sentence, and at the beginning of one any word with a capital; where a script has no capitals, or a
  text is written in one case throughout, any word may be a name.

A word exchanged for another is never harmless: "supports" and "rejects" are as near as two synonyms. So is a text that
holds the other and more: the rest may carry frames of its own. And a question is no statement.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA, Levenshtein, Prefix

from pipeline.data.text_words import Writing

WORDS_FOR_ONE: Final = 8  # of a text, for each that it may have more or less
_ALIKE: Final = 2 / 3  # of a word and another form of it, from the beginning on
_STEM: Final = 4  # letters at least
_TYPO_IN: Final = 5  # letters at least, for a typing error in one
_PREFIX: Final = 3  # letters in which an error is another word: Slavic verbs differ there

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
NUMBERS: Final = frozenset(
    """
    zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy eighty
    ninety hundred hundreds thousand thousands million millions billion billions half double twice third quarter dozen
    dozens percent first second only
    ноль один одна одно одного два две двух три трех четыре пять шесть семь восемь девять десять двадцать тридцать
    сорок пятьдесят шестьдесят сто двести тысяча тысячи тысяч миллион миллиона миллионов миллиард миллиардов половина
    вдвое втрое дважды десятки сотни первыи второи треть процентов
    нуль одна одне двое дві двох чотири пять шість сім вісім девять десять двадцять тридцять сто тисяча тисячі тисяч
    мільион мільиона мільионів мільярд мільярдів половина вдвічі двічі десятки сотні першии другии відсотків
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
    if one.words == other.words:
        return True
    longest = max(len(one.words), len(other.words))
    added = 0
    for change in _differences(one.words, other.words):
        if change.one is not None and change.other is not None:
            if not _is_other_form(one.words[change.one], other.words[change.other]):
                return False
            continue
        added += 1
        place, writing = (change.one, one) if change.one is not None else (change.other, other)
        if place is None or _weighs(writing, place):
            return False
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


def _weighs(writing: Writing, place: int) -> bool:
    """Whether a word more or less may change what is said."""
    word = writing.words[place]
    if word in NEGATIONS or _is_number(word) or writing.capitals is None:
        return True
    return writing.capitals[place] or writing.openings[place]


def _is_number(word: str) -> bool:
    return word in NUMBERS or any(letter.isdigit() for letter in word)


def _is_other_form(one: str, other: str) -> bool:
    if one in NEGATIONS or other in NEGATIONS or _is_number(one) or _is_number(other):
        return False
    longer = max(len(one), len(other))
    common = Prefix.similarity(one, other)
    if common >= max(_STEM, _ALIKE * longer):
        return True
    return longer >= _TYPO_IN and common >= _PREFIX and OSA.distance(one, other, score_cutoff=1) <= 1
