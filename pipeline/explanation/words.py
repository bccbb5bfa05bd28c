"""Words of a text with their places, and what an explanation says of each."""

import re
from dataclasses import dataclass

from pipeline.data.word_pattern import WORD

# A word, with apostrophes and hyphens inside; or a run of anything else but white space. Together
# they cover all that is not white space, so that what characters contribute can be summed without a rest.
_UNIT = re.compile(rf"(?:{WORD})(?:['’ʼ-](?:{WORD}))*|[^\w\s]+")  # noqa: RUF001 - apostrophes as they are written
_has_word = re.compile(r"\w").search

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class WordEffect:
    """What a word does to a frame's score.

    Attributes:
        start: first character, counted in the post's text.
        end: one past the last.
        text: the slice between them.
        effect: in log odds of the calibrated probability; above 0, the word raises it.
    """

    start: int
    end: int
    text: str
    effect: float


def find_units(text: str) -> list[Span]:
    """Places of words and of runs of punctuation; they do not overlap and leave out white space alone."""
    return [match.span() for match in _UNIT.finditer(text)]


def is_word(unit: str) -> bool:
    """Whether a unit holds a letter or digit."""
    return _has_word(unit) is not None
