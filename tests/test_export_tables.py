"""Tracker tables, plain tables and feeds, as strangers write them."""

import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.data.exports.detect import detect_format, format_by_name
from pipeline.data.exports.post_links import parse_post_link
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped
from pipeline.data.posts.ingest import ingest
from pipeline.errors import DataError

NOON = datetime(2023, 4, 24, 12, 0, tzinfo=UTC)
TRACKER = [
    *("signature", "channel_id", "channel_name", "msg_id", "message", "cleaned_message", "date", "msg_link"),
    *("msg_from_peer", "msg_from_id", "views", "number_replies", "number_forwards", "is_forward"),
    *("forward_msg_from_peer_type", "forward_msg_from_peer_id", "forward_msg_from_peer_name"),
    *("forward_msg_date", "forward_msg_link", "is_reply", "contains_media", "media_type", "has_url", "url"),
]


def read(path: Path, content: str | bytes, format_name: str | None = None, **options: Any) -> list[Any]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    export_format = format_by_name(format_name) if format_name else detect_format(path)
    return list(export_format.read(path, ReadOptions(**options)))


def write_tracker(path: Path, *rows: dict[str, str], delimiter: str = ",") -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, TRACKER, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tracker_row_with_floats_and_line_breaks(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "data.txt"
    row = {
        "channel_id": "77.0",
        "channel_name": "harbour",
        "msg_id": "1234.0",
        "message": 'First, "quoted"\nsecond; line',
        "cleaned_message": 'First, "quoted" second; line',
        "date": "2023-04-24 12:00:00+00:00",
        "views": "1500.0",
        "number_forwards": "3.0",
        "is_forward": "1.0",
        "forward_msg_from_peer_name": "sea_news",
    }
    write_tracker(path, row, delimiter=delimiter)
    assert detect_format(path).name == "tracker-csv"
    assert list(detect_format(path).read(path, ReadOptions())) == [
        RawPost(
            "harbour", 1234, NOON, 'First, "quoted"\nsecond; line', "sea_news", None, 1500, 3, "line 2", "77"
        )
    ]


def test_tracker_fallbacks_for_text_id_channel_origin_and_zone(tmp_path: Path) -> None:
    path = tmp_path / "msgs_dataset.csv"
    link = "https://t.me/harbour/15"
    write_tracker(
        path,
        {"cleaned_message": "clean", "msg_link": link, "date": "2023-04-24 12:00:00", "channel_id": "7"},
        {
            "message": "a",
            "signature": "msg_iteration.0.user.x.post.16",
            "channel_id": "7.0",
            "is_forward": "True",
        },
        {
            "message": "b",
            "msg_id": "17",
            "channel_name": "x",
            "forward_msg_from_peer_id": "99.0",
            "is_forward": "1",
        },
        {"message": "", "msg_id": "18", "media_type": "MessageMediaPhoto"},
        {"message": "c", "msg_id": "many", "channel_name": "x"},
    )
    first, second, third, media, broken = detect_format(path).read(path, ReadOptions())
    assert first == RawPost("harbour", 15, NOON, "clean", record="line 2", channel_id="7")
    assert second == RawPost("7", 16, None, "a", "", record="line 3", channel_id="7")
    assert isinstance(third, RawPost)
    assert third.forwarded_from == "99"
    assert media == Skipped("no_text", "line 5", "no text: MessageMediaPhoto")
    assert isinstance(broken, Skipped)
    assert (broken.kind, broken.record, broken.excerpt) == ("reject", "line 6", "c")


def test_old_tracker_columns(tmp_path: Path) -> None:
    content = (
        "signature,channel_id,username,message,date,msg_link,views,number_replies,number_forwards,is_forward,"
        "from_channel_id,from_channel_name\nx.post.9,5,harbour,hello,2023-04-24 12:00:00,,1,0,2,1,6,sea\n"
    )
    assert read(tmp_path / "x", content) == [
        RawPost("harbour", 9, NOON, "hello", "sea", None, 1, 2, "line 2", "5")
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_plain_csv_recognises_common_names(tmp_path: Path, delimiter: str) -> None:
    header = delimiter.join(["ID", "Chat", "Message", "Date", "Views"])
    content = f"\ufeff{header}\r\n" + delimiter.join(["7", "x", "'=1+1", "2023-04-24T12:00:00Z", ""]) + "\r\n"
    assert read(tmp_path / "x.json", content) == [RawPost("x", 7, NOON, "'=1+1", record="line 2")]


@pytest.mark.parametrize(
    ("cell", "views"),
    [
        ("1 200", 1200),
        ("1\u00a0234\u00a0567", 1_234_567),
        ("1,200", 1200),
        ("1.2K", 1200),
        ("12,3к", 12_300),
        ("3M", 3_000_000),
        ("1500.0", 1500),
        ("", None),
    ],
)
def test_counts_as_pages_write_them(tmp_path: Path, cell: str, views: int | None) -> None:
    [post] = read(tmp_path / "x.csv", f"text;views\nhello;{cell}\n")
    assert isinstance(post, RawPost)
    assert post.views == views


@pytest.mark.parametrize("cell", ["1.2", "1,20", "1 2000", "K", "1.2G", "many"])
def test_what_is_no_count_is_rejected(tmp_path: Path, cell: str) -> None:
    [rejected] = read(tmp_path / "x.csv", f"text;views\nhello;{cell}\n")
    assert isinstance(rejected, Skipped)
    assert "field 'views'" in rejected.reason


def test_captions_stand_in_for_empty_texts(tmp_path: Path) -> None:
    rows = [{"text": "a", "Caption": "b"}, {"text": "", "Caption": "c"}, {"text": None, "Caption": None}]
    for number, name in enumerate(("x.jsonl", "x.csv", "x.parquet")):
        path = tmp_path / name
        frame = pd.DataFrame(rows)
        if number == 0:
            path.write_text("\n".join(json.dumps(row) for row in rows))
        else:
            frame.to_csv(path, index=False) if number == 1 else frame.to_parquet(path)
        records = list(detect_format(path).read(path, ReadOptions()))
        assert [r.text if isinstance(r, RawPost) else r.kind for r in records][:2] == ["a", "c"]
    [_, second, _] = format_by_name("plain-jsonl").read(
        tmp_path / "x.jsonl", ReadOptions(columns={"text": "text"})
    )
    assert isinstance(second, Skipped)


@pytest.mark.parametrize(
    ("channel", "cell", "expected"),
    [
        ("", "harbour/12", ("harbour", 12)),
        ("Harbour", "harbour/12", ("Harbour", 12)),
        ("Harbour", "https://t.me/harbour/12", ("Harbour", 12)),
        ("harbour", "other/12", ("harbour", None)),  # the number is of another channel
        ("harbour", "harbour/12/0", ("harbour", None)),  # a sentence of a post
        ("", "12-a", ("x", None)),
    ],
)
def test_ids_of_posts_and_of_other_things(tmp_path: Path, channel: str, cell: str, expected: object) -> None:
    [post] = read(tmp_path / "x.csv", f"id,channel,text\n{cell},{channel},hello\n")
    assert (post.channel, post.message_id) == expected


def test_bad_rows_are_rejected_with_their_line(tmp_path: Path) -> None:
    content = 'text,n\n"two\nlines",1\nstray "x,1,2\n"broken" quote,3\nfine,4\n'
    records = read(tmp_path / "x.csv", content, "plain-csv")
    assert [(type(r).__name__, r.record) for r in records] == [
        ("RawPost", "line 2"),
        ("Skipped", "line 4"),
        ("Skipped", "line 5"),
        ("RawPost", "line 6"),
    ]
    assert records[1].reason == "expected 2 cells as in the header, got 3"
    assert "broken quoting" in records[2].reason


def test_a_quote_that_nothing_closes_is_an_error_after_the_rows_before_it(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('text,n\nfine,1\n"cut', encoding="utf-8")
    records = format_by_name("plain-csv").read(path, ReadOptions())
    assert isinstance(next(records), RawPost)
    with pytest.raises(DataError, match="line 3: a quoted cell begins in this row and nothing closes it"):
        next(records)


def test_mapped_columns_and_a_channel_for_all(tmp_path: Path) -> None:
    content = "k,txt,text\n1,wanted,other\n"
    (post,) = read(tmp_path / "x.csv", content, columns={"text": "txt", "message_id": "k"}, channel="c")
    assert post == RawPost("c", 1, None, "wanted", record="line 2")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, r"no column of texts; the file has: a, b\..*--column text=body"),
        ({"text": "c"}, "no column 'c'; the file has: a, b"),
        ({"txt": "a"}, "unknown names txt; expected our column first, one of text, channel"),
    ],
)
def test_missing_columns_say_what_is_there_and_what_to_do(
    tmp_path: Path, columns: dict[str, str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path / "x.csv", "a,b\n1,2\n", "plain-csv", columns=columns)


def test_times_without_zone_need_the_offset(tmp_path: Path) -> None:
    content = "text,date\nx,2023-04-24 15:00\n"
    (refused,) = read(tmp_path / "x.csv", content)
    assert "names no zone" in refused.reason
    (post,) = read(tmp_path / "x.csv", content, utc_offset_hours=3)
    assert post.published_at == NOON


def test_json_lines_of_changing_keys(tmp_path: Path) -> None:
    lines = [
        {"text": "a", "id": "harbour/12", "date": 1682337600},
        {"message": "b", "channel": "https://t.me/s/harbour", "id": 13},
        {"id": 14, "media": "photo"},
        {"text": ["c", {"type": "bold", "text": "d"}], "id": "e4"},
        {"text": {"no": "text"}, "id": 15},
        [1],
    ]
    content = "\n".join(map(json.dumps, lines)) + "\nnot json\n"
    records = read(tmp_path / "x.txt", content)
    assert records[0] == RawPost("harbour", 12, NOON, "a", record="line 1")
    assert records[1] == RawPost("harbour", 13, None, "b", record="line 2")
    assert records[2] == Skipped("no_text", "line 3", "no text")
    assert records[3] == RawPost("x", None, None, "cd", record="line 4")
    assert [r.kind for r in records[4:]] == ["reject"] * 3


@pytest.mark.parametrize("content", ['{"text": "x"}\n{"text": "y', '[{"text": "x"}, {"text": "y'])
def test_cut_json_gives_what_stands_before(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x"
    path.write_text(content, encoding="utf-8")
    records = detect_format(path).read(path, ReadOptions())
    assert next(records) == RawPost("x", None, None, "x", record="line 1" if content[0] == "{" else "item 1")
    with pytest.raises(DataError, match=r"cut off|ends in the middle"):
        list(records)


def test_mapping_that_no_object_fits_is_an_error_before_any_post(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'chan'; the file has: text"):
        read(tmp_path / "x.jsonl", '{"text": "a"}\n', columns={"channel": "chan"})


def test_parquet_with_nanoseconds_and_float_numbers(tmp_path: Path) -> None:
    path = tmp_path / "x"
    frame = pd.DataFrame(
        {
            "content": ["a", None],
            "date": pd.Series([pd.Timestamp("2023-04-24T12:00:00Z"), pd.NaT]).dt.as_unit("ns"),
            "msg_id": [5.0, None],
            "source": [12, 13],
        }
    )
    frame.to_parquet(path)
    assert detect_format(path).name == "plain-parquet"
    assert list(detect_format(path).read(path, ReadOptions())) == [
        RawPost("12", 5, NOON, "a", record="row 1"),
        Skipped("no_text", "row 2", "no text"),
    ]


def test_damaged_parquet_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a readable Parquet file"):
        read(tmp_path / "x.parquet", b"PAR1 and then nothing")


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=40)


@given(
    st.lists(st.tuples(texts, st.integers(1, 2**40), texts), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
)
@settings(deadline=None, max_examples=60)
def test_csv_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[Any], delimiter: str) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["text", "message_id", "note"])
        writer.writerows(rows)
    records = list(format_by_name("plain-csv").read(path, ReadOptions()))
    assert len(records) == len(rows)
    for record, (text, number, _) in zip(records, rows, strict=True):
        if text.strip():
            assert isinstance(record, RawPost)
            assert (record.text, record.message_id) == (text, number)
        else:
            assert isinstance(record, Skipped)


RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Harbour - Telegram Channel</title><link>https://t.me/s/harbour</link>{items}</channel></rss>"""


def feed(*items: str) -> str:
    return RSS.format(items="".join(f"<item>{item}</item>" for item in items))


def described(markup: str, more: str = "") -> str:
    return f"<title>cut...</title><description><![CDATA[{markup}]]></description>{more}"


def test_feed_item_with_forward_reply_bot_and_preview(tmp_path: Path) -> None:
    markup = (
        '<p>Forwarded From <b><a href="https://t.me/sea/1">Sea News</a></b> (Ann)</p>'
        '<div class="rsshub-quote"><blockquote><p><b>X</b>:</p><p>quoted</p></blockquote></div>'
        "<p>via <b>@somebot</b></p><p>First line<br><br>Second &amp; <i>last</i></p>"
        '<blockquote><b>Site</b><br><b><a href="u">Page</a></b><br><p>About the page</p></blockquote><img src="i">'
    )
    more = "<link>https://t.me/harbour/12</link><pubDate>Mon, 24 Apr 2023 12:00:00 GMT</pubDate>"
    assert read(tmp_path / "x.json", feed(described(markup, more))) == [
        RawPost("harbour", 12, NOON, "First line\n\nSecond & last", "Sea News", record="item 1")
    ]


def test_feed_of_telegrams_own_markup(tmp_path: Path) -> None:
    markup = (
        'Forwarded from <a class="tgme_widget_message_forwarded_from_name" href="u">Sea</a><br><br>'
        "<blockquote>A<br>quoted</blockquote><hr>"
        '<div class="tgme_widget_message_text js-message_text" dir="auto">The text<br/>line two</div>'
        "<blockquote>preview</blockquote>"
    )
    (post,) = read(tmp_path / "x", feed(described(markup, "<guid>https://t.me/s/harbour/3?single</guid>")))
    assert (post.text, post.forwarded_from, post.message_id) == ("The text\nline two", "Sea", 3)


def test_quotes_of_the_message_itself_stay(tmp_path: Path) -> None:
    (post,) = read(tmp_path / "x", feed(described("<p>He said:</p><blockquote>We <b>agree</b></blockquote>")))
    assert post.text == "He said:\nWe agree"


def test_feed_items_without_description_text_or_markup(tmp_path: Path) -> None:
    records = read(
        tmp_path / "x",
        feed(
            described('<img src="x">'),
            "<title>only a title</title>",
            "<description>plain\nlines &amp;amp; all</description><content:encoded></content:encoded>",
            described("<p>x</p>", "<pubDate>soon</pubDate>"),
        ),
    )
    assert records[0].kind == "no_text"
    assert records[1].text == "only a title"
    assert records[1].channel == "harbour"
    assert records[2].text == "plain\nlines & all"
    assert records[3].kind == "reject"


def test_atom_with_xhtml_and_a_cut_end(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>H</title><entry><id>https://t.me/h_h_h/5</id>'
        "<published>2023-04-24T12:00:00Z</published><title>t</title>"
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a<br/>b</div></content></entry><entry>',
        encoding="utf-8",
    )
    records = detect_format(path).read(path, ReadOptions())
    assert next(records) == RawPost("h_h_h", 5, NOON, "a\nb", record="item 1")
    with pytest.raises(DataError, match="items read before that place: 1"):
        next(records)


def test_entity_bombs_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    with pytest.raises(DataError, match="declares entities"):
        read(tmp_path / "x", feed("<title>&b;</title>").replace("<rss", f"{bomb}<rss", 1))


def test_an_unknown_encoding_is_an_error_for_the_user(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="encoding that the XML names is not supported"):
        read(tmp_path / "x", feed("<title>x</title>").replace("UTF-8", "UTF-88"))


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://t.me/harbour/12", ("harbour", 12)),
        ("http://telegram.me/s/harbour/12?single#x", ("harbour", 12)),
        ("t.me/harbour", ("harbour", None)),
        ("https://harbour.t.me/12", ("harbour", 12)),
        ("https://t.me/c/1234567890/55", ("1234567890", 55)),
        ("https://t.me/harbour/7/123", ("harbour", 123)),
        ("https://t.me/+AbCdEf", None),
        ("https://example.org/t.me/harbour/12", None),
        ("harbour/12", None),
    ],
)
def test_links_of_posts(link: str, expected: tuple[str, int | None] | None) -> None:
    assert parse_post_link(link) == expected


