"""Messages that Telethon wrote by `message.to_dict()` or `to_json()`.

A file is a JSON list of messages, one message a line (JSON Lines), messages one after the other over several
lines each, or an object with a "messages" list, such as a saved `messages.ChannelMessages`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

from pipeline.data.exports.field_values import (
    clean_text,
    decode_utf8_head,
    make_excerpt,
    open_text,
    parse_int,
    parse_time,
)
from pipeline.data.exports.json_stream import (
    MAX_VALUE_CHARS,
    BadValueError,
    JsonCursor,
    JsonStreamError,
    decode_value,
)
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped
from pipeline.errors import DataError, located

_MESSAGE = re.compile(r'"_"\s*:\s*"Message(?:Service|Empty)?"')
_MESSAGE_LIST = re.compile(r'"messages"\s*:\s*\[')
# Pyrogram calls its messages so too, but has "text" for "message" and writes no "peer_id".
_OWN_FIELD = re.compile(r'"(?:message|peer_id|to_id|fwd_from|action)"\s*:')
_HEAD_CHARS: Final = 1 << 16
_PEERS: Final = {"PeerChannel": "channel", "PeerChat": "chat", "PeerUser": "user"}
_REMEDY: Final = "dump the messages again"
_Entry = tuple[str, object]  # where it stood, and the decoded value or the error that it gave


class TelethonJson:
    """Reader of Telethon dumps; channels are called as `options.channel` or the dump says, or by number."""

    name = "telethon-json"

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the content is JSON that holds Telethon's messages."""
        text = decode_utf8_head(head, errors="replace")
        if text is None or not text.lstrip().startswith(("{", "[")):
            return False
        return _MESSAGE.search(text) is not None and _OWN_FIELD.search(text) is not None

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the messages in file order, one in memory at a time.

        In JSON Lines a line that is no JSON is rejected and the next one is read.

        Raises:
            DataError: other bytes than UTF-8, a list or object that is cut off or broken, or a last line that
                is cut off; what stands before that place is yielded first.
        """
        last = "no message"
        try:
            with open_text(path, allow_cut_end=True) as file:
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
        entries = _entries_of_list(JsonCursor(file))
    elif _holds_list(head):
        with open_text(path, allow_cut_end=True) as ahead:  # names may stand behind the messages
            names.learn(JsonCursor(ahead))
        entries = _entries_of_object(JsonCursor(file))
    elif head.lstrip().split("\n", 1)[0].strip() == "{":
        entries = _entries_in_a_row(JsonCursor(file))
    else:
        entries = _entries_of_lines(file)
    for record, entry in entries:
        yield _read_entry(entry, record, names, options)


def _holds_list(head: str) -> bool:
    messages, message = _MESSAGE_LIST.search(head), _MESSAGE.search(head)
    return messages is not None and (message is None or messages.start() < message.start())


def _entries_of_list(cursor: JsonCursor) -> Iterator[_Entry]:
    for number in cursor.items():
        yield f"item {number}", _value_or_error(cursor)
    _expect_end(cursor)


def _entries_of_object(cursor: JsonCursor) -> Iterator[_Entry]:
    for key in cursor.keys():  # noqa: SIM118 - a method of the cursor, no mapping
        if key == "messages":
            for number in cursor.items():
                yield f"item {number}", _value_or_error(cursor)
        else:
            cursor.skip()
    _expect_end(cursor)


def _entries_in_a_row(cursor: JsonCursor) -> Iterator[_Entry]:
    number = 0
    while cursor.peek():
        number += 1
        yield f"item {number}", _value_or_error(cursor)


def _entries_of_lines(file: TextIO) -> Iterator[_Entry]:
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


def _value_or_error(cursor: JsonCursor) -> object:
    try:
        return cursor.value()
    except BadValueError as error:
        return error


def _expect_end(cursor: JsonCursor) -> None:
    if cursor.peek():
        raise JsonStreamError("expected the end of the file, got more text", line=cursor.line)


class _ChannelNames:
    """Knows what to call a channel, from the user, the message, the dump around it, or its number."""

    def __init__(self, options: ReadOptions) -> None:
        self._chosen = options.channel
        self._of_file = ""
        self._by_id: dict[int, str] = {}

    def learn(self, cursor: JsonCursor) -> None:
        """Collect the names that stand beside the list of messages."""
        around: dict[str, object] = {}
        try:
            for key in cursor.keys():  # noqa: SIM118
                if key in {"chat", "channel", "username", "title"}:
                    around[key] = cursor.value()
                elif key == "chats" and cursor.peek() == "[":
                    for _ in cursor.items():
                        self._learn_chat(_value_or_error(cursor))
                else:
                    cursor.skip()
        except JsonStreamError:
            pass  # reading the messages meets the same place and reports it
        self._of_file = _stated_name(around)

    def _learn_chat(self, chat: object) -> None:
        if isinstance(chat, dict) and isinstance(chat.get("id"), int):
            self._by_id[chat["id"]] = _stated_name(chat)

    def name_of(self, message: Mapping[str, object]) -> str:
        kind, number = _peer_of(message.get("peer_id") or message.get("to_id") or message.get("chat_id"))
        known = self._by_id.get(number or 0, "") if kind == "channel" else ""
        name = self._chosen or _stated_name(message) or self._of_file or known
        if not name and number is None:
            raise ValueError("names no channel ('peer_id' is missing); name it in the options of this source")
        return name or f"{kind} {number}"


def _stated_name(holder: Mapping[str, object]) -> str:
    """Find a name in `chat`, `channel`, `username` or `title`: user names are stable, titles are not."""
    inner = [holder.get("chat"), holder.get("channel")]
    found = [part for part in inner if not isinstance(part, dict)]
    for part in (*inner, holder):
        if isinstance(part, dict):
            found += [part.get("username"), part.get("title")]
    names = (clean_text(name).strip() for name in found if isinstance(name, str))
    return next((name for name in names if name), "")


def _peer_of(peer: object) -> tuple[str, int | None]:
    """Read a Peer object, or the marked number that Telethon's `chat_id` gives, as (kind, number)."""
    if isinstance(peer, dict):
        for kind in _PEERS.values():
            if (number := parse_int(peer.get(f"{kind}_id"))) is not None:
                return kind, number
        return "channel", None
    number = parse_int(peer) if isinstance(peer, int | str) else None
    if number is None or number >= 0:
        return "user" if number is not None else "channel", number
    marked = str(-number)
    is_channel = marked.startswith("100") and len(marked) > 10  # noqa: PLR2004 - "-100" and ten digits or more
    return ("channel", int(marked[3:])) if is_channel else ("chat", -number)


