"""What the cells of a plain table mean, once its columns are matched to ours.

Where the user maps nothing, the first of our synonyms that the table has is taken, whatever its case. Where its
text is empty, that of a column such as "caption" is taken: many tools write the texts of photos there, and a poll is
its question and answers. A cell may hold an object, also as pandas or Python print it. The address of a post,
t.me/NAME/12 or that of another platform, gives the channel and the number that the table does not.
"""

import contextlib
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from pipeline.data.exports.column_names import (
    CLOCKS,
    LIKES,
    PLACES,
    POLLS,
    ROW_NUMBERS,
    SECOND_TEXTS,
    VAGUE_PLACES,
    find_names,
    match_columns,
)
from pipeline.data.exports.field_values import (
    ascii_digits,
    clean_text,
    make_excerpt,
    name_of_file,
    parse_count,
    parse_int,
)
from pipeline.data.exports.message_parts import (
    EMPTY,
    MEDIA,
    SERVICE,
    clean_links,
    join_texts,
    media_kind,
    read_poll,
    read_reactions,
    read_rich_text,
)
from pipeline.data.exports.peers import channel_number, describe_peer, read_object
from pipeline.data.exports.post_links import parse_page_link, parse_post_link
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped
from pipeline.data.exports.times import parse_time, tell_date_order
from pipeline.data.tables.table_rows import fold_name
from pipeline.errors import DataError, shorten

_OWN_TABLE: Final = frozenset(("post_key", "content_hash"))
_ROWS_AHEAD: Final = 100
_EMPTY: Final = frozenset(("", "nan", "none", "null", "nat", "<na>", "n/a", "[]", "{}"))
_TELEPATHY: Final = frozenset(("message_text", "original_language", "translated_text"))
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\.?)?", re.IGNORECASE | re.ASCII)
_MIDNIGHT = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?$", re.ASCII)
_URL = re.compile(r"https?://[^\s'\"<>\]\[,]+")
_PAIR = re.compile(r"(?P<name>[^\s/]+)[/-](?P<number>\d{1,18})", re.ASCII)


def tell_unused(found: Collection[str], used: Collection[str], options: ReadOptions) -> None:
    """Tell the names of a table's columns, or of a file's keys, that are not used; of our own table there are none."""
    unread = tuple(name for name in dict.fromkeys(found) if name and name not in used)
    if unread and options.on_unread is not None and not set(found) >= _OWN_TABLE:
        options.on_unread(unread)


