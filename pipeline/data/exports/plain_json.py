"""Plain records of posts in JSON: lines, an array, the list inside an object that an interface returned; also of texts.

The same columns are recognised as in tables (`plain_columns`), those of inner objects as "chat.title"; a record that is
a string is the text of a post.
"""

import contextlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, TextIO

from pipeline.data.exports.column_names import KNOWN_NAMES, POLLS, READS, SYNONYMS, NoTextColumnError, flatten
from pipeline.data.exports.field_values import clean_text, make_excerpt, name_of_file
from pipeline.data.exports.json_entries import LISTS, expand_page, holds_list, read_entries
from pipeline.data.exports.json_stream import MAX_VALUE_CHARS, BadValueError, JsonStreamError, decode_value
from pipeline.data.exports.message_parts import EMPTY
from pipeline.data.exports.plain_columns import PlainColumns, settle_date_order, tell_unused
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.tables.table_rows import LONGEST_NAME, fold_name
from pipeline.data.tables.text_files import decode_utf8_head, open_text
from pipeline.errors import DataError, located

_OBJECTS_AHEAD: Final = 100
_KEY_SETS_KEPT: Final = 1000
_MOST_KEYS: Final = 1000  # of which it is noted whether they are used
_TEXT_KEY = re.compile(
    rf'"(?:{"|".join(name for name in SYNONYMS["text"] if name.isascii())})"\s*:\s*"', re.IGNORECASE
)
_TEXT_LIST = re.compile(rf'"(?:{"|".join(LISTS)})"\s*:\s*\[\s*"')
_IN_A_ROW = re.compile(r"^\}\s*\{\s*\"", re.MULTILINE)  # objects over several lines


class PlainJsonLines:
    """Reader of JSON lines: one object a line."""

    name = "plain-jsonl"
    source = Source(
        what="JSON lines of any tool: snscrape, twarc, Meta Content Library, Pyrogram",
        how="one record a line, or one page of results a line",
        reads=READS,
        ignores="every other key, which is told; inner objects but those named with a dot in "
        "`pipeline/data/exports/column_names.py`",
    )

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the first line is a complete JSON object, or the first two are texts in quotes."""
        text = decode_utf8_head(head)
        if text is None or not text.lstrip().startswith(("{", '"')):
            return False
        lines = [_decode_or_none(line) for line in text.strip().split("\n", 2)[:2]]
        are_texts = len(lines) > 1 and all(isinstance(line, str) for line in lines)
        return are_texts or (isinstance(lines[0], dict) and not _is_page(lines[0], len(lines)))

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the lines in file order; a line that is no JSON object is rejected.

        Raises:
            DataError: no column of texts, a mapped column is missing, other bytes than UTF-8, or
                the last line is cut off.
        """

        def entries() -> Iterator[tuple[str, object]]:
            with open_text(path, options.encoding, allow_cut_end=True) as file:
                for line, value in _lines(path, file):
                    for number, part in enumerate(_expand(value), start=1):
                        yield line if part is value else f"{line}, item {number}", part

        yield from _read_objects(path, entries, options)


class PlainJson:
    """Reader of one JSON array of objects or texts, or of an object that holds such a list."""

    name = "plain-json"
    source = Source(
        what="JSON of any tool: a list of records or of texts, or what an interface returned around one; Pyrogram",
        how="save the list, or the answer as it is",
        reads=READS,
        ignores="every other key, which is told; inner objects but those named with a dot in "
        "`pipeline/data/exports/column_names.py`",
    )

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the content begins as an array of objects or texts, or as an object around one."""
        text = decode_utf8_head(head)
        if text is None:
            return False
        begins = "".join(text.lstrip()[:1000].split())
        if begins.startswith("{"):
            holds_texts = (_TEXT_KEY.search(text) or _TEXT_LIST.search(text)) is not None
            return holds_texts and (holds_list(text) or _IN_A_ROW.search(text) is not None)
        return begins.startswith(("[{", "[]", '["'))

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the objects in file order, one in memory at a time.

        Raises:
            DataError: no column of texts, a mapped column is missing, other bytes than UTF-8,
                or the array is cut off; what stands before that place is yielded first.
        """

        def entries() -> Iterator[tuple[str, object]]:
            with open_text(path, options.encoding, allow_cut_end=True) as file:
                yield from read_entries(file)

        try:
            yield from _read_objects(path, entries, options)
        except JsonStreamError as error:
            raise DataError(located(path, f"{error}; export the file again", line=error.line)) from None


LINES_FORMAT: Final = PlainJsonLines()
ARRAY_FORMAT: Final = PlainJson()


def _decode_or_none(text: str) -> object:
    try:
        return decode_value(text)
    except ValueError:
        return None


def _lines(path: Path, file: TextIO) -> Iterator[tuple[str, object]]:
    """Give each line's place and value; a line that cannot be decoded gives the error as its value."""
    number = 0
    while line := file.readline(MAX_VALUE_CHARS):
        number += 1
        if not line.strip():
            continue
        try:
            value: object = decode_value(line.strip())
        except ValueError as error:
            value = BadValueError(str(error), excerpt=line[:1000])
        yield f"line {number}", value
        if isinstance(value, BadValueError) and not line.endswith(("\n", "\r")):
            raise DataError(located(path, "the last line is cut off; export the file again", line=number))


