"""Valid files of every format that is read, each with four records, from which damaged ones are made."""

import functools
import io
import json
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

_TEXTS = ("First <b>& last</b>", "Второй: «да»", 'line\nbreak, and "quote"', "=4")
_TIMES = tuple(f"2023-04-2{n}T12:00:00+00:00" for n in range(4))


def desktop_chat(**changes: Any) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [
        {
            "id": n,
            "type": "message",
            "date": _TIMES[n][:19],
            "date_unixtime": str(1682337600 + n),
            "text": text,
        }
        for n, text in enumerate(_TEXTS)
    ]
    messages[1] |= {
        "text": [text := "Второй: ", {"type": "bold", "text": text}],
        "forwarded_from": "X",
        "edited": _TIMES[2][:19],
    }
    messages[2] |= {"type": "service", "action": "pin_message", "text": ""}
    return {"name": "Harbour", "type": "public_channel", "id": 5, "messages": messages} | changes


def desktop_html() -> str:
    message = (
        '<div class="message default clearfix" id="message{n}"><div class="body">{forward}<div '
        'class="pull_right date details" title="24.04.2023 12:00:0{n} UTC+03:00">12:00</div><div class="text">'
        "First &lt;b&gt;<br><strong>bold</strong> "
        "{n}</div></div></div></div>\n"
    )
    forwarded = '<div class="forwarded body"><div class="from_name">Y <span>1</span></div><div class="text">moved</div>'
    messages = "".join(
        message.replace("{forward}", forwarded if n == 2 else "<div>").replace("{n}", str(n))
        for n in range(4)
    )
    return (
        '<!DOCTYPE html><html><head><title>x</title></head><body><div class="page_wrap"><div class="page_header">'
        f'<div class="content"><div class="text bold">H</div></div></div><div class="page_body chat_page">{messages}'
        "</div></div></body></html>"
    )


def telethon_messages() -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [
        {
            "_": "Message",
            "id": n,
            "peer_id": {"_": "PeerChannel", "channel_id": 5},
            "message": text,
            "date": _TIMES[n],
        }
        for n, text in enumerate(_TEXTS)
    ]
    messages[1] |= {
        "fwd_from": {"from_id": {"channel_id": 7}},
        "edit_date": _TIMES[2],
        "views": 5,
        "forwards": 1,
    }
    messages[2] |= {"message": "", "media": {"_": "MessageMediaPhoto"}}
    return messages


def rss() -> str:
    items = "".join(
        f"<item><title>t</title><link>https://t.me/name/{n}</link><pubDate>Mon, 24 Apr 2023 12:00:0{n} GMT</pubDate>"
        f"<description><![CDATA[<p>Forwarded From <b>X</b></p><p>text &amp; <br>{n}</p>]]></description></item>\n"
        for n in range(4)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>C</title>{items}</channel></rss>'


def atom() -> str:
    entries = "".join(
        f'<entry><id>t.me/n/{n}</id><link href="https://t.me/n/{n}"/><updated>2023-04-24T12:00:00Z</updated>'
        f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">text <i>{n}</i></div></content></entry>'
        for n in range(4)
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>C</title>{entries}</feed>'


TRACKER = (
    "signature,channel_name,msg_id,message,cleaned_message,date,number_forwards,views,msg_link,is_forward\n"
    'msg_iteration.1.user.9.post.1,h,1,"First, ""x""",,2023-04-24 12:00:00,0,5.0,https://t.me/h/1,0\n'
    "a.post.2,h,,Second,,2023-04-24 12:00:00+00:00,,,https://t.me/h/2,1\n"
    'c,h,3,,"Third",2023-04-24,1,nan,,0\n'
    "d,h,4,,,2023-04-24,1,nan,,0\n"
)
PLAIN_CSV = (
    'channel;id;text;date;views;forwarded_from\nh;1;"First; ""x""\nline";2023-04-24;1,2K;\n'
    "h;h/2;Second;24.04.2023 12:00;;X\n"
    "h;https://t.me/h/3;;1682337600;1 200;\n;4;Third;Mon, 24 Apr 2023 12:30:05 +0300;12.0;\n"
)
PASTED = (
    "Forwarded from A\nTitle\n\nBody one\nBody one\n\nNAME, [24.04.2023 12:30]\n[Forwarded from B]\nSecond\n---\n"
    "Переслано из: C\nThird =1\n\nForwarded from D\n\n"
)
BLOCKS = "Some prose here.\nMore of it.\n\n\nAnother block.\n---\nThird one\n"


def plain_rows() -> list[dict[str, Any]]:
    return [
        {
            "channel": "h",
            "id": n,
            "text": text,
            "date": _TIMES[n],
            "views": "1.2K",
            "fwd_from": {"title": "X"},
        }
        for n, text in enumerate(_TEXTS)
    ]


def labelled_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "id": f"r{n}",
            "text": text,
            "labels": ["order"],
            "source": "s",
            "date": _TIMES[n],
            "group": "g",
            "lang": "en",
        }
        for n, text in enumerate(_TEXTS)
    ]
    rows[1] |= {"labels": "order;threat", "date": "2023-04-24", "id": 12}
    rows[2] |= {"labels": "['order', \"threat\"]", "date": None}
    rows[3] |= {"labels": [], "id": None}
    return rows


