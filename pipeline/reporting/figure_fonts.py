"""Fonts for figures in print: each line in a regular font that has its letters, so that none shows boxes or turns bold.

Left to itself, the program that draws takes any font that has a missing letter, often a bold one, for the whole line.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from matplotlib.font_manager import findSystemFonts
from matplotlib.ft2font import FT2Font

_FIRST: Final = ("Liberation Sans", "Arial", "DejaVu Sans")  # for all lines whose letters it has
_TEXT: Final = re.compile(r'(<text\b[^>]*? font-family=")([^"]*)("[^>]*>)([^<]+)(?=</text>)')
_NOT_REGULAR: Final = re.compile(
    r"bold|italic|oblique|light|thin|black|medium|heavy|condensed|narrow|mono|lastresort", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Face:
    """A regular font: its family, and the code points that it has."""

    family: str
    letters: frozenset[int]


def choose_family(texts: Iterable[str]) -> str:
    """The family for a whole figure, as measured for its layout: the first with all letters, or with most."""
    face = _choose_face(_letters_of("".join(texts)))
    return "sans-serif" if face is None else face.family


def name_fonts(svg: str) -> tuple[str, list[str]]:
    """The picture with another font where that of a text lacks letters, and words that no font can draw."""
    lost: dict[str, None] = {}

    def spell(found: re.Match[str]) -> str:
        text = html.unescape(found[4])
        letters = _letters_of(text)
        face = _choose_face(letters)
        own = max((len(letters & own.letters) for own in list_faces() if own.family == found[2]), default=0)
        nowhere = letters - _find_all_letters()
        lost.update(dict.fromkeys(word for word in text.split() if nowhere & set(map(ord, word))))
        if face is None or own >= len(letters & face.letters):
            return found[0]
        return f"{found[1]}{html.escape(face.family)}{found[3]}{found[4]}"

    return _TEXT.sub(spell, svg), list(lost)


def _letters_of(text: str) -> frozenset[int]:
    return frozenset(ord(letter) for letter in text if letter.isprintable() and not letter.isspace())


@cache
def _choose_face(letters: frozenset[int]) -> Face | None:
    """The first font that has all letters, or else most of them; None on a machine without any."""
    return max(list_faces(), key=lambda face: len(letters & face.letters), default=None)


@cache
def _find_all_letters() -> frozenset[int]:
    return frozenset().union(*(face.letters for face in list_faces()))


@cache
def list_faces() -> tuple[Face, ...]:
    """Regular fonts of this machine: those of `_FIRST`, then others without serifs, then the rest."""
    faces = sorted(_read_faces(), key=lambda face: ("Sans" not in face.family, face.family))
    first = [face for family in _FIRST for face in faces if face.family == family]
    return (*first, *(face for face in faces if face not in first))


def _read_faces() -> Iterator[Face]:
    for path in map(Path, findSystemFonts()):
        if _NOT_REGULAR.search(path.stem):
            continue
        try:
            font = FT2Font(str(path))
        except (RuntimeError, OSError):  # what cannot be read draws nothing
            continue
        yield Face(font.family_name, frozenset(font.get_charmap()))
