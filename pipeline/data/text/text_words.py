"""The words of a text, by which texts are compared, and what their normal form hides: capitals and questions."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pipeline.data.text.normal_form import normalize_compatibility
from pipeline.data.text.normalise_batches import normalise_texts
from pipeline.data.text.word_pattern import CHARACTERS, MARKS, WORD_OF_LETTERS

PART: Final = 0.5  # of a word, that weighs what `is_part`

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
# Of Latin, Greek and Cyrillic, and vowel points of Arabic, which are written or not. Marks of other scripts are vowels.
# U+034F stays: it keeps long runs of marks apart.
_ACCENT = re.compile("[\u0300-\u034e\u0350-\u036f\u064b-\u0652\u0670]")
_LINK = re.compile(r"https?://\S+|www\.\S+|t\.me/\S+|@\w+")
# Scripts that put no spaces between words: Thai, Lao, Tibetan, Burmese, Khmer, Chinese and Japanese. Each letter, with
# the vowel before it and the marks after it, is a token, in Tibetan each syllable.
_SPACELESS = f"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff{CHARACTERS}"
LETTER: Final = rf"[\u0e40-\u0e44\u0ec0-\u0ec4]?(?=\w)[{_SPACELESS}][{MARKS}]*"
_TOKEN = re.compile(rf"[^\W{_SPACELESS}]+(?:[{MARKS}]+[^\W{_SPACELESS}]*)*|{LETTER}")
_WORD = re.compile(r"\w+")
# Of Chinese, which are no part of another word; those of Japanese and its endings are written in hiragana
PARTICLES: Final = "的了着過过被把和與与及在是就將将對对從从到於于也都而之其等們们吗嗎呢吧這这那"
HIRAGANA: Final = "\u3040-\u309f"
_LETTERS = re.compile(WORD_OF_LETTERS)
_only_words = re.compile("[\0-\u0590\u2000-\u2fff\U0001f000-\U0001faff]*").fullmatch  # and signs
_RUN = re.compile(rf"(?:(?![\d{PARTICLES}{HIRAGANA}])[{_SPACELESS}](?<=[\w{MARKS}]))+")
_is_spaceless = re.compile(f"[{_SPACELESS}]").match
_UNDIVIDED = re.compile(f"[{_SPACELESS}\u0f00-\u0fff]")
_BREAK = re.compile(r"[.!?\u2026:\n\u00ab\u201c\"\u2014\u2022]")  # after which a capital says nothing
SURE_ENDS: Final = (
    "\u061f\u06d4\u0589\u0964\u104b\u1362\u17d4\u3002"  # of sentences; no abbreviation has them
)
_END = re.compile(rf"[.!?\u2026{SURE_ENDS}]")
_sure_end = re.compile(f"[{SURE_ENDS}]").search
_QUESTION = re.compile("[?\u061f\uff1f]")


def find_words(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text in normal form; of scripts that put no spaces between them the letters, see `is_part`.

    Disguises, compatibility characters, accents, case, links, emoji and punctuation do not count.
    """
    return [_find_words(text) for text in normalise_texts(texts)]


def _find_words(text: str) -> list[str]:
    plain = _make_plain(_LINK.sub(" ", text), fold_case=True)
    return _choose_pattern(plain).findall(plain)


def _choose_pattern(plain: str) -> re.Pattern[str]:
    """The same words of scripts without marks, four times as fast."""
    return _WORD if _only_words(plain) else _TOKEN


def is_part(word: str) -> bool:
    """Whether a word of `find_words` is a letter or a syllable of a script that puts no spaces between words.

    These weigh PART of a word: article 1 of the Universal Declaration of Human Rights has 30 words in English, 24 in
    Russian, 39 such letters in Chinese, and 75 in Japanese.
    """
    return _UNDIVIDED.match(word) is not None


def count_words(words: Sequence[str]) -> float:
    """How many words of `find_words` these are, or would be in a script that puts spaces between them."""
    return len(words) - (1 - PART) * sum(map(is_part, words))


def find_terms(text: str, longest: int = 6) -> list[str]:
    """Words of letters in lower case, to be listed; of scripts without spaces, runs of two to `longest` letters.

    No dictionary tells which of these runs are words: those that recur are, or are parts of one. They hold no
    particles of Chinese, and no hiragana, in which Japanese writes particles and endings.
    """
    plain = normalize_compatibility(text).lower()
    terms = [word for word in _LETTERS.findall(plain) if not _is_spaceless(word)]
    for run in _RUN.findall(plain):
        letters = _TOKEN.findall(run)
        terms += [
            "".join(letters[start : start + n])
            for n in range(2, longest + 1)
            for start in range(len(letters) - n + 1)
        ]
    return terms


