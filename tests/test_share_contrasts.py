"""Differences, ratios and trends of shares through the public function, the command line and the report."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import TINY_FRAMES
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from report_pages import embedded
from test_prevalence import PHRASES
from typer.testing import CliRunner

from pipeline.annotation.record_files import write_records
from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.data.tables.table_files import read_records
from pipeline.errors import DataError
from pipeline.prevalence.contrasts import JointShares, Wanted
from pipeline.prevalence.estimators import estimate_means
from pipeline.prevalence.label_designs import Design
from pipeline.prevalence.share_estimates import report_shares
from pipeline.reporting.html_report import write_report
from pipeline.scoring.prediction import predict

CHANNELS = (
    "<script>alert(7)</script>",
    "o'hara\"; DROP TABLE posts --",
    "=cmd|' /c calc'!A1 \u202eтайна, канал",
)
LANGUAGES = ("en", "ru'; --", "<b>")
FRAME, SHARES = TINY_FRAMES[0], (0.1, 0.3, 0.5)
N = 480


def make_post(i: int) -> dict[str, Any]:
    generator = np.random.default_rng([5, i])
    words = " ".join("".join(generator.choice(list("abdeiklmnorstu"), 6)) for _ in range(9))
    carries = generator.random() < SHARES[i % 3] + (i // 3 % 4) * 0.05
    text = f"{PHRASES[FRAME] if carries else ''} {words.capitalize()} {i}."
    return {
        "post_key": f"c{i % 3}/{i}",
        "channel": CHANNELS[i % 3],
        "message_id": i,
        "published_at": datetime(2024, 1, 15, tzinfo=UTC) + timedelta(days=91 * (i // 3 % 4)),
        "text": text.strip(),
        "lang": LANGUAGES[i % 2],
        "source_file": "made",
        "source_record": f"row {i}",
        "content_hash": f"hash {i}",
    }


@pytest.fixture(scope="module")
def world(tiny_bundle: ModelBundle, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Scores of posts whose channels and languages have hostile names, and a coded sample of most of them."""
    folder = tmp_path_factory.mktemp("contrasts")
    posts = [make_post(i) for i in range(N)]
    pq.write_table(pa.Table.from_pylist(posts, schema=POSTS_SCHEMA), folder / "posts.parquet")
    predict([folder / "posts.parquet"], tiny_bundle, folder / "scores")
    drawn = folder / "sample.jsonl"
    command = ["sample", str(folder / "scores"), "--unit", "post", "-n", "300", "-o", str(drawn)]
    assert CliRunner().invoke(app, command).exit_code == 0
    texts = {row["post_key"]: row["text"] for row in posts}
    rows = [dict(record.cells) for record in read_records(drawn)]
    coded = [row | {"labels": [FRAME] if PHRASES[FRAME] in texts[row["id"]] else []} for row in rows]
    write_records(folder / "coded.jsonl", coded, list(coded[0]))
    return folder / "scores", folder / "coded.jsonl"


def test_a_difference_is_that_of_the_two_shares_and_a_ratio_their_quotient(world: tuple[Path, Path]) -> None:
    report = report_shares(
        *world, domains=("channel", "quarter"), wanted=Wanted(differences=True, trend=True)
    )
    shares = {
        e.channel: e.corrected.value or 0
        for e in report.estimates
        if e.domain == "channel" and e.frame == FRAME
    }
    found = [c for c in report.contrasts if c.domain == "channel" and c.frame == FRAME]
    assert {(c.first, c.second) for c in found if c.kind == "difference"} == {
        pair for pair in ((a, b) for a in sorted(CHANNELS) for b in sorted(CHANNELS)) if pair[0] < pair[1]
    }
    for contrast in found:
        first, second = shares[contrast.first], shares[contrast.second]
        wanted = second - first if contrast.kind == "difference" else second / first
        assert contrast.estimate.value == pytest.approx(wanted)
        assert contrast.estimate.low is not None
        assert contrast.estimate.low <= wanted
        if contrast.kind == "difference":
            assert contrast.simultaneous.low is not None
            assert contrast.simultaneous.low <= contrast.estimate.low
            assert contrast.p_holm is not None
            assert contrast.p is not None
            assert contrast.p_holm >= contrast.p
            assert (contrast.p <= 0.05) == (contrast.estimate.low > 0 or (contrast.estimate.high or 0) < 0)
    (slope,) = [c for c in report.contrasts if c.kind == "slope" and c.frame == FRAME]
    assert (slope.first, slope.second) == ("2024-Q1", "2024-Q4")
    assert slope.estimate.low is not None
    carried = np.array([PHRASES[FRAME] in make_post(i)["text"] for i in range(N)])
    quarter = np.arange(N) // 3 % 4
    truth = np.polyfit(range(4), [carried[quarter == q].mean() for q in range(4)], 1)[0]
    assert slope.estimate.low < truth < (slope.estimate.high or 0)


