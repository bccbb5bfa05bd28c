"""What the readers of JSON from platforms share: finding the records, and what is told of one that is unusable."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import make_excerpt, parse_int
from pipeline.data.exports.json_entries import LISTS, expand_page, read_entries
from pipeline.data.exports.json_stream import BadValueError, JsonStreamError
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.exports.times import parse_time
from pipeline.data.tables.text_files import decode_utf8_head, open_text
from pipeline.errors import DataError, located

_BEGINS = re.compile(r"\ufeff?\s*(?:[\[{]|[\w.$]{1,60}\s*=\s*[\[{])")
_REMEDY: Final = "export the file again"
Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PlatformJson:
    """A reader of JSON records: a list, an object around one, one a line, or a script that assigns a list.

    Attributes:
        name: of the format.
        source: what is said of it.
        mark: what only such files hold, searched in their first 64 KiB.
        read_record: turns one record into a post or says why it is none; ValueError says why it cannot be read.
        lists: under which names objects hold their records.
    """

    name: str
    source: Source
    mark: re.Pattern[str]
    read_record: Callable[[Fields, str, Path, ReadOptions], RawPost | Skipped]
    lists: tuple[str, ...] = LISTS

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the content is JSON with the mark of this format."""
        text = decode_utf8_head(head)
        return text is not None and _BEGINS.match(text) is not None and self.mark.search(text) is not None

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the records in file order.

        Raises:
            DataError: other bytes than UTF-8, or cut off; what stands before that place is yielded first.
        """
        try:
            with open_text(path, options.encoding, allow_cut_end=True) as file:
                for record, entry in read_entries(file, self.lists):
                    for number, value in enumerate(expand_page(entry, self.lists), start=1):
                        place = record if value is entry else f"{record}, item {number}"
                        yield self._read_value(value, place, path, options)
        except (JsonStreamError, BadValueError) as error:
            place = located(path, str(error), line=getattr(error, "line", None))
            raise DataError(f"{place}; {_REMEDY}") from None

    def _read_value(self, value: object, record: str, path: Path, options: ReadOptions) -> RawPost | Skipped:
        if isinstance(value, BadValueError):
            return Skipped("reject", record, str(value), make_excerpt(value.excerpt))
        if not isinstance(value, dict):
            return Skipped("reject", record, "expected an object with keys", make_excerpt(value))
        try:
            return self.read_record(value, record, path, options)
        except ValueError as error:
            return Skipped("reject", record, str(error), make_excerpt(value))


def inner(holder: object, *names: str) -> Fields:
    """The object below these names, an empty one where there is none."""
    for name in names:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else {}


def inner_list(holder: object, name: str) -> list[Fields]:
    """The objects in the list of this name."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def read_int(holder: Fields, name: str) -> int | None:
    """A whole number.

    Raises:
        ValueError: names the field.
    """
    try:
        return parse_int(holder.get(name))
    except ValueError as error:
        raise ValueError(f"field '{name}': {error}") from None


def read_time(holder: Fields, name: str, options: ReadOptions) -> datetime | None:
    """A point in time; None for 0, which interfaces write for "never", and where there is none.

    Raises:
        ValueError: names the field.
    """
    if holder.get(name) in (None, "", 0):
        return None
    try:
        return parse_time(holder[name], options)
    except ValueError as error:
        raise ValueError(f"field '{name}': {error}") from None


def read_text(holder: Fields, name: str) -> str:
    """A text as it is; "" where there is none.

    Raises:
        ValueError: something else stands there.
    """
    text = holder.get(name)
    if text is not None and not isinstance(text, str):
        raise ValueError(f"field '{name}': expected text, got {make_excerpt(text)}")
    return text or ""
