"""Telethon dumps: list, JSON Lines, rows of objects and objects with a list; hostile content."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped
from pipeline.data.exports.telethon_json import FORMAT
from pipeline.errors import DataError

AT = datetime(2023, 4, 24, 9, 30, 5, tzinfo=UTC)
NO_OPTIONS = ReadOptions()


def message(number: int = 12, text: str | None = "Hello", **fields: Any) -> dict[str, Any]:
    return {
        "_": "Message",
        "id": number,
        "peer_id": {"_": "PeerChannel", "channel_id": 1234567890},
        "date": "2023-04-24T09:30:05+00:00",
        "message": text,
        "fwd_from": None,
        "views": 100,
        "forwards": 3,
        "edit_date": None,
    } | fields


def read(path: Path, content: Any, options: ReadOptions = NO_OPTIONS) -> list[RawPost | Skipped]:
    if not isinstance(content, str | bytes):
        content = json.dumps(content, ensure_ascii=False)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(FORMAT.read(path, options))


def read_one(path: Path, entry: Any, options: ReadOptions = NO_OPTIONS) -> Any:
    [record] = read(path, [entry], options)
    return record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dump.json"


def test_every_field_is_read(path: Path) -> None:
    entry = message(text="a\r\nb", edit_date="2023-04-24 10:30:05+00:00", views="100.0")
    assert read_one(path, entry) == RawPost(
        channel="channel 1234567890",
        message_id=12,
        published_at=AT,
        text="a\nb",
        forwarded_from=None,
        edited_at=AT.replace(hour=10),
        views=100,
        forwards=3,
        record="item 1",
        channel_id="1234567890",
    )


def dumps_of(entries: list[dict[str, Any]]) -> dict[str, str]:
    return {
        "list": json.dumps(entries),
        "indented list": json.dumps(entries, indent=4),
        "lines": "\n".join(json.dumps(entry) for entry in entries) + "\n",
        "lines of windows": "\r\n".join(json.dumps(entry) for entry in entries),
        "rows of indented objects": "\n".join(json.dumps(entry, indent=2) for entry in entries),
        "object": json.dumps({"chat": {"id": 5}, "messages": entries}),
        "sorted object": json.dumps({"messages": entries, "_": "ChannelMessages"}, sort_keys=True),
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("shape", dumps_of([]))
def test_all_shapes_and_encodings_give_the_same_posts(path: Path, shape: str, encoding: str) -> None:
    entries = [message(1, "один"), message(2, "two"), message(3, "три")]
    content = dumps_of(entries)[shape].encode(encoding)
    posts = read(path, content)
    assert FORMAT.matches(path, content[: 1 << 16])
    assert [(post.message_id, post.text) for post in posts if isinstance(post, RawPost)] == [
        (1, "один"),
        (2, "two"),
        (3, "три"),
    ]


@pytest.mark.parametrize(
    "date",
    [
        "2023-04-24T09:30:05+00:00",
        "2023-04-24 12:30:05+03:00",
        "2023-04-24T09:30:05Z",
        1682328605,
        "1682328605",
    ],
)
def test_dates(path: Path, date: object) -> None:
    assert read_one(path, message(date=date)).published_at == AT


def test_a_time_without_zone_needs_the_offset(path: Path) -> None:
    entry = message(date="2023-04-24T12:30:05")
    rejected = read_one(path, entry)
    assert rejected.kind == "reject"
    assert "--utc-offset" in rejected.reason
    assert read_one(path, entry, ReadOptions(utc_offset_hours=3)).published_at == AT


@pytest.mark.parametrize(
    ("fields", "channel"),
    [
        ({}, "channel 1234567890"),
        ({"chat": {"username": "news", "title": "The News"}}, "news"),
        ({"chat": {"username": None, "title": "The News"}}, "The News"),
        ({"channel": "news"}, "news"),
        ({"username": "news"}, "news"),
        ({"peer_id": {"_": "PeerChat", "chat_id": 7}}, "chat 7"),
        ({"peer_id": None, "to_id": {"_": "PeerChannel", "channel_id": 8}}, "channel 8"),
        ({"peer_id": None, "chat_id": -1001234567890}, "channel 1234567890"),
    ],
)
def test_channel_comes_from_the_message(path: Path, fields: dict[str, Any], channel: str) -> None:
    assert read_one(path, message(**fields)).channel == channel
    assert read_one(path, message(**fields), ReadOptions(channel="mine")).channel == "mine"


def test_channel_comes_from_the_object_around(path: Path) -> None:
    chats = [{"_": "Channel", "id": 1234567890, "title": "The News", "username": None}]
    [post] = read(path, {"_": "ChannelMessages", "messages": [message()], "chats": chats})
    assert post.channel == "The News"
    [post] = read(path, {"messages": [message()], "channel": {"username": "news"}})
    assert post.channel == "news"


def test_a_message_of_no_channel_is_rejected(path: Path) -> None:
    rejected = read_one(path, message(peer_id=None))
    assert rejected.kind == "reject"
    assert "name it in the options" in rejected.reason


@pytest.mark.parametrize(
    ("header", "origin"),
    [
        (None, None),
        ({"from_name": "Someone", "from_id": None}, "Someone"),
        (
            {"from_name": None, "from_id": {"_": "PeerChannel", "channel_id": 9}, "channel_post": 4},
            "channel 9",
        ),
        ({"from_id": {"_": "PeerUser", "user_id": 10}}, "user 10"),
        ({"from_id": None, "channel_id": 11}, "channel 11"),
        ({"from_id": 12, "channel_id": None}, "user 12"),
        ({"_": "MessageFwdHeader", "from_id": None, "from_name": None}, ""),
    ],
)
def test_origin_of_forwards(path: Path, header: object, origin: str | None) -> None:
    assert read_one(path, message(fwd_from=header)).forwarded_from == origin


def test_a_change_of_reactions_is_no_edit(path: Path) -> None:
    entry = message(edit_date="2023-04-25T00:00:00+00:00", edit_hide=True)
    assert read_one(path, entry).edited_at is None


@pytest.mark.parametrize(
    "entry",
    [
        message(text="", media={"_": "MessageMediaPhoto"}),
        message(text=None),
        message(text=" \n\0"),
        message() | {"_": "MessageService", "action": {"_": "MessageActionPinMessage"}},
        {"_": "MessageEmpty", "id": 4},
    ],
)
def test_what_has_no_text_is_skipped(path: Path, entry: dict[str, Any]) -> None:
    assert read_one(path, entry).kind == "no_text"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (message(text=5), "field 'message'"),
        (message(id="x1"), "field 'id'"),
        (message(views=1.5), "field 'views'"),
        (message(views=-1), "field 'views'"),
        (message(date=None), "field 'date'"),
        (message(edit_date="soon"), "field 'edit_date'"),
        ({"_": "User", "id": 1}, "field '_'"),
        ([1], "expected a message object"),
    ],
)
def test_what_is_wrong_is_rejected_with_its_field(path: Path, entry: object, reason: str) -> None:
    rejected = read_one(path, entry)
    assert rejected.kind == "reject"
    assert reason in rejected.reason


def test_a_broken_line_costs_only_itself(path: Path) -> None:
    lines = [json.dumps(message(1)), '{"_": "Message", "id": 2, "mess', "", '{"a": ' + "9" * 5000 + "}"]
    lines += ["[" * 100_000, json.dumps(message(3))]
    records = read(path, "\n".join(lines))
    assert [(record.record, isinstance(record, RawPost)) for record in records] == [
        ("line 1", True),
        ("line 2", False),
        ("line 4", False),
        ("line 5", False),
        ("line 6", True),
    ]
    assert isinstance(records[1], Skipped)
    assert "not valid JSON" in records[1].reason


def test_a_broken_message_in_a_list_costs_only_itself(path: Path) -> None:
    content = f'[{json.dumps(message(1))}, {{"id": "\\x"}}, {json.dumps(message(2))}]'
    assert [type(record) for record in read(path, content)] == [RawPost, Skipped, RawPost]


def test_a_list_that_is_cut_off_gives_what_it_holds_and_then_fails(path: Path) -> None:
    path.write_text(json.dumps([message(1), message(2, "x" * 500)])[:-100])
    records = FORMAT.read(path, NO_OPTIONS)
    assert next(records).record == "item 1"
    with pytest.raises(DataError, match=r"dump\.json, line 1: the file ends .* item 1; dump"):
        next(records)


def test_a_last_line_that_is_cut_off_is_an_error_after_the_lines_before_it(path: Path) -> None:
    path.write_text(f"{json.dumps(message(1))}\n{json.dumps(message(2))}"[:-100])
    records = FORMAT.read(path, NO_OPTIONS)
    assert isinstance(next(records), RawPost)
    with pytest.raises(DataError, match=r"dump\.json, line 2: the last line is cut off; .* line 1; dump"):
        next(records)


def test_surrogates_and_nul(path: Path) -> None:
    entry = json.dumps([message(text="a\ud83d\0b\ud83d\ude00")])
    [post] = read(path, entry)
    assert isinstance(post, RawPost)
    assert post.text == "a\ufffdb\U0001f600"


def test_other_bytes_are_refused_with_their_position(path: Path) -> None:
    content = b'[{"_":"Message","message":"' + "текст".encode("cp1251") + b'"}]'
    assert FORMAT.matches(path, content)
    with pytest.raises(DataError, match="position 27"):
        read(path, content)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"a,b\n1,2",
        b'{"name":"x","type":"public_channel","messages":[{"id":1,"type":"message","text":"_"}]}',
        b'[{"_":"Message","chat":{"_":"Chat"},"date":"2023-04-24 12:30:05","text":"as Pyrogram writes it"}]',
    ],
)
def test_other_content_does_not_match(path: Path, head: bytes) -> None:
    assert not FORMAT.matches(path, head)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
fields = [
    "_",
    "id",
    "peer_id",
    "date",
    "message",
    "fwd_from",
    "views",
    "edit_date",
    "action",
    "chat",
    "media",
]
hostile = st.dictionaries(st.sampled_from(fields), json_values, max_size=4)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(hostile.map(lambda changes: message() | changes) | json_values, max_size=4), st.integers(0, 400)
)
def test_no_json_does_more_than_be_rejected(
    tmp_path_factory: pytest.TempPathFactory, entries: list[object], cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile_telethon.json"
    whole = json.dumps(entries)
    assert len(read(path, whole)) == len(entries)
    for text in dumps_of([{"entry": entry} for entry in entries]).values():
        read(path, text)
    with contextlib.suppress(DataError):
        read(path, whole[:cut])


@settings(deadline=None, max_examples=100)
@given(st.text(min_size=1), st.integers(0, 2**53))
def test_texts_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, text: str, number: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "texts_telethon.json"
    for content in (
        json.dumps([message(number, text)]),
        json.dumps(message(number, text), ensure_ascii=False),
    ):
        [record] = read(path, content)
        wanted = text.replace("\r\n", "\n").replace("\0", "")
        if wanted.strip():
            assert isinstance(record, RawPost)
            assert (record.text, record.message_id) == (wanted, number)
        else:
            assert isinstance(record, Skipped)