def join_parts(labels: NDArray[np.float64], n_parts: int) -> JointShares:
    """Shares of parts of equal size, from labels alone of a small part of very many units."""
    n = len(labels)
    design = Design(np.full(n, 1e-9), np.zeros(n, np.int64), np.arange(n))
    parts = np.arange(n) * n_parts // n
    shares = [
        estimate_means(labels[:, None], np.zeros((n, 1)), np.zeros(1), design, in_domain=parts == d, power=0)
        for d in range(n_parts)
    ]
    return JointShares.of([str(d) for d in range(n_parts)], shares, 0)


def test_the_mean_of_eight_rare_shares_is_bounded_like_the_share_of_all_their_units() -> None:
    """One of 50 in each of eight parts, 8 of 400 in all: Wilson's interval of that is .0102 to .0390."""
    joint = join_parts((np.arange(400) % 50 == 0).astype(float), 8)
    low, high = joint.combine(np.full((1, 8), 1 / 8), np.array([1.96]))
    assert [*low, *high] == pytest.approx([0.0102, 0.0390], rel=0.15)
    alone = joint.combine(np.eye(8)[:1], np.array([1.96]))
    assert alone == pytest.approx([ends[0, 0] for ends in joint.bound(np.array([1.96]))])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=2), st.integers(0, 10**6))
def test_a_ratio_of_one_is_ruled_out_just_where_a_difference_of_zero_is(hits: list[int], seed: int) -> None:
    labels = np.concatenate(
        [np.random.default_rng(seed).permutation(np.arange(40) < n).astype(float) for n in hits]
    )
    joint = join_parts(labels, 2)
    (ratio,) = joint.bound_ratios([(0, 1)], 0.95)
    if not hits[0]:
        assert ratio.value is None
        return
    (low,), (high,) = joint.combine(np.array([[-1.0, 1.0]]), np.array([joint.quantile(0.95)]))
    assert ratio.low is not None
    assert ratio.low <= hits[1] / hits[0] + 1e-9
    assert (ratio.low > 1) == (low > 0)
    assert (ratio.high is not None and ratio.high < 1) == (high < 0)


def test_the_command_prints_and_writes_contrasts_of_hostile_names(
    world: tuple[Path, Path], tmp_path: Path
) -> None:
    scores, sample = map(str, world)
    table = tmp_path / "contrasts.csv"
    options = ["--by", "channel", "--by", "language", "--by", "quarter", "--differences", "--trend"]
    done = CliRunner().invoke(
        app, ["shares", scores, "--sample", sample, *options, "--contrasts", str(table)]
    )
    assert done.exit_code == 0, done.output
    assert "differences by channel" in done.output
    assert "change a quarter" in done.output
    assert "\u202e" not in done.output  # nothing that turns the terminal's text round
    rows = pd.read_csv(table)
    assert set(rows["domain"]) == {"channel", "language", "quarter"}
    assert set(rows["contrast"]) == {"difference", "ratio", "slope"}
    cells = [*rows["first"], *rows["second"]]
    assert not [
        cell for cell in cells if str(cell).startswith(("=", "+", "-", "@"))
    ]  # no formula in a spreadsheet
    printed = CliRunner().invoke(app, ["shares", scores, "--sample", sample, *options, "--json"])
    named = {c["first"] for c in json.loads(printed.stdout)["contrasts"] if c["domain"] == "channel"}
    assert named < set(CHANNELS)  # JSON keeps names as they are


def test_a_change_over_a_date_is_what_came_after_less_what_was_before(
    world: tuple[Path, Path], tmp_path: Path
) -> None:
    scores, sample = map(str, world)
    table = tmp_path / "contrasts.csv"
    options = ["--before-after", "2024-07-01", "-o", str(tmp_path / "shares.csv"), "--contrasts", str(table)]
    done = CliRunner().invoke(app, ["shares", scores, "--sample", sample, *options])
    assert done.exit_code == 0, done.output
    assert "after - before" in done.output
    assert done.output.index("before:") < done.output.index("after:")
    rows = pd.read_csv(table)
    assert set(rows["domain"]) == {
        "period"
    }  # months stand in the file of shares; nobody asked to compare them
    shares = pd.read_csv(tmp_path / "shares.csv")
    assert {"month", "channel", "period"} < set(shares["domain"])
    of_frame = shares[(shares["domain"] == "period") & (shares["frame"] == FRAME)].set_index("group")[
        "corrected"
    ]
    (difference,) = rows[(rows["contrast"] == "difference") & (rows["frame"] == FRAME)]["estimate"]
    assert difference == pytest.approx(of_frame["after"] - of_frame["before"])