def test_keys_of_json_that_are_not_read_are_named_as_columns_are(tmp_path: Path) -> None:
    date = "2024-03-01T10:00:00Z"
    mapped = {"id": 1, "date": date, "caption": "", "body": "A first post.", "likes_of_staff": 3}
    posts = [
        {"id": 1, "date": date, "text": "A first post.", "mood": "calm", "chat": {"title": "A", "size": 9}},
        {"id": 2, "date": date, "message": "A second post.", "mood": "calm", "coder": {"name": "X"}},
        {"id": 3, "date": date, "message": "", "text": "A third post."},
        {"id": 4, "of_no_post": 1},
    ]
    files = {
        "lines.jsonl": "".join(json.dumps(post) + "\n" for post in posts),
        "list.json": json.dumps(posts),
        "all_read.jsonl": json.dumps({"id": 1, "date": date, "text": "A post of its own."}) + "\n",
    }
    folder = tmp_path / "exports"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    report = ingest([folder], tmp_path / "posts.parquet", ReadOptions())
    unread = {file.name.rpartition("/")[2]: set(file.unread) for file in report.per_file if file.unread}
    assert unread == {"lines.jsonl": {"mood", "coder"}, "list.json": {"mood", "coder"}}

    (tmp_path / "mapped.jsonl").write_text(json.dumps(mapped) + "\n", encoding="utf-8")
    command = ["ingest", str(tmp_path / "mapped.jsonl"), "-o", str(tmp_path / "mapped.parquet")]
    for options, named in (([], "likes_of_staff"), (["--column", "views=likes_of_staff"], "")):
        done = CliRunner().invoke(app, [*command, *options], env={"COLUMNS": "300"})
        assert done.exit_code == 0, done.output
        assert re.findall(r"not read +columns (\S+) of mapped.jsonl", done.stdout) == [named] * bool(named)
    own = pq.read_table(tmp_path / "posts.parquet").to_pylist()
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row, default=str) + "\n" for row in own))
    report = ingest([tmp_path / "own.jsonl"], tmp_path / "again.parquet", ReadOptions())
    assert [file.unread for file in report.per_file] == [()]


