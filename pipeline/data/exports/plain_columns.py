"""Which columns of a plain table are ours, and what their cells mean.

Where the user maps nothing, the first of our synonyms that the table has is taken, whatever its case. Where its
text is empty, that of a column such as "caption" is taken: many tools write the texts of photos there.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import clean_text, make_excerpt, name_of_file, parse_count, parse_int
from pipeline.data.exports.post_links import parse_post_link
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped
from pipeline.data.exports.table_rows import fold_name
from pipeline.data.exports.times import parse_time
from pipeline.errors import DataError, list_names, shorten

SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "text": (
        "text",
        "message",
        "content",
        "body",
        "post_text",
        "message_text",
        "full_text",
        "raw_text",
        "post",
        "caption",
        "cleaned_message",
        "текст",
        "сообщение",
        "повідомлення",
    ),
    "channel": (
        "channel",
        "channel_name",
        "channel_username",
        "username",
        "chat",
        "chat_name",
        "chat_title",
        "channel_title",
        "source",
        "channel_id",
        "chat_id",
        "канал",
    ),
    "message_id": ("message_id", "msg_id", "post_id", "id"),
    "published_at": (
        "published_at",
        "date",
        "datetime",
        "timestamp",
        "time",
        "created_at",
        "published",
        "pub_date",
        "pubdate",
        "date_utc",
        "post_date",
        "message_date",
        "дата",
    ),
    "forwarded_from": (
        "forwarded_from",
        "forward_from",
        "fwd_from",
        "forwarded_from_name",
        "forward_from_name",
    ),
    "edited_at": ("edited_at", "edit_date", "edited"),
    "views": ("views", "view_count", "views_count", "просмотры"),
    "forwards": ("forwards", "forward_count", "forwards_count", "number_forwards", "shares"),
}
SECOND_TEXTS: Final = ("caption", "raw_text", "cleaned_message")
KNOWN_NAMES: Final = frozenset(name for names in SYNONYMS.values() for name in names)
_OWN_TABLE: Final = frozenset(("post_key", "content_hash"))
_EMPTY: Final = frozenset(("", "nan", "none", "null", "nat", "<na>"))


class NoTextColumnError(DataError):
    """A table, or one JSON object, without any column that could hold the texts."""


class PlainColumns:
    """The columns of one table, matched to ours.

    Attributes:
        names: our name -> the table's name, for each of our columns that the table has.
        text_names: the columns that may hold the text, in the order in which they are asked.
    """

    def __init__(
        self, path: Path, found: Sequence[str], options: ReadOptions, *, may_lack: bool = False
    ) -> None:
        """Match the columns.

        Args:
            path: the table, for messages; its stem is the channel of rows that name none.
            found: the table's column names.
            options: the user's mapping and the channel of rows that name none.
            may_lack: whether mapped columns may be missing, as in a single JSON object.

        Raises:
            NoTextColumnError: no column of texts.
            DataError: an unknown name in `options.columns`, a mapped column that the table lacks, or a column
                of ours that stands twice.
        """
        self._path = path
        self._options = options
        self._mapped = dict(options.columns)
        self._is_own_table = set(found) >= _OWN_TABLE
        self.names = _match_columns(path, found, options.columns, may_lack=may_lack)
        second = () if "text" in options.columns else _find_second_texts(found, self.names)
        self.text_names = (self.names["text"], *second)

    def read_post(self, cells: Mapping[str, object], record: str) -> RawPost | Skipped:
        """Turn a row's cells, by the table's own names, into a post, or say why it is none."""
        try:
            text = self._read_text(cells)
            if not text.strip():
                return Skipped("no_text", record, "no text")
            channel, number = self._read_place(cells)
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
            )
        except ValueError as error:
            return Skipped("reject", record, str(error), make_excerpt(self._cell(cells, "text")))

    def _cell(self, cells: Mapping[str, object], column: str) -> object:
        """The cell, with None for what stands for "nothing" in tables; texts are left as they are."""
        value = cells.get(self.names[column]) if column in self.names else None
        if column != "text" and isinstance(value, str | float) and str(value).strip().casefold() in _EMPTY:
            return "" if value == "" and self._is_own_table else None
        return value

    def _field(self, column: str) -> str:
        """The column under its name in the file, for a message."""
        return f"field '{shorten(self.names[column], 60)}'"

    def _read_text(self, cells: Mapping[str, object]) -> str:
        texts = (self._read_part(cells.get(name)) for name in self.text_names)
        return next((text for text in texts if text.strip()), "")

    def _read_part(self, value: object) -> str:
        if isinstance(value, list):  # the parts of a formatted text, as Telegram Desktop writes them
            parts = [part.get("text") if isinstance(part, dict) else part for part in value]
            texts = [part for part in parts if isinstance(part, str)]
            value = "".join(texts) if len(texts) == len(parts) else value
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{self._field('text')}: expected text, got {make_excerpt(value)}")
        return clean_text(value)

    def _read_place(self, cells: Mapping[str, object]) -> tuple[str, int | None]:
        """Channel and message number; an id column may hold links ("t.me/name/12") or pairs ("name/12")."""
        name = self._cell(cells, "channel")
        if isinstance(name, float) and name.is_integer():
            name = int(name)
        channel = clean_text(name).strip() if isinstance(name, str | int) else ""
        link = parse_post_link(channel)
        channel = link[0] if link else channel
        value = self._cell(cells, "message_id")
        number: int | None = None
        try:
            number = parse_int(value)
        except ValueError as error:
            link = parse_post_link(str(value)) or _parse_pair(str(value), channel)
            if link and link[1] is not None:
                channel, number = channel or link[0], link[1]
            elif "message_id" in self._mapped:
                raise ValueError(f"{self._field('message_id')}: {error}") from None
            # else: an "id" of some other kind, found by its name only; the post is known by its text
        return channel or self._options.channel or name_of_file(self._path), number

    def _read_time(self, cells: Mapping[str, object], column: str) -> datetime | None:
        value = self._cell(cells, column)
        if value is None or value == "" or value is False:
            return None
        try:
            return parse_time(value, self._options)
        except ValueError as error:
            raise ValueError(f"{self._field(column)}: {error}") from None

    def _read_int(self, cells: Mapping[str, object], column: str) -> int | None:
        try:
            return parse_count(self._cell(cells, column))
        except ValueError as error:
            raise ValueError(f"{self._field(column)}: {error}") from None

    def _read_origin(self, cells: Mapping[str, object]) -> str | None:
        """Name of the origin; "" where a forward is stated without a name (true, or a nested record)."""
        value = self._cell(cells, "forwarded_from")
        if value is None or value is False:
            return None
        if isinstance(value, dict):
            names = [value.get(key) for key in ("from_name", "title", "username", "name")]
            value = next((name for name in names if isinstance(name, str) and name), "")
        return clean_text(value).strip() if isinstance(value, str | int) and value is not True else ""


def _parse_pair(text: str, channel: str) -> tuple[str, int | None] | None:
    """Read "name/12" of this channel; ids such as "name/12/0" count sentences, and many share a number."""
    is_pair = text.count("/") == 1 and (not channel or text.casefold().startswith(f"{channel.casefold()}/"))
    return parse_post_link(f"t.me/{text}") if is_pair else None


def _match_columns(
    path: Path, found: Sequence[str], mapped: Mapping[str, str], *, may_lack: bool
) -> dict[str, str]:
    if unknown := sorted(set(mapped) - set(SYNONYMS)):
        raise DataError(
            f"columns: unknown names {', '.join(unknown)}; expected our column first, one of "
            f"{', '.join(SYNONYMS)}, for example text=body"
        )
    names: dict[str, str] = {}
    for column, synonyms in SYNONYMS.items():
        if column in mapped:
            candidates = [name for name in found if name == mapped[column]]
            if not candidates and not may_lack:
                raise DataError(_missing(path, f"no column '{shorten(mapped[column], 60)}'", found))
        else:
            free = [name for name in found if name not in mapped.values()]
            candidates = _first_synonym(free, synonyms)
        if len(candidates) > 1:
            raise DataError(f"{path}: the column '{shorten(candidates[0], 60)}' stands more than once")
        if candidates:
            names[column] = candidates[0]
    if "text" not in names:
        raise NoTextColumnError(_missing(path, "no column of texts", found))
    return names


def _find_second_texts(found: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    by_folded = {fold_name(name): name for name in found if name not in names.values()}
    return tuple(by_folded[name] for name in SECOND_TEXTS if name in by_folded)


def _first_synonym(found: Iterable[str], synonyms: Sequence[str]) -> list[str]:
    by_folded: dict[str, list[str]] = {}
    for name in found:
        by_folded.setdefault(fold_name(name), []).append(name)
    return next((by_folded[synonym] for synonym in synonyms if synonym in by_folded), [])


def _missing(path: Path, what: str, found: Sequence[str]) -> str:
    return (
        f"{path}: {what}; the file has: {list_names(filter(None, found)) or 'no columns'}. "
        "Say which column is which with --column OURS=THEIRS, for example --column text=body "
        f"(ours are {', '.join(SYNONYMS)})"
    )
