"""Channel posts as the Bot API gives them: `getUpdates`, or what a bot wrote down of its updates."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import clean_text
from pipeline.data.exports.message_parts import (
    EMPTY,
    SERVICE,
    clean_links,
    join_texts,
    media_kind,
    read_poll,
    read_rich_text,
)
from pipeline.data.exports.peers import channel_number, describe_peer
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

_POSTS: Final = ("channel_post", "edited_channel_post", "message", "edited_message", "business_message")
_MEDIA: Final = (
    *(
        "animation",
        "audio",
        "paid_media",
        "photo",
        "sticker",
        "story",
        "video",
        "video_note",
        "voice",
        "document",
    ),
    *("contact", "dice", "game", "poll", "venue", "location", "invoice", "giveaway", "giveaway_winners"),
)
_ORDINARY: Final = frozenset(
    ("message_id", "chat", "date", "sender_chat", "from", "author_signature", "edit_date")
)
_SOURCE: Final = Source(
    what="Telegram's Bot API",
    how="save what getUpdates returns, or each update a line",
    reads={
        "channel": "`chat.title`, `chat.username`",
        "channel_id": "`chat.id` without its mark",
        "message_id": "`message_id`",
        "published_at": "`date`",
        "text": "`text`, `caption`, `rich_message`, `poll`",
        "forwarded_from": "`forward_origin`, `forward_from_chat`, `forward_sender_name`",
        "edited_at": "`edit_date`",
        "reply_to": "`reply_to_message`",
        "topic": "`message_thread_id` of forums",
        "links": "`text_link` entities",
        "media": "which of the media fields is there",
    },
    ignores="updates without a message; views and reactions, which bots are not told",
)


def _read_update(update: Fields, record: str, path: Path, options: ReadOptions) -> RawPost | Skipped:  # noqa: ARG001 - part of the contract
    message = next((found for name in _POSTS if (found := inner(update, name))), update)
    if "message_id" not in message or not inner(message, "chat"):
        return Skipped("no_text", record, "an update without a message", what="update without a message")
    kind = next((media_kind(name) for name in _MEDIA if message.get(name)), None)
    own = (
        read_text(message, "text")
        or read_text(message, "caption")
        or read_rich_text(message.get("rich_message"))
    )
    text = clean_text(join_texts(own, read_poll(message.get("poll"))))
    if not text.strip():
        what = kind or (EMPTY if set(message) <= _ORDINARY else SERVICE)
        return Skipped("no_text", record, f"no text: {what}", what=what)
    chat = inner(message, "chat")
    thread = read_int(message, "message_thread_id") if message.get("is_topic_message") else None
    return RawPost(
        channel=options.channel or describe_peer(chat) or f"channel {channel_number(chat.get('id'))}",
        message_id=read_int(message, "message_id"),
        published_at=read_time(message, "date", options),
        text=text,
        forwarded_from=_origin_of(message),
        edited_at=read_time(message, "edit_date", options),
        record=record,
        channel_id=channel_number(chat.get("id")),
        topic=None if thread is None else str(thread),
        reply_to=read_int(inner(message, "reply_to_message"), "message_id"),
        links=clean_links(_links_of(message)),
        media=kind,
    )


def _origin_of(message: Fields) -> str | None:
    for name in ("forward_origin", "forward_from_chat", "forward_from"):
        if name in message:
            return describe_peer(inner(message, name))
    hidden = message.get("forward_sender_name")
    return (
        clean_text(hidden).strip()
        if isinstance(hidden, str)
        else ("" if message.get("forward_date") else None)
    )


def _links_of(message: Fields) -> Iterator[object]:
    for name in ("entities", "caption_entities"):
        yield from (entity.get("url") for entity in inner_list(message, name))
    yield inner(message, "link_preview_options").get("url")


FORMAT: Final = PlatformJson(
    "bot-api-json",
    _SOURCE,
    re.compile(r'"(?:edited_)?(?:channel_post|message)"\s*:\s*\{\s*"message_id"|"update_id"\s*:'),
    _read_update,
)
