"""Files of the tools of this field, each with what is easily lost: channel, number, time, origin, edit, views."""

import csv
import io
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipeline.data.exports.detect import detect_format
from pipeline.data.exports.json_entries import read_entries
from pipeline.data.exports.raw_posts import RawPost, ReadOptions
from pipeline.data.posts.ingest import ingest
from pipeline.data.posts.posts_table import read_posts
from pipeline.errors import DataError

NOON = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)


def read(path: Path, content: Any, **options: Any) -> list[Any]:
    if not isinstance(content, str | bytes):
        content = json.dumps(content, ensure_ascii=False)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    export_format = detect_format(path, encoding=options.get("encoding"))
    return list(export_format.read(path, ReadOptions(**options)))


def ingest_posts(path: Path, **options: Any) -> list[dict[str, Any]]:
    ingest([path], path.with_suffix(".out.parquet"), ReadOptions(**options))
    return read_posts(path.with_suffix(".out.parquet")).to_dict("records")


def table(*rows: dict[str, Any], delimiter: str = ",") -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def test_texts_in_a_list_are_posts_and_empty_ones_are_counted(tmp_path: Path) -> None:
    records = read(tmp_path / "x.json", ["One\n\nmore", "Two", ""])
    assert [getattr(record, "text", record.record) for record in records] == ["One\n\nmore", "Two", "item 3"]
    assert records[0].message_id is None
    lines = read(tmp_path / "x.jsonl", '"One"\n"Two"\n')
    assert [record.text for record in lines] == ["One", "Two"]


@pytest.mark.parametrize(
    "content",
    [
        '{\n "some": "words of JSON"\n}',
        "[1, 2, 3]",
        '[["a", "b"], ["c", "d"]]',
        "window.YTD.like.part0 = [\n {}\n]",
        "var posts = [\n{}\n];",
        "const posts = {\n};",
        "callback([\n 1\n])",
        "<html><body>Many words of a page</body></html>",
        "<?xml version='1.0'?><a>Many words here</a>",
        "['as Python prints it', 'a list of words']",
        "BEGIN:VCARD\nN:Many words\nEND:VCARD",
        "MIME-Version: 1.0\nContent-Type: multipart/related\n\nMany words",
    ],
)
def test_structured_files_are_never_pasted_text(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="no known format"):
        detect_format(path)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".json", ".jsonl", ".xml", ".html"])
def test_prose_in_a_file_of_data_is_no_pasted_text_unless_it_is_said(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"report{suffix}"
    path.write_text("Report of the month\n\nmany words, of which some are cells\nand more, words\n", "utf-8")
    with pytest.raises(
        DataError, match=f"expected what {suffix} files hold, got prose; .*--format pasted-text"
    ):
        detect_format(path)
    assert ingest([path], tmp_path / "p.parquet", ReadOptions(), "pasted-text").read == 1


def test_a_page_archive_says_how_to_save_the_page(tmp_path: Path) -> None:
    path = tmp_path / "page.mhtml"
    path.write_text("From: <Saved by Blink>\nMIME-Version: 1.0\n\n<html>Many words of a page</html>", "utf-8")
    with pytest.raises(DataError, match=r"a web page archive .*save the page anew"):
        detect_format(path)


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["texts", "data", "messages"])
def test_texts_in_a_list_within_an_object(tmp_path: Path, name: str, indent: int | None) -> None:
    content = json.dumps({"count": 3, name: ["One", "", "Two"]}, indent=indent)
    first, empty, second = read(tmp_path / "x.json", content)
    assert (first.text, second.text, empty.kind) == ("One", "Two", "no_text")


@pytest.mark.parametrize("content", ["[]", "{}", "id,text\n"])
def test_a_file_without_a_record_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / ("x.csv" if "," in content else "x.json")
    path.write_text(content, "utf-8")
    report = ingest([path], tmp_path / "p.parquet", ReadOptions())
    assert (report.read, report.warnings) == (0, (f"files without a single record: {path.name}",))


