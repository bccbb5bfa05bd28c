r"""What a word is, in any script.

Python's `\w+` breaks the words of Indic, Thai and other scripts at their vowel signs, which are marks and no letters,
and takes a Chinese clause for one word. Here marks belong to their word, and each character of Chinese and Japanese,
which put no spaces between words, is one: pairs of them do what words do (Lucene's CJK analysis does the same), and
no dictionary decides what a model sees. Latin, Greek and Cyrillic words are those of `\w+`.
"""

import sys
import unicodedata
from itertools import groupby

CHARACTERS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"  # each a word


def _find_marks() -> str:
    """Ranges of all marks from the Hebrew block on; those before it are accents, which texts are composed with."""
    last = min(sys.maxunicode, 0x1FFFF)  # beyond stand only selectors and ideographs
    marks = [code for code in range(0x590, last) if unicodedata.category(chr(code))[0] == "M"]
    runs = [[code for _, code in run] for _, run in groupby(enumerate(marks), lambda pair: pair[1] - pair[0])]
    return "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in runs)


def _make_pattern(letters: str) -> str:
    return rf"[{CHARACTERS}]|[{letters}{CHARACTERS}]+(?:[{MARKS}]+[{letters}{CHARACTERS}]*)*"


MARKS = _find_marks()
WORD = _make_pattern(r"^\W")
WORD_OF_LETTERS = _make_pattern(r"^\W\d_")
