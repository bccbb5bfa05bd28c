"""Text as it is read, whatever characters it is written with, and the way back to the original.

Posts are disguised so that filters miss them: Latin letters inside Cyrillic words, invisible characters, emoji or marks
inside words, letters in fancy forms or spaced out. A reader hardly notices; a classifier sees words that it has never
learnt. `normalise` takes such things back, and for every code point that it leaves it knows the span of the original
that it stands for, so that offsets may always speak of the original text.

What is done, to Latin, Cyrillic and Greek text alone:

- Invisible characters go: zero-width ones, soft hyphens, direction controls, variation selectors, tags, control
  characters. Joiners, variation selectors and fillers stay beside letters of other scripts (Persian, the Indic scripts,
  Mongolian), where they mean something; so do those of emoji.
- Letters and digits in other forms (mathematical, fullwidth, circled, ligatures, small capitals) become plain.
- Marks are composed with their letter (й, ё, ї); what composes with nothing goes. A letter that exists with its mark,
  as é does, stays as it is: nobody can tell it from a disguise.
- Look-alikes: a word of several scripts becomes a word of the one in which all of its letters can be written (an accent
  counts for nothing). Where that is none, the mix is meant (SMSка) and stays. Where it is more than one, the nearest
  words on both sides that are clearly of one script decide, if they agree, else the script of more of its letters.
  A word of one script stays, with one exception: a Latin or Cyrillic word in which every letter has a look-alike ("a",
  "co") is ambiguous and follows those neighbours, if they agree; but not an abbreviation in capitals (BBC) or letters
  beside a digit (A2), which are as likely meant.
- Emoji between two letters of a script go where a small letter follows: "во❗йна". Before a capital they stay, because
  there one word may end and another begin; what touches a word then gets a space, so that the word is read as itself.
- Letters spaced out, four or more with one space, hyphen or underscore between any two, are joined; with spaces, short
  runs only if one of them is no word by itself ("а я і в" stays).
- Runs of white space become one space.

It is done until nothing more is found, so that doing it again changes nothing.
"""  # noqa: RUF002 - it speaks of letters of several alphabets

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.data.text.look_alikes import (
    ALIKE,
    FORMS,
    LETTERS,
    OURS,
    SCRIPTS,
    Script,
    find_alike,
    find_script,
    plain_form,
)

RULES = (
    1  # goes up with any change of what comes out: a model is read with the rules that it was trained with
)

Span = tuple[int, int]
_Edit = tuple[int, int, str]  # start, end, what takes its place

_ALWAYS_INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e01ef"
)
_SOMETIMES_INVISIBLE = "\u034f\u115f\u1160\u180b-\u180f\u200c\u200d\u3164\ufe00-\ufe0d\uffa0"
_SELECTORS = "\ufe0e\ufe0f"  # of the look of emoji and signs, which they follow
_MARKS = (
    "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20e2\u20e4-\u20ff\ua670-\ua672"
    "\ufe20-\ufe2f"
)
EMOJI = (
    "\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55"
    "\U0001f000-\U0001f0ff\U0001f18a-\U0001f1ff\U0001f200-\U0001faff"
)
_BLANK = "\u2800"  # a Braille cell without dots: a space to the eye, not to Python

SUSPECT = f"{_ALWAYS_INVISIBLE}{_SOMETIMES_INVISIBLE}{FORMS}{_MARKS}{_BLANK}"
_find_suspect = re.compile(f"[{SUSPECT}{EMOJI}{_SELECTORS}]").search
_find_spaced = re.compile(r"[ \xa0_-][^\W\d_][ \xa0_-][^\W\d_][ \xa0_-]").search
_find_space_run = re.compile(r"\s\s").search
_find_of_script = {script: re.compile(f"[{letters}]").search for script, letters in LETTERS.items()}

_INVISIBLE_RUN = re.compile(f"[{_ALWAYS_INVISIBLE}{_SOMETIMES_INVISIBLE}{_SELECTORS}]+")
_always_invisible = re.compile(f"[{_ALWAYS_INVISIBLE}]").match
_known_letter_or_mark = re.compile(f"[{OURS}{_MARKS}\u02b0-\u02ff]").match
_FORM = re.compile(f"[{FORMS}]")
_MARKED = re.compile(f"[{OURS}][{_MARKS}]+")
_EMOJI_RUN = re.compile(f"[{EMOJI}][{EMOJI}\u200d\ufe0f]*")
_SPACED = re.compile(rf"(?<![^\W_])[{OURS}]([ \xa0_-])[{OURS}](?:\1[{OURS}]){{2,}}(?![^\W_])")
_SPACES = re.compile(rf"[\s{_BLANK}]{{2,}}|{_BLANK}")
_WORD = re.compile(r"[^\W\d_]+")
# Marks of a letter that are read: it has three at most, and Python takes quadratic time to order more.
_MOST_MARKS = 8
_DIGITS = frozenset("0123456789")
_ONE_LETTER_WORDS = frozenset("aioавикосужбяєзій")
_COUNTERPART: dict[Script, frozenset[Script]] = {
    "latin": frozenset({"cyrillic"}),
    "cyrillic": frozenset({"latin"}),
}  # what a word of one script may be a disguise of
_SURELY_SPACED = 6  # so many one-letter words do not follow each other


