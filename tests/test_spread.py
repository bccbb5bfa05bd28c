"""`frames spread`: who was first, who repeated, how soon, in posts whose order is known."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import TINY_FRAMES
from defusedxml import ElementTree
from report_pages import HOSTILE_NAME, PHRASES, write_scores
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.data.exports.raw_posts import RawPost
from pipeline.monitoring.spread import ANY, find_spread

ORDER, THREAT = TINY_FRAMES[:2]
START = datetime(2024, 3, 31, 20, tzinfo=UTC)
STORY = (
    f"At the harbour a delegation of engineers and two ministers told reporters on Tuesday that {PHRASES[ORDER]} "
    "and that nothing else was on the agenda of the meeting this week."
)
RUMOUR = (
    f"In a long interview the retired general with the broken voice repeated over supper that {PHRASES[THREAT]}, "
    "which no witness at the table could confirm afterwards."
)


def post(channel: str, number: int, hours: float | None, text: str, origin: str | None = None) -> RawPost:
    published = None if hours is None else START + timedelta(hours=hours)
    return RawPost(channel, number, published, text, forwarded_from=origin, record=f"{channel} {number}")


POSTS = [
    post("b", 1, 2, STORY, "a"),
    post("a", 1, 0, STORY),
    post("b", 2, 3, STORY),  # again: counted, not a second repeat
    post(HOSTILE_NAME, 1, 30, STORY.replace("Tuesday", "Monday") + " \ufffe\x07"),
    post("d", 1, None, STORY),
    post("b", 3, 10, RUMOUR),
    post("a", 2, 14, RUMOUR),
    post("a", 3, 15, "Only here: they threaten our borders."),
]


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: ModelBundle) -> Path:
    return write_scores(tmp_path_factory.mktemp("spread"), tiny_bundle, POSTS)


def test_the_first_the_repeats_and_their_delays_are_those_of_the_posts(scores: Path) -> None:
    found = find_spread(scores)
    rows = found.repeats[found.repeats["frame"] != ANY]
    told = [
        (r["frame"], r["first_channel"], r["channel"], r["hours"], r["posts"], r["forwarded_from"])
        for r in rows.to_dict("records")
    ]
    assert told == [
        (ORDER, "a", "b", 2, 2, "a"),
        (ORDER, "a", HOSTILE_NAME, 30, 1, ""),
        (THREAT, "b", "a", 4, 1, ""),
    ]
    assert (found.posts, found.undated) == (7, 1)


def test_edges_and_channels_count_clusters_by_frame_and_period(scores: Path) -> None:
    found = find_spread(scores)
    edges = found.edges.to_dict("records")
    assert [(e["period"], e["source"], e["target"], e["clusters"]) for e in edges if e["frame"] == ANY] == [
        ("2024-03", "a", HOSTILE_NAME, 1),
        ("2024-03", "a", "b", 1),
        ("2024-04", "b", "a", 1),
    ]
    assert {e["frame"] for e in edges} == {ANY, ORDER, THREAT}
    channels = {(c["frame"], c["channel"]): c for c in found.channels.to_dict("records")}
    both = channels[ANY, "a"]
    assert (both["clusters"], both["first"], both["repeated"], both["median_hours_behind"]) == (2, 1, 1, 4)
    assert channels[ORDER, "a"]["repeated"] == 0
    assert {e["period"] for e in find_spread(scores, period="quarter").edges.to_dict("records")} == {
        "2024-Q1",
        "2024-Q2",
    }


def test_days_and_frames_limit_what_is_followed(scores: Path) -> None:
    later = find_spread(scores, first=START + timedelta(hours=1), last=START + timedelta(hours=12))
    assert later.repeats.empty
    assert set(find_spread(scores, frames=[THREAT]).repeats["frame"]) == {ANY, THREAT}


def test_a_copy_beyond_the_limit_begins_anew_and_its_own_repeats_are_found(
    tmp_path: Path, tiny_bundle: ModelBundle
) -> None:
    month = 30 * 24
    posts = [post("a", 1, 0, STORY), post("b", 1, month, STORY), post("c", 1, month + 2, STORY)]
    scores = write_scores(tmp_path, tiny_bundle, posts)

    def told(days: float) -> tuple[list[tuple[str, str, float]], int]:
        found = find_spread(scores, frames=[ORDER], days=days)
        rows = found.repeats[found.repeats["frame"] == ANY].to_dict("records")
        return [(r["first_channel"], r["channel"], r["hours"]) for r in rows], found.later

    assert told(7) == ([("b", "c", 2)], 2)
    assert told(0) == ([("a", "b", month), ("a", "c", month + 2)], 0)


def test_the_command_writes_tables_and_a_network_that_programs_read(scores: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["spread", str(scores), "-o", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["clusters"] == 2
    with (tmp_path / "out" / "repeats.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 6
    space = "{http://graphml.graphdrawing.org/xmlns}"
    graph = ElementTree.fromstring((tmp_path / "out" / "network.graphml").read_bytes()).find(f"{space}graph")
    nodes = {node.get("id"): node.find(f"{space}data").text for node in graph.iter(f"{space}node")}
    assert sorted(nodes.values()) == sorted(["a", "b", HOSTILE_NAME])
    arcs = [(nodes[e.get("source")], nodes[e.get("target")]) for e in graph.iter(f"{space}edge")]
    assert sorted(arcs) == sorted([("a", "b"), ("a", HOSTILE_NAME), ("b", "a")] * 2)


def test_a_day_that_is_none_is_refused(scores: Path) -> None:
    done = CliRunner().invoke(app, ["spread", str(scores), "--from", "june"])
    assert done.exit_code == 1
    assert "expected a day such as 2024-02-24" in done.output
