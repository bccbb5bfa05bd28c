"""Telegram Desktop, "Export chat history" as HTML: messages.html, messages2.html and so on, a file at a time.

A page names its chat in `div.page_header` and holds one `div.message` a message. Edits and views are not part
of this format. Times are local; pages since 2022 name their zone ("24.04.2023 12:30:05 UTC+03:00").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from pipeline.data.exports.field_values import clean_text, make_excerpt
from pipeline.data.exports.html_text import read_classes, read_html_text
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
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped, Source
from pipeline.data.exports.times import parse_time
from pipeline.data.tables.text_files import decode_utf8_head, open_text
from pipeline.errors import DataError

_CHUNK_CHARS: Final = 1 << 16
_PAGE = re.compile(r"""class\s*=\s*["'](?:page_body chat_page|message (?:default|service)\b)""")
_END = re.compile(r"</html\s*>", re.IGNORECASE)
_ID = re.compile(r"message(-?\d{1,18})", re.ASCII)
_GO_TO = re.compile(r"go_to_message(\d{1,18})", re.ASCII)
_VIA_BOT = re.compile(r" via @\w+$", re.ASCII)
_REMEDY: Final = "export the chat again and wait until Telegram Desktop says that it is done"


class TelegramDesktopHtml:
    """Reader of one saved page of messages; `options.channel` renames its chat."""

    name = "telegram-desktop-html"
    source = Source(
        what="Telegram Desktop, a chat or the whole account",
        how="Export chat history, or Settings, Advanced, Export Telegram data; format: HTML",
        reads={
            "channel": "the header of the page; of chats of one name with the folder behind it",
            "message_id": "`id` of the message",
            "published_at": "`title` of the date",
            "text": "the text, question and answers of a poll",
            "forwarded_from": "the name above a forward",
            "reply_to": "link of the answered message",
            "reactions": "below the message",
            "links": "addresses behind words",
            "media": "class of the media",
        },
        ignores="files, authors, titles of topics; views and edits are not part of it",
        is_snapshot=True,
    )

    def matches(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - part of the contract
        """Whether the content is a page of messages that Telegram Desktop wrote."""
        text = decode_utf8_head(head, errors="replace")
        return text is not None and text.lstrip().startswith("<") and _PAGE.search(text) is not None

    def read(self, path: Path, options: ReadOptions) -> Iterator[RawPost | Skipped]:
        """Stream the messages in file order.

        Raises:
            DataError: no page of messages, other bytes than UTF-8, nested without end, or cut off; what
                stands before that place is yielded first, a message that is cut off as a reject.
        """
        page = _Page(path, options.encoding)
        reader = _MessageReader(options)
        last = "no message"
        for element in page.messages():
            reader.channel = _channel_of(page, options)
            record = reader.read(element)
            yield record
            last = record.record
        if page.open_id is not None:
            yield Skipped("reject", page.open_id, "the file ends within this message")
        if page.problem:
            raise DataError(f"{path}: {page.problem}; the last message that could be read: {last}; {_REMEDY}")
        _channel_of(page, options)


FORMAT: Final = TelegramDesktopHtml()


def _channel_of(page: "_Page", options: ReadOptions) -> str:
    channel = options.channel or page.title
    if not channel:
        raise DataError(
            f"{page.path}: expected the name of the chat in the page's header, found none; "
            "name the channel in the options of this source"
        )
    return channel


class _Page:
    """The page as a stream of complete `div.message` elements.

    Attributes:
        path: the file.
        encoding: of files that are not UTF-8, as the user said.
        title: name of the chat, known before the first message; "" if the page has no header.
        open_id: the message that was begun and not finished, if any.
        problem: why the page could not be read to its end; "" if it could.
    """

    def __init__(self, path: Path, encoding: str | None) -> None:
        self.path = path
        self.encoding = encoding
        self.title = ""
        self.open_id: str | None = None
        self.problem = ""

    def messages(self) -> Iterator[Any]:
        # huge_tree stays off: the parser then stops at 256 nested elements, which shows in its log.
        parser = etree.HTMLPullParser(events=("start", "end"), tag="div", encoding="utf-8")
        seen, complete = "", False
        with open_text(self.path, self.encoding, allow_cut_end=True) as file:
            while chunk := file.read(_CHUNK_CHARS):
                complete = complete or _END.search(seen[-20:] + chunk) is not None
                seen = chunk
                parser.feed(chunk.replace("\0", "").encode("utf-8"))
                yield from self._finished(parser)
        # The parser is never closed: closing would finish elements that the file leaves open.
        fatal = [entry for entry in parser.feed_error_log if entry.level_name == "FATAL"]
        if fatal:
            self.problem = f"line {fatal[0].line}: {make_excerpt(fatal[0].message)}"
        elif not complete:
            self.problem = "the page is cut off: expected </html> at its end, found none"

    def _finished(self, parser: Any) -> Iterator[Any]:
        for event, element in parser.read_events():
            classes = read_classes(element)
            if "message" in classes:
                if event == "start":
                    self.open_id = _record_of(element)
                    continue
                self.open_id = None
                yield element
                _forget(element)
            elif event == "end" and "page_header" in classes and not self.title:
                header = next((div for div in element.iter("div") if "text" in read_classes(div)), None)
                self.title = "" if header is None else " ".join(read_html_text(header).split())


def _forget(element: Any) -> None:
    """Free a message and what stands before it, so that a long page does not fill the memory."""
    element.clear(keep_tail=True)
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


@dataclass(slots=True)
class _MessageReader:
    """Turns messages into posts in page order, as a forward joined to the one before has its origin."""

    options: ReadOptions
    channel: str = ""
    origin: str | None = None

    def read(self, element: Any) -> RawPost | Skipped:
        record = _record_of(element)
        body = _child(element, "body")
        forwarded = None if body is None else _child(body, "forwarded", "body")
        self.origin = None if forwarded is None else _origin_of(forwarded) or self.origin or ""
        if "service" in read_classes(element):
            about = "" if body is None else make_excerpt(read_html_text(body))
            return Skipped("no_text", record, "service message", about, what=SERVICE)
        if body is None:
            return Skipped("reject", record, "expected div.body in the message, found none")
        return self._read_body(element, body, body if forwarded is None else forwarded)

    def _read_body(self, element: Any, body: Any, holder: Any) -> RawPost | Skipped:
        record = _record_of(element)
        parts = [read_html_text(div) for div in holder if div.tag == "div" and "text" in read_classes(div)]
        media = _child(holder, "media_wrap")
        text = join_texts(*parts, _poll_of(media))
        if not text.strip():
            reason = "no text: empty message" if media is None else "no text: media"
            return Skipped(
                "no_text", record, reason, what=EMPTY if media is None else _kind_of(media) or "media"
            )
        date = _child(body, "date")
        try:
            published_at = parse_time(None if date is None else date.get("title"), self.options)
        except ValueError as error:
            return Skipped("reject", record, f"the date: {error}", make_excerpt(text))
        return RawPost(
            channel=self.channel,
            message_id=_number_of(element),
            published_at=published_at,
            text=text,
            forwarded_from=self.origin,
            record=record,
            reply_to=_reply_of(body),
            reactions=read_reactions([*_reactions_of(body)]),
            links=clean_links(
                node.get("href") for div in holder if "text" in read_classes(div) for node in div.iter("a")
            ),
            media=None if media is None else _kind_of(media),
        )


def _kind_of(media: Any) -> str | None:
    """Kind of media: each is a block of class "media_photo" and the like, or a link around a picture."""
    for node in media.iter():
        for name in read_classes(node):
            kind = media_kind(name.removeprefix("media_").removesuffix("_wrap"))
            if kind in MEDIA:
                return kind
    return None


def _poll_of(media: Any) -> str:
    """Question and answers, which begin with a dash and end with how many chose them."""
    if media is None:
        return ""
    found: dict[str, list[str]] = {"question": [], "answer": []}
    for node in media.iter("div"):
        for name in found.keys() & set(read_classes(node)):
            found[name].append(clean_text(node.text).strip().removeprefix("-").strip())
    return read_poll({"question": " ".join(found["question"]), "answers": found["answer"]})


def _reply_of(body: Any) -> int | None:
    reply = _child(body, "reply_to")
    links = () if reply is None else reply.iter("a")
    numbers = (_GO_TO.search(str(node.get("href", ""))) for node in links)
    return next((int(match[1]) for match in numbers if match), None)


def _reactions_of(body: Any) -> Iterator[dict[str, object]]:
    for node in body.iter("span"):
        if "reaction" in read_classes(node):
            parts = {
                name: " ".join(read_html_text(span).split()) for span in node for name in read_classes(span)
            }
            yield {"emoji": parts.get("emoji", ""), "count": parts.get("count")}


def _child(element: Any, *classes: str) -> Any:
    """First `div` directly below that has all these classes, or None; user pictures are passed over."""
    for child in element:
        if child.tag == "div":
            found = read_classes(child)
            if "userpic_wrap" not in found and all(name in found for name in classes):
                return child
    return None


def _number_of(element: Any) -> int | None:
    number = _ID.fullmatch(str(element.get("id", "")))
    return int(number[1]) if number else None


def _record_of(element: Any) -> str:
    number = _number_of(element)
    return f"the message at line {element.sourceline}" if number is None else f"message {number}"


def _origin_of(forwarded: Any) -> str:
    """Name of the origin, without the date in a span and the "via @bot" that follow it."""
    name = _child(forwarded, "from_name")
    return "" if name is None else _VIA_BOT.sub("", " ".join(clean_text(name.text).split()))
