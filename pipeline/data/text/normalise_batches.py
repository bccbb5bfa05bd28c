"""Many texts normalised at once: which of them need it is found for all together.

Ordinary texts need nothing, and to find that out one by one would be nearly all of the work. Here the characters of
many texts stand in one array, a table gives the class of each, and classes side by side say where there may be
something to do.
"""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.data.text.look_alikes import LETTERS
from pipeline.data.text.text_normalisation import EMOJI, SUSPECT, is_sign, normalise_text

_SUSPECT, _LATIN, _CYRILLIC, _GREEK, _DIGIT, _EMOJI, _SELECTOR, _SPACE, _SEPARATOR, _KNOWN_EMOJI = (
    1 << bit for bit in range(10)
)
_LETTER = _LATIN | _CYRILLIC | _GREEK
_CLASSES = {  # parts of character classes; a code point may be in several
    _SUSPECT: SUSPECT,
    _LATIN: LETTERS["latin"],
    _CYRILLIC: LETTERS["cyrillic"],
    _GREEK: LETTERS["greek"],
    _DIGIT: "0-9",
    _EMOJI: EMOJI,
    _SELECTOR: "\ufe0e\ufe0f",
    _SPACE: "\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    _SEPARATOR: " \xa0_-",
}
_CODE_POINTS = 0x110000
_FEW = 16  # texts, for which arrays do not pay
_TEXTS_AT_ONCE = 1024
_LONG = 20_000  # characters; longer texts are looked at one by one, so that memory stays flat


def normalise_texts(texts: Sequence[str]) -> list[str]:
    """`normalise_text` of each, in order."""
    found = list(texts)
    if len(found) < _FEW:
        return [normalise_text(text) for text in found]
    for start in range(0, len(found), _TEXTS_AT_ONCE):
        part = found[start : start + _TEXTS_AT_ONCE]
        is_long = np.array([len(text) > _LONG for text in part])
        is_suspect = _find_suspects([text if len(text) <= _LONG else "" for text in part])
        for i in np.flatnonzero(is_long | is_suspect).tolist():
            found[start + i] = normalise_text(part[i])
    return found


def _find_suspects(texts: list[str]) -> NDArray[np.bool_]:
    """Which texts may need normalising, shape (n_texts,); True more often than is so, as at white space at an end."""
    characters = "\n".join(["", *texts, ""]).encode("utf-32-le", "surrogatepass")
    classes = _class_of_code_points()[np.frombuffer(characters, np.uint32)]
    is_letter, is_space, is_special, separates = (
        (classes & of) != 0 for of in (_LETTER, _SPACE, _EMOJI | _SELECTOR, _SEPARATOR)
    )
    is_of_word, is_emoji, selects = ((classes & of) != 0 for of in (_LETTER | _DIGIT, _EMOJI, _SELECTOR))
    is_suspect = (classes & _SUSPECT) != 0
    is_suspect[1:] |= is_space[1:] & is_space[:-1]
    is_suspect[1:] |= selects[1:] & ((classes & _KNOWN_EMOJI) == 0)[:-1]  # an emoji's belongs to it
    is_suspect[1:] |= (is_of_word[1:] & is_special[:-1]) | (is_of_word[:-1] & is_emoji[1:])
    is_suspect[4:] |= separates[:-4] & is_letter[1:-3] & separates[2:-2] & is_letter[3:-1] & separates[4:]
    starts = np.cumsum([1, *(len(text) + 1 for text in texts[:-1])])
    scripts = np.bitwise_or.reduceat(classes & _LETTER, starts)
    several = (scripts & (scripts - 1)) != 0  # more than one bit
    return np.asarray(several | np.logical_or.reduceat(is_suspect, starts))


@cache
def _class_of_code_points() -> NDArray[np.uint16]:
    """Classes of each code point as bits, shape (0x110000,)."""
    classes = np.zeros(_CODE_POINTS, np.uint16)
    for bit, members in _CLASSES.items():
        for first, last in re.findall(r"(.)(?:-(.))?", members, re.DOTALL):
            classes[ord(first) : ord(last or first) + 1] |= bit
    emoji = np.flatnonzero(classes & _EMOJI)
    classes[[code for code in emoji if is_sign(chr(code))]] |= _KNOWN_EMOJI
    return classes
