"""One small file of each format, made here, that fills every column its reader says it reads."""

import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

AT: Final = 1682337600  # 2023-04-24 12:00 UTC
ISO: Final = "2023-04-24T12:00:00+00:00"
LATER: Final = "2023-04-24T13:00:00+00:00"

DESKTOP: Final = {
    "name": "Harbour",
    "type": "public_supergroup",
    "id": 77,
    "messages": [
        {
            "id": 3,
            "type": "service",
            "action": "topic_created",
            "title": "Ships",
            "date_unixtime": str(AT),
            "text": "",
        },
        {
            "id": 5,
            "type": "message",
            "date": "2023-04-24T12:00:00",
            "date_unixtime": str(AT),
            "edited_unixtime": str(AT + 3600),
            "forwarded_from": "Origin",
            "reply_to_message_id": 3,
            "photo": "a.jpg",
            "text": "",
            "text_entities": [
                {"type": "plain", "text": "First "},
                {"type": "text_link", "text": "link", "href": "https://example.org/a"},
            ],
            "reactions": [{"type": "emoji", "count": 3, "emoji": "👍"}],
        },
        {
            "id": 6,
            "type": "message",
            "date_unixtime": str(AT),
            "reply_to_message_id": 5,
            "text": "An answer",
        },
    ],
}
TELETHON: Final = {
    "_": "Message",
    "id": 5,
    "peer_id": {"_": "PeerChannel", "channel_id": 77},
    "date": ISO,
    "message": "First",
    "fwd_from": {"_": "MessageFwdHeader", "from_id": {"_": "PeerChannel", "channel_id": 9}},
    "edit_date": LATER,
    "views": 10,
    "forwards": 2,
    "reply_to": {"_": "MessageReplyHeader", "forum_topic": True, "reply_to_msg_id": 4, "reply_to_top_id": 3},
    "reactions": {
        "_": "MessageReactions",
        "results": [{"_": "ReactionCount", "count": 3, "reaction": {"_": "ReactionEmoji", "emoticon": "👍"}}],
    },
    "entities": [{"_": "MessageEntityTextUrl", "offset": 0, "length": 5, "url": "https://example.org/a"}],
    "media": {"_": "MessageMediaPhoto"},
}
TDLIB: Final = {
    "@type": "message",
    "id": 5 << 20,
    "chat_id": -1000000000077,
    "date": AT,
    "edit_date": AT + 3600,
    "forward_info": {"origin": {"@type": "messageOriginChannel", "chat_id": -1000000000009}},
    "interaction_info": {
        "view_count": 10,
        "forward_count": 2,
        "reactions": {
            "reactions": [{"type": {"@type": "reactionTypeEmoji", "emoji": "👍"}, "total_count": 3}]
        },
    },
    "reply_to": {"@type": "messageReplyToMessage", "chat_id": -1000000000077, "message_id": 4 << 20},
    "topic_id": {"@type": "messageTopicForum", "forum_topic_id": 3},
    "content": {
        "@type": "messagePhoto",
        "caption": {
            "text": "First",
            "entities": [{"type": {"@type": "textEntityTypeTextUrl", "url": "https://example.org/a"}}],
        },
    },
}
BOT: Final = {
    "ok": True,
    "result": [
        {
            "update_id": 1,
            "channel_post": {
                "message_id": 5,
                "chat": {"id": -1000000000077, "title": "Harbour", "type": "channel"},
                "date": AT,
                "edit_date": AT + 3600,
                "forward_origin": {"type": "channel", "chat": {"id": -1000000000009, "title": "Origin"}},
                "reply_to_message": {"message_id": 4},
                "message_thread_id": 3,
                "is_topic_message": True,
                "photo": [{"file_id": "x"}],
                "caption": "First",
                "caption_entities": [{"type": "text_link", "url": "https://example.org/a"}],
            },
        },
        {"update_id": 2, "my_chat_member": {}},
    ],
}
VK: Final = {
    "response": {
        "count": 1,
        "items": [
            {
                "id": 5,
                "owner_id": -77,
                "from_id": -77,
                "date": AT,
                "edited": AT + 3600,
                "text": "First",
                "copy_history": [{"id": 1, "owner_id": -9, "text": "Shared"}],
                "views": {"count": 10},
                "reposts": {"count": 2},
                "likes": {"count": 3},
                "attachments": [{"type": "link", "link": {"url": "https://example.org/a"}}],
            }
        ],
    }
}
TWEETS: Final = [
    {
        "tweet": {
            "id_str": "5",
            "created_at": "Mon Apr 24 12:00:00 +0000 2023",
            "full_text": "RT @origin: First",
            "retweet_count": "2",
            "favorite_count": "3",
            "in_reply_to_status_id_str": "4",
            "entities": {"urls": [{"expanded_url": "https://example.org/a"}]},
            "extended_entities": {"media": [{"type": "photo"}]},
        }
    }
]
PREVIEW: Final = """<!DOCTYPE html><html><body><div class="tgme_widget_message_wrap">
<div class="tgme_widget_message js-widget_message" data-post="harbour/5"><div class="tgme_widget_message_bubble">
<div class="tgme_widget_message_forwarded_from">Forwarded from
<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/o/1"><span>Origin</span></a></div>
<a class="tgme_widget_message_reply" href="https://t.me/harbour/4"><div class="js-message_reply_text">old</div></a>
<a class="tgme_widget_message_photo_wrap" href="#"></a>
<div class="tgme_widget_message_text js-message_text">First <a href="https://example.org/a">link</a></div>
<div class="tgme_widget_message_reactions"><span class="tgme_reaction"><i class="emoji"><b>👍</b></i>1.2K</span></div>
<div class="tgme_widget_message_footer"><span class="tgme_widget_message_views">1.8K</span>
<a class="tgme_widget_message_date" href="#">
<time datetime="2023-04-24T12:00:00+00:00">12</time></a>
</div></div></div></div></body></html>"""
PAGE: Final = (
    '<!DOCTYPE html><html><body><div class="page_wrap"><div class="page_header"><div class="text bold">H</div></div>'
    '<div class="page_body chat_page"><div class="history"><div class="message default" id="message5">'
    '<div class="body"><div class="date" title="24.04.2023 12:00:00 UTC+00:00">12:00</div>'
    '<div class="reply_to details">In reply to <a href="#go_to_message4">this message</a></div>'
    '<div class="forwarded body"><div class="from_name">Origin</div>'
    '<div class="media_wrap clearfix"><div class="media clearfix media_photo"></div></div>'
    '<div class="text">First <a href="https://example.org/a">link</a></div></div>'
    '<span class="reactions"><span class="reaction"><span class="emoji">👍</span><span class="count">3</span></span>'
    "</span></div></div></div></div></div></body></html>"
)
TRACKER: Final = (
    "channel_name,channel_id,msg_id,message,date,edit_date,views,number_forwards,forward_msg_from_peer_name,"
    f"is_forward,reply_to_msg_id,media_type\nharbour,77,5,First,{ISO},{LATER},10,2,Origin,1,4,MessageMediaPhoto\n"
)
FEED: Final = (
    "<?xml version='1.0'?><rss version='2.0'><channel><title>Harbour</title><item><title>First</title>"
    "<link>https://t.me/harbour/5</link><pubDate>Mon, 24 Apr 2023 12:00:00 +0000</pubDate>"
    "<description>&lt;p&gt;Forwarded From &lt;b&gt;Origin&lt;/b&gt;&lt;/p&gt;&lt;p&gt;First&lt;/p&gt;</description>"
    "</item></channel></rss>"
)
JSON_FEED: Final = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Harbour",
    "items": [
        {
            "id": "https://t.me/s/harbour/5",
            "title": "cut",
            "content_html": "<p>Forwarded From <b>Origin</b></p><p>First</p>",
            "date_published": ISO,
        }
    ],
}
ROW: Final[dict[str, Any]] = {
    "channel": "harbour",
    "channel_id": 77,
    "id": 5,
    "date": ISO,
    "text": "First",
    "forwarded_from": "Origin",
    "edit_date": LATER,
    "views": 10,
    "forwards": 2,
    "reply_to": 4,
    "topic": "Ships",
    "likes": 3,
    "urls": "https://example.org/a",
    "media_type": "photo",
}


