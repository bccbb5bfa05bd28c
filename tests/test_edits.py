"""`frames edits`: which edits changed the frames of a post, when, and by which words."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.data.exports.raw_posts import ReadOptions
from pipeline.data.posts.ingest import ingest
from pipeline.monitoring.edits import find_edits, mark_difference, say_span, shorten_same
from pipeline.reporting.html_report import write_report
from pipeline.scoring.prediction import predict

ORDER, THREAT = "order", "threat: from outside"
BEFORE = "The weather is fine. They threaten our borders today."
AFTER = "The weather is fine. <script>alert(1)</script> the world order is changing today."
PUBLISHED, EDITED = "2024-03-01T10:00:00Z", "2024-03-01T13:30:00Z"


def read(folder: Path, *posts: dict[str, Any]) -> Path:
    rows = [{"channel": "news", "published_at": PUBLISHED, **post} for post in posts]
    export = folder / "export.jsonl"
    export.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ingest([export], folder / "posts.parquet", ReadOptions())
    return folder / "posts.parquet"


@pytest.fixture
def edited(tmp_path: Path, tiny_bundle: ModelBundle) -> Path:
    """A folder in which post 1 was scored before and after an edit, post 2 after it alone, and 3 was only mended."""
    posts = read(
        tmp_path,
        {"message_id": 1, "text": BEFORE},
        {"message_id": 3, "text": "They threaten our borders todai."},
        {"message_id": 4, "text": "We are calm."},
    )
    predict([posts], tiny_bundle, tmp_path / "scores")
    read(tmp_path, {"message_id": 2, "text": BEFORE})
    read(
        tmp_path,
        {"message_id": 1, "text": AFTER, "edited_at": EDITED},
        {"message_id": 2, "text": AFTER, "edited_at": EDITED},
        {"message_id": 3, "text": "They threaten our borders today.", "edited_at": EDITED},
    )
    predict([posts], tiny_bundle, tmp_path / "scores")
    return tmp_path


def test_an_edit_that_changed_frames_is_shown_with_both_texts_and_its_time(edited: Path) -> None:
    report = find_edits(edited / "posts.parquet", edited / "scores")
    (edit,) = report.changing
    assert (edit.post_key, edit.before, edit.after) == ("news/1", BEFORE, AFTER)
    assert (list(edit.gained), list(edit.lost)) == ([ORDER], [THREAT])
    assert edit.delay == timedelta(hours=3, minutes=30)
    assert edit.describe_time() == "3 h 30 min after publication"
    before, after = edit.lost[THREAT]
    assert before > 0.4 > after
    assert (report.posts_edited, len(report.edits), report.not_judged) == (3, 2, 1)


def test_texts_that_were_never_scored_are_compared_by_the_model(
    edited: Path, tiny_bundle: ModelBundle
) -> None:
    report = find_edits(edited / "posts.parquet", edited / "scores", tiny_bundle)
    assert [edit.post_key for edit in report.changing] == ["news/2", "news/1"]
    assert report.not_judged == 0
    scored, told = report.changing
    assert told.lost[THREAT] == pytest.approx(scored.lost[THREAT], abs=1e-6)


def test_two_posts_under_one_number_are_no_edit(tmp_path: Path, tiny_bundle: ModelBundle) -> None:
    read(tmp_path, {"message_id": 1, "text": BEFORE})
    posts = read(tmp_path, {"message_id": 1, "text": AFTER, "published_at": "2024-04-01T10:00:00Z"})
    predict([posts], tiny_bundle, tmp_path / "scores")
    report = find_edits(posts, tmp_path / "scores", tiny_bundle)
    assert (report.edits, report.other_posts) == ((), 1)


def test_without_edits_there_is_nothing(tmp_path: Path, tiny_bundle: ModelBundle) -> None:
    posts = read(tmp_path, {"message_id": 1, "text": BEFORE})
    predict([posts], tiny_bundle, tmp_path / "scores")
    assert find_edits(posts, tmp_path / "scores").posts_edited == 0


def test_the_command_prints_marks_and_writes_a_table(edited: Path, tiny_bundle: ModelBundle) -> None:
    options = ["--posts", str(edited / "posts.parquet"), "--model", str(tiny_bundle.folder)]
    done = CliRunner().invoke(app, ["edits", str(edited / "scores"), *options, "-o", str(edited / "e.jsonl")])
    assert done.exit_code == 0, done.output
    marked = "[-They threaten our borders-]{+<script>alert(1)</script> the world order is changing+} today."
    assert marked in done.output
    assert "2 of them changed a frame" in done.output.replace("\n", " ")
    rows = [json.loads(line) for line in (edited / "e.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["hours_after_publication"] for row in rows] == [3.5, 3.5]
    assert rows[0]["after"] == AFTER


def test_the_report_shows_them_with_what_changed_marked_and_escaped(
    edited: Path, tiny_bundle: ModelBundle
) -> None:
    page = edited / "report.html"
    write_report(edited / "scores", page, bundle=tiny_bundle, posts=edited / "posts.parquet")
    section = page.read_text(encoding="utf-8").split('<h2 id="edits">')[1].split("</section>")[0]
    assert "<del>" in section
    assert "<ins>" in section
    assert "alert" in section
    assert "<script" not in section


@given(st.text(alphabet="ab c.\n", max_size=40), st.text(alphabet="ab c.\n", max_size=40))
def test_marks_hold_both_texts_whole(before: str, after: str) -> None:
    marks = mark_difference(before, after)
    assert "".join(text for mark, text in marks if mark != "+") == before
    assert "".join(text for mark, text in marks if mark != "-") == after
    assert all(text for _, text in marks)


def test_what_stayed_the_same_is_shortened_around_a_change() -> None:
    marks = mark_difference("a " * 50 + "old" + " b" * 50, "a " * 50 + "new" + " b" * 50)
    same, removed, added, end = shorten_same(marks, 4)
    assert (same, removed, added, end) == (("=", " … a a "), ("-", "old"), ("+", "new"), ("=", " b b … "))


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=3), "3 h 0 min"),
        (timedelta(days=2, hours=4, minutes=9), "2 d 4 h"),
        (timedelta(), "0 min"),
        (timedelta(minutes=-90), "-1 h 30 min"),
    ],
)
def test_a_span_is_said_in_two_units(span: timedelta, said: str) -> None:
    assert say_span(span) == said
