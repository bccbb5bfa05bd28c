"""Exports of Telegram Desktop, JSON and HTML: every variant seen, cut off, and hostile."""

import contextlib
import html
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.exports import json_stream, telegram_desktop_html, telegram_desktop_json
from pipeline.data.exports.json_stream import JsonCursor, JsonStreamError
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped
from pipeline.errors import DataError

AT = datetime(2023, 4, 24, 9, 30, 5, tzinfo=UTC)
NO_OPTIONS = ReadOptions()
JSON = telegram_desktop_json.FORMAT
HTML = telegram_desktop_html.FORMAT


def read(path: Path, content: Any, options: ReadOptions = NO_OPTIONS) -> list[Any]:
    """Write the content and read it by the format that recognises it."""
    if not isinstance(content, str | bytes):
        content = json.dumps(content, ensure_ascii=False, indent=1)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    head = path.read_bytes()[: 1 << 16]
    [reader] = [form for form in (JSON, HTML) if form.matches(path, head)]
    return list(reader.read(path, options))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "export"


# JSON


def message(number: int = 12, text: object = "Hello", **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": "message",
        "date": "2023-04-24T12:30:05",
        "date_unixtime": "1682328605",
        "from": "Somebody",
        "from_id": "channel1",
        "text": text,
        "text_entities": [],
    } | fields


def chat(*messages: Any, **fields: Any) -> dict[str, Any]:
    head = {"name": "The Channel", "type": "public_channel", "id": 77}
    return head | fields | {"messages": list(messages)}


def account(*chats: Any, left: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 1, "first_name": "A"},
        "contacts": {"about": "", "list": [{"first_name": "B", "messages": [1]}]},
        "chats": {"about": "This page lists all chats.", "list": list(chats)},
        "left_chats": {"about": "", "list": list(left)},
    }


def read_one(path: Path, entry: Any, options: ReadOptions = NO_OPTIONS) -> Any:
    [record] = read(path, chat(entry), options)
    return record


