"""Pasted posts: where they begin, what stands twice, what is left as it is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.exports.pasted_text import FORMAT, MAX_POST_CHARS, collapse_repetition, is_prose
from pipeline.data.exports.raw_posts import RawPost, ReadOptions, Skipped

TITLE = "⚡️ Harbour talks ended"
BODY = ["The delegations met for three hours.", "", "🔹 The second round will follow in May.", "Read in full"]


def read(path: Path, content: str, **options: object) -> list[RawPost | Skipped]:
    path.write_text(content, encoding="utf-8", newline="")
    return list(FORMAT.read(path, ReadOptions(**options)))  # type: ignore[arg-type]


def forwarded(name: str, *lines: str) -> str:
    return "\n".join((f"Forwarded from {name}", *lines)) + "\n"


def test_bodies_that_stand_twice_are_read_once_with_their_title(tmp_path: Path) -> None:
    content = forwarded("Harbour News 🚢", TITLE, *BODY, *BODY) + forwarded("Second", "Short", *BODY[:1] * 2)
    first, second = read(tmp_path / "paste.txt", content)
    assert isinstance(first, RawPost)
    assert first.text == "\n".join((TITLE, *BODY))
    assert (first.channel, first.forwarded_from) == ("Harbour News 🚢", "Harbour News 🚢")
    assert (first.message_id, first.published_at, first.record) == (None, None, "line 1")
    assert isinstance(second, RawPost)
    assert second.text == f"Short\n{BODY[0]}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a title", "body one", "body two", "body one", "body two"], 3),
        (["whole post", "in two lines", "whole post", "in two lines"], 2),
        (["title", "", "body", "", "body  "], 3),
        (["t1", "t2", "a whole sentence of the body", "a whole sentence of the body"], 3),
        (["one", "two", "three lines of a verse", "tra la", "tra la"], 5),  # a refrain is no copy
        (["one", "two", "three"], 3),
        ([], 0),
    ],
)
def test_only_copies_are_collapsed(lines: list[str], expected: int) -> None:
    assert collapse_repetition(lines) == lines[:expected]


@given(
    st.lists(
        st.text("abc ", min_size=1, max_size=6).filter(str.strip),
        min_size=1,
        max_size=12,
        unique_by=str.strip,
    ),
    st.integers(0, 1),
)
@settings(deadline=None, max_examples=60)
def test_any_body_without_repetition_is_restored(body: list[str], title_lines: int) -> None:
    title = ["A title in other letters"][:title_lines]
    assert collapse_repetition([*title, *body, *body]) == [*title, *body]


@pytest.mark.parametrize(
    "line",
    [
        "Forwarded from X",
        "forwarded from: X",
        "[Forwarded from X]",
        "\u200eПереслано из X",
        "Переслано от X",
        "Переслано від X",
    ],
)
def test_openings_in_the_languages_of_telegram(tmp_path: Path, line: str) -> None:
    path = tmp_path / "notes.csv"
    (post,) = read(path, f"{line}\r\nSome text\r\n")
    assert isinstance(post, RawPost)
    assert (post.text, post.forwarded_from) == ("Some text", "X")
    assert FORMAT.matches(path, path.read_bytes())


def test_copied_messages_name_channel_time_and_origin(tmp_path: Path) -> None:
    content = (
        "Port, [24.04.2023 12:30]\n[Forwarded from Sea]\nFirst\n\n"
        "Port, [24.04.2023 12:31]\nSecond\n\n\nstill second"
    )
    first, second = read(tmp_path / "x.txt", content, utc_offset_hours=3)
    assert isinstance(first, RawPost)
    assert isinstance(second, RawPost)
    assert (first.channel, first.forwarded_from, first.text) == ("Port", "Sea", "First")
    assert first.published_at == datetime(2023, 4, 24, 9, 30, tzinfo=UTC)
    assert (second.forwarded_from, second.text) == (None, "Second\n\n\nstill second")


def test_a_copied_time_without_zone_is_unknown(tmp_path: Path) -> None:
    (post,) = read(tmp_path / "x.txt", "Port, [24.04.2023 12:30]\nFirst\n")
    assert isinstance(post, RawPost)
    assert post.published_at is None


def test_without_openings_blanks_and_rules_divide_and_nothing_is_collapsed(tmp_path: Path) -> None:
    content = "One\nOne\n\nstill one\n\n\nTwo\n=====\nThree\n-\nstill three\n\n\n\n\n---\n"
    posts = read(tmp_path / "harbour.txt", content)
    assert [post.text for post in posts if isinstance(post, RawPost)] == [
        "One\nOne\n\nstill one",
        "Two",
        "Three\n-\nstill three",
    ]
    assert {post.channel for post in posts if isinstance(post, RawPost)} == {"harbour"}
    assert [post.record for post in posts] == ["line 1", "line 7", "line 9"]


def test_text_before_the_first_opening_is_a_post_of_its_own(tmp_path: Path) -> None:
    own, foreign = read(tmp_path / "x.txt", "Own words\n\nForwarded from X\nForeign\n---\n", channel="mine")
    assert isinstance(own, RawPost)
    assert isinstance(foreign, RawPost)
    assert (own.text, own.forwarded_from, own.channel) == ("Own words", None, "mine")
    assert (foreign.text, foreign.channel) == ("Foreign", "mine")


def test_an_opening_without_text_is_counted(tmp_path: Path) -> None:
    (skipped,) = [
        r
        for r in read(tmp_path / "x.txt", "Forwarded from X\n\nForwarded from Y\ntext")
        if isinstance(r, Skipped)
    ]
    assert (skipped.kind, skipped.record) == ("no_text", "line 1")


def test_a_text_longer_than_any_post_is_rejected(tmp_path: Path) -> None:
    (skipped,) = read(tmp_path / "x.txt", "word " * (MAX_POST_CHARS // 2))
    assert isinstance(skipped, Skipped)
    assert skipped.kind == "reject"
    assert "no post is that long" in skipped.reason
    assert len(skipped.excerpt) <= 200


@pytest.mark.parametrize(
    "content", [b"<p>text</p>", b'{"a": 1}', b"\0\1\2", b"1;2;3\n4;5;6", b"", "Слово".encode("cp1251")]
)
def test_markup_binaries_and_numbers_are_no_prose(content: bytes) -> None:
    assert not is_prose(content)
