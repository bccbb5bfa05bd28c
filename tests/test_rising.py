"""`frames alerts`: evidence is what its formula says; a rise is told, copies and new channels are none."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from conftest import TINY_FRAMES
from hypothesis import given
from hypothesis import strategies as st
from report_pages import PHRASES, RISING_FROM, RISING_WEEKS, make_rising_posts, write_scores
from typer.testing import CliRunner

from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.data.exports.raw_posts import RawPost
from pipeline.measures.rise_evidence import DAYS, FOLLOWED, follow_starts, log_evidence, sum_blocks
from pipeline.monitoring.rising import find_rising

ORDER, THREAT = TINY_FRAMES[:2]
START, WEEKS = RISING_FROM, RISING_WEEKS


def test_evidence_is_the_ratio_of_the_integrated_likelihoods() -> None:
    """Five blocks, the last one after the start: both integrals over mean and standard deviation, done by sums."""
    z = np.array([0.1, 0.4, 0.2, 0.3, 0.9])
    after = np.array([0, 0, 0, 0, 1])

    mean, log_sd = np.meshgrid(np.linspace(-4, 4, 800), np.linspace(-5, 4, 800))
    sd = np.exp(log_sd)

    def likelihood(rise: float) -> float:  # under the flat prior on the mean and on log sd
        away = (z[:, None, None] - mean) / sd - rise * after[:, None, None]
        return float(np.prod(np.exp(-(away**2) / 2) / sd, axis=0).sum())

    expected = np.mean([likelihood(rise) / likelihood(0) for rise in (1, 2, 3, 5)])
    unused = 7.0  # with nothing in common, the first block is only there for the second
    found = np.exp(log_evidence(np.array([unused, *z]), 1, floor=0.0))
    assert found == pytest.approx(expected, rel=1e-3)


@given(st.floats(-5, 5), st.floats(0.1, 10), st.integers(0, 1000))
def test_evidence_knows_neither_place_nor_scale(shift: float, scale: float, seed: int) -> None:
    z = np.random.default_rng(seed).normal(size=(3, 14))
    moved = log_evidence(shift + scale * z, 2, 0.0, alike=0.3)
    np.testing.assert_allclose(moved, log_evidence(z, 2, 0.0, alike=0.3), atol=1e-6)


def test_a_few_equal_blocks_are_no_proof_of_a_small_variance() -> None:
    z = np.array([0.3] * 10 + [0.31])
    assert log_evidence(z, 1, floor=0.0) > 5
    assert log_evidence(z, 1, floor=0.01) < 1


def test_blocks_are_whole_weeks_that_end_with_the_day() -> None:
    daily = np.arange(17.0)
    np.testing.assert_array_equal(sum_blocks(daily, 16), [sum(range(3, 10)), sum(range(10, 17))])
    assert np.isneginf(follow_starts(daily[None], daily, 16)).all(), "too few to compare with"
    assert follow_starts(np.ones((2, 200)), np.full(200, 5.0), 199).shape == (2, FOLLOWED)


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: ModelBundle) -> Path:
    last = START + timedelta(days=WEEKS * DAYS - 2)
    copies = [
        RawPost(
            "channel_0",
            10_000 + i,
            last,
            f"Copied {PHRASES[ORDER]} a hundred times by all of us.",
            record="c",
        )
        for i in range(100)
    ]
    newcomer = [
        RawPost("new", i, last, f"{PHRASES[TINY_FRAMES[2]]}, says number {i} of a new channel.", record="n")
        for i in range(20)
    ]
    return write_scores(
        tmp_path_factory.mktemp("rising"), tiny_bundle, [*make_rising_posts(), *copies, *newcomer]
    )


def test_a_rise_is_told_and_neither_copies_nor_newcomers_are(scores: Path) -> None:
    report = find_rising(scores)
    assert [rise.frame for rise in report.alerts] == [THREAT]
    (rise,) = report.alerts
    assert abs(rise.since - (START + timedelta(days=(WEEKS - 3) * DAYS)).date()) <= timedelta(days=DAYS)
    assert rise.before == pytest.approx(1 / 6, abs=0.05)
    assert rise.after == pytest.approx(4 / 6, abs=0.08)
    assert report.as_of == (START + timedelta(days=WEEKS * DAYS - 2)).date()
    assert (report.channels, report.left_out) == (2, ("new",))


def test_before_the_rise_nothing_was_told(scores: Path) -> None:
    day = (START + timedelta(days=(WEEKS - 3) * DAYS - 1)).date()
    report = find_rising(scores, as_of=day)
    assert report.alerts == ()
    assert report.weeks == WEEKS - 3


def test_too_few_weeks_are_said(scores: Path) -> None:
    report = find_rising(scores, as_of=date(2024, 1, 31))
    assert report.frames == ()
    assert "9 are needed" in str(report.too_few)
    assert find_rising(scores, as_of=date(2020, 1, 31)).weeks == 0


def test_the_command_prints_the_alert_and_the_level(scores: Path) -> None:
    done = CliRunner().invoke(app, ["alerts", str(scores)])
    assert done.exit_code == 0, done.output
    assert "1 of 3 frames rise" in done.output
    assert "at most 5%" in done.output.replace("\n", " ")
    told = json.loads(CliRunner().invoke(app, ["alerts", str(scores), "--json"]).stdout)
    assert told["alerts"] == [THREAT]
