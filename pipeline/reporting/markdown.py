"""Markdown from values that come from data: nothing in them becomes a link, an image, HTML or a table border."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.files.safe_text import safe_text

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SPECIAL = re.compile(r"[\\`*_{}\[\]()#!|~$@]|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE)


def escape(value: Any) -> str:
    """The value as one line of plain text inside a Markdown line; never put at the very start of a line.

    Characters that Markdown, its tables, autolinks or formulas read are escaped, those of HTML become entities, and
    control characters and line breaks go as in `pipeline.commands.terminal.safe_text`.
    """
    escaped = _SPECIAL.sub(lambda found: f"\\{found[0]}", safe_text(str(value)))
    return "".join(_ENTITIES.get(character, character) for character in escaped)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table, first column to the left, the others to the right; every cell is escaped."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)]]
    body = [[escape(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [*lines, *body])


def bullets(entries: Iterable[str]) -> str:
    """A list; entries are Markdown already."""
    return "\n".join(f"- {entry}" for entry in entries)
