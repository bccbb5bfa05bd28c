"""Messages as TDLib gives them (`getChatHistory`, `getMessages`), in which every object states its "@type"."""

import re
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import clean_text
from pipeline.data.exports.message_parts import (
    EMPTY,
    MEDIA,
    SERVICE,
    clean_links,
    join_texts,
    media_kind,
    read_poll,
    read_reactions,
)
from pipeline.data.exports.peers import channel_number, describe_peer, peer_of
from pipeline.data.exports.platform_json import (
    Fields,
    PlatformJson,
    inner,
    inner_list,
    read_int,
    read_text,
    read_time,
)
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source

_SERVER_ID_BITS: Final = 20  # below these TDLib counts messages that are not sent yet
_SOURCE: Final = Source(
    what="TDLib and programs built on it",
    how="save what getChatHistory returns, as a list or one message a line; also updates",
    reads={
        "channel": "`chat_id`, as kind and number",
        "channel_id": "`chat_id` without its mark",
        "message_id": "`id`, divided by 2^20: the number in t.me links",
        "published_at": "`date`",
        "text": "`content.text`, `content.caption`, `content.poll`",
        "forwarded_from": "`forward_info.origin`",
        "edited_at": "`edit_date`",
        "views": "`interaction_info.view_count`",
        "forwards": "`interaction_info.forward_count`",
        "reactions": "`interaction_info.reactions`",
        "reply_to": "`reply_to`",
        "topic": "`topic_id`, `message_thread_id` of forums",
        "links": "`textEntityTypeTextUrl`",
        "media": "`content.@type`",
    },
    ignores="files, buttons, comments",
)


def _read_message(message: Fields, record: str, path: Path, options: ReadOptions) -> RawPost | Skipped:  # noqa: ARG001 - part of the contract
    message = inner(message, "message") or message  # of updateNewMessage
    if str(message.get("@type")) != "message" and not inner(message, "content"):
        return Skipped("no_text", record, "an update without a message", what="update without a message")
    content = inner(message, "content")
    kind = media_kind(content.get("@type"))
    formatted = inner(content, "text") or inner(content, "caption")
    text = clean_text(join_texts(read_text(formatted, "text"), read_poll(content.get("poll"))))
    if not text.strip():
        what = kind if kind in MEDIA else EMPTY if kind is None else SERVICE
        return Skipped("no_text", record, f"no text: {kind or what}", what=what)
    kind_of_chat, number = peer_of(message.get("chat_id"))
    if number is None and options.channel is None:
        raise ValueError("names no chat ('chat_id' is missing); name it with --channel")
    info = inner(message, "interaction_info")
    return RawPost(
        channel=options.channel or f"{kind_of_chat} {number}",
        message_id=_server_id(read_int(message, "id")),
        published_at=read_time(message, "date", options),
        text=text,
        forwarded_from=_origin_of(message),
        edited_at=read_time(message, "edit_date", options),
        views=read_int(info, "view_count"),
        forwards=read_int(info, "forward_count"),
        record=record,
        channel_id=channel_number(message.get("chat_id")),
        topic=_topic_of(message),
        reply_to=_reply_of(message),
        reactions=read_reactions(info.get("reactions")),
        links=clean_links(inner(entity, "type").get("url") for entity in inner_list(formatted, "entities")),
        media=kind if kind in MEDIA else None,
    )


def _server_id(number: int | None) -> int | None:
    is_sent = number is not None and number % (1 << _SERVER_ID_BITS) == 0
    return number >> _SERVER_ID_BITS if number and is_sent else number


def _origin_of(message: Fields) -> str | None:
    info = inner(message, "forward_info")
    if not info:
        return None
    origin = inner(info, "origin")
    marked = next(
        (origin[key] for key in ("chat_id", "sender_chat_id", "sender_user_id") if origin.get(key)), None
    )
    if marked is None:
        return describe_peer(origin)
    kind, number = peer_of(marked)
    if "Channel" in str(origin.get("@type")) and str(number).startswith("100") and kind == "chat":
        return f"channel {str(number)[3:]}"
    return f"{kind} {number}"


def _topic_of(message: Fields) -> str | None:
    number = read_int(inner(message, "topic_id"), "forum_topic_id")
    if number is None and message.get("is_topic_message"):
        number = _server_id(read_int(message, "message_thread_id"))
    return None if number is None else str(number)


def _reply_of(message: Fields) -> int | None:
    reply = inner(message, "reply_to")
    is_other_chat = reply.get("chat_id") not in (None, 0, message.get("chat_id"))
    number = read_int(reply, "message_id") or read_int(message, "reply_to_message_id")
    return None if is_other_chat else _server_id(number or None)


FORMAT: Final = PlatformJson(
    "tdlib-json",
    _SOURCE,
    re.compile(r'"@type"\s*:\s*"(?:message|messages|foundMessages|foundChatMessages)"'),
    _read_message,
)