def test_json_that_pandas_turned_on_its_side_says_how_to_write_it(tmp_path: Path) -> None:
    [reject] = read(tmp_path / "x.json", {"text": {"0": "One", "1": "Two"}, "id": {"0": 1, "1": 2}})
    assert "to_json(FILE, orient='records')" in reject.reason


@pytest.mark.parametrize(
    "header",
    [
        "Канал,Дата публікації,Текст повідомлення,Перегляди",
        "Название канала,Дата и время,Текст сообщения,Просмотры",
        "Kanal,Datum,Nachricht,Aufrufe",
        "CANAL,Fecha,Texto,Vistas",
        "chaîne,Posted At,texte,vues",
        "kanał,publish-date,treść,wyświetlenia",
    ],
)
def test_headers_of_other_languages(tmp_path: Path, header: str) -> None:
    content = f"\ufeff{header}\r\nNews,2024-03-01T12:00:00Z,A text,1 200\r\n"
    [post] = read(tmp_path / "x.csv", content)
    assert (post.channel, post.published_at, post.text, post.views) == ("News", NOON, "A text", 1200)


def test_a_single_column_of_texts_in_another_language_is_a_table(tmp_path: Path) -> None:
    posts = read(tmp_path / "x.csv", "Текст\nпервый текст\nвторой текст\n")
    assert [post.text for post in posts] == ["первый текст", "второй текст"]


def test_the_line_that_names_excels_delimiter_is_no_row(tmp_path: Path) -> None:
    content = "\ufeffsep=;\r\nchannel;id;text\r\nh;1;a, b\r\nh;x;y;z\r\n"
    post, rejected = read(tmp_path / "x.csv", content)
    assert (post.channel, post.text, post.record) == ("h", "a, b", "line 3")
    assert rejected.record == "line 4"
    [caret] = read(tmp_path / "x.csv", "sep=^\nchannel^id^text\nh^1^a\n")
    assert caret.text == "a"


def test_telethon_through_pandas(tmp_path: Path) -> None:
    peer = {"_": "PeerChannel", "channel_id": 77}
    origin = "{'_': 'MessageFwdHeader', 'date': datetime.datetime(2024, 2, 1, tzinfo=datetime.timezone.utc), "
    row = {
        "_": "Message",
        "id": 5,
        "peer_id": str(peer),
        "date": "2024-03-01 12:00:00+00:00",
        "message": "First",
        "fwd_from": origin + "'from_id': {'_': 'PeerChannel', 'channel_id': 9}, 'from_name': None}",
        "reply_to": "{'_': 'MessageReplyHeader', 'reply_to_msg_id': 4}",
        "media": "{'_': 'MessageMediaPhoto'}",
        "views": "10.0",
    }
    first, second = read(
        tmp_path / "x.csv", table(row, row | {"id": 6, "fwd_from": "", "media": "", "reply_to": ""})
    )
    assert (first.channel, first.channel_id, first.forwarded_from) == ("channel 77", "77", "channel 9")
    assert (first.reply_to, first.media, first.views, first.published_at) == (4, "photo", 10, NOON)
    assert (second.forwarded_from, second.media, second.reply_to) == (None, None, None)


def test_pyrogram(tmp_path: Path) -> None:
    chat = {
        "_": "Chat",
        "id": -1001234567890,
        "type": "ChatType.CHANNEL",
        "title": "Harbour",
        "username": "h",
    }
    message = {"_": "Message", "id": 5, "chat": chat, "date": "2024-03-01 15:00:00"}
    photo = {
        "caption": "First",
        "media": "MessageMediaType.PHOTO",
        "forward_from_chat": chat | {"title": "Sea"},
    }
    poll = {"poll": {"question": "Why?", "options": [{"text": "So"}, {"text": "Or so"}]}}
    service = {"service": "MessageServiceType.PINNED_MESSAGE"}
    first, second, third = read(
        tmp_path / "x.json", [message | photo, message | poll, message | service], utc_offset_hours=3
    )
    assert (first.channel, first.channel_id, first.forwarded_from) == ("Harbour", "1234567890", "Sea")
    assert (first.text, first.media, first.published_at) == ("First", "photo", NOON)
    assert (second.text, second.media) == ("Why? / So / Or so", "poll")
    assert third.what == "service message"