class PlainColumns:
    """The columns of one table, matched to ours.

    Attributes:
        names: our name -> the table's columns, for each of our columns that the table has.
        text_names: the columns that may hold the text, in the order in which they are asked.
        used: all columns of the table that are read.
    """

    def __init__(
        self, path: Path, found: Sequence[str], options: ReadOptions, *, may_lack: bool = False
    ) -> None:
        """Match the columns; the table's path gives the channel of rows that name none. See `match_columns`."""
        self._path = path
        self._options = options
        self._mapped = dict(options.columns)
        folded = {fold_name(name) for name in found}
        self._found = tuple(found)
        self._is_own_table = set(found) >= _OWN_TABLE
        self._is_quoted = folded >= _TELEPATHY  # Telepathy puts each text between quotes
        self.names = match_columns(path, found, options.columns, may_lack=may_lack)
        free = [name for name in found if name not in options.columns.values()]
        second = [] if "text" in options.columns else find_names(path, free, SECOND_TEXTS)
        self.text_names = tuple(dict.fromkeys((*self.names["text"], *second)))
        self._places = tuple(find_names(path, free, PLACES))
        taken = {name for column, names in self.names.items() if column != "published_at" for name in names}
        clocks = [name for name in find_names(path, free, CLOCKS) if name not in taken]
        self._clock = next((name for name in clocks if name not in self.names.get("published_at", ())), None)
        self._likes = {name: LIKES[fold_name(name)] for name in find_names(path, free, LIKES)}
        self._polls = tuple(find_names(path, free, POLLS))
        self._service = next(iter(find_names(path, free, ("service",))), None)
        several = (name for names in self.names.values() for name in names)
        extra = (self._clock, self._service)
        read = (*several, *self.text_names, *self._places, *self._likes, *self._polls, *filter(None, extra))
        self.used = tuple(dict.fromkeys(read))

    def tell_unread(self) -> None:
        """Tell the columns of which nothing is taken."""
        tell_unused(self._found, self.used, self._options)

    def time_cells(self, cells: Mapping[str, object]) -> list[object]:
        """The cells that hold times of publication and of edits."""
        return [
            cells.get(name) for column in ("published_at", "edited_at") for name in self.names.get(column, ())
        ]

    def use(self, options: ReadOptions) -> None:
        """Read further rows with these options, which map the same columns."""
        self._options = options

    def read_post(self, cells: Mapping[str, object], record: str) -> RawPost | Skipped:
        """Turn a row's cells, by the table's own names, into a post, or say why it is none."""
        try:
            text = self._read_text(cells)
            if not text.strip():
                return Skipped("no_text", record, "no text", what=self._read_what(cells))
            channel, number, channel_id = self._read_place(cells)
            return RawPost(
                channel=channel,
                message_id=number,
                published_at=self._read_time(cells, "published_at"),
                text=text,
                forwarded_from=self._read_origin(cells),
                edited_at=self._read_time(cells, "edited_at"),
                views=self._read_int(cells, "views"),
                forwards=self._read_int(cells, "forwards"),
                record=record,
                channel_id=channel_id,
                topic=self._read_topic(cells),
                reply_to=self._read_reply(cells),
                reactions=self._read_reactions(cells),
                links=self._read_links(cells),
                media=self._read_media(cells),
                seen_at=self._read_time(cells, "seen_at"),
            )
        except ValueError as error:
            return Skipped("reject", record, str(error), make_excerpt(self._cell(cells, "text")))

    def _cell(self, cells: Mapping[str, object], column: str) -> object:
        """The first cell with something in it; None for what stands for "nothing" in tables, but in texts."""
        if column == "text":
            return cells.get(self.names["text"][0])
        value = None
        for name in self.names.get(column, ()):
            value = cells.get(name)
            if isinstance(value, str | float) and str(value).strip().casefold() in _EMPTY:
                value = "" if value == "" and self._is_own_table else None
            if value is not None:
                break
        return value

    def _field(self, column: str) -> str:
        """The column under its name in the file, for a message."""
        return f"field '{shorten(self.names[column][0], 60)}'"

    def _read_text(self, cells: Mapping[str, object]) -> str:
        texts = (self._read_part(cells.get(name)) for name in self.text_names)
        text = next((text for text in texts if text.strip()), "")
        if self._polls:
            found = {fold_name(name): read_object(cells.get(name)) for name in self._polls}
            text = join_texts(text or read_rich_text(found.get("rich_message")), read_poll(found.get("poll")))
        if self._is_quoted:
            text = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
            text = "" if text.strip() in ("None", "N/A") else text
        return text

    def _read_part(self, value: object) -> str:
        if isinstance(value, dict) and isinstance(value.get("text"), str):
            value = value["text"]
        if isinstance(value, list):  # the parts of a formatted text, as Telegram Desktop writes them
            parts = [part.get("text") if isinstance(part, dict) else part for part in value]
            texts = [part for part in parts if isinstance(part, str)]
            value = "".join(texts) if len(texts) == len(parts) else value
        if value is not None and not isinstance(value, str):
            is_of_pandas = isinstance(value, dict) and bool({"0", "1"} & value.keys())
            remedy = (
                "; of pandas, write the file with to_json(FILE, orient='records')" if is_of_pandas else ""
            )
            raise ValueError(f"{self._field('text')}: expected text, got {make_excerpt(value)}{remedy}")
        return clean_text(value)

    def _read_what(self, cells: Mapping[str, object]) -> str:
        if self._service is not None and cells.get(self._service):
            return SERVICE
        return self._read_media(cells) or EMPTY

    def _read_place(self, cells: Mapping[str, object]) -> tuple[str, int | None, str | None]:
        """Channel, message number and the channel's own number."""
        channel = self._read_channel(cells)
        value = self._cell(cells, "message_id")
        link = parse_post_link(str(value)) if isinstance(value, str) else None
        number: int | None = None
        try:
            number = parse_int(value)
        except ValueError as error:
            link = link or _parse_pair(str(value), channel)
            if link and link[1] is not None:
                channel, number = channel or link[0], link[1]
            elif "message_id" in self._mapped:
                raise ValueError(f"{self._field('message_id')}: {error}") from None
            # else: an "id" of some other kind, found by its name only; the post is known by its text
        channel, number = self._read_address(cells, channel, number)
        named = channel or self._options.channel or name_of_file(self._path)
        return named, number, self._read_channel_id(cells)

    def _read_channel(self, cells: Mapping[str, object]) -> str:
        name = self._cell(cells, "channel")
        if isinstance(name, float) and name.is_integer():
            name = int(name)
        holder = read_object(name)
        if holder is not None:
            return describe_peer(holder)
        channel = clean_text(name).strip() if isinstance(name, str | int) else ""
        link = parse_post_link(channel)
        return link[0] if link else channel

    def _read_address(
        self, cells: Mapping[str, object], channel: str, number: int | None
    ) -> tuple[str, int | None]:
        """What the post's own address tells; its number counts for more than an "id", which may be that of a row."""
        is_row_id = fold_name(self.names.get("message_id", ("",))[0]) in ROW_NUMBERS
        for name in self._places:
            cell = cells.get(name)
            link = (parse_post_link(cell) or parse_page_link(cell)) if isinstance(cell, str) else None
            if link is None or link[1] is None:
                continue
            is_same = not channel or channel.casefold() == link[0].casefold()
            if is_same or fold_name(name) not in VAGUE_PLACES:
                if number is None or (is_row_id and is_same and "message_id" not in self._mapped):
                    number = link[1]
                return channel or link[0], number
        return channel, number

    def _read_channel_id(self, cells: Mapping[str, object]) -> str | None:
        value = self._cell(cells, "channel_id")
        if self._is_own_table:
            return clean_text(value) or None
        holder = read_object(value)
        if holder is not None:
            return channel_number(holder)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return channel_number(value) if isinstance(value, int | str) and not isinstance(value, bool) else None

    def _read_time(self, cells: Mapping[str, object], column: str) -> datetime | None:
        value = self._cell(cells, column)
        if value is None or value == "" or value is False:
            return None
        if self._clock and column == "published_at":
            value = _join_clock(value, cells.get(self._clock))
        try:
            return parse_time(value, self._options)
        except ValueError as error:
            raise ValueError(f"{self._field(column)}: {error}") from None

    def _read_int(self, cells: Mapping[str, object], column: str) -> int | None:
        value = self._cell(cells, column)
        value = value.get("count") if isinstance(value, dict) else value  # VK
        try:
            return parse_count(value)
        except ValueError as error:
            raise ValueError(f"{self._field(column)}: {error}") from None

    def _read_origin(self, cells: Mapping[str, object]) -> str | None:
        """Name of the origin; "" where a forward is stated without a name (true, or a nested record)."""
        value = self._cell(cells, "forwarded_from")
        if value is None or value is False:
            return None
        holder = read_object(value)
        if holder is not None:
            return describe_peer(holder)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return clean_text(value).strip() if isinstance(value, str | int) and value is not True else ""

    def _read_topic(self, cells: Mapping[str, object]) -> str | None:
        value = self._cell(cells, "topic")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        is_plain = isinstance(value, str | int) and not isinstance(value, bool)
        return clean_text(value).strip() or None if is_plain else None

    def _read_reply(self, cells: Mapping[str, object]) -> int | None:
        """Number of the message that is answered; what is no number is left out."""
        value = self._cell(cells, "reply_to")
        holder = read_object(value)
        if holder is not None:
            value = next(
                (holder[key] for key in ("reply_to_msg_id", "message_id", "id") if holder.get(key)), None
            )
        link = parse_post_link(value) or _parse_pair(value, "") if isinstance(value, str) else None
        try:
            return link[1] if link else parse_int(None if isinstance(value, dict | list | bool) else value)
        except ValueError:
            return None

    def _read_reactions(self, cells: Mapping[str, object]) -> str | None:
        value = self._cell(cells, "reactions")
        found = read_reactions(read_object(value) or value)
        if found is not None or not self._likes:
            return found
        counts = {reaction: _count_or_none(cells.get(name)) for name, reaction in self._likes.items()}
        return read_reactions(counts)

    def _read_links(self, cells: Mapping[str, object]) -> tuple[str, ...]:
        value = self._cell(cells, "links")
        return clean_links(_URL.findall(str(value))) if isinstance(value, str | list) else ()

    def _read_media(self, cells: Mapping[str, object]) -> str | None:
        """Kind of media, where the cell states one that we know."""
        value = self._cell(cells, "media")
        holder = read_object(value)
        stated = (holder.get("_") or holder.get("_type") or holder.get("type")) if holder else value
        kind = media_kind(stated)
        if kind is None and any(isinstance(read_object(cells.get(name)), dict) for name in self._polls[:1]):
            return "poll"
        return kind if kind in MEDIA or self._is_own_table else None


