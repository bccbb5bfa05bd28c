"""Which chat a name means, and which text of a post is the current one, from several exports."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from format_examples import PAGE

from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.posts.ingest import IngestReport, ingest
from pipeline.data.posts.posts_table import POSTS_SCHEMA, iter_posts, read_posts
from pipeline.data.posts.whole_exports import Chat, name_chats

DAY = 86400
AT = 1682337600


def chat(folder: Path, number: int, *messages: tuple[int, int, str] | tuple[int, int, str, int]) -> Path:
    """A single-chat export; a message is its number, its day, its text and perhaps the day of its edit."""
    entries = []
    for number_of, day, text, *edit in messages:
        entry = {"id": number_of, "type": "message", "date_unixtime": str(AT + day * DAY), "text": text}
        entries.append(entry | {"edited_unixtime": str(AT + edit[0] * DAY)} if edit else entry)
    folder.mkdir(parents=True)
    content = {"name": "News", "type": "public_channel", "id": number, "messages": entries}
    (folder / "result.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def page(folder: Path, day: int, text: str) -> Path:
    folder.mkdir(parents=True)
    content = PAGE.replace("24.04.2023", f"{day:02}.04.2023").replace("First", text)
    (folder / "messages.html").write_text(content, encoding="utf-8")
    return folder


def run(output: Path, *inputs: Path, **options: Any) -> IngestReport:
    return ingest(inputs, output, ReadOptions(utc_offset_hours=0, **options))


def texts_of(output: Path) -> dict[str, str]:
    frame = read_posts(output)
    return dict(zip(frame["post_key"], frame["text"], strict=True))


@pytest.mark.parametrize("at_once", [True, False])
def test_chats_of_one_name_are_told_apart_by_number(tmp_path: Path, at_once: bool) -> None:
    first, second = chat(tmp_path / "a", 5, (1, 0, "one")), chat(tmp_path / "b", 6, (1, 0, "other"))
    output = tmp_path / "posts.parquet"
    for inputs in [(first, second)] if at_once else [(first,), (second,)]:
        report = run(output, *inputs)
        assert report.edited == 0
    expected = {"News (5)/1" if at_once else "News/1": "one", "News (6)/1": "other"}
    assert texts_of(output) == expected
    again = run(output, second, first)
    assert (again.new, again.unchanged) == (0, 2)
    assert texts_of(output) == expected


def test_names_stay_with_the_chats_that_have_them() -> None:
    a, b = Chat("News", "5"), Chat("News (6)", "6")
    assert name_chats([a], {}) == {a: "News"}
    assert name_chats([a, b], {}) == {a: "News (5)", b: "News (6)"}
    assert name_chats([a], {"News (5)": {"5"}, "News (6)": {"6"}}) == {a: "News (5)"}
    assert name_chats([a, b], {"News": {"6"}}) == {a: "News (5)", b: "News"}
    assert name_chats([a], {"News": set()}) == {a: "News"}


def test_chats_of_an_account_in_html_are_told_apart_by_folder(tmp_path: Path) -> None:
    account = tmp_path / "export"
    page(account / "chats" / "chat_01", 24, "one")
    page(account / "chats" / "chat_02", 24, "other")
    (account / "lists").mkdir()
    for name in ("export_results.html", "lists/chats.html"):
        (account / name).write_text("<!DOCTYPE html><html><body>Many words</body></html>", encoding="utf-8")
    report = run(tmp_path / "posts.parquet", account)
    assert (report.new, report.edited, report.rejected, report.files_passed_over) == (2, 0, 0, 2)
    assert set(read_posts(tmp_path / "posts.parquet")["channel"]) == {"H (chat_01)", "H (chat_02)"}


def test_pages_are_two_chats_where_one_number_has_two_times(tmp_path: Path) -> None:
    output = tmp_path / "posts.parquet"
    march, april = page(tmp_path / "Export_1", 24, "draft"), page(tmp_path / "Export_2", 24, "final")
    assert run(output, march, april).edited == 1  # one message, exported twice
    other = page(tmp_path / "Export_3", 20, "of another chat")
    assert run(output, other).edited == 0
    assert texts_of(output) == {"H/5": "final link", "H (Export_3)/5": "of another chat link"}


def test_the_text_of_the_later_export_is_current_though_a_reaction_set_an_edit(tmp_path: Path) -> None:
    old = chat(tmp_path / "old", 5, (1, 0, "old text", 9), (2, 1, "x"))
    new = chat(tmp_path / "new", 5, (1, 0, "new text", 3), (2, 1, "x"), (3, 12, "y"))
    for number, inputs in enumerate([(old, new), (new, old)]):
        output = tmp_path / f"{number}.parquet"
        for source in inputs:
            report = run(output, source)
        assert texts_of(output)["News/1"] == "new text"
        assert any(
            warning.startswith("1 posts have another text with a later time") for warning in report.warnings
        )
    assert str(read_posts(output).set_index("message_id").loc[3, "seen_at"])[:10] == "2023-05-06"


def test_exports_as_late_as_each_other_leave_the_one_read_last(tmp_path: Path) -> None:
    old, new = chat(tmp_path / "old", 5, (1, 0, "old text", 9)), chat(tmp_path / "new", 5, (1, 0, "new text"))
    report = run(tmp_path / "p.parquet", old, new)
    assert texts_of(tmp_path / "p.parquet") == {"News/1": "new text"}
    assert "later time of edit" in report.warnings[0]


def test_one_channel_under_two_names_is_told(tmp_path: Path) -> None:
    dump = {
        "_": "Message",
        "id": 1,
        "peer_id": {"_": "PeerChannel", "channel_id": 5},
        "date": "2023-04-24T12:00:00+00:00",
        "message": "one",
    }
    (tmp_path / "dump.json").write_text(json.dumps([dump]), encoding="utf-8")
    report = run(tmp_path / "p.parquet", chat(tmp_path / "a", 5, (1, 0, "one")), tmp_path / "dump.json")
    assert any("stand under several names (5: News, channel 5)" in warning for warning in report.warnings)


def test_a_posts_table_without_the_later_columns_is_read_and_added_to(tmp_path: Path) -> None:
    output = tmp_path / "posts.parquet"
    run(output, chat(tmp_path / "a", 5, (1, 0, "one")))
    table = pq.read_table(output)
    old = table.select(table.column_names[:13])
    pq.write_table(old.replace_schema_metadata({"narrative_frames": "posts"}), output)
    [batch] = iter_posts(output)
    assert batch.schema.equals(POSTS_SCHEMA)
    assert batch.column("media").null_count == 1
    report = run(output, chat(tmp_path / "b", 5, (1, 0, "one"), (2, 1, "two")))
    assert (report.unchanged, report.new) == (1, 1)
    assert pq.read_schema(output).equals(POSTS_SCHEMA)
    assert pa.types.is_string(pq.read_schema(output).field("reactions").type)


def test_what_telegram_desktop_writes_as_no_json_is_read(tmp_path: Path) -> None:
    content = (
        '{"name": "News", "type": "public_channel", "id": 5, "messages": [\n'
        '{"id": 1, "type": "message", "date_unixtime": "1682337600", "text": "a\\x08b \\\\x08"},\n'
        '{"id": 2, "type": "message", "date_unixtime": "1682337600", "text": [\n'
        '{\n"type": "custom_emoji",\n"text": "🙂",\n"document_id": stickers/Animated (1).tgs\n}, "two"]},\n'
        '{"id": 3, "type": "message", "date_unixtime": "1682337600", "text": "three" "four"}\n]}'
    )
    (tmp_path / "result.json").write_text(content, encoding="utf-8")
    report = run(tmp_path / "p.parquet", tmp_path / "result.json")
    assert (report.read, report.rejected) == (2, 1)
    assert list(read_posts(tmp_path / "p.parquet")["text"]) == ["a\x08b \\x08", "🙂two"]


def test_what_has_no_text_is_counted_by_kind(tmp_path: Path) -> None:
    base = {"type": "message", "date_unixtime": "1682337600", "text": ""}
    entries = [
        base | {"id": 1, "photo": "a.jpg"},
        base | {"id": 2, "media_type": "video_file", "file": "b"},
        base | {"id": 3, "media_type": "voice_message", "file": "b"},
        base | {"id": 4, "type": "service", "action": "pin_message"},
        base | {"id": 5},
        base | {"id": 6, "text": "words"},
    ]
    content = {"name": "News", "type": "public_channel", "id": 5, "messages": entries}
    (tmp_path / "result.json").write_text(json.dumps(content), encoding="utf-8")
    report = run(tmp_path / "p.parquet", tmp_path / "result.json")
    kinds = {"photo": 1, "video": 1, "voice": 1, "service message": 1, "empty message": 1}
    assert report.no_text_kinds == kinds
    assert report.per_file[0].no_text == kinds
    assert report.no_text == 5