@pytest.mark.parametrize(
    "url", ["https://t.me/s/harbour/5", "https://t.me/harbour/5", "t.me/harbour/5?single"]
)
def test_an_address_gives_channel_and_number(tmp_path: Path, url: str) -> None:
    item = {
        "_type": "snscrape.modules.telegram.TelegramPost",
        "url": url,
        "date": "2024-03-01T12:00:00+00:00",
    }
    lines = json.dumps(item | {"content": "First", "outlinks": ["https://example.org/a"]}) + "\n"
    [post] = read(tmp_path / "x.jsonl", lines)
    assert (post.channel, post.message_id, post.published_at) == ("harbour", 5, NOON)
    assert post.links == ("https://example.org/a",)
    [row] = read(tmp_path / "x.csv", table({"url": url, "date": "2024-03-01", "content": "First"}))
    assert (row.channel, row.message_id) == ("harbour", 5)


def test_the_address_counts_for_more_than_the_number_of_a_row(tmp_path: Path) -> None:
    row = {"id": 1, "channel": "harbour", "url": "https://t.me/harbour/105", "text": "First"}
    [post] = read(tmp_path / "x.csv", table(row))
    assert post.message_id == 105
    other = row | {"url": "https://t.me/other/7"}  # a page that the post names
    [post] = read(tmp_path / "x.csv", table(other))
    assert (post.channel, post.message_id) == ("harbour", 1)


def test_4cat(tmp_path: Path) -> None:
    row = {
        "id": "harbour-101",
        "chat": "harbour",
        "author": 5,
        "body": "First",
        "reply_to": "harbour-100",
        "views": 10,
        "timestamp": "2024-03-01 13:00:00",
        "unix_timestamp": 1709294400,
        "unix_timestamp_edited": 1709298000,
        "author_forwarded_from_name": "",
        "author_forwarded_from_username": "sea",
    }
    [post] = read(tmp_path / "x.csv", table(row))
    assert (post.channel, post.message_id, post.published_at) == ("harbour", 101, NOON)
    assert (post.edited_at, post.forwarded_from) == (NOON.replace(hour=13), "sea")
    dump = {
        "_chat": {"id": 77, "username": "harbour"},
        "id": 5,
        "peer_id": {"_type": "PeerChannel", "channel_id": 77},
        "date": 1709294400.0,
        "message": "First",
        "media": {"_type": "MessageMediaPhoto"},
    }
    [post] = read(tmp_path / "x.ndjson", json.dumps(dump) + "\n")
    assert (post.channel, post.message_id, post.published_at, post.media) == ("harbour", 5, NOON, "photo")


def test_crowdtangle_and_meta_content_library(tmp_path: Path) -> None:
    row = {
        "Page Name": "Harbour",
        "User Name": "harb",
        "Facebook Id": 100,
        "Page Created": "2012-01-01 00:00:00",
        "Post Created": "2024-03-01 07:00:00 EST",
        "Post Created Date": "2024-03-01",
        "Post Created Time": "07:00:00",
        "Likes": 3,
        "Love": 2,
        "Shares": 4,
        "URL": "https://www.facebook.com/100/posts/200",
        "Message": "First",
        "Link": "https://example.org",
    }
    [post] = read(tmp_path / "x.csv", table(row))
    assert (post.channel, post.channel_id, post.message_id, post.published_at) == (
        "Harbour",
        "100",
        200,
        NOON,
    )
    assert (post.forwards, json.loads(post.reactions)) == (4, {"like": 3, "love": 2})
    meta = {
        "id": "200",
        "text": "First",
        "creation_time": "2024-03-01T12:00:00+0000",
        "post_owner": {"id": "100", "name": "Harbour"},
        "statistics": {"views": 10, "share_count": 4, "like_count": 3},
    }
    for content in ([meta], {"data": [meta]}):
        [post] = read(tmp_path / "x.json", content)
        assert (post.channel, post.channel_id, post.message_id, post.published_at) == (
            "Harbour",
            "100",
            200,
            NOON,
        )
        assert (post.views, post.forwards) == (10, 4)


