"""The records of a JSON file, whatever holds them: a list, an object with a list inside, lines, values in a row.

Records are given one at a time, with the place where each stood; one that is no JSON is given as the error.
"""

import re
from collections.abc import Collection, Iterator
from typing import Final, TextIO

from pipeline.data.exports.json_stream import (
    MAX_VALUE_CHARS,
    BadValueError,
    JsonCursor,
    JsonStreamError,
    decode_value,
)

Entry = tuple[str, object]  # where it stood, and the decoded value or the error that it gave
LISTS: Final = (  # what the list is called in the objects of the tools and interfaces that we know
    *("messages", "items", "result", "results", "data", "posts", "tweets", "statuses", "response", "records"),
    *("articles", "documents", "orderedItems", "texts"),
)
_HEAD_CHARS: Final = 1 << 16
_DEEPEST: Final = 3  # objects around the list
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[{}\[\]:,]', re.DOTALL)
_ITEM = re.compile(r'\s*(?:[{"\]]|\Z)')  # how a list of objects or texts goes on
_SCRIPT = re.compile(r"\s*[\w.$\[\]\"' ]{1,100}=\s*(?=[\[{])")  # window.YTD.tweets.part0 = [


def read_entries(file: TextIO, lists: Collection[str] = LISTS) -> Iterator[Entry]:
    """Give the records of a file that was opened and not read yet.

    Args:
        file: the text; what assigns its JSON to a name, as a script does, is read as its JSON.
        lists: under which names objects hold their records.

    Raises:
        JsonStreamError: the text is cut off or broken; what stands before that place is given first.
    """
    head = file.read(_HEAD_CHARS)
    file.seek(0)
    if script := _SCRIPT.match(head):
        file.read(script.end())
        head = head[script.end() :]
    if head.lstrip("\ufeff \t\r\n").startswith("["):
        return entries_of_list(JsonCursor(file))
    if holds_list(head, lists):
        return _entries_within(file, lists)
    if head.lstrip().split("\n", 1)[0].strip() == "{":
        return entries_in_a_row(JsonCursor(file))
    return entries_of_lines(file)


def holds_list(head: str, lists: Collection[str] = LISTS) -> bool:
    """Whether the text begins as an object that holds its records in a list, below at most two objects so named.

    It is read as `_walk` will: a list deeper inside a record, or a name within a text, says nothing.
    """
    if not head.lstrip("\ufeff \t\r\n").startswith("{"):
        return False
    opened: list[
        str
    ] = []  # the names under which the open objects and lists stand, the outermost without one
    name = text = ""
    for token in _TOKEN.finditer(head):
        sign = token[0]
        if sign.startswith('"'):
            text = sign[1:-1]
        elif sign == ":":
            name = text
        elif sign == ",":
            name = ""
        elif sign in "{[":
            is_reached = 0 < len(opened) <= _DEEPEST and all(outer in lists for outer in opened[1:])
            if sign == "[" and name in lists and is_reached and _ITEM.match(head, token.end()):
                return True
            opened.append(name)
            name = ""
        else:
            opened = opened[:-1]
            if not opened:
                return False
    return False


def entries_of_list(cursor: JsonCursor) -> Iterator[Entry]:
    """Give the items of the list at the cursor, which is all that is left of the file."""
    for number in cursor.items():
        yield f"item {number}", value_or_error(cursor)
    _expect_end(cursor)


def entries_of_object(cursor: JsonCursor, lists: Collection[str] = ("messages",)) -> Iterator[Entry]:
    """Give the items of the lists of these names in the object at the cursor, and in the objects inside it."""
    yield from _walk(cursor, lists, 1)
    _expect_end(cursor)


def entries_in_a_row(cursor: JsonCursor) -> Iterator[Entry]:
    """Give the values that stand one after the other, each over several lines."""
    number = 0
    while cursor.peek():
        number += 1
        yield f"item {number}", value_or_error(cursor)


def entries_of_lines(file: TextIO) -> Iterator[Entry]:
    """Give a value a line.

    Raises:
        JsonStreamError: the last line is cut off.
    """
    number = 0
    while line := file.readline(MAX_VALUE_CHARS):
        number += 1
        text, too_long = line.strip(), False
        while len(line) == MAX_VALUE_CHARS and not line.endswith("\n"):
            too_long, line = True, file.readline(MAX_VALUE_CHARS)
        if too_long:
            yield f"line {number}", BadValueError("the line is too long for a message", excerpt=text[:1000])
        elif text:
            try:
                yield f"line {number}", decode_value(text)
            except ValueError as error:
                if not line.endswith(("\n", "\r")):
                    raise JsonStreamError("the last line is cut off", line=number, truncated=True) from None
                yield f"line {number}", BadValueError(str(error), excerpt=text[:1000])


def value_or_error(cursor: JsonCursor) -> object:
    """The value at the cursor, or the error where it is no JSON."""
    try:
        return cursor.value()
    except BadValueError as error:
        return error


def expand_page(value: object, lists: Collection[str] = LISTS) -> Iterator[object]:
    """The records of a page of an interface, `{"data": [...]}`; any other value itself."""
    found = _find_list(value, lists, 1)
    yield from [value] if found is None else found


def _find_list(value: object, lists: Collection[str], depth: int) -> list[object] | None:
    if not isinstance(value, dict) or depth > _DEEPEST:
        return None
    for name in lists:
        part = value.get(name)
        if isinstance(part, list) and any(isinstance(item, dict) for item in part):
            return part
    inner = (_find_list(value.get(name), lists, depth + 1) for name in lists)
    return next((part for part in inner if part is not None), None)


def _entries_within(file: TextIO, lists: Collection[str]) -> Iterator[Entry]:
    """Objects with a list, of which there may be several, a line each."""
    cursor = JsonCursor(file)
    while cursor.peek():
        yield from _walk(cursor, lists, 1)


def _walk(cursor: JsonCursor, lists: Collection[str], depth: int) -> Iterator[Entry]:
    for key in cursor.keys():  # noqa: SIM118 - a method of the cursor, no mapping
        sign = cursor.peek()
        if key in lists and sign == "[":
            for number in cursor.items():
                yield f"item {number}", value_or_error(cursor)
        elif key in lists and sign == "{" and depth < _DEEPEST:
            yield from _walk(cursor, lists, depth + 1)
        else:
            cursor.skip()


def _expect_end(cursor: JsonCursor) -> None:
    if cursor.peek():
        raise JsonStreamError("expected the end of the file, got more text", line=cursor.line)