@dataclass(frozen=True, slots=True)
class Normalised:
    """A normalised text and what each of its code points was.

    Attributes:
        text: the normalised text.
        original: the text it came from.
        spans: for each code point of `text` the span of `original` that it stands for; starts and ends never go back.
    """

    text: str
    original: str
    spans: Sequence[Span]

    def find_original(self, start: int, end: int) -> Span:
        """The span of the original that `text[start:end]` stands for; what was removed inside it is part of it.

        Raises:
            ValueError: an empty span, or one outside of the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(
                f"expected 0 <= start < end <= {len(self.text)}, received start {start}, end {end}"
            )
        return self.spans[start][0], self.spans[end - 1][1]


def normalise(text: str) -> Normalised:
    """Take disguises back, see the module; the time grows linearly with the length of the text."""
    found, spans = _normalise(text, [(i, i + 1) for i in range(len(text))])
    return Normalised(found, text, spans)


def normalise_text(text: str) -> str:
    """The normalised text alone, several times as fast."""
    return _normalise(text, [])[0]


def needs_normalising(text: str) -> bool:
    """Whether there may be something to do; cheap, and True more often than there is."""
    if _find_space_run(text) or _find_spaced(text):
        return True
    if text.isascii():
        return not text.isprintable() and _find_suspect(text) is not None
    return _find_suspect(text) is not None or _count_scripts(text) > 1


def _normalise(text: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """Normalised text and spans; where none are given, none are kept."""
    while needs_normalising(text):
        before = text
        for find_edits in _STEPS if _find_suspect(text) else _STEPS_OF_PLAIN_CHARACTERS:
            text, spans = _apply(text, spans, find_edits(text))
        if text == before:
            break
    return text, spans


def _count_scripts(text: str) -> int:
    return sum(find(text) is not None for find in _find_of_script.values())


def _apply(text: str, spans: list[Span], edits: Iterable[_Edit]) -> tuple[str, list[Span]]:
    """Text and spans after edits that do not overlap, in order."""
    pieces: list[str] = []
    kept: list[Span] = []
    place = 0
    for start, end, replacement in edits:
        pieces += (text[place:start], replacement)
        if spans:
            kept += spans[place:start]
            kept += [(spans[start][0], spans[end - 1][1])] * len(replacement)
        place = end
    if not place:
        return text, spans
    return "".join((*pieces, text[place:])), kept + spans[place:]


def _drop_invisible(text: str) -> Iterator[_Edit]:
    for run in _INVISIBLE_RUN.finditer(text):
        start, end = run.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        is_foreign = _is_foreign(before) or _is_foreign(after)
        kept = {
            "\u200d": is_foreign or (is_sign(before) and is_sign(after)),
            "\ufe0e": is_foreign or is_sign(before),
            "\ufe0f": is_foreign or is_sign(before),
        }
        for i in range(start, end):
            if _always_invisible(text[i]) or not kept.get(text[i], is_foreign):
                yield i, i + 1, ""


def is_sign(character: str) -> bool:
    """What an emoji may be made of: anything but letters, marks and white space."""
    return bool(character) and unicodedata.category(character)[0] in "NPS" and not character.isspace()


def _is_foreign(character: str) -> bool:
    """A letter or mark of a script that we do not touch."""
    return (
        bool(character)
        and unicodedata.category(character)[0] in "LM"
        and not _known_letter_or_mark(character)
    )


def _make_plain(text: str) -> Iterator[_Edit]:
    for form in _FORM.finditer(text):
        plain = plain_form(form.group())
        if plain != form.group():
            yield *form.span(), plain


def _compose_marks(text: str) -> Iterator[_Edit]:
    for marked in _MARKED.finditer(text):
        letter_and_marks = marked.group()[: 1 + _MOST_MARKS]
        yield *marked.span(), unicodedata.normalize("NFC", letter_and_marks)[0]


def _fold_look_alikes(text: str) -> Iterator[_Edit]:
    if _count_scripts(text) < 2:  # noqa: PLR2004 - with one script there is nothing to fold
        return
    places = list(_WORD.finditer(text))
    words = [_read_word(place.group()) for place in places]
    if not any(word.is_doubtful or word.is_mixed for word in words):
        return
    decided = [word.decided for word in words]
    before, after = _carry(decided), _carry(decided[::-1])[::-1]
    for place, word, left, right in zip(places, words, before, after, strict=True):
        target = word.decided
        if word.is_doubtful:
            near = left or right if left == right or left is None or right is None else None
            target = near if near in word.targets else word.majority
        if target is None or not (
            word.is_mixed or (word.is_doubtful and not _touches_digit(text, place.span()))
        ):
            continue
        for i, letter in enumerate(place.group(), place.start()):
            if find_script(letter) != target and (wanted := find_alike(letter, target)):
                yield i, i + 1, wanted


def _touches_digit(text: str, span: Span) -> bool:
    start, end = span
    return text[start - 1 : start].isdigit() or text[end : end + 1].isdigit()


@dataclass(frozen=True, slots=True)
class _Word:
    """What the letters of a word say of its script.

    Attributes:
        targets: scripts in which all of its letters can be written.
        is_mixed: whether it is of several scripts; a mix that is meant has no targets.
        decided: the script that it is or becomes; None where neighbours are asked, and of a foreign or meant mix.
        is_doubtful: whether neighbours are asked.
        majority: the script that more of its letters have than any other, for a mixed word without clear neighbours.
    """

    targets: frozenset[Script] = frozenset()
    is_mixed: bool = False
    decided: Script | None = None
    is_doubtful: bool = False
    majority: Script | None = None


@lru_cache(maxsize=2**15)
def _read_word(word: str) -> _Word:
    scripts = [find_script(letter) for letter in word]
    present = {script for script in scripts if script is not None}
    if None in scripts or not present:
        return _Word()
    is_mixed = len(present) > 1
    candidates: Iterable[Script] = present if is_mixed else SCRIPTS
    fits = find_alike if is_mixed else _find_exactly_alike
    targets = frozenset(
        target
        for target in candidates
        if all(s == target or fits(letter, target) for s, letter in zip(scripts, word, strict=True))
    )
    if not is_mixed:
        (own,) = present
        if not targets & _COUNTERPART.get(own, frozenset()):
            return _Word(targets, decided=own)
        return _Word(targets, is_doubtful=not (len(word) > 1 and word.isupper()))
    if len(targets) < 2:  # noqa: PLR2004 - one: clear; none: the mix is meant
        return _Word(targets, is_mixed=True, decided=next(iter(targets), None))
    ordered = sorted(targets, key=scripts.count, reverse=True)
    is_clear = scripts.count(ordered[0]) > scripts.count(ordered[1])
    return _Word(targets, is_mixed=True, is_doubtful=True, majority=ordered[0] if is_clear else None)


def _find_exactly_alike(letter: str, target: Script) -> str | None:
    return ALIKE[target].get(letter)


def _carry(scripts: Sequence[Script | None]) -> list[Script | None]:
    """For each place the last known script before it."""
    carried: list[Script | None] = []
    last: Script | None = None
    for script in scripts:
        carried.append(last)
        last = script or last
    return carried


def _part_emoji(text: str) -> Iterator[_Edit]:
    for run in _EMOJI_RUN.finditer(text):
        start, end = run.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        if before and after.islower() and (script := find_script(after)) and find_script(before) == script:
            yield start, end, ""
            continue
        left, right = (" " if _is_of_word(character) else "" for character in (before, after))
        if end - start == 1 and (left or right):
            yield start, end, left + text[start] + right
            continue
        if left:
            yield start, start + 1, left + text[start]
        if right:
            yield end - 1, end, text[end - 1] + right


def _is_of_word(character: str) -> bool:
    return bool(character) and (find_script(character) is not None or character in _DIGITS)


def _join_spaced(text: str) -> Iterator[_Edit]:
    if not _find_spaced(text):
        return
    for run in _SPACED.finditer(text):
        letters = run.group()[::2]
        is_by_hyphen = run.group(1) in "-_"
        is_sure = (
            is_by_hyphen
            or len(letters) >= _SURELY_SPACED
            or not _ONE_LETTER_WORDS.issuperset(letters.lower())
        )
        if is_sure and len({find_script(letter) for letter in letters}) == 1:
            yield from ((i, i + 1, "") for i in range(run.start() + 1, run.end(), 2))


def _collapse_spaces(text: str) -> Iterator[_Edit]:
    return ((*run.span(), " ") for run in _SPACES.finditer(text))


_Step = Callable[[str], Iterable[_Edit]]
_STEPS_OF_PLAIN_CHARACTERS: tuple[_Step, ...] = (_fold_look_alikes, _join_spaced, _collapse_spaces)
_STEPS: tuple[_Step, ...] = (
    _drop_invisible,
    _make_plain,
    _compose_marks,
    _part_emoji,
    *_STEPS_OF_PLAIN_CHARACTERS,
)