def test_telepathy(tmp_path: Path) -> None:
    row = {
        "To": "Harbour",
        "Message ID": 5,
        "Message_text": '"First"',
        "Original_language": "en",
        "Translated_text": "N/A",
        "Timestamp": "2024-03-01T12:00:00+00:00",
        "Views": "N/A",
    }
    post, empty = read(tmp_path / "x.csv", table(row, row | {"Message_text": "None"}, delimiter=";"))
    assert (post.channel, post.message_id, post.text) == ("Harbour", 5, "First")
    assert (post.published_at, post.views) == (NOON, None)
    assert empty.what == "empty message"


def test_tdl(tmp_path: Path) -> None:
    raw = {
        "Flags": 1 << 8 | 1 << 10 | 1 << 9,
        "ID": 5,
        "PeerID": {"ChannelID": 77},
        "FwdFrom": {"Flags": 0, "FromID": None, "FromName": "", "Date": 0},
        "Date": 1709294400,
        "Message": "First",
        "Media": {"Photo": {"ID": 1}},
        "Views": 10,
        "Forwards": 0,
        "EditDate": 0,
        "ReplyTo": None,
    }
    dump = {"id": 77, "messages": [{"id": 5, "type": "message", "file": "", "raw": raw}]}
    [post] = read(tmp_path / "x.json", dump)
    assert (post.channel, post.message_id, post.published_at) == ("channel 77", 5, NOON)
    assert (post.text, post.forwarded_from, post.edited_at, post.views, post.forwards) == (
        "First",
        None,
        None,
        10,
        0,
    )


def test_twitter_interfaces(tmp_path: Path) -> None:
    tweet = {
        "id": "5",
        "author_id": "77",
        "created_at": "2024-03-01T12:00:00.000Z",
        "text": "First",
        "public_metrics": {"retweet_count": 4, "like_count": 3, "impression_count": 10},
    }
    page = {"data": [tweet], "includes": {"users": [{"id": "77"}]}, "meta": {"result_count": 1}}
    for content in (page, json.dumps(page) + "\n" + json.dumps(page) + "\n"):
        post = read(tmp_path / "x.json", content)[0]
        assert (post.channel, post.message_id, post.published_at) == ("77", 5, NOON)
        assert (post.views, post.forwards, json.loads(post.reactions)) == (10, 4, {"like": 3})


def test_a_date_and_a_clock_in_two_columns_are_one_time(tmp_path: Path) -> None:
    [post] = read(tmp_path / "x.csv", "text,date,time\nFirst,01.03.2024,15:00\n", utc_offset_hours=3)
    assert post.published_at == NOON


DAYS = ["2024-03-01", "2024-03-01 00:00:00", "2024-03-01T00:00:00", date(2024, 3, 1), datetime(2024, 3, 1)]  # noqa: DTZ001 - as cells are
CLOCKS = ["15:00", "15:00:00", "3:00 PM", time(15, 0), 0.625]


@pytest.mark.parametrize("clock", CLOCKS, ids=str)
@pytest.mark.parametrize("day", DAYS, ids=repr)
def test_a_day_takes_the_clock_beside_it_whatever_the_cells_are(tmp_path: Path, day: Any, clock: Any) -> None:
    row = {"text": "A text", "date": day, "time": clock}
    if isinstance(day, str) and isinstance(clock, str):
        [post] = read(tmp_path / "x.csv", table(row), timezone="Europe/Kyiv")
        assert post.published_at == NOON + timedelta(hours=1)
    book = openpyxl.Workbook()
    for cells in (list(row), list(row.values())):
        book.worksheets[0].append(cells)
    book.save(tmp_path / "x.xlsx")
    [post] = ingest_posts(tmp_path / "x.xlsx", utc_offset_hours=2)
    assert post["published_at"] == NOON + timedelta(hours=1)


def test_a_time_that_has_its_own_clock_keeps_it(tmp_path: Path) -> None:
    content = table({"text": "A text", "date": "2024-03-01 12:00", "time": "15:00"})
    [post] = read(tmp_path / "x.csv", content, utc_offset_hours=0)
    assert post.published_at == NOON