def _join_clock(day: object, clock: object) -> object:
    """A date that has no clock, or midnight, as tools write it for want of one, with the clock of its own column."""
    if isinstance(clock, float) and 0 <= clock < 1:  # as workbooks count a day
        clock = (datetime(1, 1, 1) + timedelta(days=clock)).time()  # noqa: DTZ001 - a clock has no zone
    said = clock.isoformat("seconds") if isinstance(clock, time) else ascii_digits(str(clock or "").strip())
    if not _CLOCK.fullmatch(said):
        return day
    if isinstance(day, datetime):
        return f"{day.date()} {said}" if day.tzinfo is None and day.time() == time.min else day
    bare = _MIDNIGHT.sub("", str(day).strip()) if isinstance(day, str | date) else ":"
    return day if ":" in bare else f"{bare} {said}"


def settle_date_order(
    columns: PlainColumns, options: ReadOptions, rows: Callable[[], Iterable[Mapping[str, object]]]
) -> ReadOptions:
    """Options that say whether day or month comes first, where the dates of a table such as "3/13/2024" tell it.

    Args:
        columns: of the table.
        options: returned as they are where they say it, or where nothing does.
        rows: gives the table's rows from its beginning; called again only where the first ones have such dates.
    """
    if options.date_order is not None:
        return options
    with contextlib.suppress(DataError):  # a file that breaks off; reading the posts tells of it
        ahead = (
            cell for cells in itertools.islice(rows(), _ROWS_AHEAD) for cell in columns.time_cells(cells)
        )
        if any(map(tell_date_order, ahead)):
            told = (tell_date_order(cell) for cells in rows() for cell in columns.time_cells(cells))
            order = next((order for order in told if order in ("dmy", "mdy")), None)
            return options if order is None else replace(options, date_order=order)
    return options


def _parse_pair(text: str, channel: str) -> tuple[str, int | None] | None:
    """Read "name/12" and "name-12" of this channel; ids such as "name/12/0" count sentences of one number."""
    pair = _PAIR.fullmatch(ascii_digits(text.strip()))
    if pair is None or (channel and pair["name"].casefold() != channel.casefold()):
        return None
    if channel or "/" not in text:
        return pair["name"], int(pair["number"])
    return parse_post_link(f"t.me/{text}")


def _count_or_none(cell: object) -> int | None:
    value = cell.get("count") if isinstance(cell, dict) else cell
    try:
        return parse_count(value)
    except ValueError:
        return None
