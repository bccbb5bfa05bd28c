"""Text of strangers on one line of a terminal: a post may carry escape sequences that rewrite the screen."""

import re
import unicodedata

_ESCAPE_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # control sequences: colours, cursor moves
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, clipboard, links
    r"|\x1b[ -/]*[0-~]?"
)
_JOINERS = frozenset("\u200c\u200d")  # emoji and several scripts are written with them


def safe_text(value: str) -> str:
    """The text on one line, without characters that command a terminal or reorder what is read.

    White space that breaks lines becomes a space; escape sequences, control, format (bidirectional marks
    among them) and surrogate characters are left out.
    """
    without_sequences = _ESCAPE_SEQUENCE.sub("", value)
    return "".join(_safe_character(character) for character in without_sequences)


def _safe_character(character: str) -> str:
    if character.isspace():
        return " "
    is_unsafe = unicodedata.category(character) in {"Cc", "Cf", "Cs"} and character not in _JOINERS
    return "" if is_unsafe else character