def test_the_dates_of_a_table_tell_their_order(tmp_path: Path) -> None:
    rows = [{"text": f"Post {n}", "date": f"3/{n}/2024 12:00 PM"} for n in (1, 2, 13)]
    posts = read(tmp_path / "x.csv", table(*rows), utc_offset_hours=0)
    assert [(post.published_at.month, post.published_at.day) for post in posts] == [(3, 1), (3, 2), (3, 13)]
    assert [post.published_at.day for post in read(tmp_path / "x.json", rows, utc_offset_hours=0)] == [
        1,
        2,
        13,
    ]
    rejected = read(tmp_path / "x.csv", table(*rows[:2]), utc_offset_hours=0)[0]
    assert "--date-order" in rejected.reason


def test_columns_that_differ_only_in_case_are_not_guessed(tmp_path: Path) -> None:
    content = "Text,text,id\nwrong,right,1\n"
    with pytest.raises(
        DataError, match=r"'Text' and 'text' differ in their spelling only; say which .*--column text="
    ):
        read(tmp_path / "x.csv", content)
    [post] = read(tmp_path / "x.csv", content, columns={"text": "text"})
    assert post.text == "right"


def test_workbooks_give_days_and_moments(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Канал", "ID", "Дата", "Текст", "Просмотры"])
    sheet.append(["Harbour", 1, datetime(2024, 3, 1, 15, 0), "First", 1200])  # noqa: DTZ001 - workbooks know no zones
    sheet.append(["Harbour", 2, datetime(2024, 3, 1), 2024, None])  # noqa: DTZ001 - the same
    sheet["C3"].number_format = "DD.MM.YYYY"
    book.create_sheet("More").append(["text"])
    path = tmp_path / "x.xlsx"
    book.save(path)
    first, second, other = detect_format(path).read(path, ReadOptions(utc_offset_hours=3))
    assert first == RawPost("Harbour", 1, NOON, "First", views=1200, record="row 2")
    assert (second.text, second.published_at) == ("2024", datetime(2024, 3, 1, tzinfo=UTC))
    assert "only the first sheet" in other.reason


def test_a_workbook_of_another_ending_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for cells in (("id", "text"), (1, "A text")):
        book.worksheets[0].append(cells)
    book.save(tmp_path / "posts.xlsx")
    content = (tmp_path / "posts.xlsx").read_bytes()
    for name in ("posts", "posts.bin", "POSTS.XLSX"):
        [post] = read(tmp_path / name, content)
        assert (post.message_id, post.text) == (1, "A text")


@pytest.mark.parametrize("encoding", ["cp1251", "koi8_r", "cp866"])
def test_an_encoding_is_proposed_with_a_line_and_used_when_named(tmp_path: Path, encoding: str) -> None:
    text = "Первая запись о погоде и о море на завтра"
    content = f"channel;id;text\nСевер;1;{text}\n".encode(encoding)
    path = tmp_path / "x.csv"
    with pytest.raises(DataError, match=rf"--encoding {encoding} reads .*Первая запись о погоде"):
        read(path, content)
    [post] = read(path, content, encoding=encoding)
    assert (post.channel, post.text) == ("Север", text)
    [same] = read(path, f"channel;id;text\nСевер;1;{text}\n", encoding=encoding)
    assert same.text == text  # a file in UTF-8 stays UTF-8
    with pytest.raises(DataError, match="no such encoding; expected"):
        ingest([path], tmp_path / "p.parquet", ReadOptions(encoding="cp12510"))


def test_a_folder_of_articles_is_an_article_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "Gazette"
    folder.mkdir()
    for day in (1, 2):
        (folder / f"2024-03-0{day} news.txt").write_text(
            f"Title {day}\n\n\nSome words of it.\n", encoding="utf-8"
        )
    report = ingest([folder], tmp_path / "p.parquet", ReadOptions())
    posts = read_posts(tmp_path / "p.parquet")
    assert list(posts["text"]) == ["Title 1\n\n\nSome words of it.", "Title 2\n\n\nSome words of it."]
    assert set(posts["channel"]) == {"Gazette"}
    assert [moment.day for moment in posts["published_at"]] == [1, 2]
    assert "2 text files are taken as one article each" in report.warnings[0]


def test_a_twitter_archive_knows_its_user(tmp_path: Path) -> None:
    data = tmp_path / "archive" / "data"
    data.mkdir(parents=True)
    (data / "account.js").write_text('window.YTD.account.part0 = [ { "account": {"username": "harbour"} } ]')
    (data / "manifest.js").write_text("window.__THAR_CONFIG = {}")
    tweet = {"tweet": {"id_str": "5", "created_at": "Fri Mar 01 12:00:00 +0000 2024", "full_text": "First"}}
    (data / "tweets.js").write_text(f"window.YTD.tweets.part0 = {json.dumps([tweet])}")
    report = ingest([tmp_path / "archive"], tmp_path / "p.parquet", ReadOptions())
    assert (report.read, report.files, report.rejected) == (1, 1, 0)
    assert list(read_posts(tmp_path / "p.parquet")["post_key"]) == ["harbour/5"]


def test_what_twitter_escapes_is_text_again_and_notes_are_not_lost_in_silence(tmp_path: Path) -> None:
    tweet = {
        "tweet": {
            "id_str": "7",
            "created_at": "Fri Mar 01 12:00:00 +0000 2024",
            "full_text": "a &amp; b &lt;c&gt; &quot;",
        }
    }
    for name, before in (("tweets.js", "window.YTD.tweets.part0 = "), ("tweets.json", "")):
        [post] = read(tmp_path / name, before + json.dumps([tweet]))
        assert (post.message_id, post.published_at, post.text) == (7, NOON, "a & b <c> &quot;")
    note = {"noteTweet": {"noteTweetId": "8", "core": {"text": "A long text"}}}
    [reject] = read(tmp_path / "note-tweet.js", "window.YTD.note_tweet.part0 = " + json.dumps([note]))
    assert (reject.kind, "the whole text of a long tweet" in reject.reason) == ("reject", True)


def test_updates_of_tdlib_hold_messages(tmp_path: Path) -> None:
    content = {"@type": "messageText", "text": {"@type": "formattedText", "text": "A text"}}
    message = {
        "@type": "message",
        "id": 3 << 20,
        "chat_id": -1001234567890,
        "date": 1709294400,
        "content": content,
    }
    lines = [
        {"@type": "updateNewMessage", "message": message},
        {"@type": "updateMessageInteractionInfo", "chat_id": -1001234567890, "message_id": 3 << 20},
    ]
    post, other = read(tmp_path / "x.jsonl", "\n".join(map(json.dumps, lines)))
    assert (post.message_id, post.published_at, post.text) == (3, NOON, "A text")
    assert (other.kind, other.what) == ("no_text", "update without a message")


def test_messages_printed_one_below_the_other(tmp_path: Path) -> None:
    message = {"_": "Message", "id": 5, "chat": {"title": "News", "id": -1001234567890}, "text": "A text"}
    content = "\n".join(json.dumps(message | {"id": number}, indent=4) for number in (5, 6))
    posts = read(tmp_path / "x.json", content)
    assert [(post.channel, post.message_id) for post in posts] == [("News", 5), ("News", 6)]


def test_lists_inside_of_records_do_not_make_a_file_of_lines_one_object() -> None:
    inner = {"messages": [{"text": "not a record of this file"}]}
    rows = [
        {"@type": "message", "id": n, "content": {"page": inner}, "note": '"items": [{'} for n in range(3)
    ]
    assert [value for _, value in read_entries(io.StringIO("\n".join(map(json.dumps, rows))))] == rows
    pages = [{"data": [{"id": n}, {"id": n + 1}]} for n in (1, 3)]
    found = [value for _, value in read_entries(io.StringIO("\n".join(map(json.dumps, pages))))]
    assert found == [{"id": n} for n in (1, 2, 3, 4)]
    deep = {"response": {"count": 2, "items": [{"id": 1}, {"id": 2}]}, "title": "a"}
    assert [value for _, value in read_entries(io.StringIO(json.dumps(deep)))] == [{"id": 1}, {"id": 2}]