LABELLED_CSV = (
    'id,text,labels,date,purpose\n1,"First, ""x""",order,2023-04-24,train\n2,Second,order;threat,,estimate\n'
    "3,Third,\"['order']\",2023-04-24T12:00:00+00:00,\n4,'=4,,2023-04-24 12:00,\n"
)


def studio_tasks() -> list[dict[str, Any]]:
    def annotation(*chosen: str, **more: Any) -> dict[str, Any]:
        region = {
            "from_name": "frames",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": list(chosen)},
        }
        return {
            "completed_by": {"id": 1, "email": "a@b"},
            "result": [region] if chosen else [],
            "was_cancelled": False,
        } | more

    done: tuple[list[dict[str, Any]], ...] = (
        [annotation("order"), annotation("threat", completed_by=2, ground_truth=True)],
        [annotation(was_cancelled=True)],
        [],
        [annotation("order", "threat", updated_at=_TIMES[0])],
    )
    return [
        {"id": n, "data": {"id": f"r{n}", "text": text}, "annotations": done[n]}
        for n, text in enumerate(_TEXTS)
    ]


def prodigy_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "text": text,
            "options": [{"id": "order"}],
            "meta": {"id": f"r{n}"},
            "answer": "accept",
            "accept": ["order"],
        }
        for n, text in enumerate(_TEXTS)
    ]
    rows[1] |= {"answer": "ignore", "_annotator_id": "ann"}
    rows[2] |= {"answer": None}
    return rows


def doccano_rows() -> list[dict[str, Any]]:
    return [
        {
            "id": n,
            "unit_id": f"r{n}",
            "text": text,
            "label": [["order"], ["(no frame)"], [], ["threat", "order"]][n],
        }
        for n, text in enumerate(_TEXTS)
    ]


CODED_CSV = (
    "id,before,text,after,frame: order,frame: threat,frame: (no frame),comment\nr0,,First,,x,,,\nr1,,Second,,,,x,\n"
    'r2,b,\'=3,,,,,\nr3,,"a\nb",c,да,X,,w\n'
)


def coded_rows() -> list[dict[str, Any]]:
    return [
        {
            "id": f"r{n}",
            "text": text,
            "annotator": f"a{n % 2}",
            "labels": ["order"],
            "status": "coded",
            "is_ground_truth": n == 0,
            "unit": "sentence",
            "channel": "c",
            "published_at": _TIMES[n],
            "design": "random",
            "purpose": "estimate",
            "sample_id": "0123",
            "inclusion_probability": 0.5,
            "stratum": "all",
        }
        for n, text in enumerate(_TEXTS)
    ]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@functools.cache
def coded_workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    rows: list[list[Any]] = [
        ["id", "text", "frame: order", "frame: threat", "when"],
        ["r0", "First", "x", None, datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None)],
        [1, "'=Second", None, True, 1.5],
        [None, "a\nb", 1, "", None],
        ["r3", "␛x", "да", "x", None],
    ]
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def table(columns: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def table_of(rows: list[dict[str, Any]], *names: str) -> bytes:
    return table({name: pa.array([row.get(name) for row in rows]) for name in names})


CODEBOOK = """name: Book
version: "2"
language: en
mode: multi_label
frames:
  - id: order
    name: World order
    definition: Says that the order changes.
    include: [claims, "others: more"]
    exclude: [mention]
    examples: ["The order changes."]
  - {id: threat, name: Threat, definition: 'text', parent: order}
  - id: "unity: one"
    name: Unity
    definition: |
      Several
      lines.
"""
CONFIG = """name: trial
seed: 7
data:
  codebook: sample:codebook.yaml
  labelled: sample:labelled_sentences.jsonl
  columns: {text: text}
folds: {method: time, test_share: 0.2, hold_out_sources: [a]}
model: {kind: tfidf, c_grid: [0.1, 1e1], min_df: 2, char_ngrams: null}
decisions:
  threshold: 0.5
evaluation: {}
promotion: {protected_slices: [language=uk]}
tracking: {register_as: x-y, experiment: a}
sweep:
  trials: 3
  space:
    model.min_df: {low: 1, high: 5}
"""


STUDIO_CSV = (
    "annotation_id,annotator,created_at,frames,id,lead_time,text\n1,1,2024,order,7,3.1,One.\n"
    '2,1,2024,"{""choices"": [""order"", ""threat""]}",8,3,Two.\n3,1,2024,,9,3,Three.\n4,2,2024,threat,9,3,Three.\n'
)
SEGMENTS = (
    "Document name,Code,Segment,Modified by\nd1,Frames\\order,One.,anna\nd2,Frames\\threat,Two.,anna\n"
    "d3,order,Three.,ben\nd4,order,Four.,ben\n"
)
MARKS = "id,text,order,threat\na,One.,1,0\nb,Two.,x,\nc,Three.,TRUE,FALSE\nd,Four.,0,0\n"
FRAMES = "id;name;definition;examples;parent\na;A;A.;One | two;\nb;B;Says b.;- three;a\nc;;Says c.;;\n;D;Says d.;;a\n"


def studio_min() -> list[dict[str, Any]]:
    """Label Studio's flat JSON: a choice, several, none, and another coder's."""
    choices: list[Any] = ["order", {"choices": ["order", "threat"]}, [], "threat"]
    rows = [{"text": f"Text {n}.", "id": n, "annotator": 1, "annotation_id": n} for n in range(4)]
    return [row | {"frames": choice} for row, choice in zip(rows, choices, strict=True)]
