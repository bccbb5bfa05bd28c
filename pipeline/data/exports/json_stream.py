"""Reading JSON that does not fit into memory: a cursor that walks the outer levels and decodes single values.

Only one value (a message) is held at a time. Written by hand because the exports come from strangers: a
number of thousands of digits, a lone surrogate or ten thousand nested lists must cost one record, never the
process (the C reader of ijson 3.6 crashes on such input).
A key that stands twice in one record keeps its last value.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, TextIO

CHUNK_CHARS: Final = 1 << 20
MAX_VALUE_CHARS: Final = 1 << 25  # no message is this long; bounds the memory that one broken value can take

_SPACE = re.compile(r"[ \t\n\r]*")
# A string, a quote that nothing closes, a bracket, a bare word or number.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|"|[\[\]{}]|[^\s"\[\]{},:]++', re.DOTALL)
_DECODER = json.JSONDecoder()
_LENIENT_DECODER = json.JSONDecoder(strict=False)


class JsonStreamError(ValueError):
    """The stream as a whole cannot be followed any further.

    Attributes:
        line: line of the file where it happened, from 1.
        truncated: whether the file simply ends too early.
    """

    def __init__(self, message: str, *, line: int, truncated: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.truncated = truncated


class BadValueError(ValueError):
    """One value is not valid JSON; the cursor stands behind it and reading can go on.

    Attributes:
        excerpt: how the value begins.
        text: all of it, for readers that know what its writer meant.
    """

    def __init__(self, message: str, *, excerpt: str, text: str = "") -> None:
        super().__init__(message)
        self.excerpt = excerpt
        self.text = text


def decode_value(text: str, *, strict: bool = True) -> object:
    """Decode one JSON value.

    Args:
        text: of the value.
        strict: refuse control characters within strings, as JSON does.

    Raises:
        ValueError: not JSON, nested too deeply, or with a number of thousands of digits.
    """
    try:
        return (_DECODER if strict else _LENIENT_DECODER).decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON ({error.msg} at character {error.pos + 1})") from None
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    except ValueError:
        raise ValueError("a number with thousands of digits") from None


class JsonCursor:
    """A position in a JSON text that is read piece by piece.

    `keys` and `items` open an object or a list and stop before each value; the caller consumes that value by
    `value`, `skip`, or by opening it in turn, before it asks for the next one.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._buffer = ""
        self._at = 0
        self._ended = False
        self._lines_dropped = 0

    @property
    def line(self) -> int:
        """Line of the file at which the cursor stands, from 1."""
        return self._lines_dropped + self._buffer.count("\n", 0, self._at) + 1

    def peek(self) -> str:
        """Return the next character that is not white space, "" at the end of the file."""
        while True:
            self._at = _SPACE.match(self._buffer, self._at).end()  # type: ignore[union-attr]  # matches always
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._read_more():
                return ""

    def keys(self) -> Iterator[str]:
        """Open the object at the cursor and stop before each of its values, giving the key.

        Raises:
            JsonStreamError: no object here, or its text is cut off or broken.
        """
        for _ in self._members("{", "}"):
            key = None
            if self.peek() == '"':
                with suppress(BadValueError):  # a key that is none: what its value would mean is not known
                    key = self.value()
            if not isinstance(key, str):
                raise self._unexpected('a key in "quotes"')
            self._take(":")
            yield key

    def items(self) -> Iterator[int]:
        """Open the list at the cursor and stop before each of its values, giving its number from 1.

        Raises:
            JsonStreamError: no list here, or its text is cut off or broken.
        """
        yield from self._members("[", "]")

    def value(self) -> object:
        """Decode the value at the cursor and step behind it.

        Raises:
            BadValueError: it is not valid JSON, but its end was found.
            JsonStreamError: its end is not in the file, or it is longer than MAX_VALUE_CHARS.
        """
        self.peek()
        if self._buffer[self._at : self._at + 1] in (
            "{",
            "[",
        ):  # closed by a bracket: cannot be cut unnoticed
            try:
                value, self._at = _DECODER.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError):
                pass  # broken, or continued in the next chunk: find its end first
            else:
                return value
        end = self._find_end(keep=True)
        text, self._at = self._buffer[self._at : end], end
        try:
            return decode_value(text)
        except ValueError as error:
            raise BadValueError(str(error), excerpt=text[:1000], text=text) from None

    def skip(self) -> None:
        """Step behind the value at the cursor without decoding or keeping it.

        Raises:
            JsonStreamError: its end is not in the file.
        """
        self.peek()
        self._at = self._find_end(keep=False)

    def _members(self, opening: str, closing: str) -> Iterator[int]:
        self._take(opening)
        number = 0
        if self.peek() == closing:
            self._at += 1
            return
        while True:
            number += 1
            yield number
            if self.peek() == closing:
                self._at += 1
                return
            self._take(",")

    def _take(self, char: str) -> None:
        if self.peek() != char:
            raise self._unexpected(f"'{char}'")
        self._at += 1

    def _unexpected(self, expected: str) -> JsonStreamError:
        found = self.peek()
        if not found:
            return JsonStreamError("the file ends in the middle of the JSON", line=self.line, truncated=True)
        return JsonStreamError(f"expected {expected}, got {found!r}", line=self.line)

    def _find_end(self, *, keep: bool) -> int:
        """Find where the value at the cursor ends, by brackets and strings alone: no recursion."""
        at, depth = self._at, 0
        while True:
            token = _TOKEN.search(self._buffer, at)
            if token is None or token[0] == '"' or (token.end() == len(self._buffer) and not self._ended):
                # Nothing here, or a token that may go on in the next chunk.
                at = self._continue_from(token.start() if token else len(self._buffer), keep=keep)
                continue
            if depth == 0 and (token[0] in "}]" or "," in self._buffer[at : token.start()]):
                raise self._unexpected("a value")
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
            at = token.end()
            if depth == 0:
                return at

    def _continue_from(self, at: int, *, keep: bool) -> int:
        """Read on and return where `at` now stands; without `keep`, what lies before it is forgotten."""
        if not keep:
            self._at = at
        if len(self._buffer) - self._at > MAX_VALUE_CHARS:
            message = f"a single value is longer than {MAX_VALUE_CHARS:,} characters"
            raise JsonStreamError(message, line=self.line)
        offset = at - self._at
        if not self._read_more():
            raise JsonStreamError("the file ends in the middle of the JSON", line=self.line, truncated=True)
        return self._at + offset

    def _read_more(self) -> bool:
        """Append a chunk and forget what lies before the cursor; False at the end of the file."""
        if self._ended:
            return False
        # As much again as is still unread: a value over many chunks is searched in linear time.
        chunk = self._file.read(max(CHUNK_CHARS, len(self._buffer) - self._at))
        self._ended = not chunk
        self._lines_dropped += self._buffer.count("\n", 0, self._at)
        self._buffer, self._at = self._buffer[self._at :] + chunk, 0
        return True
