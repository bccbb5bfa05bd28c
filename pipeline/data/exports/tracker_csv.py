"""Tables of telegram-tracker and its forks: msgs_dataset.csv, one message a row, about fifty columns.

Older releases have no `msg_id` (the link and `signature` hold it), call the channel `username` and the origin
of a forward `from_channel_name`. `message` may be empty while `cleaned_message` holds the text with its white
space collapsed. Whole numbers may have become floats ("123.0"). The tool writes UTC, so a time without zone is
UTC unless `utc_offset_hours` says otherwise.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import clean_text, make_excerpt, name_of_file, parse_int
from pipeline.data.exports.message_parts import EMPTY, MEDIA, media_kind
from pipeline.data.exports.post_links import parse_post_link
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.exports.times import parse_time
from pipeline.data.tables.table_rows import (
    HEAD_CHARS,
    TableHead,
    fold_name,
    read_table_head,
    read_table_rows,
)
from pipeline.data.tables.text_files import decode_utf8_head, open_text
from pipeline.errors import DataError, list_names, shorten

_TEXTS: Final = ("message", "cleaned_message")
_IDS: Final = ("msg_id", "msg_link", "signature")
_MARKS: Final = (  # columns that no other tool has
    "number_forwards",
    "number_replies",
    "forward_msg_from_peer_name",
    "forward_msg_link",
    "from_channel_name",
    "msg_from_peer",
)
_CHANNELS: Final = ("channel_name", "username", "channel_username")
_REPLIES: Final = ("reply_to_msg_id", "reply_msg_id")
_ORIGINS: Final = ("forward_msg_from_peer_name", "from_channel_name")
_ORIGIN_IDS: Final = ("forward_msg_from_peer_id", "from_channel_id")
_KNOWN: Final = frozenset(
    (*_TEXTS, *_IDS, *_MARKS, *_CHANNELS, "channel_id", "date", "views", "is_forward", "is_reply")
)
_EMPTY: Final = frozenset(("", "-", "nan", "none", "null", "nat", "<na>"))
_TRUE: Final = frozenset(("1", "1.0", "true", "t", "yes", "y"))
_SIGNATURE = re.compile(r"post\.(\d{1,18})$", re.ASCII)
_WHOLE_FLOAT = re.compile(r"(-?\d+)\.0+", re.ASCII)


class TrackerCsv:
    """Reader of tracker tables; the table decides on the channel, `options.channel` serves where it is empty."""

    name = "tracker-csv"
    source = Source(
        what="telegram-tracker and its forks",
        how="msgs_dataset.csv as the tool writes it",
        reads={
            "channel": "`channel_name`, `username`, `msg_link`, `channel_id`",
            "message_id": "`msg_id`, `msg_link`, `signature`",
            "published_at": "`date`, UTC",
            "text": "`message`, else `cleaned_message`",
            "forwarded_from": "`forward_msg_from_peer_name`, `from_channel_name`, `forward_msg_link`",
            "edited_at": "`edit_date`",
            "views": "`views`",
            "forwards": "`number_forwards`",
            "channel_id": "`channel_id`",
            "reply_to": "`reply_to_msg_id`, `reply_msg_id`",
            "media": "`media_type`",
        },
        ignores="the columns about users, geography and documents",
    )

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the header has the tracker's columns."""
        text = decode_utf8_head(head)
        return text is not None and _is_tracker(read_table_head(text, _KNOWN))

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the rows in file order.

        Raises:
            DataError: columns of the tracker are missing or stand twice, other bytes than UTF-8, or cut off
                within a quoted cell.
        """
        with open_text(path, options.encoding) as file:
            head = read_table_head(file.read(HEAD_CHARS), _KNOWN)
        if not _is_tracker(head):
            raise DataError(
                f"{path}: expected a tracker's columns ({', '.join(_TEXTS)}; one of {', '.join(_IDS)}; ...), "
                f"got: {list_names(head.names) or 'none'}; read it as --format plain-csv"
            )
        folded = Counter(fold_name(name) for name in head.names)
        if repeated := [name for name in _KNOWN if folded[name] > 1]:
            raise DataError(f"{path}: the column '{shorten(min(repeated), 60)}' stands more than once")
        zoned = (
            options
            if options.utc_offset_hours is not None or options.timezone
            else replace(options, utc_offset_hours=0)
        )
        for row in read_table_rows(path, head.delimiter, options.encoding):
            if row.fault:
                yield Skipped("reject", row.record, row.fault, row.excerpt)
                continue
            cells = {fold_name(name): cell for name, cell in row.cells.items()}
            try:
                yield _read_row(cells, row.record, path, zoned)
            except ValueError as error:
                yield Skipped("reject", row.record, str(error), make_excerpt(_text_of(cells)))


FORMAT: Final = TrackerCsv()


def _is_tracker(head: TableHead) -> bool:
    names = {fold_name(name) for name in head.names}
    return bool(names.intersection(_TEXTS) and names.intersection(_IDS) and names.intersection(_MARKS))


def _read_row(cells: Mapping[str, str], record: str, path: Path, options: ReadOptions) -> RawPost | Skipped:
    text = _text_of(cells)
    if text.strip() in _TEXTS and cells.get("date") == "date":
        return Skipped(
            "no_text", record, "the header once more, as appended tables have it", what="header again"
        )
    if not text.strip():
        media = _cell(cells, "media_type")
        return Skipped(
            "no_text", record, f"no text: {media or 'empty message'}", what=_read_media(cells) or EMPTY
        )
    link = parse_post_link(_cell(cells, "msg_link"))
    named = _first(cells, _CHANNELS) or (link[0] if link else "")
    return RawPost(
        channel=named or _cell(cells, "channel_id") or options.channel or name_of_file(path),
        message_id=_read_id(cells, link),
        published_at=_read_time(cells, "date", options),
        text=text,
        forwarded_from=_read_origin(cells),
        edited_at=_read_time(cells, "edit_date", options),
        views=_read_int(cells, "views"),
        forwards=_read_int(cells, "number_forwards"),
        record=record,
        channel_id=_cell(cells, "channel_id") or None,
        reply_to=_read_reply(cells),
        media=_read_media(cells),
    )


def _read_reply(cells: Mapping[str, str]) -> int | None:
    number = (_int_or_none(_cell(cells, name)) for name in _REPLIES)
    return next((n for n in number if n is not None), None)


def _int_or_none(cell: str) -> int | None:
    try:
        return parse_int(cell)
    except ValueError:
        return None


def _read_media(cells: Mapping[str, str]) -> str | None:
    kind = media_kind(_cell(cells, "media_type"))
    return kind if kind in MEDIA else None


def _text_of(cells: Mapping[str, str]) -> str:
    message = clean_text(cells.get("message"))
    return message if message.strip() else clean_text(cells.get("cleaned_message"))


def _cell(cells: Mapping[str, str], name: str) -> str:
    """The cell without what stands for "nothing" in tables, and without the ".0" of numbers made floats."""
    cell = clean_text(cells.get(name)).strip()
    if cell.casefold() in _EMPTY:
        return ""
    number = _WHOLE_FLOAT.fullmatch(cell)
    return number[1] if number else cell


def _first(cells: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((cell for name in names if (cell := _cell(cells, name))), "")


def _read_id(cells: Mapping[str, str], link: tuple[str, int | None] | None) -> int | None:
    number = _read_int(cells, "msg_id")
    if number is not None:
        return number
    if link and link[1] is not None:
        return link[1]
    signature = _SIGNATURE.search(_cell(cells, "signature"))
    return int(signature[1]) if signature else None


def _read_int(cells: Mapping[str, str], name: str) -> int | None:
    try:
        return parse_int(_cell(cells, name))
    except ValueError as error:
        raise ValueError(f"field '{name}': {error}") from None


def _read_time(cells: Mapping[str, str], name: str, options: ReadOptions) -> datetime | None:
    cell = _cell(cells, name)
    if not cell:
        return None
    try:
        return parse_time(cell, options)
    except ValueError as error:
        raise ValueError(f"field '{name}': {error}") from None


def _read_origin(cells: Mapping[str, str]) -> str | None:
    """Name of the origin, else its number, else "" for a forward that names neither."""
    link = parse_post_link(_cell(cells, "forward_msg_link"))
    origin = _first(cells, _ORIGINS) or (link[0] if link else "") or _first(cells, _ORIGIN_IDS)
    is_forward = _cell(cells, "is_forward").casefold() in _TRUE
    return origin or ("" if is_forward else None)