def _read_entry(entry: object, record: str, names: _ChannelNames, options: ReadOptions) -> RawPost | Skipped:
    if isinstance(entry, BadValueError):
        return Skipped("reject", record, str(entry), make_excerpt(entry.excerpt))
    if not isinstance(entry, dict):
        return Skipped("reject", record, "expected a message object", make_excerpt(entry))
    try:
        return _read_message(entry, record, names, options)
    except ValueError as error:
        return Skipped("reject", record, str(error), make_excerpt(entry.get("message") or entry))


def _read_message(
    message: Mapping[str, object], record: str, names: _ChannelNames, options: ReadOptions
) -> RawPost | Skipped:
    """Turn one message into a post; ValueError says why it cannot be."""
    kind = message.get("_", "Message")
    if kind in ("MessageService", "MessageEmpty") or message.get("action"):
        return Skipped("no_text", record, f"service message ({make_excerpt(kind)})")
    if kind != "Message":
        raise ValueError(f"field '_': expected Message, got '{make_excerpt(kind)}'")
    text = message.get("message")
    if not isinstance(text, str | None) or "message" not in message:
        raise ValueError(f"field 'message': expected a string, got {make_excerpt(text) or 'nothing'}")
    if not clean_text(text).strip():
        media = message.get("media")
        of_kind = media.get("_", "media") if isinstance(media, dict) else "empty message"
        return Skipped("no_text", record, f"no text: {make_excerpt(of_kind)}")
    return RawPost(
        channel=names.name_of(message),
        message_id=_count(message, "id"),
        published_at=_time(message, "date", options),
        text=clean_text(text),
        forwarded_from=_origin_of(message),
        edited_at=_edit_of(message, options),
        views=_count(message, "views"),
        forwards=_count(message, "forwards"),
        record=record,
    )


def _count(message: Mapping[str, object], name: str) -> int | None:
    try:
        number = parse_int(message.get(name))
    except ValueError as error:
        raise ValueError(f"field '{name}': {error}") from None
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
        kind, number = _peer_of(peer) if isinstance(peer, dict) else ("", None)
        if number is not None:
            return f"{kind} {number}"
    return ""
