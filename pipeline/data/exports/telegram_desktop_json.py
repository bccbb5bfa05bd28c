r"""Telegram Desktop, "Export chat history" or "Export Telegram data" as JSON: result.json.

A chat is `{"name", "type", "id", "messages": [...]}`. An export of the whole account holds its chats in
`chats.list` and `left_chats.list`, each of which keeps its own name as channel; chats of one name are told apart
by their id, "Name (12345)".

The text of a poll is its question and answers, that of a message of blocks (`rich_message`) its words. Telegram Desktop
writes control characters as "\x08" and the file of an animated emoji without quotes; both are read as they are meant.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import clean_text, make_excerpt
from pipeline.data.exports.json_stream import BadValueError, JsonCursor, JsonStreamError, decode_value
from pipeline.data.exports.message_parts import (
    EMPTY,
    clean_links,
    iter_addresses,
    join_texts,
    media_kind,
    read_poll,
    read_reactions,
    read_rich_text,
)
from pipeline.data.exports.platform_json import read_int
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.exports.times import parse_time
from pipeline.data.tables.text_files import decode_utf8_head, open_text
from pipeline.errors import DataError, located

_REMEDY: Final = "export the chat again and wait until Telegram Desktop says that it is done"
_MESSAGES = re.compile(r'"messages"\s*:\s*\[')
_OF_DESKTOP = re.compile(
    r'"date_unixtime"\s*:|"text_entities"\s*:'
    r'|"type"\s*:\s*"(?:message|service|unsupported|saved_messages|replies|verification_codes|personal_chat'
    r'|bot_chat|(?:private|public)_(?:group|supergroup|channel))"'
    r'|"messages"\s*:\s*\[\s*\{(?=[^{}]*"date"\s*:)(?=[^{}]*"text"\s*:)'
)
_ACCOUNT = re.compile(
    r'"(?:chats|left_chats|personal_information|contacts|frequent_contacts|profile_pictures)"\s*:\s*[\[{]'
)
_OF_OTHERS = re.compile(r'"_"\s*:\s*"|"raw"\s*:\s*\{\s*"(?:Flags|Out|ID)"\s*:')  # Telethon, tdl
_MEDIA: Final = (
    "poll",
    "photo",
    "contact_information",
    "location_information",
    "game_title",
    "invoice_information",
    "giveaway_information",
    "giveaway_results",
    "file",
)
_BAD_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*+)\\x([0-9a-fA-F]{2})")
_BARE_PATH = re.compile(  # counted, so that no run of spaces takes the square of its length
    r'("document_id"\s{0,9}:\s{0,9})(?!")([^\s",\[\]{}][^"\n\r{}]{0,999}?)'
    r'(?=\s{0,9}(?:,?[ \t]{0,9}[\r\n]|[}]|,\s{0,9}"))'
)
_ZERO_TIMES: Final = ("1970-01-01", "1969-12-31")  # how exports up to 2018 write "never edited"


@dataclass(slots=True)
class _Chat:
    """The fields that stand beside a list of messages; complete once the whole chat was walked."""

    of_account: bool
    fields: dict[str, object] = field(default_factory=dict)

    @property
    def fields_may_follow(self) -> bool:
        is_named = "name" in self.fields or self.fields.get("type") == "saved_messages"
        return not is_named or "id" not in self.fields

    @property
    def number(self) -> str | None:
        number = self.fields.get("id")
        return make_excerpt(number) if isinstance(number, int) and not isinstance(number, bool) else None

    @property
    def title(self) -> str:
        name = self.fields.get("name")
        title = clean_text(name).strip() if isinstance(name, str) else ""
        kind, number = self.fields.get("type") or "chat", self.fields.get("id")
        return title or clean_text(f"{kind} {make_excerpt(number)}").strip()


class TelegramDesktopJson:
    """Reader of result.json; `options.channel` renames the chat of a file that holds a single one."""

    name = "telegram-desktop-json"
    source = Source(
        what="Telegram Desktop, a chat or the whole account",
        how="Export chat history, or Settings, Advanced, Export Telegram data; format: machine-readable JSON",
        reads={
            "channel": "`name`; of chats of one name with the `id` behind it",
            "channel_id": "`id` of the chat",
            "message_id": "`id`",
            "published_at": "`date_unixtime`, else `date`",
            "text": "`text`, `text_entities`, `rich_message`, `poll`",
            "forwarded_from": "`forwarded_from`, `saved_from`",
            "edited_at": "`edited_unixtime`, `edited`; also set by reactions",
            "reply_to": "`reply_to_message_id`",
            "topic": "title of the topic that is answered",
            "reactions": "`reactions`",
            "links": "`href` of text links, those of `rich_message` too",
            "media": "`media_type`, `photo`, `file` and the like",
        },
        ignores="files, authors, buttons; views are not part of it",
        is_snapshot=True,
    )

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the content begins as a chat or an account that Telegram Desktop exported."""
        text = decode_utf8_head(head, errors="replace")
        if text is None or not text.lstrip().startswith("{") or _OF_OTHERS.search(text):
            return False
        if _MESSAGES.search(text) and _OF_DESKTOP.search(text):
            return True
        return '"about"' in text and _ACCOUNT.search(text) is not None

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the messages in file order, one in memory at a time.

        Raises:
            DataError: no such export, other bytes than UTF-8, or cut off; what stands before the place that
                cannot be read is yielded first.
        """
        last = "no message"
        try:
            with open_text(path, options.encoding, allow_cut_end=True) as file:
                for record in _read_chats(JsonCursor(file), path, options):
                    yield record
                    last = record.record
        except (JsonStreamError, BadValueError) as error:
            place = located(path, str(error), line=getattr(error, "line", None))
            raise DataError(f"{place}; the last record that could be read: {last}; {_REMEDY}") from None


FORMAT: Final = TelegramDesktopJson()


def _read_chats(cursor: JsonCursor, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
    ahead: list[_Chat] | None = None
    number = -1
    for number, chat in enumerate(_walk_chats(cursor)):
        whole, channel = chat, chat.title
        if chat.of_account or chat.fields_may_follow:
            ahead = _walk_ahead(path, options) if ahead is None else ahead
            whole, channel = ahead[number], _name_chats(ahead)[number]
        if options.channel and not chat.of_account:
            channel = options.channel
        yield from _MessageReader(channel, whole.number, options, of_account=chat.of_account).read_all(cursor)
    if number < 0:
        raise DataError(
            f"{path}: expected 'messages' or 'chats' as Telegram Desktop writes them, got neither; {_REMEDY}"
        )
    if cursor.peek():
        raise JsonStreamError("expected the end of the file, got more text", line=cursor.line)


def _walk_chats(cursor: JsonCursor) -> Iterator[_Chat]:
    """Give each chat when the cursor stands before its list of messages, which the caller reads or skips."""
    root = _Chat(of_account=False)
    for key in cursor.keys():  # noqa: SIM118 - a method of the cursor, no mapping
        if key in {"chats", "left_chats"} and cursor.peek() == "{":
            for inner in cursor.keys():  # noqa: SIM118
                if inner == "list" and cursor.peek() == "[":
                    for _ in cursor.items():
                        yield from _walk_chat(cursor)
                else:
                    cursor.skip()
        else:
            yield from _walk_field(cursor, root, key)


def _walk_chat(cursor: JsonCursor) -> Iterator[_Chat]:
    chat = _Chat(of_account=True)
    for key in cursor.keys():  # noqa: SIM118
        yield from _walk_field(cursor, chat, key)


def _walk_field(cursor: JsonCursor, chat: _Chat, key: str) -> Iterator[_Chat]:
    if key == "messages":
        yield chat
    elif key in {"name", "type", "id"}:
        chat.fields[key] = cursor.value()
    else:
        cursor.skip()


def _name_chats(chats: Sequence[_Chat]) -> list[str]:
    """The channel of each chat; without the id, message 3 of two chats "News" would be one post."""
    ids: dict[str, set[str]] = {}
    for chat in chats:
        ids.setdefault(chat.title, set()).add(make_excerpt(chat.fields.get("id")))
    return [
        chat.title if len(ids[chat.title]) == 1 else f"{chat.title} ({make_excerpt(chat.fields.get('id'))})"
        for chat in chats
    ]


def _walk_ahead(path: Path, options: ReadOptions) -> list[_Chat]:
    """Collect the fields of all chats, which may stand behind their messages."""
    chats: list[_Chat] = []
    with open_text(path, options.encoding, allow_cut_end=True) as file:
        cursor = JsonCursor(file)
        try:
            for chat in _walk_chats(cursor):
                chats.append(chat)
                cursor.skip()
        except (JsonStreamError, BadValueError):
            pass  # the caller meets the same place later and reports it
    return chats


@dataclass(slots=True)
class _MessageReader:
    """Turns the messages of one chat into posts, in file order, as a topic is named before what is said in it."""

    channel: str
    channel_id: str | None
    options: ReadOptions
    of_account: bool = field(kw_only=True)
    topics: dict[int, str] = field(default_factory=dict)
    topic_of: dict[int, str] = field(default_factory=dict)

    def read_all(self, cursor: JsonCursor) -> Iterator[RawPost | Skipped]:
        prefix = f"chat '{make_excerpt(self.channel)}', " if self.of_account else ""
        for number in cursor.items():
            record = f"{prefix}item {number}"
            try:
                message = cursor.value()
            except BadValueError as error:
                try:
                    message = _decode_as_meant(error)
                except ValueError:
                    yield Skipped("reject", record, str(error), make_excerpt(error.excerpt))
                    continue
            if not isinstance(message, dict):
                yield Skipped("reject", record, "expected a message object", make_excerpt(message))
                continue
            try:
                message_id = read_int(message, "id")
                record = record if message_id is None else f"{prefix}message {message_id}"
                yield self.read(message, message_id, record)
            except ValueError as error:
                yield Skipped("reject", record, str(error), _excerpt_of(message))

    def read(self, message: Mapping[str, object], message_id: int | None, record: str) -> RawPost | Skipped:
        """Turn one message into a post; ValueError says why it cannot be."""
        kind = message.get("type", "message")
        if kind in ("service", "unsupported"):
            if message.get("action") == "topic_created" and message_id is not None:
                self.topics[message_id] = clean_text(message.get("title")).strip()
            reason = f"{kind} message {make_excerpt(message.get('action', ''))}".strip()
            return Skipped("no_text", record, reason, what=f"{kind} message")
        if kind != "message":
            raise ValueError(f"field 'type': expected message or service, got '{make_excerpt(kind)}'")
        text = _read_text(message)
        if not text.strip():
            media = _media_of(message)
            return Skipped("no_text", record, f"no text: {media}", what=media_kind(media) or EMPTY)
        topic, reply_to = self._read_place(message, message_id)
        return RawPost(
            channel=self.channel,
            message_id=message_id,
            published_at=_read_time(message, "date", self.options),
            text=text,
            forwarded_from=_read_origin(message),
            edited_at=_read_edit(message, self.options),
            record=record,
            channel_id=self.channel_id,
            topic=topic,
            reply_to=reply_to,
            reactions=read_reactions(message.get("reactions")),
            links=clean_links(_hrefs_of(message)),
            media=None if (media := _media_of(message)) == EMPTY else media_kind(media),
        )

    def _read_place(
        self, message: Mapping[str, object], message_id: int | None
    ) -> tuple[str | None, int | None]:
        """Topic of a forum and the message that is answered; answers to the topic itself are none."""
        reply_to = None if "reply_to_peer_id" in message else read_int(message, "reply_to_message_id")
        if not self.topics or reply_to is None:
            return None, reply_to
        topic = self.topics.get(reply_to) or self.topic_of.get(reply_to)
        if topic and message_id is not None:
            self.topic_of[message_id] = topic
        return topic, None if reply_to in self.topics else reply_to


def _decode_as_meant(error: BadValueError) -> object:
    """Decode a message that Telegram Desktop wrote as no JSON: see the module."""
    text = _BAD_ESCAPE.sub(r"\1\\u00\2", error.text)
    return decode_value(_BARE_PATH.sub(lambda match: f"{match[1]}{json.dumps(match[2])}", text), strict=False)


def _read_text(message: Mapping[str, object]) -> str:
    """The text, else the words of blocks; a poll stands below."""
    return join_texts(
        _read_parts(message) or read_rich_text(message.get("rich_message")), read_poll(message.get("poll"))
    )


def _read_parts(message: Mapping[str, object]) -> str:
    """Join the parts of `text`: a string, or a list of strings and {"type", "text"} entities."""
    name = "text" if message.get("text") not in (None, "", []) else "text_entities"
    content = message.get(name)
    if content is None or isinstance(content, str):
        return clean_text(content)
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    wrong = [text for text in texts if not isinstance(text, str)]
    if wrong:
        raise ValueError(
            f"field '{name}': expected strings and entities with 'text', got {make_excerpt(wrong)}"
        )
    return clean_text("".join(text for text in texts if isinstance(text, str)))


def _read_time(message: Mapping[str, object], name: str, options: ReadOptions) -> datetime:
    """Read `date_unixtime`, which is UTC, or the local `date` that stands beside it."""
    exact = f"{name}_unixtime"
    chosen = exact if message.get(exact) not in (None, "") else name
    try:
        return parse_time(message.get(chosen), options)
    except ValueError as error:
        raise ValueError(f"field '{chosen}': {error}") from None


def _read_edit(message: Mapping[str, object], options: ReadOptions) -> datetime | None:
    stated = message.get("edited_unixtime") or message.get("edited")
    if stated in (None, "", "0") or str(message.get("edited")).startswith(_ZERO_TIMES):
        return None
    return _read_time(message, "edited", options)


def _read_origin(message: Mapping[str, object]) -> str | None:
    """Name the origin of a forward: "" where the export hides it, None for a post of the channel's own."""
    for name in ("forwarded_from", "saved_from"):
        if name in message:
            origin = message[name] if message[name] is not None else message.get(f"{name}_id")
            return clean_text(origin).strip() if isinstance(origin, str) else ""
    return None


def _media_of(message: Mapping[str, object]) -> str:
    kind = message.get("media_type")
    if isinstance(kind, str):
        return make_excerpt(kind)
    return next((name for name in _MEDIA if name in message), EMPTY)


def _hrefs_of(message: Mapping[str, object]) -> Iterator[object]:
    """Addresses behind words; those that show stand in the text."""
    for name in ("text_entities", "text"):
        parts = message.get(name)
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict) and "href" in part:
                yield part["href"]
    yield from iter_addresses(message.get("rich_message"))


def _excerpt_of(message: Mapping[str, object]) -> str:
    text = message.get("text")
    return make_excerpt(text or dict(message))
