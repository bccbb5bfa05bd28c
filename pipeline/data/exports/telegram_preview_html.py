"""Saved pages of a channel's preview on the web, t.me/s/NAME, and of single posts, t.me/NAME/12?embed=1.

Views are rounded as the page shows them ("1.8K"). The excerpt above an answer is no part of its text; that a post was
edited shows without a time.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from pipeline.data.exports.field_values import make_excerpt, parse_count
from pipeline.data.exports.html_text import read_classes, read_html_text
from pipeline.data.exports.message_parts import (
    EMPTY,
    SERVICE,
    clean_links,
    join_texts,
    read_poll,
    read_reactions,
)
from pipeline.data.exports.post_links import parse_post_link
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.exports.times import parse_time
from pipeline.data.tables.text_files import decode_utf8_head, open_text
from pipeline.errors import DataError

_CHUNK_CHARS: Final = 1 << 16
_MESSAGE: Final = "tgme_widget_message"
_PAGE = re.compile(r"""class\s*=\s*["'][^"']*\btgme_widget_message\b""")
_MEDIA: Final = {
    "photo_wrap": "photo",
    "roundvideo": "round video",
    "roundvideo_player": "round video",
    "video_wrap": "video",
    "video_player": "video",
    "voice": "voice",
    "document_wrap": "document",
    "sticker_wrap": "sticker",
    "tgsticker_wrap": "sticker",
    "poll": "poll",
    "location_wrap": "location",
    "link_preview": "web page",
}
_SOURCE: Final = Source(
    what="Telegram's preview of a public channel in the browser",
    how="open t.me/s/NAME, scroll up as far as is wanted, save the page (Ctrl+S)",
    reads={
        "channel": "`data-post`",
        "message_id": "`data-post`",
        "published_at": "the post's `time`",
        "text": "the post's text; question and answers of a poll",
        "forwarded_from": "Forwarded from NAME",
        "views": "as shown, rounded",
        "reply_to": "link of the answered post",
        "reactions": "as shown, rounded",
        "links": "addresses behind words and of the preview",
        "media": "what the post shows",
    },
    ignores="the excerpt of an answered post, times of edits (the page has none)",
    is_snapshot=True,
)


class TelegramPreviewHtml:
    """Reader of saved preview pages; `options.channel` renames the channel."""

    name = "telegram-preview-html"
    source = _SOURCE

    def matches(self, path: Path, head: bytes) -> bool:
        """Whether the content is a page with the messages of a preview; they may stand behind a long head."""
        text = decode_utf8_head(head, errors="replace")
        if text is None or not text.lstrip("\ufeff \t\r\n").startswith("<"):
            return False
        if _PAGE.search(text) is None and "tgme_" in text and path.is_file():
            text = path.read_bytes()[: 1 << 22].decode("utf-8", errors="replace")
        return _PAGE.search(text) is not None

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the posts in the order of the page.

        Raises:
            DataError: other bytes than UTF-8, nested without end, or cut off within a post.
        """
        parser = etree.HTMLPullParser(events=("start", "end"), tag="div", encoding="utf-8")
        opened = ""
        with open_text(path, options.encoding, allow_cut_end=True) as file:
            while chunk := file.read(_CHUNK_CHARS):
                parser.feed(chunk.replace("\0", "").encode("utf-8"))
                for event, element in parser.read_events():
                    if _MESSAGE not in read_classes(element) or not element.get("data-post"):
                        continue
                    opened = str(element.get("data-post")) if event == "start" else ""
                    if event == "end":
                        yield _read_message(element, options)
                        element.clear(keep_tail=True)
        if opened:
            yield Skipped("reject", f"post {make_excerpt(opened)}", "the file ends within this post")
            raise DataError(f"{path}: the page is cut off within a post; save it again")
        fatal = [entry for entry in parser.feed_error_log if entry.level_name == "FATAL"]
        if fatal:
            raise DataError(
                f"{path}: line {fatal[0].line}: {make_excerpt(fatal[0].message)}; save the page again"
            )


FORMAT: Final = TelegramPreviewHtml()


def _read_message(element: Any, options: ReadOptions) -> RawPost | Skipped:
    stated = str(element.get("data-post"))
    record = f"post {make_excerpt(stated)}"
    link = parse_post_link(f"t.me/{stated}")
    if "service_message" in read_classes(element):
        return Skipped("no_text", record, "service message", what=SERVICE)
    if link is None or link[1] is None:
        return Skipped("reject", record, "expected data-post to be NAME/NUMBER")
    parts = _parts_of(element)
    kind = next((name for part, name in _MEDIA.items() if part in parts), None)
    texts = [read_html_text(node).strip("\n") for node in _outermost(parts.get("text", []))]
    text = join_texts(*texts, _poll_of(parts))
    if not text.strip():
        return Skipped("no_text", record, f"no text: {kind or EMPTY}", what=kind or EMPTY)
    try:
        published_at = parse_time(_time_of(parts), options)
        views = parse_count(_shown(parts, "views") or None)
    except ValueError as error:
        return Skipped("reject", record, str(error), make_excerpt(text))
    replied = parse_post_link(str(parts["reply"][0].get("href", ""))) if "reply" in parts else None
    return RawPost(
        channel=options.channel or link[0],
        message_id=link[1],
        published_at=published_at,
        text=text,
        forwarded_from=_origin_of(parts),
        views=views,
        record=record,
        reply_to=replied[1] if replied and replied[0].casefold() == link[0].casefold() else None,
        reactions=read_reactions([*_reactions_of(element)]),
        links=clean_links(_links_of(parts)),
        media=kind,
    )


def _parts_of(element: Any) -> dict[str, list[Any]]:
    """Elements by what follows "tgme_widget_message_" in their class; those of the answered post only as "reply"."""
    parts: dict[str, list[Any]] = {}
    within_reply = None
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if event == "end":
            within_reply = None if node is within_reply else within_reply
            continue
        names = [
            name.removeprefix(f"{_MESSAGE}_")
            for name in read_classes(node)
            if name.startswith(f"{_MESSAGE}_")
        ]
        if within_reply is not None:
            continue
        for name in names:
            parts.setdefault(name, []).append(node)
        if "reply" in names:
            within_reply = node
    return parts


def _outermost(nodes: list[Any]) -> list[Any]:
    """Without those inside another, which pages write twice around one text."""
    chosen = set(map(id, nodes))
    return [node for node in nodes if not any(id(above) in chosen for above in node.iterancestors())]


def _shown(parts: dict[str, list[Any]], name: str) -> str:
    return " ".join(read_html_text(parts[name][0]).split()) if name in parts else ""


def _poll_of(parts: dict[str, list[Any]]) -> str:
    answers = [" ".join(read_html_text(node).split()) for node in parts.get("poll_option_text", [])]
    return read_poll({"question": _shown(parts, "poll_question"), "answers": answers})


def _time_of(parts: dict[str, list[Any]]) -> str | None:
    for holder in parts.get("date", []):
        for node in holder.iter("time"):
            if node.get("datetime"):
                return str(node.get("datetime"))
    return None


def _origin_of(parts: dict[str, list[Any]]) -> str | None:
    """Name of the origin, "" where a forward does not show it."""
    if "forwarded_from" not in parts and "forwarded_from_name" not in parts:
        return None
    return _shown(parts, "forwarded_from_name")


def _reactions_of(element: Any) -> Iterator[dict[str, object]]:
    for node in element.iter("span"):
        if "tgme_reaction" in read_classes(node):
            sign = next((child for child in node if child.tag in ("i", "tg-emoji")), None)
            name = "" if sign is None else " ".join(read_html_text(sign).split())
            if "tgme_reaction_paid" in read_classes(node):
                name = "paid"
            elif not name and sign is not None:
                name = f"custom {sign.get('emoji-id', '')}".strip()
            shown = " ".join(read_html_text(node).split()).removeprefix(name).strip()
            try:
                yield {"emoji": name, "count": parse_count(shown)}
            except ValueError:
                continue


def _links_of(parts: dict[str, list[Any]]) -> Iterator[object]:
    for holder in _outermost(parts.get("text", [])):
        yield from (node.get("href") for node in holder.iter("a"))
    yield from (node.get("href") for node in parts.get("link_preview", []))
