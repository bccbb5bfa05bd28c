"""Feeds in JSON (jsonfeed.org), as RSSHub and RSS-Bridge write them of channel previews; read as feeds in XML are."""

import html
import re
from pathlib import Path
from typing import Final

from pipeline.data.exports.field_values import clean_text, name_of_file
from pipeline.data.exports.message_parts import EMPTY
from pipeline.data.exports.platform_json import Fields, PlatformJson, read_text, read_time
from pipeline.data.exports.post_links import parse_post_link
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.exports.rss import read_markup

_SOURCE: Final = Source(
    what="RSSHub and RSS-Bridge, feeds of channels as JSON",
    how="save RSSHUB/telegram/channel/NAME?format=json, or the bridge's answer with format=Json",
    reads={
        "channel": "the item's t.me link, else the file's name",
        "message_id": "the item's t.me link",
        "published_at": "`date_published`, `date_modified`",
        "text": "`content_html`, `content_text`, else `title`",
        "forwarded_from": "a first line `Forwarded From NAME`",
    },
    ignores="what the feed adds: the answered post, previews of pages, buttons; feeds have no views",
)


def _read_item(item: Fields, record: str, path: Path, options: ReadOptions) -> RawPost | Skipped:
    markup = read_text(item, "content_html")
    plain = read_text(item, "content_text") or read_text(item, "title")
    origin, text = (
        read_markup(clean_text(markup)) if markup.strip() else (None, html.unescape(clean_text(plain)))
    )
    if not text.strip():
        return Skipped("no_text", record, "no text: media or empty message", what=EMPTY)
    found = [parse_post_link(clean_text(item.get(name))) for name in ("url", "id", "external_url")]
    link = next((link for link in found if link and link[1] is not None), None)
    published = read_time(item, "date_published", options)
    return RawPost(
        channel=options.channel or (link[0] if link else name_of_file(path)),
        message_id=link[1] if link else None,
        published_at=published or read_time(item, "date_modified", options),
        text=text,
        forwarded_from=origin,
        record=record,
    )


FORMAT: Final = PlatformJson(
    "json-feed", _SOURCE, re.compile(r'"version"\s*:\s*"https?:\\?/\\?/jsonfeed\.org'), _read_item, ("items",)
)
