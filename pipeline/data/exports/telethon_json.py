"""Messages that Telethon wrote by `message.to_dict()` or `to_json()`, and those of tools that keep its form.

A file is a JSON list of messages, one message a line (JSON Lines), messages one after the other over several
lines each, or an object with a "messages" list, such as a saved `messages.ChannelMessages`.
Of the same form are the NDJSON of 4CAT (`_type` for `_`, the channel in `_chat`) and, in CamelCase below "raw", what
`tdl chat export --raw` writes.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

from pipeline.data.exports.field_values import clean_text, make_excerpt, parse_int
from pipeline.data.exports.json_entries import (
    entries_in_a_row,
    entries_of_lines,
    entries_of_list,
    entries_of_object,
    value_or_error,
)
from pipeline.data.exports.json_stream import BadValueError, JsonCursor, JsonStreamError
from pipeline.data.exports.message_parts import (
    EMPTY,
    SERVICE,
    clean_links,
    join_texts,
    media_kind,
    read_poll,
    read_reactions,
    read_rich_text,
)
from pipeline.data.exports.peers import channel_number, peer_of
from pipeline.data.exports.platform_json import inner, inner_list, read_int
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.exports.times import parse_time
from pipeline.data.tables.text_files import decode_utf8_head, open_text
from pipeline.errors import DataError, located

_MESSAGE = re.compile(r'"_(?:type)?"\s*:\s*"Message(?:Service|Empty)?"|"_chat"\s*:')
_OF_TDL = re.compile(r'"raw"\s*:\s*\{\s*"(?:Flags|Out|ID)"\s*:')
_MESSAGE_LIST = re.compile(r'"messages"\s*:\s*\[')
# Pyrogram calls its messages so too, but has "text" for "message" and writes no "peer_id".
_OWN_FIELD = re.compile(r'"(?:message|peer_id|to_id|fwd_from|action)"\s*:')
_HEAD_CHARS: Final = 1 << 16
_TDL_FLAGS: Final = {  # bits of "Flags" that say whether a field was set; Go writes those that were not as zeros
    "reply_to": 3,
    "media": 9,
    "views": 10,
    "forwards": 10,
    "edit_date": 15,
    "grouped_id": 17,
    "reactions": 20,
    "fwd_from": 2,
    "entities": 7,
}
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ALBUM: Final = "more of an album"
_REMEDY: Final = "dump the messages again"


class TelethonJson:
    """Reader of Telethon dumps; channels are called as `options.channel` or the dump says, or by number."""

    name = "telethon-json"
    source = Source(
        what="Telethon; 4CAT (NDJSON); tdl chat export --raw",
        how="`message.to_json()`, one a line or in a list; 4CAT: download as NDJSON; tdl chat export --all --raw",
        reads={
            "channel": "`chat` or `_chat`, names beside the messages, else `peer_id` as kind and number",
            "channel_id": "`peer_id`",
            "message_id": "`id`",
            "published_at": "`date`",
            "text": "`message`, `rich_message`, `media.poll`",
            "forwarded_from": "`fwd_from`: name, else kind and number",
            "edited_at": "`edit_date` without `edit_hide`",
            "views": "`views`",
            "forwards": "`forwards`",
            "reply_to": "`reply_to.reply_to_msg_id`",
            "topic": "`reply_to.reply_to_top_id` of forums",
            "reactions": "`reactions.results`",
            "links": "`url` of entities and of the page",
            "media": "`media`, attributes of the document",
        },
        ignores="files, comments, buttons",
    )

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the content is JSON that holds Telethon's messages."""
        text = decode_utf8_head(head, errors="replace")
        if text is None or not text.lstrip().startswith(("{", "[")):
            return False
        is_own = _MESSAGE.search(text) is not None and _OWN_FIELD.search(text) is not None
        return is_own or _OF_TDL.search(text) is not None

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the messages in file order, one in memory at a time.

        In JSON Lines a line that is no JSON is rejected and the next one is read.

        Raises:
            DataError: other bytes than UTF-8, a list or object that is cut off or broken, or a last line that
                is cut off; what stands before that place is yielded first.
        """
        last = "no message"
        try:
            with open_text(path, options.encoding, allow_cut_end=True) as file:
                for record in _read_file(file, path, options):
                    yield record
                    last = record.record
        except (JsonStreamError, BadValueError) as error:
            place = located(path, str(error), line=getattr(error, "line", None))
            raise DataError(f"{place}; the last record that could be read: {last}; {_REMEDY}") from None


FORMAT: Final = TelethonJson()


def _read_file(file: TextIO, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
    head = file.read(_HEAD_CHARS)
    file.seek(0)
    names = _ChannelNames(options)
    if head.lstrip().startswith("["):
        entries = entries_of_list(JsonCursor(file))
    elif _holds_list(head):
        with open_text(
            path, options.encoding, allow_cut_end=True
        ) as ahead:  # names may stand behind the messages
            names.learn(JsonCursor(ahead))
        entries = entries_of_object(JsonCursor(file))
    elif head.lstrip().split("\n", 1)[0].strip() == "{":
        entries = entries_in_a_row(JsonCursor(file))
    else:
        entries = entries_of_lines(file)
    for record, entry in entries:
        yield _read_entry(entry, record, names, options)


def _holds_list(head: str) -> bool:
    messages, message = _MESSAGE_LIST.search(head), _MESSAGE.search(head)
    return messages is not None and (message is None or messages.start() < message.start())


class _ChannelNames:
    """Knows what to call a channel, from the user, the message, the dump around it, or its number."""

    def __init__(self, options: ReadOptions) -> None:
        self._chosen = options.channel
        self._of_file = ""
        self._by_id: dict[int, str] = {}
        self._number: int | None = None

    def learn(self, cursor: JsonCursor) -> None:
        """Collect the names that stand beside the list of messages."""
        around: dict[str, object] = {}
        try:
            for key in cursor.keys():  # noqa: SIM118
                if key in {"chat", "channel", "username", "title", "id"}:
                    around[key] = cursor.value()
                elif key == "chats" and cursor.peek() == "[":
                    for _ in cursor.items():
                        self._learn_chat(value_or_error(cursor))
                else:
                    cursor.skip()
        except JsonStreamError:
            pass  # reading the messages meets the same place and reports it
        self._of_file = _stated_name(around)
        number = around.get("id")
        self._number = number if isinstance(number, int) and not isinstance(number, bool) else None

    def _learn_chat(self, chat: object) -> None:
        if isinstance(chat, dict) and isinstance(chat.get("id"), int):
            self._by_id[chat["id"]] = _stated_name(chat)

    def name_of(self, message: Mapping[str, object]) -> str:
        kind, number = peer_of(message.get("peer_id") or message.get("to_id") or message.get("chat_id"))
        known = self._by_id.get(number or 0, "") if kind == "channel" else ""
        name = self._chosen or _stated_name(message) or self._of_file or known
        if name or number is not None:
            return name or f"{kind} {number}"
        if self._number is None:
            raise ValueError("names no channel ('peer_id' is missing); name it in the options of this source")
        return f"channel {self._number}"


def _stated_name(holder: Mapping[str, object]) -> str:
    """Find a name in `chat`, `channel`, `username` or `title`: user names are stable, titles are not."""
    inner = [holder.get("chat"), holder.get("channel"), holder.get("_chat")]
    found = [part for part in inner if not isinstance(part, dict)]
    for part in (*inner, holder):
        if isinstance(part, dict):
            found += [part.get("username"), part.get("title")]
    names = (clean_text(name).strip() for name in found if isinstance(name, str))
    return next((name for name in names if name), "")


def _read_entry(entry: object, record: str, names: _ChannelNames, options: ReadOptions) -> RawPost | Skipped:
    if isinstance(entry, BadValueError):
        return Skipped("reject", record, str(entry), make_excerpt(entry.excerpt))
    if not isinstance(entry, dict):
        return Skipped("reject", record, "expected a message object", make_excerpt(entry))
    raw = entry.get("raw")
    message = _spell_as_telethon(raw) if isinstance(raw, dict) else entry
    try:
        return _read_message(message, record, names, options)
    except ValueError as error:
        return Skipped("reject", record, str(error), make_excerpt(message.get("message") or message))


def _read_message(
    message: Mapping[str, object], record: str, names: _ChannelNames, options: ReadOptions
) -> RawPost | Skipped:
    """Turn one message into a post; ValueError says why it cannot be."""
    kind = message.get("_") or message.get("_type") or "Message"
    if kind in ("MessageService", "MessageEmpty") or message.get("action"):
        return Skipped("no_text", record, f"service message ({make_excerpt(kind)})", what=SERVICE)
    if kind != "Message":
        raise ValueError(f"field '_': expected Message, got '{make_excerpt(kind)}'")
    text = _text_of(message)
    media = message.get("media")
    if not text.strip():
        of_kind = make_excerpt(_kind_in(media) or "media") if isinstance(media, dict) else EMPTY
        what = _ALBUM if message.get("grouped_id") else _media_of(media) or EMPTY
        return Skipped("no_text", record, f"no text: {of_kind}", what=what)
    topic, reply_to = _place_of(message)
    return RawPost(
        channel=names.name_of(message),
        message_id=_count(message, "id"),
        published_at=_time(message, "date", options),
        text=text,
        forwarded_from=_origin_of(message),
        edited_at=_edit_of(message, options),
        views=_count(message, "views"),
        forwards=_count(message, "forwards"),
        record=record,
        channel_id=channel_number(message.get("peer_id") or message.get("to_id") or message.get("chat_id")),
        topic=topic,
        reply_to=reply_to,
        reactions=read_reactions(message.get("reactions")),
        links=clean_links(_links_of(message)),
        media=_media_of(media),
    )


def _text_of(message: Mapping[str, object]) -> str:
    """The text, else the words of blocks; a poll stands below."""
    text = message.get("message")
    if not isinstance(text, str | None) or "message" not in message:
        raise ValueError(f"field 'message': expected a string, got {make_excerpt(text) or 'nothing'}")
    own = clean_text(text)
    return join_texts(
        own if own.strip() else read_rich_text(message.get("rich_message")),
        read_poll(inner(message, "media").get("poll")),
    )


def _kind_in(value: object) -> str:
    """The name of a Telethon class, as Telethon or 4CAT writes it."""
    kind = (value.get("_") or value.get("_type")) if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""


def _media_of(media: object) -> str | None:
    """Kind of media; of documents, what their attributes say."""
    kind = media_kind(_kind_in(media))
    attributes = inner_list(inner(media, "document"), "attributes")
    kinds = {_kind_in(part).removeprefix("DocumentAttribute"): part for part in attributes}
    if kind != "document" or not kinds:
        return kind
    if "Video" in kinds and "Animated" not in kinds:
        return "round video" if kinds["Video"].get("round_message") else "video"
    if "Audio" in kinds:
        return "voice" if kinds["Audio"].get("voice") else "audio"
    found = {"Animated": "animation", "Sticker": "sticker", "CustomEmoji": "sticker"}
    return next((name for part, name in found.items() if part in kinds), kind)


def _place_of(message: Mapping[str, object]) -> tuple[str | None, int | None]:
    """Topic of a forum, by number, and the message that is answered; a topic's own first message is none."""
    header = message.get("reply_to")
    if not isinstance(header, dict):
        return None, parse_int(message.get("reply_to_msg_id"))
    answered = None if header.get("reply_to_peer_id") else parse_int(header.get("reply_to_msg_id"))
    if not header.get("forum_topic"):
        return None, answered
    top = parse_int(header.get("reply_to_top_id"))
    return (str(answered), None) if top is None and answered is not None else (str(top), answered)


