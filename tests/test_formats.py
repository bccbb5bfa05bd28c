"""Every format: told from its content, and read into the columns that the table of formats says."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from format_examples import EXAMPLES, write_example

from pipeline.data.exports.detect import FORMATS, detect_format, format_by_name
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.posts.ingest import ingest
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.upkeep.reference_pages import write_formats_page

UNDETECTED = {"text-article"}  # any text looks so


def test_every_format_has_an_example() -> None:
    assert list(EXAMPLES) == [export_format.name for export_format in FORMATS]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_format_is_told_from_its_content_and_fills_the_columns_it_names(tmp_path: Path, name: str) -> None:
    path = write_example(tmp_path, name)
    if name not in UNDETECTED:
        assert detect_format(path).name == name
    output = tmp_path / "out.parquet"
    options = ReadOptions(utc_offset_hours=0)
    report = ingest([path], output, options, format_name=name if name in UNDETECTED else None)
    assert report.rejected == 0
    assert report.per_format == {name: report.read}
    table = pq.read_table(output)
    filled = {column for column in table.column_names if table[column].null_count < len(table)}
    claimed = set(format_by_name(name).source.reads)
    ours = {"post_key", "lang", "source_file", "source_record", "content_hash", "seen_at"}
    assert filled - ours == claimed
    assert claimed <= set(POSTS_SCHEMA.names)
    assert ("seen_at" in filled) == format_by_name(name).source.is_snapshot
    first = table.to_pylist()[0]
    assert "First" in first["text"]
    assert str(first["published_at"]) in ("2023-04-24 12:00:00+00:00", "2023-04-24 00:00:00+00:00")
    expected = {
        "message_id": 5,
        "reply_to": 4,
        "forwards": 2,
        "media": "photo",
        "views": 10,
        "channel_id": "77",
    }
    known = {"plain-jsonl": {}, "vk-json": {"media": "web page"}, "telegram-preview-html": {"views": 1800}}
    for column, value in (expected | known.get(name, {})).items():
        if column in claimed and not (name == "telegram-desktop-json" and column == "reply_to"):
            assert first[column] == value, column
    if "reactions" in claimed:
        assert list(json.loads(first["reactions"]).values()) in ([3], [1200])


def test_the_table_of_formats_has_a_row_for_each_and_says_all_of_it() -> None:
    page = write_formats_page()
    for export_format in FORMATS:
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{export_format.name}` ")]
        assert export_format.source.what in row
        assert export_format.source.how in row
        assert all(f"`{column}`" in row for column in export_format.source.reads)


def test_a_folder_of_everything_is_read_and_reported_by_file(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    for name in EXAMPLES:
        if name not in UNDETECTED | {"pasted-text"}:
            write_example(folder, name)
    (folder / "readme.txt").write_text("Some words about this folder, for people.", encoding="utf-8")
    report = ingest([folder], tmp_path / "posts.parquet", ReadOptions(utc_offset_hours=0))
    files = {Path(file.name).name: file for file in report.per_file}
    assert len(files) == len(EXAMPLES) - 1
    assert files["result.json"].format == "telegram-desktop-json"
    assert (files["result.json"].posts, files["result.json"].no_text) == (2, {"service message": 1})
    assert (files["readme.txt"].format, files["readme.txt"].rejected) == ("", 1)
    assert "--format text-article" in files["readme.txt"].reason
    assert sum(file.posts for file in report.per_file) == report.read
