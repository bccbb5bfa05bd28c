"""Exports of a known number of records, some of them unusable, around hostile texts."""

import csv
import html
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import fuzz_seeds as seeds
from hostile import make_text, storable

_NOT_XML: Final = re.compile("[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TIME: Final = "2023-04-24T12:00:00+00:00"


@dataclass(frozen=True, slots=True)
class Made:
    """A record: its number, its text, and what is wrong with it ("" or "time", "kind", "empty")."""

    number: int
    text: str
    fault: str = ""

    @property
    def time(self) -> str:
        return "no time" if self.fault == "time" else _TIME


@dataclass(frozen=True, slots=True)
class Built:
    """A format: how records become a file, and whether texts come back sign by sign."""

    write: Callable[[Sequence[Made]], bytes]
    is_exact: bool = True
    has_kinds: bool = True  # whether a text can be of a wrong type
    is_unicode: bool = True  # whether half of a surrogate pair can be spelt
    name: str = ""  # of the format, where it is another


def make_records(random: Random, n: int) -> list[Made]:
    """The first is usable in any case."""
    faults = [random.choice(("", "", "", "", "time", "kind", "empty")) for _ in range(n)]
    texts = [make_text(random) for _ in range(n)]
    return [
        Made(
            k,
            "" if faults[k] == "empty" and k else texts[k] if texts[k].strip() else "x",
            faults[k] if k else "",
        )
        for k in range(n)
    ]


def _value(made: Made) -> Any:
    return ["x", 5] if made.fault == "kind" else made.text


def _desktop(records: Sequence[Made]) -> bytes:
    messages = [{"id": r.number, "type": "message", "date": r.time, "text": _value(r)} for r in records]
    return json.dumps(seeds.desktop_chat(messages=messages)).encode()


def _telethon(records: Sequence[Made]) -> list[dict[str, Any]]:
    peer = {"_": "PeerChannel", "channel_id": 5}
    return [
        {"_": "Message", "id": r.number, "peer_id": peer, "message": _value(r), "date": r.time}
        for r in records
    ]


def _tdlib(records: Sequence[Made]) -> list[dict[str, Any]]:
    return [
        {
            "@type": "message",
            "id": r.number << 20,
            "chat_id": -1000000000005,
            "date": r.time,
            "content": {"@type": "messageText", "text": {"@type": "formattedText", "text": _value(r)}},
        }
        for r in records
    ]


def _updates(records: Sequence[Made]) -> list[dict[str, Any]]:
    chat = {"id": -1000000000005, "title": "c", "type": "channel"}
    messages = [{"message_id": r.number, "chat": chat, "date": r.time, "text": _value(r)} for r in records]
    return [{"update_id": n, "channel_post": message} for n, message in enumerate(messages)]


def _wall(records: Sequence[Made]) -> bytes:
    posts = [
        {"id": r.number, "owner_id": -5, "from_id": -5, "text": _value(r), "date": r.time} for r in records
    ]
    return json.dumps({"response": {"count": len(posts), "items": posts}}).encode()


def _tweets(records: Sequence[Made]) -> bytes:
    tweets = [{"id_str": str(r.number), "full_text": _value(r), "created_at": r.time} for r in records]
    return b"window.YTD.tweets.part0 = " + json.dumps([{"tweet": tweet} for tweet in tweets]).encode()


def _json_feed(records: Sequence[Made]) -> bytes:
    items = [
        {"url": f"https://t.me/news/{r.number}", "content_text": _value(r), "date_published": r.time}
        for r in records
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "C", "items": items}).encode()


def _preview(records: Sequence[Made]) -> bytes:
    messages = "".join(
        f'<div class="tgme_widget_message js-widget_message" data-post="news/{r.number}">'
        f'<div class="tgme_widget_message_text js-message_text">{html.escape(storable(r.text))}</div>'
        f'<a class="tgme_widget_message_date"><time datetime="{r.time}"></time></a></div>'
        for r in records
    )
    return f"<!DOCTYPE html><html><body>{messages}</body></html>".encode()