def test_every_field_of_json_is_read(path: Path) -> None:
    entry = message(
        text=[
            "See ",
            {"type": "link", "text": "example.org"},
            "\r\n",
            {"type": "custom_emoji", "text": "🙂"},
        ],
        edited="2023-04-24T13:30:05",
        edited_unixtime="1682332205",
        forwarded_from="Origin",
    )
    assert read_one(path, entry) == RawPost(
        channel="The Channel",
        message_id=12,
        published_at=AT,
        text="See example.org\n🙂",
        forwarded_from="Origin",
        edited_at=AT.replace(hour=10),
        record="message 12",
        channel_id="77",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("sort_keys", [False, True])
def test_encodings_and_key_order_do_not_matter(path: Path, encoding: str, sort_keys: bool) -> None:
    content = json.dumps(chat(message(1, "один"), message(2, "two")), ensure_ascii=False, sort_keys=sort_keys)
    posts = read(path, content.encode(encoding))
    assert [(post.channel, post.message_id, post.text) for post in posts] == [
        ("The Channel", 1, "один"),
        ("The Channel", 2, "two"),
    ]


def test_an_account_keeps_the_name_of_each_chat(path: Path) -> None:
    late = {"messages": [message(5)], "name": "Late"}
    saved = {"type": "saved_messages", "id": 3, "messages": [message(4)]}
    unnamed = chat(message(6), name=None, type="personal_chat")
    export = account(chat(message(1)), saved, late, unnamed, chat(), left=(chat(message(7), name="Left"),))
    posts = read(path, export, ReadOptions(channel="ignored: an account holds many"))
    assert [(post.channel, post.message_id) for post in posts] == [
        ("The Channel", 1),
        ("saved_messages 3", 4),
        ("Late", 5),
        ("personal_chat 77", 6),
        ("Left", 7),
    ]
    assert posts[0].record == "chat 'The Channel', message 1"


def test_the_user_can_rename_a_single_chat(path: Path) -> None:
    assert read_one(path, message(), ReadOptions(channel="mine")).channel == "mine"
    [post] = read(path, chat(message(), name=None))
    assert post.channel == "public_channel 77"


def test_chats_of_one_name_are_told_apart(path: Path) -> None:
    news, other = chat(message(3, text="A"), name="News", id=1), chat(message(3, text="B"), name="News", id=2)
    export = account(news, other, chat(message(3, text="C"), name="Desk", id=3))
    assert [(post.channel, post.text) for post in read(path, export)] == [
        ("News (1)", "A"),
        ("News (2)", "B"),
        ("Desk", "C"),
    ]


@pytest.mark.parametrize(
    ("fields", "origin"),
    [
        ({}, None),
        ({"forwarded_from": "Origin"}, "Origin"),
        ({"forwarded_from": None}, ""),
        ({"forwarded_from": None, "forwarded_from_id": "channel9"}, "channel9"),
        ({"saved_from": "Source"}, "Source"),
    ],
)
def test_origin_of_forwards(path: Path, fields: dict[str, Any], origin: str | None) -> None:
    assert read_one(path, message(**fields)).forwarded_from == origin


def test_text_entities_stand_in_for_a_missing_text(path: Path) -> None:
    entry = message(text_entities=[{"type": "plain", "text": "a"}, {"type": "bold", "text": "b"}])
    del entry["text"]
    assert read_one(path, entry).text == "ab"


def test_local_times_need_the_offset(path: Path) -> None:
    entry = message(edited="1970-01-01T03:00:00")  # how old exports write "never edited"
    del entry["date_unixtime"]
    rejected = read_one(path, entry)
    assert (rejected.kind, rejected.excerpt) == ("reject", "Hello")
    assert "--utc-offset" in rejected.reason
    post = read_one(path, entry, ReadOptions(utc_offset_hours=3))
    assert (post.published_at, post.edited_at) == (AT, None)


@pytest.mark.parametrize(
    "entry",
    [
        {"id": -1, "type": "service", "action": "create_channel", "text": "", "date_unixtime": "1682328605"},
        {"id": 4, "type": "unsupported", "date_unixtime": "1682328605"},
        message(text="", photo="(File not included.)"),
        message(text="", poll={"question": "", "answers": []}),
        message(text=[]),
        message(text=" \n\0"),
    ],
)
def test_what_has_no_text_is_skipped(path: Path, entry: dict[str, Any]) -> None:
    assert read_one(path, entry).kind == "no_text"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (message(text=5), "field 'text'"),
        (message(text=["a", {"type": "bold"}]), "field 'text'"),
        (message(id="x"), "field 'id'"),
        (message(id=1.5), "field 'id'"),
        (message(id=10**40), "64 bits"),
        (message(date_unixtime="soon"), "field 'date_unixtime'"),
        (message(date_unixtime=None, date=None), "field 'date'"),
        (message(edited_unixtime="x"), "field 'edited_unixtime'"),
        (message(type="new kind"), "field 'type'"),
        ("text", "expected a message object"),
    ],
)
def test_what_is_wrong_is_rejected_with_its_field(path: Path, entry: object, reason: str) -> None:
    rejected = read_one(path, entry)
    assert rejected.kind == "reject"
    assert reason in rejected.reason


def test_surrogates_and_nul(path: Path) -> None:
    post = read(path, json.dumps(chat(message(text=["a\ud83d\0", "b\ud83d\ude00"]))))[0]
    assert post.text == "a\ufffdb\U0001f600"


@pytest.mark.parametrize(
    "broken",
    [
        '{"id": 1, "text": "\\x"}',
        '{"id": ' + "9" * 6000 + "}",
        '{"id": ' + "[" * 60_000 + "]" * 60_000 + "}",
        "01x",
    ],
)
def test_a_broken_message_costs_only_itself(path: Path, broken: str) -> None:
    content = json.dumps(chat(message(1), "HERE", message(2))).replace('"HERE"', broken)
    assert [type(record) for record in read(path, content)] == [RawPost, Skipped, RawPost]


def test_of_a_key_that_stands_twice_the_last_counts(path: Path) -> None:
    content = json.dumps(chat(message(text="HERE"))).replace('"HERE"', '"first", "text": "last"')
    assert read(path, content)[0].text == "last"


@pytest.mark.parametrize("missing", [2, 40, 300])
def test_a_file_that_is_cut_off_gives_what_it_holds_and_then_fails(path: Path, missing: int) -> None:
    content = json.dumps(chat(message(1), message(2, "ы" * 400)), ensure_ascii=False).encode()
    path.write_bytes(content[:-missing])
    records = JSON.read(path, NO_OPTIONS)
    assert next(records).record == "message 1"
    with pytest.raises(
        DataError, match=r"export, line 1: the file ends .* message \d; export the chat again"
    ):
        list(records)