def test_months_begin_at_midnight_of_a_named_place(tmp_path: Path, tiny_bundle: ModelBundle) -> None:
    times = [
        datetime(2024, 3, 31, hour, 30, tzinfo=UTC) for hour in (12, 20, 21, 23)
    ]  # the last two: April in Kyiv
    rows = [make_post(i) | {"published_at": moment} for i, moment in enumerate(times)]
    pq.write_table(pa.Table.from_pylist(rows, schema=POSTS_SCHEMA), tmp_path / "posts.parquet")
    predict([tmp_path / "posts.parquet"], tiny_bundle, tmp_path / "scores")
    split = {"domains": ("month", "quarter", "period"), "split_at": date(2024, 4, 1)}
    for zone, expected in ((None, {"2024-03": 4}), ("Europe/Kyiv", {"2024-03": 2, "2024-04": 2})):
        found = report_shares(tmp_path / "scores", timezone=zone, **split).estimates
        of_frame = [e for e in found if e.frame == FRAME]
        assert {e.month: e.n_units for e in of_frame if e.domain == "month"} == expected
        assert len([e for e in of_frame if e.domain == "quarter"]) == len(expected)
        before = {e.group: e.n_units for e in of_frame if e.domain == "period"}
        assert before == ({"before": 4} if zone is None else {"before": 2, "after": 2})
    with pytest.raises(DataError, match="did you mean Europe/Kyiv"):
        report_shares(tmp_path / "scores", timezone="Kyiv", **split)


def test_any_column_of_a_table_of_posts_tells_domains_apart(world: tuple[Path, Path], tmp_path: Path) -> None:
    scores, sample = world
    hostile = 'kind"; DROP TABLE x --'
    sides = pd.DataFrame(
        {
            "post_key": [make_post(i)["post_key"] for i in range(0, N, 2)],
            hostile: ["state'); --" if i % 4 else "<i>free</i>" for i in range(0, N, 2)],
        }
    )
    for path in (tmp_path / "o'sides.parquet", tmp_path / "sides.csv"):
        sides.to_parquet(path) if path.suffix == ".parquet" else sides.to_csv(path, index=False)
        report = report_shares(
            scores, sample, domains=(hostile,), table=path, wanted=Wanted(differences=True)
        )
        units = {e.group: e.n_units for e in report.estimates if e.domain == hostile and e.frame == FRAME}
        assert units == {"state'); --": N // 4, "<i>free</i>": N // 4, "unknown": N // 2}
        assert any(c.domain == hostile and c.kind == "difference" for c in report.contrasts)
    command = ["shares", str(scores), "--sample", str(sample), "--table", str(tmp_path / "sides.csv")]
    done = CliRunner().invoke(app, [*command, "--by", hostile, "--differences"])
    assert done.exit_code == 0, done.output
    assert "<i>free</i>" in done.output
    unknown = CliRunner().invoke(app, [*command, "--by", "nothing"])
    assert unknown.exit_code == 1
    assert "expected one of" in unknown.output
    posts = scores.parent / "posts.parquet"
    by_post = report_shares(scores, domains=("source_file",), table=posts)
    assert {e.group for e in by_post.estimates} == {"made"}
    pd.concat([sides, sides]).to_csv(tmp_path / "twice.csv", index=False)
    with pytest.raises(DataError, match="twice"):
        report_shares(scores, domains=(hostile,), table=tmp_path / "twice.csv")
    (tmp_path / "none.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="expected a column post_key, got a, b"):
        report_shares(scores, domains=("a",), table=tmp_path / "none.csv")


def test_a_channel_may_be_compared_with_the_others_and_an_unknown_one_is_told(
    world: tuple[Path, Path],
) -> None:
    scores, sample = map(str, world)
    command = ["shares", scores, "--sample", sample, "--by", "channel", "--json", "--against"]
    against = json.loads(CliRunner().invoke(app, [*command, CHANNELS[1]]).stdout)
    pairs = {c["first"] for c in against["contrasts"] if c["contrast"] == "difference"}
    assert pairs == {CHANNELS[1]}
    unknown = json.loads(CliRunner().invoke(app, [*command, "nobody"]).stdout)
    assert unknown["contrasts"] == []
    assert any("--against nobody" in caution for caution in unknown["cautions"])


def test_the_report_has_every_trend_and_difference(world: tuple[Path, Path], tmp_path: Path) -> None:
    scores, sample = world
    page = write_report(scores, tmp_path / "r.html", sample=sample).path.read_text(encoding="utf-8")
    assert "Trends and differences" in page
    assert CHANNELS[0] not in page  # it is data, not markup
    contrasts = embedded(page)["contrasts"]
    assert any(CHANNELS[0] in compared for compared in contrasts["compared"])
    report = report_shares(scores, sample, domains=("channel",), wanted=Wanted(differences=True))
    expected = [c.estimate.value or 0 for c in report.contrasts if c.kind == "difference"]
    shown = [v for v, t in zip(contrasts["value"], contrasts["is_trend"], strict=True) if not t]
    assert shown == expected