def _links_of(message: Mapping[str, object]) -> Iterator[object]:
    yield from (entity.get("url") for entity in inner_list(message, "entities"))
    yield inner(message, "media", "webpage").get("url")


def _count(message: Mapping[str, object], name: str) -> int | None:
    number = read_int(message, name)
    if number is not None and number < 0:
        raise ValueError(f"field '{name}': expected a number of 0 or more, got {number}")
    return number


def _time(message: Mapping[str, object], name: str, options: ReadOptions) -> datetime:
    try:
        return parse_time(message.get(name), options)
    except ValueError as error:
        raise ValueError(f"field '{name}': {error}") from None


def _edit_of(message: Mapping[str, object], options: ReadOptions) -> datetime | None:
    """Read `edit_date`; Telegram also sets it, with `edit_hide`, when only reactions changed."""
    if not message.get("edit_date") or message.get("edit_hide") is True:
        return None
    return _time(message, "edit_date", options)


def _origin_of(message: Mapping[str, object]) -> str | None:
    """Name the origin of a forward: its name, else its kind and number, "" where it is hidden."""
    header = message.get("fwd_from")
    if not isinstance(header, dict):
        return clean_text(header).strip() if header else None
    name = header.get("from_name")
    if isinstance(name, str) and name.strip():
        return clean_text(name).strip()
    # Before 2020 the header held plain numbers; saved_from_peer is where a saved message came from.
    sender = header.get("from_id")
    old = {
        "channel_id": header.get("channel_id"),
        "user_id": None if isinstance(sender, dict) else sender,
    }
    for peer in (sender, old, header.get("saved_from_peer")):
        kind, number = peer_of(peer) if isinstance(peer, dict) else ("", None)
        if number is not None:
            return f"{kind} {number}"
    return ""


def _spell_as_telethon(raw: Mapping[str, object]) -> dict[str, object]:
    """A message as tdl dumps it, under Telethon's names and without what was not set."""
    try:
        message = _in_snake_case(raw)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    flags = raw.get("Flags")
    if isinstance(message, dict) and isinstance(flags, int):
        unset = {name for name, bit in _TDL_FLAGS.items() if not flags >> bit & 1}
        message = {name: value for name, value in message.items() if name not in unset}
    return message if isinstance(message, dict) else {}


def _in_snake_case(value: object) -> object:
    if isinstance(value, dict):
        return {_WORD_START.sub("_", str(name)).lower(): _in_snake_case(part) for name, part in value.items()}
    return [_in_snake_case(part) for part in value] if isinstance(value, list) else value