def _objects(records: Sequence[Made]) -> list[dict[str, Any]]:
    return [{"channel": "c", "id": r.number, "text": _value(r), "date": r.time} for r in records]


def _lines(rows: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _rows(records: Sequence[Made], header: Sequence[str], delimiter: str) -> bytes:
    """A row of a wrong kind has a cell too many."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    for r in records:
        cells = {"message": r.text, "text": r.text, "date": r.time, "msg_id": r.number, "id": r.number}
        cells["number_forwards"] = 1
        row = [storable(str(cells.get(name, "c"))) for name in header]
        writer.writerow([*row, "more"] if r.fault == "kind" else row)
    return stream.getvalue().encode()


def _page(records: Sequence[Made]) -> bytes:
    messages = "".join(
        f'<div class="message default" id="message{r.number}"><div class="{"head" if r.fault == "kind" else "body"}">'
        f'<div class="date" title="{"x" if r.fault == "time" else "24.04.2023 12:00:00 UTC+03:00"}"></div>'
        f'<div class="text">{html.escape(storable(r.text))}</div></div></div>'
        for r in records
    )
    before, after = seeds.desktop_html().split('<div class="message ', 1)[0], "</div></div></body></html>"
    return (before + messages + after).encode()


def _feed(records: Sequence[Made]) -> bytes:
    items = "".join(
        f"<item><link>https://t.me/name/{r.number}</link><pubDate>{r.time}</pubDate>"
        f"<description>{html.escape(html.escape(_NOT_XML.sub(' ', r.text)))}</description></item>"
        for r in records
    )
    return f'<rss version="2.0"><channel><title>C</title>{items}</channel></rss>'.encode()


def _table(records: Sequence[Made]) -> bytes:
    columns = ("id", "text", "date")
    rows = [{"id": r.number, "text": storable(r.text), "date": r.time} for r in records]
    return seeds.table(
        {name: [row[name] for row in rows] for name in columns} | {"channel": ["c"] * len(rows)}
    )


def _paste(records: Sequence[Made]) -> bytes:
    """One line a post, neither the beginning nor the end of which is that of a line that opens posts."""
    lines = (f"x {' '.join(storable(r.text).split())} ." if r.text else "" for r in records)
    return "".join(f"Forwarded from C{n}\n{line}\n" for n, line in enumerate(lines)).encode()


FORMATS: Final[dict[str, Built]] = {
    "telegram-desktop-json": Built(_desktop),
    "telegram-desktop-html": Built(_page, is_exact=False),
    "telethon-json": Built(lambda records: json.dumps(_telethon(records)).encode()),
    "telethon lines": Built(lambda records: _lines(_telethon(records)), name="telethon-json"),
    "tracker-csv": Built(
        lambda records: _rows(records, ("channel_name", "msg_id", "message", "date", "number_forwards"), ","),
        is_unicode=False,
    ),
    "tdlib-json": Built(lambda records: json.dumps(_tdlib(records)).encode()),
    "tdlib lines": Built(lambda records: _lines(_tdlib(records)), name="tdlib-json"),
    "bot-api-json": Built(lambda records: json.dumps({"ok": True, "result": _updates(records)}).encode()),
    "vk-json": Built(_wall),
    "twitter-archive": Built(_tweets, is_exact=False),
    "telegram-preview-html": Built(_preview, is_exact=False, has_kinds=False),
    "json-feed": Built(_json_feed, is_exact=False),
    "rss": Built(_feed, is_exact=False, has_kinds=False),
    "plain-csv": Built(
        lambda records: _rows(records, ("channel", "id", "text", "date"), ";"), is_unicode=False
    ),
    "plain-jsonl": Built(lambda records: _lines(_objects(records))),
    "plain-json": Built(lambda records: json.dumps(_objects(records)).encode()),
    "plain-parquet": Built(_table, has_kinds=False, is_unicode=False),
    "pasted-text": Built(_paste, is_exact=False, has_kinds=False),
}
