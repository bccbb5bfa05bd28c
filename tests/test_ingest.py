"""The posts table: nothing twice, nothing lost, nothing half-written; formats told from content."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.exports.detect import FORMATS, detect_format, format_by_name
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.posts.ingest import IngestReport, ingest
from pipeline.data.posts.posts_merge import merge_posts
from pipeline.data.posts.posts_table import POSTS_SCHEMA, iter_posts, read_posts
from pipeline.data.text.language import identify_language
from pipeline.errors import DataError
from pipeline.files.folder_lock import lock_folder

DESKTOP = {
    "name": "Harbour",
    "type": "public_channel",
    "id": 5,
    "messages": [
        {
            "id": 1,
            "type": "message",
            "date": "2023-04-24T12:00:00",
            "date_unixtime": "1682337600",
            "text": "First",
        },
        {
            "id": 2,
            "type": "service",
            "date": "2023-04-24T12:00:00",
            "date_unixtime": "1682337600",
            "text": "",
        },
    ],
}
EXAMPLES = {
    "telegram-desktop-json": json.dumps(DESKTOP),
    "telegram-desktop-html": (
        '<!DOCTYPE html><html><body><div class="page_wrap"><div class="page_header"><div class="text bold">H</div>'
        '</div><div class="page_body chat_page"><div class="history"><div class="message default" id="message1">'
        '<div class="body"><div class="date" title="24.04.2023 12:00:00 UTC+00:00">12:00</div>'
        '<div class="text">First</div></div></div></div></div></div></body></html>'
    ),
    "telethon-json": json.dumps(
        [
            {
                "_": "Message",
                "id": 1,
                "peer_id": {"_": "PeerChannel", "channel_id": 5},
                "message": "First",
                "date": "2023-04-24T12:00:00+00:00",
            }
        ]
    ),
    "tracker-csv": "channel_name,msg_id,message,number_forwards\nh,1,First,0\n",
    "rss": '<?xml version="1.0"?><rss version="2.0"><channel><item><title>First</title></item></channel></rss>',
    "plain-jsonl": '{"channel": "h", "id": 1, "text": "First"}\n',
    "plain-json": '[{"channel": "h", "id": 1, "text": "First"}]',
    "plain-csv": "channel;id;text\nh;1;First\n",
    "pasted-text": "Forwarded from H\nFirst\n",
}


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def post(number: int, text: str, **more: Any) -> dict[str, Any]:
    return {"channel": "c", "id": number, "text": text} | more


def run(output: Path, *inputs: Path, **options: Any) -> IngestReport:
    return ingest(inputs, output, ReadOptions(**options))


def texts_of(path: Path) -> dict[str, str]:
    frame = read_posts(path)
    return dict(zip(frame["post_key"], frame["text"], strict=True))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "posts.parquet"


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("file_name", ["result.json", "messages.html", "x.csv", "noname"])
def test_formats_are_told_from_content_under_any_name(tmp_path: Path, name: str, file_name: str) -> None:
    path = tmp_path / file_name
    path.write_text(EXAMPLES[name], encoding="utf-8")
    assert detect_format(path).name == name
    first = next(iter(detect_format(path).read(path, ReadOptions(utc_offset_hours=0))))
    assert getattr(first, "text", first) == "First"


def test_every_format_has_an_example_and_a_name() -> None:
    assert {*EXAMPLES} <= {export_format.name for export_format in FORMATS}
    assert format_by_name("rss").name == "rss"
    with pytest.raises(DataError, match="unknown format 'xml'; expected one of telegram-desktop-json"):
        format_by_name("xml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \n", "the file is empty"),
        (b"\x1f\x8b\x08rest", "gunzip"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\x89PNG\r\n\x1a\n\0\0", "no known format .*--format"),
        (b'{\n "some": "other JSON"\n}', "no known format"),
        (b"<html><body>a page</body></html>", "no known format"),
        (
            "Слово и дело".encode("cp1251"),
            "expected UTF-8, got other bytes at position 0; --encoding cp1251 reads .Слово и дело",
        ),
    ],
)
def test_what_is_no_export_is_refused_with_a_reason(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        detect_format(path)


def test_a_key_that_is_no_text_of_json_is_an_error_for_the_user(tmp_path: Path) -> None:
    path = tmp_path / "posts.json"
    path.write_text('{"na\0me": "Harbour", "messages": [{"id": 1, "text": "First"}]}', encoding="utf-8")
    with pytest.raises(DataError):
        list(format_by_name("plain-json").read(path, ReadOptions()))


@given(
    st.sampled_from([*EXAMPLES.values()]),
    st.sampled_from([None, *(export_format.name for export_format in FORMATS)]),
    st.tuples(st.floats(0, 1), st.booleans()),
    st.sampled_from(['"', "\0", "\n", "<", "{", "]", "\\ud800", "&#0;", "9" * 5000, "null", ""]),
)
@settings(deadline=None, max_examples=150)
def test_damaged_exports_give_records_or_an_error_for_the_user(
    tmp_path_factory: pytest.TempPathFactory,
    content: str,
    name: str | None,
    cut: tuple[float, bool],
    junk: str,
) -> None:
    place, is_cut = cut
    path = tmp_path_factory.getbasetemp() / "damaged"
    at = int(place * len(content))
    path.write_text(content[:at] + junk + ("" if is_cut else content[at:]), encoding="utf-8")
    with contextlib.suppress(DataError):
        for record in format_by_name(name).read(path, ReadOptions()):
            assert record.record


def test_folders_and_missing_files_are_refused(tmp_path: Path, output: Path) -> None:
    with pytest.raises(DataError, match="got a folder"):
        detect_format(tmp_path)
    with pytest.raises(DataError, match="no such file"):
        detect_format(tmp_path / "missing")
    with pytest.raises(DataError, match="no such file or folder"):
        run(output, tmp_path / "missing")
    assert not output.parent.exists()


def test_rows_have_the_schema_in_a_fixed_order(tmp_path: Path, output: Path) -> None:
    rows = [
        post(10, "ten"),
        post(9, "nine"),
        {"channel": "b", "text": "x"},
        {"channel": "a", "id": 3, "text": "y"},
    ]
    run(output, write(tmp_path / "x.jsonl", rows))
    assert pq.read_schema(output).equals(POSTS_SCHEMA)
    frame = read_posts(output)
    assert list(frame["post_key"]) == [
        "a/3",
        "b#2d711642b726b044",
        "c/9",
        "c/10",
    ]  # sha256 of "x" begins 2d71
    assert list(frame["source_file"].unique()) == ["x.jsonl"]
    assert list(frame["source_record"]) == ["line 4", "line 3", "line 2", "line 1"]
    (batch,) = iter_posts(output, ["text", "message_id"])
    assert batch.to_pylist()[0] == {"text": "y", "message_id": 3}
    assert [batch.num_rows for batch in iter_posts(output, ["text"], batch_rows=3)] == [3, 1]


def test_the_same_again_changes_nothing(tmp_path: Path, output: Path) -> None:
    source = write(
        tmp_path / "x.jsonl", [post(1, "one"), post(2, "two"), post(2, "two"), post(1, "one again")]
    )
    first = run(output, source)
    assert (first.read, first.new, first.edited, first.duplicates_in_input, first.posts) == (4, 2, 1, 1, 2)
    table, history = output.read_bytes(), (output.parent / "posts.history.parquet").read_bytes()
    again = run(output, source)
    assert (again.new, again.unchanged, again.edited, again.duplicates_in_input) == (0, 3, 0, 1)
    assert output.read_bytes() == table
    assert (output.parent / "posts.history.parquet").read_bytes() == history


def test_an_edit_supersedes_and_the_older_text_is_kept(tmp_path: Path, output: Path) -> None:
    old = write(tmp_path / "old.jsonl", [post(1, "draft", views=50, forwards=7), post(2, "same")])
    new = write(
        tmp_path / "new.jsonl",
        [post(1, "final", views=40, edited_at="2023-05-01T00:00:00Z"), post(3, "more")],
    )
    run(output, old)
    report = run(output, new)
    assert (report.new, report.edited, report.unchanged) == (1, 1, 0)
    for _ in range(2):
        frame = read_posts(output).set_index("post_key")
        assert list(frame["text"]) == ["final", "same", "more"]
        assert (frame.loc["c/1", "views"], frame.loc["c/1", "forwards"]) == (50, 7)
        assert texts_of(output.parent / "posts.history.parquet") == {"c/1": "draft"}
        run(output, old)  # an older, overlapping export does not bring the draft back


def test_an_older_export_that_is_read_later_goes_to_the_history(tmp_path: Path, output: Path) -> None:
    run(output, write(tmp_path / "new.jsonl", [post(1, "final", edited_at="2023-05-01T00:00:00Z")]))
    report = run(
        output, write(tmp_path / "old.jsonl", [post(1, "draft"), post(1, "middle", edited_at=1682337600)])
    )
    assert (report.edited, report.posts) == (2, 1)
    assert texts_of(output) == {"c/1": "final"}
    assert sorted(read_posts(output.parent / "posts.history.parquet")["text"]) == ["draft", "middle"]


def test_without_times_of_edits_the_later_read_is_current(tmp_path: Path, output: Path) -> None:
    a = write(tmp_path / "a.jsonl", [post(1, "first text")])
    b = write(tmp_path / "b.jsonl", [post(1, "second text", date="2023-04-24T12:00:00Z")])
    run(output, a, b)
    run(output, a)
    assert texts_of(output) == {"c/1": "second text"}
    run(output, write(tmp_path / "c.jsonl", [post(1, "first text", edited_at="2023-05-01T00:00:00Z")]))
    assert texts_of(output) == {"c/1": "first text"}
    assert texts_of(output.parent / "posts.history.parquet") == {"c/1": "second text"}
    assert read_posts(output)["published_at"].notna().all()


def test_a_crash_between_history_and_table_loses_nothing(tmp_path: Path, output: Path) -> None:
    run(output, write(tmp_path / "a.jsonl", [post(1, "draft")]))
    before = output.read_bytes()
    final = write(tmp_path / "b.jsonl", [post(1, "final")])
    run(output, final)
    output.write_bytes(before)  # as if only the history had taken its final name
    run(output, write(tmp_path / "c.jsonl", [post(2, "other")]))
    assert texts_of(output) == {"c/1": "draft", "c/2": "other"}
    run(output, final)
    assert texts_of(output) == {"c/1": "final", "c/2": "other"}
    assert texts_of(output.parent / "posts.history.parquet") == {"c/1": "draft"}


def test_posts_without_number_are_told_apart_by_text_and_time(tmp_path: Path, output: Path) -> None:
    rows = [{"text": "Good morning", "date": f"2023-04-2{day}T06:00:00Z"} for day in (4, 5, 5)]
    report = run(output, write(tmp_path / "x.jsonl", rows))
    assert (report.new, report.duplicates_in_input) == (2, 1)


def test_a_posts_table_is_an_input_that_loses_nothing(tmp_path: Path, output: Path) -> None:
    row = post(1, "Some words in English", forwarded_from="other", views=3, forwards=1, edited_at=1682337601)
    run(output, write(tmp_path / "x.jsonl", [row, {"text": "no number", "date": 1682337600}]))
    copy = tmp_path / "copy.parquet"
    report = run(copy, output)
    assert report.per_format == {"plain-parquet": 2}
    pd.testing.assert_frame_equal(read_posts(copy), read_posts(output))


def test_rejects_are_listed_and_replaced(tmp_path: Path, output: Path) -> None:
    source = tmp_path / "x.jsonl"
    source.write_text(
        json.dumps(post(1, "fine")) + '\n{"text": "y", "views": "many"}\n' + "z" * 900 + "\n{}\n"
    )
    report = run(output, source)
    assert (report.read, report.rejected, report.no_text) == (1, 2, 1)
    assert report.rejects_path == output.parent / "posts.rejects.jsonl"
    entries = [json.loads(line) for line in report.rejects_path.read_text().splitlines()]
    assert [(entry["source_file"], entry["record"]) for entry in entries] == [
        ("x.jsonl", "line 2"),
        ("x.jsonl", "line 3"),
    ]
    assert "field 'views'" in entries[0]["reason"]
    assert report.first_reject.startswith("x.jsonl, line 2: field 'views'")
    assert len(entries[1]["excerpt"]) <= 200
    clean = run(output, write(tmp_path / "y.jsonl", [post(2, "fine")]))
    assert clean.rejects_path is None
    assert sorted(path.name for path in output.parent.iterdir()) == ["posts.parquet"]


def test_a_folder_is_walked_and_only_exports_are_read(tmp_path: Path, output: Path) -> None:
    exports = tmp_path / "exports"
    for place in ("chat/photos", "chat/files", "chat/css", ".hidden", "other"):
        (exports / place).mkdir(parents=True)
    for number in (10, 2):
        page = EXAMPLES["telegram-desktop-html"].replace("message1", f"message{number}")
        (exports / f"chat/messages{number}.html").write_text(page, encoding="utf-8")
    for place in (
        "chat/photos/a.jpg",
        "chat/css/style.css",
        "chat/files/list.csv",
        ".hidden/x.json",
        "other/v.mp4",
    ):
        (exports / place).write_text("id,text\n1,x\n", encoding="utf-8")
    write(exports / "other/posts.txt", [post(1, "one")])
    (exports / "other/readme.txt").write_text("Some words about this folder.", encoding="utf-8")
    (tmp_path / "outside.jsonl").write_text(json.dumps(post(9, "outside")), encoding="utf-8")
    (exports / "link.jsonl").symlink_to(tmp_path / "outside.jsonl")
    (exports / "loop").symlink_to(exports, target_is_directory=True)
    report = run(output, exports, exports / "other/posts.txt")
    assert (report.files, report.new, report.files_passed_over) == (3, 3, 6)
    assert list(read_posts(output)["source_file"]) == [
        "exports/chat/messages2.html",
        "exports/chat/messages10.html",
        "exports/other/posts.txt",
    ]
    assert report.rejected == 2
    assert report.rejects_path is not None
    reasons = {(e := json.loads(line))["source_file"]: e["reason"] for line in report.rejects_path.open()}
    assert "leaves the folder" in reasons["exports/link.jsonl"]
    assert "name the file itself" in reasons["exports/other/readme.txt"]


def test_the_table_may_lie_in_the_folder_that_is_read(tmp_path: Path) -> None:
    write(tmp_path / "x.jsonl", [post(1, "a"), post(1, "b")])
    output = tmp_path / "posts.parquet"
    run(output, tmp_path)
    report = run(output, tmp_path)
    assert (report.files, report.files_passed_over, report.unchanged) == (1, 2, 2)


def test_a_named_file_of_no_format_stops_before_anything_is_written(tmp_path: Path, output: Path) -> None:
    good = write(tmp_path / "x.jsonl", [post(1, "a")])
    bad = tmp_path / "bad.bin"
    bad.write_bytes(b"\0\1\2")
    with pytest.raises(DataError, match="no known format"):
        run(output, good, bad)
    assert not output.exists()
    assert not list(output.parent.iterdir())


def test_named_prose_is_read_with_a_warning(tmp_path: Path, output: Path) -> None:
    path = tmp_path / "paste"
    path.write_text("One post of words.\n\n\nAnother post of words.", encoding="utf-8")
    report = run(output, path)
    assert report.new == 2
    assert "taken as pasted text" in report.warnings[0]


def test_what_a_cut_file_holds_is_kept_and_reported(tmp_path: Path, output: Path) -> None:
    cut = tmp_path / "cut.json"
    cut.write_text('[{"channel": "c", "id": 1, "text": "kept"}, {"channel": "c", "id"', encoding="utf-8")
    report = run(output, cut, write(tmp_path / "x.jsonl", [post(2, "whole")]))
    assert texts_of(output) == {"c/1": "kept", "c/2": "whole"}
    assert [name for name, _ in report.failed_files] == ["cut.json"]
    with pytest.raises(DataError, match=r"1 of 2 files could not be read to the end(?s:.*)cut\.json"):
        report.raise_if_files_failed()
    json.dumps(report.to_json())


def test_nothing_read_from_failed_files_is_an_error(tmp_path: Path, output: Path) -> None:
    table = tmp_path / "x.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"nothing could be read:\n.*no column of texts"):
        run(output, table)
    assert not output.exists()


def test_nothing_but_rejects_is_an_error_that_names_the_first(tmp_path: Path, output: Path) -> None:
    table = tmp_path / "x.csv"
    table.write_text("text,date\nlocal,24.04.2023 09:30\nalso,24.04.2023 09:31\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"rejected: 2, all listed in .*\. The first: x\.csv, line 2: .*--utc-offset"
    ):
        run(output, table)
    assert not output.exists()
    assert len((output.parent / "posts.rejects.jsonl").read_text().splitlines()) == 2


def test_different_posts_under_one_number_are_noticed(tmp_path: Path, output: Path) -> None:
    days = [post(1, "a", date="2023-04-24T10:00:00Z"), post(1, "b", date="2023-04-27T10:00:00Z")]
    hours = [post(2, "c", date="2023-04-24T10:00:00Z"), post(2, "d", date="2023-04-24T13:00:00Z")]
    for number, row in enumerate(days + hours):
        report = run(output, write(tmp_path / f"{number}.jsonl", [row]))
        found = [warning for warning in report.warnings if "hardly edits" in warning]
        assert [warning[:2] for warning in found] == (["1 "] if number == 1 else [])
    assert str(output.parent / "posts.history.parquet") in run(output, tmp_path / "0.jsonl").warnings[0]


def test_texts_under_one_number_in_one_file_are_noticed_unless_edited(tmp_path: Path, output: Path) -> None:
    at = {"date": "2023-04-24T10:00:00Z"}
    edit = at | {"edited_at": "2023-04-24T11:00:00Z"}
    rows = [
        post(1, "a", **at),
        post(1, "b", **at),
        post(2, "a", **at),
        post(2, "b", **edit),
        post(3, "a", **at),
    ]
    [warning] = run(output, write(tmp_path / "x.jsonl", rows)).warnings
    assert warning.startswith("1 posts have several texts that are hardly edits")


def test_posts_without_time_are_counted(tmp_path: Path, output: Path) -> None:
    path = tmp_path / "paste"
    path.write_text(
        "Desk, [24.04.2023 12:30]\nOne post.\n\nDesk, [24.04.2023 12:31]\nAnother.\n", encoding="utf-8"
    )
    assert "2 of 2 posts have no time of publication; " in run(output, path).warnings[0]
    assert ingest([path], output, ReadOptions(utc_offset_hours=3)).warnings == ()


def test_outputs_that_are_something_else_are_not_overwritten(tmp_path: Path) -> None:
    source = write(tmp_path / "x.jsonl", [post(1, "a")])
    foreign = tmp_path / "foreign.parquet"
    pq.write_table(pa.table({"a": [1]}), foreign)
    with pytest.raises(DataError, match="exists and is no posts table"):
        run(foreign, source)
    with pytest.raises(DataError, match=r"ends in \.parquet"):
        run(tmp_path / "posts.csv", source)
    with pytest.raises(DataError, match="expected a posts table with the columns"):
        list(iter_posts(foreign))
    with pytest.raises(DataError, match="no such posts table"):
        read_posts(tmp_path / "missing.parquet")


def test_two_processes_do_not_write_one_table(tmp_path: Path) -> None:
    source = write(tmp_path / "x.jsonl", [post(1, "a")])
    working = tmp_path / ".posts.ingest"
    working.mkdir()
    (working / "left-by-a-crash").write_text("")
    with lock_folder(working), pytest.raises(DataError, match=r"process \d+ on .* is writing there"):
        run(tmp_path / "posts.parquet", source)
    assert run(tmp_path / "posts.parquet", source).new == 1
    assert not working.exists()


def test_progress_counts_all_records(tmp_path: Path, output: Path) -> None:
    seen: list[int] = []
    source = write(tmp_path / "x.jsonl", [post(n, f"text {n}") for n in range(2500)])
    ingest([source], output, ReadOptions(), on_progress=seen.append)
    assert seen == [1000, 2000, 2500]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abc"), st.sampled_from([None, 1, 2]))),
        max_size=3,
    )
)
@settings(deadline=None, max_examples=12)
def test_no_version_is_ever_lost(tmp_path_factory: pytest.TempPathFactory, exports: list[list[Any]]) -> None:
    folder = tmp_path_factory.mktemp("ingest")
    output = folder / "out" / "posts.parquet"
    versions: set[tuple[int, str]] = set()
    for export in exports:
        rows = [post(n, text, edited_at=edit and f"2023-05-0{edit}T00:00:00Z") for n, text, edit in export]
        report = run(output, write(folder / "x.jsonl", [*rows, post(9, "always")]))
        versions |= {(n, text) for n, text, _ in export} | {(9, "always")}
        assert report.read == report.new + report.unchanged + report.edited + report.duplicates_in_input
        current = read_posts(output)
        assert current["post_key"].is_unique
        history = output.with_name("posts.history.parquet")
        older = read_posts(history) if history.exists() else current[:0]
        stored = [*zip(current["message_id"], current["text"], strict=True)]
        stored += zip(older["message_id"], older["text"], strict=True)
        assert len(stored) == len(versions)
        assert set(stored) == versions


def test_tables_larger_than_a_bucket_merge_to_the_same(tmp_path: Path, output: Path) -> None:
    rows = [
        post(n, f"text {n}", channel="ab"[n % 2], date=1682337600 + n if n % 3 else None) for n in range(30)
    ]
    rows += [
        {"channel": "b", "text": f"unnumbered {n}", "date": 1682337600 - n if n % 2 else None}
        for n in range(10)
    ]
    edits = [
        post(n, "edited", channel="ab"[n % 2], edited_at="2023-05-01T00:00:00Z") for n in range(0, 30, 4)
    ]
    run(output, write(tmp_path / "a.jsonl", [*rows, *edits]))
    run(tmp_path / "new.parquet", write(tmp_path / "b.jsonl", [*rows[::-1], post(99, "more")]))
    parts = (output.with_name("posts.history.parquet"), output, tmp_path / "new.parquet")
    merged = []
    for bucket_rows in (1000, 7):
        folder = tmp_path / str(bucket_rows)
        folder.mkdir()
        counts, table, history = merge_posts(parts, folder, POSTS_SCHEMA, bucket_rows=bucket_rows)
        merged.append((counts, read_posts(table).to_dict("records"), read_posts(history).to_dict("records")))
        assert sorted(path.name for path in folder.iterdir()) == ["history.parquet", "table.parquet"]
    assert str(merged[0]) == str(merged[1])
    assert (merged[0][0].current, merged[0][0].superseded, merged[0][0].new) == (41, 8, 1)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Сегодня министр провёл переговоры с коллегами", "ru"),
        ("Сьогодні міністр провів переговори з колегами", "uk"),
        ("Today the minister held talks with his colleagues 🇺🇳", "en"),
        ("Сёння прэзідэнт правёў сустрэчу ў Мінску", "be"),
        ("https://example.org/a-long-english-path #hashtags 🔥 Ура", "und"),
        ("12.04.2023 🔥🔥", "und"),
        ("", "und"),
    ],
)
def test_languages_are_told_apart(text: str, language: str) -> None:
    assert identify_language(text) == language