def _csv() -> bytes:
    return (";".join(ROW) + "\n" + ";".join(map(str, ROW.values())) + "\n").encode()


def _workbook() -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    book.active.append(list(ROW))
    day = datetime(2023, 4, 24, 12, 0)  # noqa: DTZ001 - workbooks know no zones
    book.active.append([*(ROW | {"date": day}).values()])
    book.save(stream)
    return stream.getvalue()


def _parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([ROW]), stream)
    return stream.getvalue()


def _json(value: Any) -> Callable[[], bytes]:
    return lambda: json.dumps(value, ensure_ascii=False).encode()


# Format -> name of the file and its content.
EXAMPLES: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "telegram-desktop-json": ("result.json", _json(DESKTOP)),
    "telegram-desktop-html": ("messages.html", PAGE.encode),
    "telegram-preview-html": ("page.html", PREVIEW.encode),
    "telethon-json": ("dump.json", _json([TELETHON])),
    "tdlib-json": ("messages.json", _json({"@type": "messages", "messages": [TDLIB]})),
    "bot-api-json": ("updates.json", _json(BOT)),
    "vk-json": ("wall.json", _json(VK)),
    "twitter-archive": ("tweets.js", lambda: b"window.YTD.tweets.part0 = " + json.dumps(TWEETS).encode()),
    "tracker-csv": ("msgs_dataset.csv", TRACKER.encode),
    "rss": ("feed.xml", FEED.encode),
    "json-feed": ("feed.json", _json(JSON_FEED)),
    "plain-parquet": ("posts.pq", _parquet),
    "plain-xlsx": ("posts.xlsx", _workbook),
    "plain-jsonl": (
        "posts.jsonl",
        lambda: json.dumps(ROW).encode() + b"\n" + json.dumps(ROW).encode() + b"\n",
    ),
    "plain-json": ("posts.json", _json([ROW])),
    "plain-csv": ("posts.csv", _csv),
    "pasted-text": ("paste.txt", "Harbour, [24.04.2023 12:00]\n[Forwarded from Origin]\nFirst\n".encode),
    "text-article": ("2023-04-24 title.txt", "First article.\n".encode),
}


def write_example(folder: Path, name: str) -> Path:
    """Write the example of a format and give its path."""
    file_name, content = EXAMPLES[name]
    path = folder / file_name
    path.write_bytes(content())
    return path
