"""Posts of walls as VK's interface gives them: `wall.get`, `wall.search`, `newsfeed.search`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import clean_text, make_excerpt
from pipeline.data.exports.message_parts import (
    EMPTY,
    MEDIA,
    clean_links,
    join_texts,
    media_kind,
    read_poll,
    read_reactions,
)
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

_SOURCE: Final = Source(
    what="VK (VKontakte), walls of groups and people",
    how="save what wall.get, wall.search or newsfeed.search returns",
    reads={
        "channel": "`owner_id`, below 0 for groups",
        "channel_id": "`owner_id` without its sign",
        "message_id": "`id`",
        "published_at": "`date`",
        "text": "`text`, below it that of the post that is shared (`copy_history`), and polls",
        "forwarded_from": "`copy_history[0].owner_id`",
        "edited_at": "`edited`",
        "views": "`views.count`",
        "forwards": "`reposts.count`",
        "reactions": "`reactions`, `likes.count`",
        "links": "`attachments` of links",
        "media": "`attachments[0].type`",
    },
    ignores="names of groups and people (`groups`, `profiles`), comments",
)


def _read_post(post: Fields, record: str, path: Path, options: ReadOptions) -> RawPost | Skipped:  # noqa: ARG001 - part of the contract
    shared = next(iter(inner_list(post, "copy_history")), None)
    attached = [*inner_list(post, "attachments"), *inner_list(shared, "attachments")]
    polls = (read_poll(part.get("poll")) for part in attached)
    text = clean_text(join_texts(read_text(post, "text"), read_text(shared or {}, "text"), *polls))
    kinds = (media_kind(part.get("type")) for part in attached)
    kind = next((kind for kind in kinds if kind in MEDIA), None)
    if not text.strip():
        return Skipped("no_text", record, f"no text: {kind or EMPTY}", what=kind or EMPTY)
    owner = read_int(post, "owner_id")
    owner = read_int(post, "from_id") if owner is None else owner
    if owner is None and options.channel is None:
        raise ValueError("names no wall ('owner_id' is missing); name it with --channel")
    number = read_int(post, "id")
    return RawPost(
        channel=options.channel or str(owner),
        message_id=read_int(post, "post_id") if number is None else number,
        published_at=read_time(post, "date", options),
        text=text,
        forwarded_from=None
        if shared is None
        else make_excerpt(shared.get("owner_id") or shared.get("from_id") or ""),
        edited_at=read_time(post, "edited", options),
        views=read_int(inner(post, "views"), "count"),
        forwards=read_int(inner(post, "reposts"), "count"),
        record=record,
        channel_id=None if owner is None else str(abs(owner)),
        reactions=read_reactions(inner(post, "reactions").get("items")) or _likes_of(post),
        links=clean_links(_links_of(attached)),
        media=kind,
    )


def _likes_of(post: Fields) -> str | None:
    return read_reactions({"like": read_int(inner(post, "likes"), "count")})


def _links_of(attached: list[Fields]) -> Iterator[object]:
    return (inner(part, "link").get("url") for part in attached)


FORMAT: Final = PlatformJson(
    "vk-json",
    _SOURCE,
    re.compile(
        r'\A(?=[^\0]*?"owner_id"\s*:\s*-?\d)'
        r'(?=[^\0]*?"(?:copy_history|reposts|post_type|from_id|marked_as_ads)"\s*:)'
    ),
    _read_post,
    ("response", "items"),
)