@pytest.mark.parametrize(
    ("content", "message_part"),
    [
        (b'{"a": 1}', "expected 'messages' or 'chats'"),
        (b"", "expected '{'"),
        (b'{"type": "public_channel", "messages": {}}', "expected '\\['"),
        (b'{"type": "public_channel", "messages": [1 2]}', "line 1: expected ','"),
        (b'{"type": "public_channel", "messages": []} more', "expected the end"),
        ('{"name": "Канал"}'.encode("cp1251"), "position 10"),
    ],
)
def test_what_is_no_export_is_refused(path: Path, content: bytes, message_part: str) -> None:
    path.write_bytes(content)
    expected = "the file ends" if content == b"" else message_part
    with pytest.raises(DataError, match=expected):
        list(JSON.read(path, NO_OPTIONS))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"[1]",
        b'{"messages":[{"_":"Message","id":1,"message":"text"}]}',
        b'{"type":"message","id":1}\n{"type":"message","id":2}',
        b'<html><div class="page_body list_page">',
        b'<div class="tgme_widget_message_text">',
    ],
)
def test_other_content_does_not_match(path: Path, head: bytes) -> None:
    assert not JSON.matches(path, head)
    assert not HTML.matches(path, head)


def test_a_value_without_end_does_not_fill_the_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MAX_VALUE_CHARS", 1000)
    monkeypatch.setattr(json_stream, "CHUNK_CHARS", 100)
    path.write_text('"' + "x" * 5000)
    with path.open() as file, pytest.raises(JsonStreamError, match="longer than 1,000"):
        JsonCursor(file).value()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(st.lists(json_values), st.integers(1, 30), st.sampled_from([None, 1]))
def test_chunks_of_any_size_give_the_same_values(values: list[Any], chunk: int, indent: int | None) -> None:
    content = json.dumps([*values, 'q"\\\n{[', -1.5e-7], indent=indent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "CHUNK_CHARS", chunk)
        cursor, skipping = JsonCursor(io.StringIO(content)), JsonCursor(io.StringIO(content))
        found = [cursor.value() for _ in cursor.items()]
        skipped = [skipping.skip() for _ in skipping.items()]
        assert (cursor.peek(), skipping.peek()) == ("", "")
    assert repr(found) == repr(json.loads(content))  # repr: NaN is unequal to itself
    assert len(skipped) == len(found)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.integers(3, 200))
def test_a_cut_at_any_place_gives_the_messages_before_it(
    tmp_path_factory: pytest.TempPathFactory, chunk: int, cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "chunks"
    content = json.dumps(account(chat(message(1)), chat(message(2, ["a", {"text": "b"}])), left=(chat(),)))
    whole = read(path, content)
    path.write_text(content[: len(content) - cut])
    found = []
    with pytest.MonkeyPatch.context() as patch, pytest.raises(DataError, match="the file ends"):  # noqa: PT012 - collects what comes before the error
        patch.setattr(json_stream, "CHUNK_CHARS", chunk)
        for record in JSON.read(path, NO_OPTIONS):
            found.append(record)  # noqa: PERF402 - as above
    assert found == whole[: len(found)]
    assert found


FIELDS = [
    "id",
    "type",
    "date",
    "date_unixtime",
    "edited",
    "edited_unixtime",
    "text",
    "text_entities",
    "forwarded_from",
]
hostile = st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=4).map(
    lambda changes: message() | changes
)
chat_fields = st.dictionaries(
    st.sampled_from(["name", "type", "id", "chats", "list"]), json_values, max_size=3
)


@settings(deadline=None, max_examples=150)
@given(st.lists(hostile | json_values, max_size=4), chat_fields, st.booleans(), st.integers(0, 400))
def test_no_json_does_more_than_be_rejected(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Any], around: dict[str, Any], late: bool, cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile_desktop"
    export = {"messages": entries} | around if late else around | {"messages": entries}
    for content in (export, {"chats": {"list": [export]}}, {"chats": around}, around):
        text = json.dumps(content)
        for piece in (text, text[:cut], text[:cut] + text[cut + 1 :]):
            path.write_text(piece)
            with contextlib.suppress(DataError):
                list(JSON.read(path, NO_OPTIONS))
    path.write_text(json.dumps({"messages": entries}))
    assert len(list(JSON.read(path, NO_OPTIONS))) == len(entries)


def test_addresses_behind_words_of_a_rich_message_are_links(path: Path) -> None:
    deep: Any = {"type": "text_link", "text": "here", "href": "https://b.org/x y"}
    for _ in range(20):
        deep = [{"text": deep}]
    blocks = [
        {
            "type": "paragraph",
            "text": ["See ", {"type": "text_link", "text": "this", "href": "https://a.org"}],
        },
        {"type": "table", "cells": [[deep], [{"text": "no link", "href": "javascript:alert(1)"}]]},
        {"type": "button", "text": "more", "url": "https://a.org"},
    ]
    [post] = read(path, chat(message(5, "", rich_message={"blocks": blocks})))
    assert post.links == ("https://a.org", "https://b.org/x%20y")


