"""RSS and Atom feeds of channel previews, as RSSHub, RSS-Bridge and their kin make them of t.me/s/NAME.

The text is the item's description (or content:encoded, Atom content) with its line breaks; the title is a cut
copy of its first line and is used only where there is no description. A leading "Forwarded From NAME" becomes
`forwarded_from`. What a feed adds to the message is left out: the quoted message above a reply, the name of a
bot, the preview of a linked page. Views and edits are not part of feeds.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from lxml import etree  # type: ignore[import-untyped]

from pipeline.data.exports.field_values import clean_text, make_excerpt, name_of_file
from pipeline.data.exports.html_text import read_classes, read_html_text
from pipeline.data.exports.message_parts import EMPTY
from pipeline.data.exports.post_links import parse_post_link
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.exports.times import parse_time
from pipeline.data.tables.text_files import decode_utf8_head
from pipeline.errors import DataError

_FEED = re.compile(r"<(?:\w+:)?(?:rss|RDF|feed)[\s>]")
_TAG = re.compile(r"<[a-zA-Z!/]")
_FORWARD = re.compile(
    r"(?:forwarded\s+from|переслано\s+(?:из|от|від|з|із))(?:\s*+:\s++|\s++)(?P<name>\S.{0,255}?)\s*+",
    re.IGNORECASE,
)
_VIA = re.compile(r"via\s+@\w+", re.ASCII | re.IGNORECASE)
_ITEMS: Final = {"item", "entry"}
_MEDIA: Final = {"img", "video", "audio", "picture", "table"}  # a table holds the buttons below a message
_FEED_FIELDS: Final = {"title", "link", "id"}
_REMEDY: Final = "fetch the feed again"


@dataclass(slots=True)
class _Feed:
    """What the feed says of itself, so far."""

    title: str = ""
    links: list[str] = field(default_factory=list)

    def channel(self, path: Path) -> str:
        named = (parse_post_link(link) for link in self.links)
        return next((link[0] for link in named if link), "") or self.title or name_of_file(path)


class Rss:
    """Reader of feeds; the channel is `options.channel`, else what the links say, else the feed's title."""

    name = "rss"
    source = Source(
        what="RSSHub, RSS-Bridge and their kin: feeds of channels",
        how="save RSSHUB/telegram/channel/NAME, or the bridge's answer as Atom or Mrss",
        reads={
            "channel": "the t.me link, else the title of the feed",
            "message_id": "the t.me link",
            "published_at": "`pubDate`, `published`, `updated`",
            "text": "`content`, `description`, else `title`",
            "forwarded_from": "a first line `Forwarded From NAME`",
        },
        ignores="what the feed adds: the answered post, previews of pages, buttons; feeds have no views and no edits",
    )

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the content begins as RSS 0.9 to 2.0 or Atom."""
        text = (decode_utf8_head(head) or head.decode("latin-1")).lstrip()
        return (
            text.startswith("<")
            and "<html" not in text[:4096].lower()
            and _FEED.search(text[:4096]) is not None
        )

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the items in file order.

        Raises:
            DataError: no well-formed XML, with entity declarations, or cut off; the items before that place
                are yielded first.
        """
        number = 0
        try:
            for number, (item, feed) in enumerate(_walk_items(path), start=1):
                record = f"item {number}"
                if feed is None:
                    yield Skipped(
                        "reject", record, "an item inside another item", make_excerpt(_text_of(item, "title"))
                    )
                else:
                    yield _read_item(item, feed, record, path, options)
        except ParseError as error:
            message = f"not well-formed XML ({error}); items read before that place: {number}"
            raise DataError(f"{path}: {message}; {_REMEDY}") from None
        except DefusedXmlException as error:
            raise DataError(f"{path}: refused, as it declares entities ({type(error).__name__})") from None
        except (LookupError, ValueError) as error:  # from the XML reader; an item's own are caught with it
            raise DataError(f"{path}: the encoding that the XML names is not supported ({error})") from None


FORMAT: Final = Rss()


def _walk_items(path: Path) -> Iterator[tuple[Element, _Feed | None]]:
    """Give each item when it is complete, with what was read of the feed up to there; None for one inside another."""
    feed = _Feed()
    parents: list[Element] = []
    items_open = 0
    with path.open("rb") as file:
        for event, element in iterparse(file, events=("start", "end")):
            name = _local_name(element)
            if event == "start":
                parents.append(element)
                items_open += name in _ITEMS
                continue
            parents.pop()
            items_open -= name in _ITEMS
            if items_open:
                if name in _ITEMS:
                    yield element, None
                continue
            if name in _ITEMS:
                yield element, feed
            elif name in _FEED_FIELDS and len(parents) <= 2:  # noqa: PLR2004 - rss, channel
                _learn_feed(feed, name, element)
            element.clear()
            if parents:
                parents[-1].remove(element)


def _learn_feed(feed: _Feed, name: str, element: Element) -> None:
    text = clean_text(element.text).strip()
    if name == "title":
        feed.title = feed.title or text
    else:
        feed.links.append(element.get("href") or text)


def _read_item(
    item: Element, feed: _Feed, record: str, path: Path, options: ReadOptions
) -> RawPost | Skipped:
    title = _text_of(item, "title")
    try:
        body = _read_body(item)
        published_at = _read_time(item, options)
    except ValueError as error:
        return Skipped("reject", record, str(error), make_excerpt(title))
    origin, text = (None, title) if body is None else body
    if not text.strip():
        return Skipped("no_text", record, "no text: media or empty message", make_excerpt(title), what=EMPTY)
    channel, number = _read_place(item)
    return RawPost(
        channel=options.channel or channel or feed.channel(path),
        message_id=number,
        published_at=published_at,
        text=text,
        forwarded_from=origin,
        record=record,
    )


