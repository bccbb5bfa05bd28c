"""The archive of an account that Twitter (X) hands out: data/tweets.js, a script that assigns a list of tweets.

The user name stands in account.js beside it, and is the channel unless the user names another.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import clean_text, name_of_file
from pipeline.data.exports.message_parts import EMPTY, clean_links, media_kind, read_reactions
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

_USER = re.compile(r'"username"\s*:\s*"(\w{1,50})"')
_RETWEET = re.compile(r"RT @(\w{1,50}): ")
_ESCAPED = re.compile("&(amp|lt|gt);")
_SIGNS: Final = {"amp": "&", "lt": "<", "gt": ">"}
_MEDIA_KINDS: Final = {"animated_gif": "animation"}
_HEAD_BYTES: Final = 1 << 16
_SOURCE: Final = Source(
    what="Twitter (X), the archive of one's own account",
    how="Settings, Your account, Download an archive of your data; unpack it and give the folder or data/tweets.js",
    reads={
        "channel": "`username` in account.js beside it, else the file's name",
        "message_id": "`id_str`",
        "published_at": "`created_at`",
        "text": "`full_text`",
        "forwarded_from": "NAME of a text that begins with `RT @NAME:`",
        "forwards": "`retweet_count`",
        "reactions": "`favorite_count`",
        "reply_to": "`in_reply_to_status_id_str`",
        "links": "`entities.urls`, written out",
        "media": "`extended_entities.media[0].type`",
    },
    ignores="likes, direct messages, deleted tweets; note-tweet.js (rejected); views and edits are not part of it",
)


def _read_tweet(entry: Fields, record: str, path: Path, options: ReadOptions) -> RawPost | Skipped:
    if "noteTweet" in entry:
        raise ValueError(
            "the whole text of a long tweet, which does not say of which one; its beginning stands in tweets.js"
        )
    tweet = inner(entry, "tweet") or entry
    # Twitter writes &, < and > of a text as HTML does, and nothing else.
    text = clean_text(
        _ESCAPED.sub(
            lambda found: _SIGNS[found[1]], read_text(tweet, "full_text") or read_text(tweet, "text")
        )
    )
    media = next(iter(inner_list(inner(tweet, "extended_entities") or inner(tweet, "entities"), "media")), {})
    stated = media.get("type")
    kind = media_kind(_MEDIA_KINDS.get(stated, stated) if isinstance(stated, str) else None)
    if not text.strip():
        return Skipped("no_text", record, f"no text: {kind or EMPTY}", what=kind or EMPTY)
    retweet = _RETWEET.match(text)
    number = read_int(tweet, "id_str")
    return RawPost(
        channel=options.channel or _user_beside(path) or name_of_file(path),
        message_id=read_int(tweet, "id") if number is None else number,
        published_at=read_time(tweet, "created_at", options),
        text=text,
        forwarded_from=retweet[1] if retweet else None,
        forwards=read_int(tweet, "retweet_count"),
        record=record,
        reply_to=read_int(tweet, "in_reply_to_status_id_str"),
        reactions=read_reactions({"like": read_int(tweet, "favorite_count")}),
        links=clean_links(_links_of(tweet)),
        media=kind,
    )


def _user_beside(path: Path) -> str:
    with contextlib.suppress(OSError), path.with_name("account.js").open("rb") as file:
        found = _USER.search(file.read(_HEAD_BYTES).decode("utf-8", errors="replace"))
        return found[1] if found else ""
    return ""


def _links_of(tweet: Fields) -> Iterator[object]:
    return (url.get("expanded_url") for url in inner_list(inner(tweet, "entities"), "urls"))


FORMAT: Final = PlatformJson(
    "twitter-archive",
    _SOURCE,
    re.compile(
        r"^\ufeff?\s*(?:window\.YTD\.(?:tweets?|community_tweet|note_tweet)\.part\d+\s*=|\[\s*\{\s*\"tweet\"\s*:\s*\{)"
    ),
    _read_tweet,
)