# HTML


HEADER = """<!DOCTYPE html>
<html>

 <head>

  <meta charset="utf-8"/>
<title>Exported Data</title>

 </head>

 <body onload="CheckLocation();">

  <div class="page_wrap">

   <div class="page_header">

    <a class="content block_link" href="../../lists/chats.html" onclick="return GoBack(this)">

     <div class="text bold">
Tea &amp; Talk
     </div>

    </a>

   </div>

   <div class="page_body chat_page">

    <div class="history">

     <a class="pagination block_link" href="messages.html">
Previous messages
     </a>

     <div class="message service" id="message-1">

      <div class="body details">
24 April 2023
      </div>

     </div>
"""
FOOTER = """
    </div>

   </div>

  </div>

 </body>

</html>
"""
MEDIA = """
       <div class="media_wrap clearfix">
        <div class="media clearfix pull_left media_photo">
         <div class="fill pull_left">
         </div>
         <div class="body">
          <div class="title bold">
Photo
          </div>
          <div class="text">
Not included, change data exporting settings to download.
          </div>
         </div>
        </div>
       </div>
"""
ZONED = "24.04.2023 12:30:05 UTC+03:00"


def text_div(text: str) -> str:
    return f'\n       <div class="text">\n{text}\n       </div>\n'


def forward(content: str, name: str | None = "Origin") -> str:
    title = '<span class="date details" title="20.04.2023 10:00:00 UTC+03:00"> 20.04.2023 10:00:00</span>'
    named = f'\n        <div class="from_name">\n{name} {title}\n        </div>\n' if name else ""
    picture = '\n       <div class="pull_left forwarded userpic_wrap">\n        <div class="userpic">\n</div></div>\n'
    return (
        f'{picture if name else ""}\n       <div class="forwarded body">\n{named}{content}\n       </div>\n'
    )


def block(number: int, content: str, *, title: str = ZONED, joined: bool = False) -> str:
    name = "" if joined else '\n       <div class="from_name">\nTea &amp; Talk \n       </div>\n'
    return f"""
     <div class="message default clearfix{" joined" if joined else ""}" id="message{number}">

      <div class="body">

       <div class="pull_right date details" title="{title}">
12:30
       </div>
{name}{content}
       <div class="signature details">
Author
       </div>

       <span class="reactions">
        <span class="reaction">
         <span class="emoji">
👍
         </span>
        </span>
       </span>

      </div>

     </div>
"""


def page(*blocks: str) -> str:
    return HEADER + "".join(blocks) + FOOTER


def read_text(path: Path, markup: str) -> str:
    [service, post] = read(path, page(block(1, text_div(markup))))
    assert service.kind == "no_text"
    return str(post.text)


def test_every_field_of_html_is_read(path: Path) -> None:
    [_, post] = read(path, page(block(12, MEDIA + text_div("Hello <strong>you</strong>"))))
    assert post == RawPost(
        channel="Tea & Talk",
        message_id=12,
        published_at=AT,
        text="Hello you",
        record="message 12",
        media="photo",
    )


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("one<br/>two", "one\ntwo"),
        ("&quot;a&quot; &amp; &lt;b&gt; &apos;c&apos; &#1103;", "\"a\" & <b> 'c' я"),
        ('<a href="" onclick="return ShowHashtag(&quot;x&quot;)">#x</a>, <em>y</em>  z', "#x, y  z"),
        ("<blockquote>q<br>r</blockquote>rest", "q\nr\nrest"),
        ("a<br><blockquote>q</blockquote><br>rest", "a\nq\nrest"),
        ("code:<pre>if x:\n  y</pre>", "code:\nif x:\n  y"),
        (
            '<span class="spoiler hidden" onclick="s(this)"><span aria-hidden="true">dark</span></span>!',
            "dark!",
        ),
        ("a\n       <strong>b</strong>\n       c", "a b c"),
        ("a<!-- note -->b<script>alert(1)</script>c", "abc"),
        ("\n\n  a<br>\n   b  \n", "a\nb"),
    ],
)
def test_text_of_html(path: Path, markup: str, text: str) -> None:
    assert read_text(path, markup) == text