def test_a_key_for_each_post_makes_no_list_without_end(tmp_path: Path) -> None:
    lines = (json.dumps({"id": i, "text": f"Post number {i}.", f"key of {i}": 1}) for i in range(2500))
    (tmp_path / "x.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = ingest([tmp_path / "x.jsonl"], tmp_path / "posts.parquet", ReadOptions())
    [file] = report.per_file
    assert file.posts == 2500
    assert 0 < len(file.unread) <= 1000


def test_columns_and_numbers_of_other_languages_are_read_and_what_is_not_is_named(tmp_path: Path) -> None:
    tables = {
        "uk.csv": "Канал;Номер;Дата;Текст;Автор\nВісник;7;01.03.2024;Перший допис.;Х\n",
        "zh.csv": "频道,编号,日期,内容\n远山,2,2024年3月12日 10:00,第一条消息。\n",
        "ar.csv": "القناة,رقم,التاريخ,النص\nمنبر,١٢,١٢ مارس ٢٠٢٤,الرسالة الأولى.\n",
        "lost.csv": "channel,id,text\nA,first,One.\n",
    }
    for name, content in tables.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    report = ingest([tmp_path], tmp_path / "posts.parquet", ReadOptions(utc_offset_hours=0))
    keys = pq.read_table(tmp_path / "posts.parquet")["post_key"].to_pylist()
    assert {"Вісник/7", "远山/2", "منبر/12"} < set(keys)
    assert {file.name.rpartition("/")[2]: file.unread for file in report.per_file if file.unread} == {
        "uk.csv": ("Автор",)
    }
    assert any(
        "1 of 4 posts stand in tables without a message number" in warning for warning in report.warnings
    )
