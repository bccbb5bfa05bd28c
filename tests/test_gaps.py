"""`frames gaps`: posts without a frame in groups that keep their numbers, whatever comes later."""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from builders import write_tiny_encoder
from hypothesis import given, settings
from hypothesis import strategies as st
from report_pages import PHRASES, write_scores
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.data.exports.raw_posts import RawPost
from pipeline.data.text.text_words import find_terms
from pipeline.errors import ConfigError, DataError
from pipeline.monitoring.gap_groups import NONE, centre_vectors, extend_groups
from pipeline.monitoring.gaps import find_gaps, tell_apart

START = datetime(2024, 1, 10, tzinfo=UTC)
TOPICS = {
    "harvest": ["wheat", "barley", "fields", "combine", "tonnes", "silo", "rain", "farmers"],
    "football": ["goal", "striker", "league", "referee", "penalty", "stadium", "cup", "coach"],
}


def make_vectors(counts: list[int], seed: int) -> np.ndarray:
    """So many vectors around each of some directions that are at right angles."""
    generator = np.random.default_rng(seed)
    centres = np.eye(8)[: len(counts)]
    vectors = np.concatenate(
        [c + generator.normal(0, 0.1, (n, 8)) for c, n in zip(centres, counts, strict=True)]
    )
    return centre_vectors(vectors.astype(np.float32), np.zeros(8, np.float32))


def test_groups_are_those_that_were_made_and_strays_are_left() -> None:
    vectors = make_vectors([9, 6, 3], seed=1)
    groups = extend_groups(vectors, ["2024-01"] * 18, np.full(18, NONE), enough=1)
    assert [len(set(part)) for part in np.split(groups, [9, 15])] == [1, 1, 1]
    assert len(set(groups)) == 3
    assert set(groups[15:]) == {NONE}, "three are too few"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=6), st.integers(0, 1000))
def test_who_is_in_a_group_stays_there_whatever_comes(later: list[int], seed: int) -> None:
    first = make_vectors([8, 8], seed)
    groups = extend_groups(first, ["2024-02"] * 16, np.full(16, NONE), enough=1)
    more = make_vectors(later, seed + 1)
    months = ["2024-02"] * 16 + [f"2024-{1 + i % 4:02}" for i in range(len(more))]
    both = np.concatenate([first, more])
    after = extend_groups(both, months, np.concatenate([groups, np.full(len(more), NONE)]), enough=1)
    is_member = groups != NONE
    np.testing.assert_array_equal(after[:16][is_member], groups[is_member])


def test_words_of_a_group_are_runs_of_letters_where_no_spaces_part_them() -> None:
    posts = [find_terms(f"洪水淹没了南部的村庄。报道{i}") for i in range(5)] + [
        find_terms("市长出席了通车仪式。报道")
    ] * 5
    sets = [frozenset(post) for post in posts]
    words = tell_apart(sets[:5], Counter(word for post in sets for word in post), len(sets))
    assert set(words) == {"洪水淹没", "南部", "村庄", "报道"}, "neither letters nor clauses"


def _only_here(number: int) -> list[str]:
    """Words by which a post is no copy of the others, whose words are nearly the same."""
    return [f"{letter}{number}" for letter in "qvwxz"]


def make_posts(topic: str, month: int, n: int, first: int) -> list[RawPost]:
    generator = np.random.default_rng([len(topic), month])
    return [
        RawPost(
            f"channel_{i % 2}",
            first + i,
            START + timedelta(days=31 * month, hours=i),
            " ".join([*generator.choice(TOPICS[topic], 12), *_only_here(first + i)]) + f" {topic} report.",
            record="made",
        )
        for i in range(n)
    ]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny"))


def test_posts_without_a_frame_become_proposals_that_keep_their_numbers(
    tmp_path: Path, tiny_bundle: ModelBundle, encoder: str
) -> None:
    framed = [
        RawPost("channel_0", 900 + i, START, f"{p} today.", record="f")
        for i, p in enumerate(PHRASES.values())
    ]
    january = [
        *make_posts("harvest", 0, 60, 0),
        *make_posts("football", 0, 50, 300),
        *framed,
        RawPost("channel_1", 950, START, "Good morning.", record="s"),
        RawPost("channel_1", 951, START, "洪水淹没了南部的村庄，居民被转移到学校避难。", record="s"),
        RawPost("channel_1", 952, START, "洪水淹没了南部。", record="s"),
    ]
    scores = write_scores(tmp_path, tiny_bundle, january)
    report = find_gaps(scores, tmp_path / "gaps", encoder=encoder)
    assert (report.posts, report.new, report.short) == (111, 111, {"en": 1, "zh": 1})
    before = {proposal.group: proposal for proposal in report.proposals}
    assert sum(proposal.posts for proposal in report.proposals) == 111 - report.alone
    assert {proposal.since for proposal in report.proposals} == {"2024-01"}
    for proposal in report.proposals:
        assert sum(bool(set(proposal.words) & set(words)) for words in TOPICS.values()) == 1, "one topic"

    write_scores(
        tmp_path,
        tiny_bundle,
        [*january, *make_posts("harvest", 1, 4, 100), *make_posts("football", 1, 7, 200)],
    )
    later = find_gaps(scores, tmp_path / "gaps")
    found = {proposal.group: proposal for proposal in later.proposals}
    assert set(before) <= set(found)
    assert all(found[g].by_month["2024-01"] >= before[g].by_month["2024-01"] for g in before)
    assert sum(proposal.by_month.get("2024-02", 0) for proposal in later.proposals) > 5
    assert later.new == 11
    again = find_gaps(scores, tmp_path / "gaps")
    assert again.proposals == later.proposals
    assert again.new == 0
    book = load_codebook(tmp_path / "gaps" / "proposals.yaml")
    assert {frame.id for frame in book.frames} == {f"group_{number}" for number in found}
    with (tmp_path / "gaps" / "proposals.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [int(row["posts"]) for row in csv.DictReader(file)] == [p.posts for p in later.proposals]

    with pytest.raises(ConfigError, match="was made with the encoder"):
        find_gaps(scores, tmp_path / "gaps", encoder="embedded")
    done = CliRunner().invoke(app, ["gaps", str(scores), "-o", str(tmp_path / "gaps")])
    assert done.exit_code == 0, done.output
    assert "Proposals, no findings" in done.output.replace("\n", " ")
    state = tmp_path / "gaps" / "posts.parquet"
    state.write_bytes(state.read_bytes()[:-100])
    with pytest.raises(DataError, match="delete it, and groups begin anew"):
        find_gaps(scores, tmp_path / "gaps")
