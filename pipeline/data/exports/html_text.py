"""The text of a message in HTML, with its line breaks as a reader of the page sees them, and the classes of a node."""

import re
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from pipeline.data.exports.field_values import clean_text

# White space of the file, not of the message; a run of spaces is tried once, from its beginning
_LAYOUT = re.compile(r"(?<![ \t])[ \t]*+[\r\n][ \t\r\n]*")
_LAYOUT_MARK: Final = "\0"  # cannot stand in a text: clean_text drops it
_BLOCKS: Final = {"blockquote", "pre", "div", "p", "ul", "ol", "li", "details", "summary"}
_NO_TEXT: Final = {"script", "style"}


def read_html_text(element: Any) -> str:
    r"""Read the text below an lxml element; nesting of any depth is walked without recursion.

    <br> and the ends of blocks are "\n", entities are decoded, the layout of the file itself is left out.
    """
    writer = _TextWriter()
    verbatim = 0
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        inner = node is not element
        if event == "start":
            verbatim += node.tag == "pre"
            if inner and node.tag in _BLOCKS:
                writer.start_block()
            if node.tag == "br":
                writer.add_break()
            elif node.tag not in _NO_TEXT:
                writer.add(node.text, verbatim=verbatim > 0)
            continue
        if event == "end":
            verbatim -= node.tag == "pre"
            if inner and node.tag in _BLOCKS:
                writer.end_block()
        if inner:
            writer.add(node.tail, verbatim=verbatim > 0)
    return writer.finish()


def read_classes(element: Any) -> list[str]:
    """The classes of an lxml node; a comment has none, for which lxml answers None whatever default is named."""
    return element.get("class", "").split() if isinstance(element.tag, str) else []


class _TextWriter:
    """Collects pieces of text and decides where lines end."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._line_is_open = False
        self._block_ended = False

    def add(self, text: str | None, *, verbatim: bool) -> None:
        text = clean_text(text)
        if not verbatim:
            text = _LAYOUT.sub(_LAYOUT_MARK, text)
        if text.strip(_LAYOUT_MARK):
            if self._block_ended:
                self.start_block()
            self._line_is_open = not text.endswith("\n")
        self._parts.append(text)

    def add_break(self) -> None:
        # A <br> right behind a block only ends the block's line.
        self._parts.append("\n")
        self._line_is_open = self._block_ended = False

    def start_block(self) -> None:
        if self._line_is_open:
            self._parts.append("\n")
        self._line_is_open = self._block_ended = False

    def end_block(self) -> None:
        self._block_ended = True

    def finish(self) -> str:
        text = re.sub(f"{_LAYOUT_MARK}+", _LAYOUT_MARK, "".join(self._parts))
        text = re.sub(f"{_LAYOUT_MARK}?\n{_LAYOUT_MARK}?", "\n", text)
        return text.strip(_LAYOUT_MARK).replace(_LAYOUT_MARK, " ").strip("\n")