def test_joined_messages_and_forwards(path: Path) -> None:
    content = page(
        block(1, text_div("own")),
        block(2, forward(text_div("first"), "Origin &amp; Co")),
        block(3, forward(text_div("second"), None), joined=True),
        block(4, text_div("own again"), joined=True),
        block(5, forward(text_div("unknown"), None)),
        block(6, forward(text_div("by a bot"), "Origin via @like_bot")),
        block(7, forward(MEDIA)),
    )
    records = read(path, content)[1:]
    assert [(post.text, post.forwarded_from) for post in records[:-1]] == [
        ("own", None),
        ("first", "Origin & Co"),
        ("second", "Origin & Co"),
        ("own again", None),
        ("unknown", ""),
        ("by a bot", "Origin"),
    ]
    assert records[-1].kind == "no_text"


def test_older_pages_name_no_zone(path: Path) -> None:
    content = page(block(1, text_div("x"), title="24.04.2023 12:30:05"))
    [_, rejected] = read(path, content)
    assert (rejected.kind, rejected.record) == ("reject", "message 1")
    assert "--utc-offset" in rejected.reason
    assert read(path, content, ReadOptions(utc_offset_hours=3))[1].published_at == AT


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_encodings_of_html(path: Path, encoding: str) -> None:
    assert read(path, page(block(1, text_div("текст"))).encode(encoding))[1].text == "текст"


def test_html_can_be_renamed_and_needs_a_name(path: Path) -> None:
    content = page(block(1, text_div("x")))
    assert read(path, content, ReadOptions(channel="mine"))[1].channel == "mine"
    with pytest.raises(DataError, match="name the channel in the options"):
        read(path, content.replace("Tea &amp; Talk", " "))


@pytest.mark.parametrize("missing", [20, 250])
def test_a_page_that_is_cut_off(path: Path, missing: int) -> None:
    content = page(block(1, text_div("one")), block(2, text_div("two")))
    path.write_text(content[: -(len(FOOTER) + missing)])
    records = HTML.read(path, NO_OPTIONS)
    assert [next(records).record for _ in range(2)] == ["message -1", "message 1"]
    rejected = next(records)
    assert (rejected.record, rejected.reason) == ("message 2", "the file ends within this message")
    with pytest.raises(DataError, match=r"export: the page is cut off: .* message 1; export the chat again"):
        next(records)


def test_nesting_without_end_is_refused(path: Path) -> None:
    with pytest.raises(DataError, match="Excessive depth"):
        read(path, page(block(1, text_div("one")), block(2, text_div("<b>" * 5000))))


def test_a_long_page_is_streamed(path: Path) -> None:
    blocks = (block(number, text_div("text " * 50)) for number in range(1, 1501))
    assert [post.message_id for post in read(path, page(*blocks))[1:]] == list(range(1, 1501))


def as_desktop_writes(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


# What HTML cannot carry (other control characters, "\r") or what belongs to its layout stays out.
page_text = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n")).filter(
    lambda text: text == text.strip() and text
)


@settings(deadline=None, max_examples=150)
@given(page_text)
def test_texts_come_back_from_html(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "texts_desktop"
    assert read_text(path, as_desktop_writes(text)) == text


@settings(deadline=None, max_examples=150)
@given(st.lists(st.text(min_size=1) | st.builds(lambda text: {"type": "bold", "text": text}, st.text())))
def test_texts_come_back_from_json(tmp_path_factory: pytest.TempPathFactory, parts: list[Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "texts_desktop"
    text = "".join(part if isinstance(part, str) else part["text"] for part in parts)
    wanted = text.replace("\r\n", "\n").replace("\0", "")
    record = read_one(path, message(text=parts))
    assert record.text == wanted if wanted.strip() else record.kind == "no_text"


@pytest.mark.parametrize("noise", ["<!-- none -->", "<?none?>", '<?none class="emoji"?>', "<"])
def test_a_comment_among_the_parts_of_a_reaction_is_no_part_of_it(path: Path, noise: str) -> None:
    content = page(block(1, text_div("one"))).replace('<span class="emoji">', f'{noise}<span class="emoji">')
    [_, post] = read(path, content)
    assert post == read(path, page(block(1, text_div("one"))))[1]


@settings(deadline=None, max_examples=100)
@given(st.text(st.sampled_from('<>/="& \n\0adivbrmesage'), max_size=60), st.integers(0, 3000))
def test_no_html_does_more_than_be_rejected(
    tmp_path_factory: pytest.TempPathFactory, noise: str, position: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile_desktop"
    content = page(block(1, text_div("one")), block(2, forward(text_div("two"))))
    path.write_text(content[:position] + noise + content[position:])
    with contextlib.suppress(DataError):
        list(HTML.read(path, NO_OPTIONS))
