"""Fonts for figures in print: each line in a regular font that has its letters, so that none shows boxes or turns bold.

Left to itself, the program that draws takes any font that has a missing letter, often a bold one, for the whole line.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from matplotlib.font_manager import (
    FontEntry,
    FontProperties,
    findfont,
    findSystemFonts,
    fontManager,
    get_font,
)
from matplotlib.ft2font import FT2Font

from pipeline.errors import list_names

_FIRST: Final = ("Liberation Sans", "Arial", "DejaVu Sans")  # for all lines whose letters it has
_TEXT: Final = re.compile(r'(<text\b[^>]*? font-family=")([^"]*)("[^>]*>)([^<]+)(?=</text>)')
_NOT_REGULAR: Final = re.compile(
    r"bold|italic|oblique|light|thin|black|medium|heavy|condensed|narrow|mono|lastresort", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Face:
    """A regular font: its family, the code points that it has, and its file."""

    family: str
    letters: frozenset[int]
    path: Path


def choose_family(texts: Iterable[str]) -> str:
    """The family for a whole figure, as measured for its layout: the first with all letters, or with most."""
    face = _choose_face(_letters_of("".join(texts)))
    return "sans-serif" if face is None else face.family


def choose_families(texts: Iterable[str]) -> list[str]:
    """The same for matplotlib, which takes what the first family lacks from the next; its own font is the last."""
    letters = _letters_of("".join(texts))
    families = []
    while (face := _choose_face(letters)) is not None and letters & face.letters:
        _show_to_matplotlib(face)
        families.append(face.family)
        letters -= face.letters
    return [*families, "sans-serif"]


def find_drawn() -> frozenset[int]:
    """Code points that figures of matplotlib can draw, with its own font where the machine has none; ASCII always."""
    return _find_all_letters() | _find_own_letters() | frozenset(range(128))


def find_undrawn(texts: Iterable[str]) -> list[str]:
    """Words with letters (no mere signs) that figures of matplotlib cannot draw."""
    drawn = find_drawn()
    words = dict.fromkeys(word for text in texts for word in text.split())
    return [word for word in words if any(sign.isalnum() and ord(sign) not in drawn for sign in word)]


def note_undrawn(words: Sequence[str], remedy: str) -> list[str]:
    """A note on words that no font can draw, which ends with what to do once there is one; none without such words."""
    if not words:
        return []
    note = (
        f"in figures, no font of this machine has all letters of: {list_names(words, 5)}; they show boxes. Install one "
        "that has them (on Debian and Ubuntu fonts-noto-cjk for Chinese, Japanese and Korean, fonts-dejavu for Arabic, "
        f"fonts-noto-core for most other scripts), and {remedy}"
    )
    return [note]


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
def _find_own_letters() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties())).get_charmap())


@cache
def _show_to_matplotlib(face: Face) -> None:
    """Its own list of fonts is kept between runs without those installed since, and asks for what it calls normal."""
    entry = FontEntry(fname=str(face.path), name=face.family, weight=400, size="scalable")
    fontManager.ttflist.insert(0, entry)


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
        yield Face(font.family_name, frozenset(font.get_charmap()), path)