def _local_name(element: Element) -> str:
    tag: object = element.tag  # comments and instructions have functions here
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _find(item: Element, *names: str) -> Element | None:
    """First child of the first of these names that is there and not empty."""
    for name in names:
        for child in item:
            if _local_name(child) == name and (len(child) or (child.text or "").strip() or child.get("href")):
                return child
    return None


def _text_of(item: Element, *names: str) -> str:
    child = _find(item, *names)
    return "" if child is None else html.unescape(clean_text(child.text)).strip()


def _read_place(item: Element) -> tuple[str, int | None]:
    links = [
        child.get("href") or child.text or ""
        for child in item
        if _local_name(child) in {"link", "guid", "id"}
    ]
    found = [link for link in map(parse_post_link, links) if link]
    exact = next((link for link in found if link[1] is not None), None)
    return exact or (found[0] if found else ("", None))


def _read_time(item: Element, options: ReadOptions) -> datetime | None:
    stated = _text_of(item, "pubDate", "published", "date", "issued", "updated")
    if not stated:
        return None
    try:
        return parse_time(stated, options)
    except ValueError as error:
        raise ValueError(f"the time of publication: {error}") from None


def _read_body(item: Element) -> tuple[str | None, str] | None:
    """Origin of the forward and text; None where the item has a title only."""
    element = _find(item, "encoded", "content", "description", "summary")
    if element is None:
        return None
    return read_markup(_xhtml_of(element) if len(element) else clean_text(element.text))


def read_markup(markup: str) -> tuple[str | None, str]:
    """Origin of the forward and text of an item's HTML.

    Raises:
        ValueError: nested too deeply.
    """
    if not _TAG.search(markup):
        return _split_forward(html.unescape(markup).strip(), "")
    parser = etree.HTMLParser(encoding="utf-8", no_network=True)
    root = etree.fromstring(f"<body>{markup}</body>".encode(), parser)
    if any(entry.level_name == "FATAL" for entry in parser.error_log):
        raise ValueError("the description is nested too deeply")
    if root is None:
        return None, ""
    message = _message_of(root)
    if message is not None:
        origin = _class_text(root, "tgme_widget_message_forwarded_from_name")
        above, _ = _split_forward(read_html_text(root).strip(), "")
        return origin or above, read_html_text(message)
    _drop_additions(root)
    bold = next((read_html_text(node).strip() for node in root.iter("b")), "")
    return _split_forward(read_html_text(root).strip("\n"), bold)


def _xhtml_of(element: Element) -> str:
    """The markup of Atom content of type "xhtml", without the prefixes of its name space."""
    for node in element.iter():
        node.tag = _local_name(node)
    try:
        return clean_text("".join(tostring(child, encoding="unicode") for child in element))
    except RecursionError:
        raise ValueError("the content is nested too deeply") from None


def _message_of(root: Any) -> Any:
    """The element that Telegram's own page has for the text; the quoted message of a reply is none."""
    for node in root.iter("div", "span"):
        classes = read_classes(node)
        if "js-message_text" in classes or "tgme_widget_message_text" in classes:
            return node
    return None


def _class_text(root: Any, name: str) -> str:
    nodes = (node for node in root.iter() if name in read_classes(node))
    return next((" ".join(read_html_text(node).split()) for node in nodes), "")


def _drop_additions(root: Any) -> None:
    """Take out what the feed's maker put around the message."""
    for node in list(root.iter("div", "blockquote", "p")):
        is_reply = "rsshub-quote" in node.get("class", "")
        follower = node.getnext()
        is_bridge_reply = node.tag == "blockquote" and follower is not None and follower.tag == "hr"
        is_bot = node.tag == "p" and len(node) == 1 and _VIA.fullmatch(" ".join(read_html_text(node).split()))
        if is_reply or is_bridge_reply or is_bot or _is_link_preview(node):
            _remove(node)


def _is_link_preview(node: Any) -> bool:
    """RSSHub ends with <blockquote><b>site</b><br><b><a>title</a></b><br><p>about</p></blockquote> and media."""
    if node.tag != "blockquote" or (node.text or "").strip():
        return False
    if (node.tail or "").strip() or any(follower.tag not in _MEDIA for follower in node.itersiblings()):
        return False
    children = [child.tag for child in node]
    titles = [child for child in node if child.tag == "b" and len(child) == 1 and child[0].tag == "a"]
    return bool(titles) and children[:2] == ["b", "br"]


def _remove(node: Any) -> None:
    """Drop an element and keep the text behind it, on a line of its own."""
    parent = node.getparent()
    if parent is None:
        return
    mark = etree.Element("p")
    mark.tail = node.tail
    parent.replace(node, mark)


def _split_forward(text: str, bold: str) -> tuple[str | None, str]:
    """Take a first line "Forwarded From NAME (author)" off; `bold` is how RSSHub marks the bare name."""
    first, _, rest = text.partition("\n")
    match = _FORWARD.fullmatch(first.strip())
    if match is None:
        return None, text
    name = bold if bold and match["name"].startswith(bold) else match["name"]
    return " ".join(name.split()), rest.strip("\n")