def _is_page(value: dict[str, object], lines: int) -> bool:
    """Whether the only line of a file is an object around the list of posts."""
    return lines == 1 and next(_expand(value), None) is not value


def _expand(value: object) -> Iterator[object]:
    """The records of a page of results; a record with a text of its own is none."""
    if not isinstance(value, dict) or _names_text(value):
        return iter([value])
    lists = (value.get(name) for name in LISTS)
    texts = [part for part in lists if isinstance(part, list) and all(isinstance(item, str) for item in part)]
    return iter(texts[0]) if len(texts) == 1 else expand_page(value)


def _names_text(names: Iterable[str]) -> bool:
    return any(fold_name(name) in SYNONYMS["text"] for name in names)


def _read_objects(
    path: Path, entries: Callable[[], Iterator[tuple[str, object]]], options: ReadOptions
) -> Iterator[RawPost | Skipped]:
    """Turn objects into posts; each may lack keys that others have.

    The keys of the first objects together decide whether the columns can be matched at all, before any post
    is given.
    """
    given = entries()
    first: list[tuple[str, object]] = []
    failure: DataError | JsonStreamError | None = None
    try:
        first.extend(itertools.islice(given, _OBJECTS_AHEAD))
    except (DataError, JsonStreamError) as error:
        failure = error
    ahead = [flatten(value) for _, value in first if isinstance(value, dict)]
    found = dict.fromkeys(key for cells in ahead for key in cells)
    if failure is None and not any(value for _, value in first):
        return  # an empty list, or an empty object
    if (found or failure is None) and not any(isinstance(value, str) for _, value in first):
        columns = PlainColumns(path, list(found), options)
        if failure is None:
            options = settle_date_order(columns, options, lambda: _all_cells(entries()))
    reader = _ObjectReader(path, options)
    try:
        for record, value in itertools.chain(first, given if failure is None else ()):
            yield reader.read(value, record)
    finally:
        tell_unused(reader.found, reader.used, options)
    if failure is not None:
        raise failure


def _all_cells(entries: Iterator[tuple[str, object]]) -> Iterator[Mapping[str, object]]:
    """The records until the file ends or breaks; reading the posts meets the same place and reports it."""
    with contextlib.suppress(DataError, JsonStreamError):
        yield from (flatten(value) for _, value in entries if isinstance(value, dict))


class _ObjectReader:
    """Matches columns once for each set of keys that objects have.

    Attributes:
        found: keys of objects with a text, but for what stands in inner ones; not more than are worth telling.
        used: those of which something is taken, in whichever object.
    """

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self._path = path
        self._options = options
        self._relevant = KNOWN_NAMES.union(fold_name(name) for name in options.columns.values())
        self._matched: dict[tuple[str, ...], PlainColumns | None] = {}
        self.found: dict[str, None] = {}
        self.used: set[str] = set()

    def read(self, value: object, record: str) -> RawPost | Skipped:
        if isinstance(value, BadValueError):
            return Skipped("reject", record, str(value), make_excerpt(value.excerpt))
        if isinstance(value, str):
            return self._read_text(clean_text(value), record)
        if not isinstance(value, dict):
            return Skipped("reject", record, "expected an object with keys", make_excerpt(value))
        cells = flatten(value)
        columns = self._columns_of(tuple(cells))
        if columns is None:
            return Skipped("no_text", record, "no text", what=EMPTY)
        return columns.read_post(cells, record)

    def _read_text(self, text: str, record: str) -> RawPost | Skipped:
        if not text.strip():
            return Skipped("no_text", record, "no text", what=EMPTY)
        return RawPost(self._options.channel or name_of_file(self._path), None, None, text, record=record)

    def _columns_of(self, keys: tuple[str, ...]) -> PlainColumns | None:
        if keys not in self._matched:
            if len(self._matched) >= _KEY_SETS_KEPT:
                self._matched.clear()
            self._matched[keys] = self._match(keys)
        return self._matched[keys]

    def _match(self, keys: tuple[str, ...]) -> PlainColumns | None:
        found = [key for key in keys if len(key) <= LONGEST_NAME and fold_name(key) in self._relevant]
        if any(fold_name(key) in (*POLLS, "service") for key in found) and not _names_text(found):
            found.append("text")  # a poll is its own text
        try:
            columns = PlainColumns(self._path, found, self._options, may_lack=True)
        except NoTextColumnError:
            return None
        self._note_use(keys, columns)
        return columns

    def _note_use(self, keys: tuple[str, ...], columns: PlainColumns) -> None:
        known = set(keys)
        outer = {key: root if (root := key.partition(".")[0]) in known else key for key in keys}
        self.used.update(outer.get(name, name) for name in columns.used)
        if len(self.found) < _MOST_KEYS:  # ids in place of keys have no end
            self.found.update(dict.fromkeys(itertools.islice(outer.values(), _MOST_KEYS)))
