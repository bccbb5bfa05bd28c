"""Text of strangers on one line of a terminal: a post may carry escape sequences that rewrite the screen."""

import json
import re
import unicodedata

_ESCAPE_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # control sequences: colours, cursor moves
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, clipboard, links
    r"|\x1b[ -/]*[0-~]?"
)
_NOT_PLAIN = re.compile(r"[^\n\x20-\x7e]")
_LAST_OF_FOUR_DIGITS = 0xFFFF
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # emoji and several scripts are written with them


def safe_text(value: str) -> str:
    """The text on one line, without characters that command a terminal or reorder what is read.

    White space that breaks lines becomes a space; escape sequences, control, format (bidirectional marks
    among them) and surrogate characters are left out.
    """
    without_sequences = _ESCAPE_SEQUENCE.sub("", value)
    return "".join(_safe_character(character) for character in without_sequences)


def escape_unsafe(json_text: str) -> str:
    """JSON with the characters that `safe_text` leaves out, but for its own line breaks, spelt as escapes."""
    return _NOT_PLAIN.sub(_escape, json_text)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if not _is_unsafe(character):
        return character
    return (
        f"\\u{ord(character):04x}" if ord(character) <= _LAST_OF_FOUR_DIGITS else json.dumps(character)[1:-1]
    )


def _safe_character(character: str) -> str:
    if character.isspace():
        return " "
    return "" if _is_unsafe(character) else character


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE and character not in _JOINERS
