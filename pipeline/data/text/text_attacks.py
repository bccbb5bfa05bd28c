"""Ways in which texts are disguised or misspelt, to try out what a model makes of them.

Every attack changes words one by one, as many as the rate says, drawn anew for each text from the seed, the attack and
the text itself: the same seed gives the same texts, in whatever order and company they come. An attack that does not
fit a word leaves it: fancy letters exist for Latin alone, and not every letter has a look-alike.
"""

import random
import re
from collections.abc import Callable
from typing import Final

from pipeline.data.text.look_alikes import ALIKE

Draw = random.Random  # where chance comes from
_Change = Callable[[str, Draw], str]

_WORD = re.compile(r"[^\W\d_]{2,}")
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_DIRECTION = "\u200e\u200f\u202a\u202b\u202d\u2066\u2067\u2069"
_EMOJI = "❗🔥⚡💥✅👀😂🚀"
_MARKS = "".join(map(chr, range(0x300, 0x34F))) + "\u0489"
_SHARE_OF_LETTERS = 0.5  # of an attacked word, one at least
_LEET = dict(zip("aeiostbgоезчб", "4310578903346", strict=True))
# Look-alikes of alphabets and symbols that the normalisation does not know.
_STRANGE = {
    "a": "ɑ", "g": "ց", "h": "հ", "i": "ı", "n": "ո", "o": "օ", "q": "զ", "u": "ս", "A": "Ꭺ", "B": "Ᏼ", "D": "Ꭰ",
    "E": "Ꭼ", "G": "Ꮐ", "H": "Ꮋ", "M": "Ꮇ", "P": "Ꮲ", "S": "Տ", "W": "Ꮃ", "а": "ɑ", "о": "օ", "п": "ո", "А": "Ꭺ",
    "В": "Ᏼ", "Е": "Ꭼ", "М": "Ꮇ", "Н": "Ꮋ", "О": "Օ", "Р": "Ꮲ", "С": "Ⲥ", "Т": "Ꭲ",
}  # fmt: skip
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
_NEIGHBOURS = {key: row[max(i - 1, 0) : i] + row[i + 1 : i + 2] for row in _ROWS for i, key in enumerate(row)}
_FANCY: Final = (
    0x1D400,
    0x1D5D4,
    0x1D63C,
)  # mathematical capitals A: bold, sans-serif bold, sans-serif bold italic
_FULLWIDTH: Final = 0xFEE0  # from ASCII


def attack_text(text: str, attack: str, *, rate: float, seed: int) -> str:
    """Change words of a text.

    Args:
        text: any text; words of one letter are left alone.
        attack: what is done to a word, by its name in `ATTACKS`.
        rate: chance of each word to be attacked, 0 to 1.
        seed: the same seed gives the same text.
    """
    change_word = ATTACKS[attack]
    draw = random.Random(f"{seed} {attack} {text}")  # noqa: S311 - an experiment, no secret

    def change(match: re.Match[str]) -> str:
        return change_word(match.group(), draw) if draw.random() < rate else match.group()

    return _WORD.sub(change, text)


def _choose(places: list[int], draw: Draw) -> set[int]:
    """Half of the places by chance, one at least if there is one."""
    chosen = {place for place in places if draw.random() < _SHARE_OF_LETTERS}
    return chosen or set(draw.sample(places, min(1, len(places))))


def _replace(word: str, draw: Draw, options: Callable[[str], str]) -> str:
    """Put one of the options of a letter in its place, for about half of the letters that have any."""
    chosen = _choose([i for i, letter in enumerate(word) if options(letter)], draw)
    return "".join(draw.choice(options(c)) if i in chosen else c for i, c in enumerate(word))


def _insert(word: str, draw: Draw, signs: str) -> str:
    """Signs behind about half of the letters, never behind the last."""
    chosen = _choose(list(range(len(word) - 1)), draw)
    return "".join(c + draw.choice(signs) if i in chosen else c for i, c in enumerate(word))


def _look_alikes(letter: str) -> str:
    return "".join(alike[letter] for alike in ALIKE.values() if letter in alike)


def _alternate(word: str, _draw: Draw) -> str:
    return "".join(c.upper() if i % 2 else c.lower() for i, c in enumerate(word))


def _swap(word: str, draw: Draw) -> str:
    i = draw.randrange(len(word) - 1)
    return word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def _drop(word: str, draw: Draw) -> str:
    i = draw.randrange(len(word))
    return word[:i] + word[i + 1 :]


def _double(word: str, draw: Draw) -> str:
    i = draw.randrange(len(word))
    return word[:i] + word[i] + word[i:]


def _hit_neighbour(word: str, draw: Draw) -> str:
    places = [i for i, letter in enumerate(word) if letter.lower() in _NEIGHBOURS]
    if not places:
        return word
    i = draw.choice(places)
    return word[:i] + draw.choice(_NEIGHBOURS[word[i].lower()]) + word[i + 1 :]


def _fancy(word: str, draw: Draw) -> str:
    if not word.isascii():
        return word
    start = draw.choice((*_FANCY, None))
    if start is None:
        return "".join(chr(ord(c) + _FULLWIDTH) for c in word)
    return "".join(chr(start + (ord(c) - ord("A") if c.isupper() else ord(c) - ord("a") + 26)) for c in word)


ATTACKS: Final[dict[str, _Change]] = {
    # A reader still reads the word as it was written.
    "look-alikes": lambda word, draw: _replace(word, draw, _look_alikes),
    "strange-letters": lambda word, draw: _replace(word, draw, lambda letter: _STRANGE.get(letter, "")),
    "zero-width": lambda word, draw: _insert(word, draw, _ZERO_WIDTH),
    "bidi-controls": lambda word, draw: _insert(word, draw, _DIRECTION),
    "marks": lambda word, draw: _insert(word, draw, _MARKS),
    "fancy-letters": _fancy,
    "emoji-in-words": lambda word, draw: _insert(word, draw, _EMOJI),
    "emoji-between": lambda word, draw: word + draw.choice(_EMOJI),
    "spaced-out": lambda word, _draw: " ".join(word),
    "leetspeak": lambda word, draw: _replace(word, draw, lambda letter: _LEET.get(letter.lower(), "")),
    "upper-case": lambda word, _draw: word.upper(),
    "lower-case": lambda word, _draw: word.lower(),
    "alternating-case": _alternate,
    # These are faults of typing, not disguises.
    "typo-swap": _swap,
    "typo-drop": _drop,
    "typo-double": _double,
    "typo-neighbour": _hit_neighbour,
}