@dataclass(frozen=True, slots=True)
class Writing:
    """The words of one text and what their normal form hides.

    Attributes:
        words: as `find_words` gives them.
        capitals: which begin with a capital inside a sentence; None where the text does not tell, as its script has
            no capitals or it is written in one case throughout.
        openings: which begin with a capital at the beginning of a sentence, where it says nothing.
        tags: which are hashtags before or after all other words.
        ends: after which a sentence ends, and another begins.
        uppers: which are written in capitals throughout, where others are not.
        gaps: what stands before each word, and after the last.
        questions: how many question marks it has.
    """

    words: tuple[str, ...]
    capitals: tuple[bool, ...] | None
    openings: tuple[bool, ...]
    tags: tuple[bool, ...]
    ends: tuple[bool, ...]
    uppers: tuple[bool, ...]
    gaps: tuple[str, ...]
    questions: int

    def part(self, start: int, end: int) -> "Writing":
        """The same of the words from `start` to before `end`."""
        return Writing(
            self.words[start:end],
            None if self.capitals is None else self.capitals[start:end],
            self.openings[start:end],
            self.tags[start:end],
            self.ends[start:end],
            self.uppers[start:end],
            self.gaps[start : end + 1],
            self.questions,
        )

    def sentences(self) -> list[tuple[str, ...]]:
        """The words of each sentence."""
        cuts = [0, *(place + 1 for place, is_end in enumerate(self.ends[:-1]) if is_end), len(self.words)]
        return [self.words[start:end] for start, end in pairwise(cuts)]


def read_writing(text: str) -> Writing:
    """Words of a text, their capitals, and its question marks."""
    plain = _make_plain(_LINK.sub(" ", normalise_texts([text])[0]), fold_case=False)
    spans = [token.span() for token in _choose_pattern(plain).finditer(plain)]
    written = [plain[start:end] for start, end in spans]
    words = [word.casefold() for word in written]
    is_first = [place == 0 for place in range(len(words))]
    is_tag, is_end = ([False] * len(words) for _ in range(2))
    for place, ((_, end), (start, _)) in enumerate(pairwise([(0, 0), *spans])):
        gap = plain[end:start]
        if gap != " ":
            is_first[place] |= _BREAK.search(gap) is not None
            is_tag[place] = gap[-1:] == "#" or (gap == "" and place > 0 and is_tag[place - 1])
            is_end[place - 1] = _ends(gap)
    is_capital = [word[0] != folded[0] for word, folded in zip(written, words, strict=True)]
    is_telling = any(is_capital) and any(map(str.islower, written))
    inside = tuple(capital and not first for capital, first in zip(is_capital, is_first, strict=True))
    return Writing(
        tuple(words),
        inside if is_telling else None,
        tuple(capital and first for capital, first in zip(is_capital, is_first, strict=True)),
        _find_outer_tags(is_tag),
        tuple(is_end),
        tuple(is_telling and len(word) > 1 and word.isupper() for word in written),
        tuple(
            plain[end:start] for (_, end), (start, _) in pairwise([(0, 0), *spans, (len(plain), len(plain))])
        ),
        len(_QUESTION.findall(plain)),
    )


def fold_words(text: str) -> tuple[str, ...]:
    """Words, separated by spaces, in the form of `find_words`, but without the signs inside them."""
    return tuple(re.sub(r"[^\w&]", "", word) for word in _make_plain(text, fold_case=True).split())


def _ends(gap: str) -> bool:
    """Whether a mark that ends a sentence, and after it a space, stand in what lies between two words."""
    if _sure_end(gap):
        return True
    parts = gap.split()
    return any(_END.search(part) for part in (parts if gap[-1:].isspace() else parts[:-1]))


def _find_outer_tags(is_tag: list[bool]) -> tuple[bool, ...]:
    """Those before the first and after the last word that is none."""
    if not any(is_tag) or all(is_tag):
        return (False,) * len(is_tag)
    words = [place for place, tag in enumerate(is_tag) if not tag]
    return tuple(not words[0] <= place <= words[-1] for place in range(len(is_tag)))


def _make_plain(text: str, *, fold_case: bool) -> str:
    plain = normalize_compatibility(text)
    plain = (plain.casefold() if fold_case else plain).translate(_INVISIBLE)
    if plain.isascii():
        return plain
    return unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", plain)))
