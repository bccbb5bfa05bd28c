import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
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
from scipy.stats import norm
from scipy.stats import t as student
from typer.testing import CliRunner

from pipeline.annotation.record_files import write_records
from pipeline.benchmarks.share_coverage import draw, measure_coverage, simulate_output
from pipeline.benchmarks.validity.part_claims import estimate_channels, simulate_world
from pipeline.bundle import ModelBundle
from pipeline.cli import app
from pipeline.data.posts.posts_table import POSTS_SCHEMA
from pipeline.data.tables.table_files import read_records
from pipeline.errors import DataError
from pipeline.prevalence.domains import FEWEST_LABELLED
from pipeline.prevalence.estimators import estimate_means, plan_labels, wilson_bounds
from pipeline.prevalence.label_designs import Design
from pipeline.prevalence.labelled_sample import read_labelled_sample
from pipeline.prevalence.share_estimates import estimate_shares, report_shares
from pipeline.prevalence.share_records import ShareEstimate
from pipeline.scoring.prediction import predict
from pipeline.scoring.read_scores import read_scores

PHRASES = {
    "order": "The world order is changing today.",
    "threat: from outside": "They threaten our borders again!",
    "unity.1": "We stand together as one people.",
}
N_POSTS = 400


# --- estimators ---------------------------------------------------------------------------------------------


def plain_design(n: int, inclusion: float) -> Design:
    return Design(np.full(n, inclusion), np.zeros(n, np.int64), np.arange(n))


def test_known_answer_of_the_difference_estimator() -> None:
    """Four of 40 units labelled: y 1 0 0 1, f .5 .5 0 1, mean f over all .25.

    Power 1: .25 + mean(.5, -.5, 0, 0) = .25. Power 0: mean(y) = .5.
    Power 1/2: .125 + mean(.75, -.25, 0, .5) = .375.
    """
    y, f = np.array([[1.0], [0], [0], [1]]), np.array([[0.5], [0.5], [0], [1]])
    for power, expected in ((1.0, 0.25), (0.0, 0.5), (0.5, 0.375)):
        shares = estimate_means(y, f, np.array([0.25]), plain_design(4, 0.1), power=power)
        assert shares.value == pytest.approx([expected])


def test_weights_are_one_over_the_inclusion_probability() -> None:
    """Weights 10, 10, 2, 2 and labels 1, 0, 1, 1: the share is 14 / 24."""
    y = np.array([[1.0], [0], [1], [1]])
    design = Design(np.array([0.1, 0.1, 0.5, 0.5]), np.array([0, 0, 1, 1]), np.arange(4))
    shares = estimate_means(y, y * 0, np.array([0.0]), design, power=0)
    assert shares.value == pytest.approx([14 / 24])


def test_variance_is_that_of_a_stratified_sample() -> None:
    """Sum over strata of (N_h / N)^2 (1 - n_h / N_h) s_h^2 / n_h, with N_h = 100, 20 and n_h = 20, 10."""
    generator = np.random.default_rng(0)
    y = np.concatenate(
        [generator.permutation([1.0] * 6 + [0] * 14), generator.permutation([1.0] * 7 + [0] * 3)]
    )
    strata = np.repeat([0, 1], [20, 10])
    design = Design(np.array([0.2, 0.5])[strata], strata, np.arange(30))
    shares = estimate_means(y[:, None], np.zeros((30, 1)), np.zeros(1), design, power=0)
    expected = sum(
        (size / 120) ** 2 * (1 - n / size) * y[strata == h].var(ddof=1) / n
        for h, size, n in ((0, 100, 20), (1, 20, 10))
    )
    assert shares.variance == pytest.approx([expected])


def test_variance_of_clusters_is_that_of_their_totals() -> None:
    """Ten clusters of three equal units are worth ten units, not thirty, and a little less for what was not seen."""
    y = np.array([1.0, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    alone = estimate_means(y[:, None], y[:, None] * 0, np.zeros(1), plain_design(10, 1e-9), power=0)
    clustered = Design(np.full(30, 1e-9), np.zeros(30, np.int64), np.repeat(np.arange(10), 3))
    threefold = np.repeat(y, 3)[:, None]
    together = estimate_means(threefold, threefold * 0, np.zeros(1), clustered, power=0)
    unseen = 0.5 * ((1 / 10) ** 2 - (1 / 30) ** 2)  # half a label of an average cluster, over that of a unit
    assert together.value == pytest.approx(alone.value)
    assert together.variance == pytest.approx(alone.variance + unseen)


def test_the_first_form_of_ppi_with_a_plain_sample() -> None:
    """The interval of the paper: value +- z sqrt(power^2 var(f) / N + var(y - power f) / n), at given power.

    Our variance adds two errors unseen, corrects for the finite population in place of the first term, and
    divides by n - 1; taken off again, the rest is the paper's.
    """
    y, f, all_f = ppi_case()
    n, power = len(y), 0.7
    shares = estimate_means(y, f, all_f.mean(axis=0), plain_design(n, 1e-12), power=power)
    ours = (shares.variance - power**2 / n**2) * (n - 1) / n + power**2 * all_f.var(axis=0) / len(all_f)
    point = power * all_f.mean(axis=0) + (y - power * f).mean(axis=0)
    paper = (power * all_f).var(axis=0) / len(all_f) + (y - power * f).var(axis=0) / n
    assert shares.value == pytest.approx(point)
    assert ours == pytest.approx(paper, rel=1e-6)


THEIRS = """
import json, sys
import numpy as np
import ppi_py
y, f, all_f, power = (np.array(part) for part in json.load(sys.stdin))
point = ppi_py.ppi_mean_pointestimate(y, f, all_f, lam=float(power))
low, high = ppi_py.ppi_mean_ci(y, f, all_f, alpha=0.05, lam=float(power))
print(json.dumps([np.ravel(part).tolist() for part in (point, low, high)]))
"""
PPI_PACKAGES = ("ppi-python==0.2.3", "statsmodels", "patsy", "numba", "llvmlite")  # the last four it imports


@pytest.fixture
def published(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Environment of a process in which ppi-python can be imported, beside the packages of this one."""
    fetch = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(tmp_path / "ppi"),
    ]
    done = subprocess.run([*fetch, *PPI_PACKAGES], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"ppi-python cannot be installed here: {done.stderr[-300:]}")
    yield {**os.environ, "PYTHONPATH": str(tmp_path / "ppi")}
    shutil.rmtree(tmp_path / "ppi")


@pytest.mark.long("fetches ppi-python and what it imports, some 100 MB")
def test_equal_to_the_published_implementation(published: dict[str, str]) -> None:
    y, f, all_f = ppi_case()
    n, power = len(y), 0.7
    sent = json.dumps([y.tolist(), f.tolist(), all_f.tolist(), power])
    done = subprocess.run(
        [sys.executable, "-c", THEIRS], input=sent, env=published, capture_output=True, text=True, check=True
    )
    theirs, low, high = (np.array(part) for part in json.loads(done.stdout))
    shares = estimate_means(y, f, all_f.mean(axis=0), plain_design(n, 1e-12), power=power)
    variance = (shares.variance - power**2 / n**2) * (n - 1) / n + power**2 * all_f.var(axis=0) / len(all_f)
    assert shares.value == pytest.approx(theirs)
    assert norm.ppf(0.975) * np.sqrt(variance) == pytest.approx((high - low) / 2, rel=1e-6)


def ppi_case() -> tuple[Any, Any, Any]:
    generator = np.random.default_rng(4)
    truth = (generator.random((5000, 1)) < 0.3).astype(float)
    predictions = np.clip(0.6 * truth + 0.4 * generator.random((5000, 1)), 0, 1)
    return truth[:200], predictions[:200], predictions


def random_case(seed: int, n: int = 60) -> tuple[Any, Any, Any, Design]:
    generator = np.random.default_rng(seed)
    strata = np.concatenate([[0, 1, 2], generator.integers(0, 3, n - 3)])
    clusters = np.unique(generator.integers(0, n, n), return_inverse=True)[1]
    y = (generator.random((n, 2)) < generator.random(2)).astype(float)
    f = np.clip(0.5 * y + generator.random((n, 2)), 0, 1)
    design = Design(generator.uniform(0.02, 1, 3)[strata], strata, clusters)
    return y, f, generator.random(2), design


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    y, f, means, design = random_case(seed)
    order = np.random.default_rng(seed + 1).permutation(len(y))
    shuffled = Design(design.inclusion[order], design.strata[order], design.clusters[order])
    one, other = estimate_means(y, f, means, design), estimate_means(y[order], f[order], means, shuffled)
    for name in ("value", "low", "high", "variance", "power"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6))
def test_intervals_lie_in_order_between_0_and_1(seed: int) -> None:
    y, f, means, design = random_case(seed)
    inside = np.random.default_rng(seed).random(len(y)) < 0.5
    inside[0] = True
    for power in (None, 0.0, 1.0):
        shares = estimate_means(y, f, means, design, in_domain=inside, power=power)
        assert ((shares.low >= 0) & (shares.low <= shares.value)).all()
        assert ((shares.high <= 1) & (shares.high >= shares.value)).all()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6))
def test_power_0_is_the_classical_estimate_whatever_the_predictions(seed: int) -> None:
    y, f, means, design = random_case(seed)
    one, other = (estimate_means(y, g, m, design, power=0) for g, m in ((f, means), (f * 0, means * 0)))
    assert one.value == pytest.approx(np.average(y, axis=0, weights=1 / design.inclusion))
    assert (one.low == other.low).all()
    assert (one.high == other.high).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_all_labelled_is_the_exact_share(seed: int) -> None:
    y, f, _, design = random_case(seed)
    census = Design(np.ones(len(y)), design.strata, design.clusters)
    shares = estimate_means(y, f, f.mean(axis=0), census)
    for end in (shares.value, shares.low, shares.high):
        assert end == pytest.approx(y.mean(axis=0))


@pytest.mark.parametrize(
    ("design", "n", "prevalence"),
    [
        ("random", 300, 0.03),
        ("random", 100, 0.3),
        ("stratified", 400, 0.03),
        ("stratified", 300, 0.2),
        ("clustered", 400, 0.1),
    ],
)
def test_95_percent_intervals_hold_the_truth_in_95_percent_of_samples(
    design: str, n: int, prevalence: float
) -> None:
    """A classifier whose probabilities are far too high; 1,000 samples, so that chance moves a figure by 0.7."""
    found = measure_coverage(design, "biased", prevalence, n, repetitions=1000)
    for name, coverage in found.items():
        assert 0.93 <= coverage.covered <= 0.975, (name, coverage)
        assert abs(coverage.bias) < coverage.mean_width / 20, (name, coverage)
    assert found["corrected"].mean_width < 0.95 * found["classical"].mean_width


def test_errors_too_rare_for_the_sample_do_not_make_it_certain() -> None:
    """A third of the samples show no error of this classifier, which misses a quarter of a frame of 3 %."""
    found = measure_coverage("random", "overconfident", 0.03, 100, repetitions=1000)
    assert found["corrected"].covered >= 0.93
    assert found["corrected"].mean_width < 0.85 * found["classical"].mean_width


def test_a_stratum_that_the_model_takes_for_empty_widens_the_upper_end_alone() -> None:
    """No label was seen among the 9,000 units of the first stratum: what may be there can only raise the share."""
    strata = np.repeat([0, 1], 100)
    design = Design(np.where(strata == 0, 1 / 90, 0.1), strata, np.arange(200))
    chance = np.concatenate([np.full(100, 1e-4), np.tile([0.1, 0.9], 50)])[:, None]
    labels = ((strata == 1) & (np.arange(200) % 20 < 10))[:, None].astype(float)
    share = estimate_means(labels, chance, np.array([0.05]), design)
    low, high = wilson_bounds(share.value, share.variance, share.spread, student.ppf(0.975, share.freedom))
    assert share.high == pytest.approx(high, rel=0.01)
    assert share.value - share.low < 0.9 * (share.value - low)
    mirrored = estimate_means(1 - labels, 1 - chance, np.array([0.95]), design)
    np.testing.assert_allclose([1 - mirrored.high, 1 - mirrored.low], [share.low, share.high])


def test_a_good_classifier_makes_intervals_narrow_and_a_useless_one_hardly_wider() -> None:
    good = measure_coverage("random", "good", 0.1, 400, repetitions=200)
    useless = measure_coverage("random", "useless", 0.1, 400, repetitions=200)
    assert good["corrected"].mean_width < 0.5 * good["classical"].mean_width
    assert useless["corrected"].mean_width < 1.01 * useless["classical"].mean_width


def test_intervals_of_a_domain_hold_its_truth() -> None:
    """A domain of a third of the units, across the strata; how many of it are drawn is chance."""
    output = simulate_output("stratified", "biased", 0.1, seed=3)
    generator = np.random.default_rng(5)
    in_domain = generator.random(len(output.labels)) < 1 / 3
    truth, mean = output.labels[in_domain].mean(), output.predictions[in_domain].mean(keepdims=True)
    covered = []
    for _ in range(1000):
        rows, design = draw(output, "stratified", 400, generator)
        y, f = output.labels[rows, None], output.predictions[rows, None]
        shares = estimate_means(y, f, mean, design, in_domain=in_domain[rows])
        covered.append(shares.low[0] <= truth <= shares.high[0])
    assert 0.93 <= np.mean(covered) <= 0.975


@pytest.mark.parametrize("wrong", ["misses", "false alarms"])
def test_a_small_channel_of_which_alone_the_model_is_wrong_is_held(wrong: str) -> None:
    """Half of its positives are missed, or are none: where none of 20 heavy units shows it, the share is far off."""
    worlds = [simulate_world(0.2, wrong, seed) for seed in range(4)]
    covered = []
    for r in range(240):
        world = worlds[r % 4]
        truth = world.labels[world.channels == 0].mean()
        hard, _ = estimate_channels(world, "scored", r)
        covered.append(hard.low[0] <= truth <= hard.high[0])
    assert 0.92 <= np.mean(covered) <= 0.98


def test_the_whole_is_trusted_where_the_model_is_sure_and_a_part_is_less() -> None:
    """The same 200 labels, in agreement with the model, as the whole and as a tenth of a sample of 2,000."""
    inclusion, strata = np.full(2000, 1e-6), np.zeros(2000, np.int64)
    scores = np.tile(np.where(np.arange(200) % 5 == 0, 0.999, 0.001), 10)[:, None]
    labels = (scores > 0.5).astype(float)
    inside = np.arange(2000) < 200
    alone = estimate_means(
        labels[inside],
        scores[inside],
        scores.mean(axis=0),
        Design(inclusion[inside], strata[inside], np.arange(200)),
    )
    part = estimate_means(
        labels, scores, scores.mean(axis=0), Design(inclusion, strata, np.arange(2000)), in_domain=inside
    )
    assert part.value == pytest.approx(alone.value, abs=0.001)
    assert (part.low < alone.low) & (part.high > alone.high)
    assert part.high - part.low < 0.06  # of labels alone: .11


def test_a_plan_gives_the_half_width_that_was_wanted() -> None:
    """Simple random sample of 100 with share 1/2: 1.96 * sqrt(.25 / n) = .02 at n = 2401 of very many."""
    n = plan_labels(0.25 / 100, 100, 10**9, 0.02)
    assert n == pytest.approx(2401, rel=0.03)
    assert plan_labels(0.25 / 100, 100, 3000, 0.02) < 3000
    assert plan_labels(0.0, 50, 50, 0.02) == 50


# --- from files ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scores(tiny_bundle: ModelBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 posts of two channels over four months, and one without text, scored by a real baseline."""
    folder = tmp_path_factory.mktemp("prevalence")
    rows = [make_post(i, *carried) for i, carried in enumerate(choose_frames())]
    rows.append(make_post(N_POSTS))
    rows[-1]["text"] = ""
    pq.write_table(pa.Table.from_pylist(rows, schema=POSTS_SCHEMA), folder / "posts.parquet")
    predict([folder / "posts.parquet"], tiny_bundle, folder / "scores")
    return folder / "scores"


def choose_frames() -> list[tuple[str, ...]]:
    generator = np.random.default_rng(8)
    chance = (0.3, 0.1, 0.05)
    return [
        tuple(frame for frame, p in zip(TINY_FRAMES, chance, strict=True) if generator.random() < p)
        for _ in range(N_POSTS)
    ]


def make_post(i: int, *frames: str) -> dict[str, Any]:
    words = ["".join(np.random.default_rng([i, k]).choice(list("abdeiklmnorstu"), 6)) for k in range(9)]
    text = " ".join([*(PHRASES[frame] for frame in frames), f"{' '.join(words)} {i}.".capitalize()])
    return {
        "post_key": f"c{i % 2}/{i}",
        "channel": f"c{i % 2}",
        "message_id": i,
        "published_at": datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=i % 120),
        "text": text,
        "lang": "en",
        "source_file": "made",
        "source_record": f"row {i}",
        "content_hash": hashlib.sha256(text.encode()).hexdigest(),
    }


def truth_of(post_key: str) -> list[str]:
    return list(choose_frames()[int(post_key.rpartition("/")[2])])


@pytest.fixture(scope="module")
def coded(scores: Path) -> list[dict[str, Any]]:
    """A stratified sample of 160 posts drawn by the real command, coded with the truth."""
    path = scores.parent / "sample.jsonl"
    options = ["--design", "stratified", "--strata", "channel", "--unit", "post", "-n", "160"]
    done = CliRunner().invoke(app, ["sample", str(scores), "-o", str(path), *options])
    assert done.exit_code == 0, done.output
    rows = [dict(record.cells) for record in read_records(path)]
    return [row | {"labels": truth_of(row["id"])} for row in rows]


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    write_records(path, rows, list(dict.fromkeys(name for row in rows for name in row)))
    return path


def pick(estimates: Sequence[ShareEstimate], frame: str, **place: str) -> ShareEstimate:
    chosen = [
        e
        for e in estimates
        if (e.frame, e.channel, e.month) == (frame, place.get("channel"), place.get("month"))
    ]
    assert len(chosen) == 1
    return chosen[0]


def test_shares_of_a_real_output_hold_the_truth(
    scores: Path, coded: list[dict[str, Any]], tmp_path: Path
) -> None:
    report = report_shares(scores, write_rows(tmp_path / "coded.jsonl", coded))
    posts = choose_frames()
    for frame in TINY_FRAMES:
        whole = pick(report.estimates, frame)
        truth = float(np.mean([frame in frames for frames in posts]))
        assert whole.n_units == N_POSTS
        assert whole.n_labelled == 160
        assert whole.corrected.low <= truth <= whole.corrected.high  # type: ignore[operator]
        channel = pick(report.estimates, frame, channel="c1")
        assert channel.n_units == N_POSTS / 2
        assert channel.corrected.low <= np.mean([frame in f for f in posts[1::2]]) <= channel.corrected.high  # type: ignore[operator]
    assert report.unit == "post"
    assert report.sample_ids == (coded[0]["sample_id"],)
    assert any("1 posts without a scored sentence" in note for note in report.notes)


def test_raw_shares_are_counts_of_decisions_in_every_domain(scores: Path) -> None:
    estimates = estimate_shares(scores)
    posts = read_scores(scores)
    posts = posts[posts["n_sentences"] > 0]
    posts["month"] = posts["published_at"].dt.strftime("%Y-%m")
    for keys in ([], ["channel"], ["month"], ["channel", "month"]):
        groups: Any = posts.groupby(keys) if keys else [((), posts)]
        for values, rows in groups:
            place = dict(zip(keys, values, strict=True))
            for frame in TINY_FRAMES:
                found = pick(estimates, frame, **place)
                assert found.n_units == len(rows)
                assert found.raw_share == pytest.approx(rows["frames"].map(lambda f, x=frame: x in f).mean())
                assert found.corrected.value is None
    assert len(estimates) == 3 * (1 + 2 + 4 + 8)


def test_too_few_labels_give_no_estimate_and_say_how_many_are_missing(
    scores: Path, coded: list[dict[str, Any]], tmp_path: Path
) -> None:
    estimates = estimate_shares(scores, write_rows(tmp_path / "coded.jsonl", coded))
    for estimate in estimates:
        if estimate.n_clusters < FEWEST_LABELLED:
            assert estimate.corrected.value is None
            assert estimate.labels_needed == FEWEST_LABELLED - estimate.n_clusters
        else:
            assert estimate.labels_needed == 0
            assert estimate.corrected.low < estimate.corrected.high  # type: ignore[operator]
    assert {estimate.labels_needed > 0 for estimate in estimates} == {True, False}


def test_rows_that_are_not_coded_are_reported_and_weighed_by_stratum(
    coded: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Half of the rows of channel c0 are not coded; the others of c0 count double."""
    n_c0 = sum(row["channel"] == "c0" for row in coded)
    left_out = [row["id"] for row in coded if row["channel"] == "c0"][: n_c0 // 2]
    rows = [row | {"labels": None} if row["id"] in left_out else row for row in coded]
    sample = read_labelled_sample(write_rows(tmp_path / "coded.jsonl", rows), TINY_FRAMES)
    weights = 1 / sample.units["inclusion"]
    assert weights.sum() == pytest.approx(N_POSTS)
    assert weights[sample.units["stratum"] == "c0"].sum() == pytest.approx(N_POSTS / 2)
    assert any(f"{len(left_out)} of 160 drawn units are not coded" in note for note in sample.notes)


def test_empty_cells_of_a_spreadsheet_are_not_taken_for_no_frame(
    scores: Path, coded: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "coded.csv", [row | {"labels": ";".join(row["labels"])} for row in coded])
    report = report_shares(scores, path)
    assert any("--empty-is-coded" in note for note in report.notes)
    filled = estimate_shares(scores, path, empty_is_coded=True)
    assert pick(filled, "order").n_labelled == 160
    exact = estimate_shares(scores, write_rows(tmp_path / "coded.jsonl", coded))
    assert [e.to_json() for e in filled] == [e.to_json() for e in exact]


def test_a_sample_of_everything_is_exact(scores: Path, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    arguments = ["sample", str(scores), "-o", str(path), "--unit", "post", "-n", str(N_POSTS)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    rows = [dict(record.cells) for record in read_records(path)]
    rows = [row | {"labels": truth_of(row["id"])} for row in rows]
    for estimate in estimate_shares(scores, write_rows(tmp_path / "coded.jsonl", rows)):
        assert estimate.corrected.low == estimate.corrected.high == estimate.corrected.value
        assert estimate.corrected.value == pytest.approx(estimate.classical.value)
    whole = pick(estimate_shares(scores, tmp_path / "coded.jsonl"), "order")
    assert whole.corrected.value == pytest.approx(np.mean(["order" in f for f in choose_frames()]))


def test_sentences_of_one_post_count_once(scores: Path, tmp_path: Path) -> None:
    path = tmp_path / "sentences.jsonl"
    assert CliRunner().invoke(app, ["sample", str(scores), "-o", str(path), "-n", "300"]).exit_code == 0
    rows = [dict(record.cells) for record in read_records(path)]
    for row in rows:
        row["labels"] = [frame for frame, phrase in PHRASES.items() if phrase in row["text"]]
    whole = pick(estimate_shares(scores, write_rows(tmp_path / "coded.jsonl", rows)), "order")
    posts = {row["id"].rpartition(":")[0] for row in rows}
    assert whole.n_labelled == 300
    assert whole.n_clusters <= len(posts) < 300
    n_sentences = len(read_scores(scores, "sentences"))
    assert whole.n_units == n_sentences
    truth = sum("order" in frames for frames in choose_frames()) / n_sentences
    assert whole.corrected.low <= truth <= whole.corrected.high  # type: ignore[operator]


def test_units_that_are_not_in_the_scores_are_counted(
    scores: Path, coded: list[dict[str, Any]], tmp_path: Path
) -> None:
    rows = [coded[0] | {"id": "elsewhere/1"}, *coded[1:]]
    report = report_shares(scores, write_rows(tmp_path / "coded.jsonl", rows))
    assert pick(report.estimates, "order").n_labelled == 159
    assert any("1 coded unit is not in these scores" in n and "elsewhere/1" in n for n in report.cautions)


def test_a_sample_with_missing_rows_is_noticed(
    scores: Path, coded: list[dict[str, Any]], tmp_path: Path
) -> None:
    report = report_shares(scores, write_rows(tmp_path / "coded.jsonl", coded[:120]))
    assert any("the sample stands for 300 posts, it was drawn from 400" in note for note in report.cautions)


Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: row | {"design": "active", "purpose": "train"}, "chosen to train, not by chance"),
        (lambda row: row | {"purpose": "train"}, "chosen to train, not by chance"),
        (lambda row: row | {"inclusion_probability": None}, "no inclusion_probability.*frames sample"),
        (lambda row: row | {"inclusion_probability": 1.5}, r"expected a number in \(0, 1\]"),
        (lambda row: row | {"labels": ["peace"]}, "not in the codebook.*'peace'"),
        (lambda row: row | {"labels": None}, "none of its 160 rows is coded"),
        (lambda row: row | {"id": f"other/{row['id']}"}, "none of the 160 coded units is in these scores"),
        (lambda row: row | {"unit": "sentence"}, "expected POST_KEY:SENTENCE_INDEX"),
    ],
)
def test_what_is_no_coded_probability_sample_of_these_scores_is_refused(
    scores: Path, coded: list[dict[str, Any]], tmp_path: Path, change: Change, message: str
) -> None:
    path = write_rows(tmp_path / "coded.jsonl", [change(row) for row in coded])
    with pytest.raises(DataError, match=message):
        estimate_shares(scores, path)


def test_other_refusals(scores: Path, coded: list[dict[str, Any]], tmp_path: Path) -> None:
    path = write_rows(tmp_path / "coded.jsonl", coded)
    with pytest.raises(DataError, match="sample of posts, but shares of sentences"):
        estimate_shares(scores, path, unit="sentence")
    with pytest.raises(DataError, match="has no frame peace; expected some of order"):
        estimate_shares(scores, path, ["peace"])
    with pytest.raises(DataError, match="no scores there"):
        estimate_shares(tmp_path, path)
    twice = [*coded, coded[0] | {"annotator": "other", "labels": list(TINY_FRAMES)}]
    with pytest.raises(DataError, match="codings that differ"):
        estimate_shares(scores, write_rows(tmp_path / "twice.jsonl", twice))


def test_command_prints_tables_json_and_files(
    scores: Path, coded: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "coded.jsonl", coded)
    options = ["--sample", str(path), "--by", "month", "--half-width", "0.02"]
    done = CliRunner().invoke(app, ["shares", str(scores), *options, "-o", str(tmp_path / "s.parquet")])
    assert done.exit_code == 0, done.output
    assert "400 posts, 160 labelled" in done.output
    assert "2024-01: " in done.output
    assert "no wider population is meant" in done.output
    assert "intervals of ±2 points" in done.output
    table = pd.read_parquet(tmp_path / "s.parquet")
    assert len(table) == 3 * (1 + 2 + 4 + 8)
    assert set(table["sample_id"]) == {coded[0]["sample_id"]}
    assert set(table["bundle_hash"]) == set(read_scores(scores)["bundle_hash"])
    printed = json.loads(
        CliRunner().invoke(app, ["shares", str(scores), "--sample", str(path), "--json"]).stdout
    )
    assert [e["corrected"] for e in printed["estimates"]] == pytest.approx(
        [None if np.isnan(value) else value for value in table["corrected"]]
    )


def test_disagreement_of_coders_bounds_how_far_a_share_can_move(
    scores: Path, coded: list[dict[str, Any]], tmp_path: Path
) -> None:
    """The second coder denies every fourth "order" of the sample and sees it in every tenth other unit."""
    sample = write_rows(tmp_path / "coded.jsonl", coded)
    given, second = {True: 0, False: 0}, []
    disputed = {True: 0, False: 0}
    for row in coded:
        has = "order" in row["labels"]
        given[has] += 1
        changes = given[has] % (4 if has else 10) == 0
        disputed[has] += changes
        labels = [frame for frame in row["labels"] if frame != "order"] + (
            ["order"] if has != changes else []
        )
        second.append({"id": row["id"], "text": row["text"], "labels": labels})
    other = write_rows(tmp_path / "second.jsonl", second)
    report = report_shares(scores, sample, codings=(other,))
    order = pick(report.estimates, "order")
    p = order.corrected.value or 0
    weights = {row["id"]: 1 / float(row["inclusion_probability"]) for row in coded}
    assert len({round(weight, 9) for weight in weights.values()}) == 1  # so that counts are weights here
    assert order.coders.low == pytest.approx(p * (1 - disputed[True] / given[True]))
    assert order.coders.high == pytest.approx(p + (1 - p) * disputed[False] / given[False])
    threat = pick(report.estimates, TINY_FRAMES[1])
    assert (threat.coders.low, threat.coders.high) == (threat.corrected.value, threat.corrected.value)
    assert pick(estimate_shares(scores, sample), "order").coders.value is None
    assert any("settled against or for its frame" in note for note in report.notes)

    done = CliRunner().invoke(app, ["shares", str(scores), "--sample", str(sample), "--codings", str(other)])
    assert done.exit_code == 0, done.output
    assert "coders" in done.output
    few = write_rows(tmp_path / "few.jsonl", second[:9])
    refused = CliRunner().invoke(app, ["shares", str(scores), "--sample", str(sample), "--codings", str(few)])
    assert refused.exit_code == 1
    assert "9 units of the sample coded by two coders; expected 30 or more" in " ".join(
        refused.output.split()
    )


def test_command_without_a_sample_names_the_one_that_draws_it(scores: Path) -> None:
    done = CliRunner().invoke(app, ["shares", str(scores), "--frame", "order"])
    assert done.exit_code == 0, done.output
    assert "needs 30 more labelled units" in done.output
    assert "frames sample" in done.output


@pytest.mark.parametrize("origin", ["llm", "LLM"])
def test_codes_of_a_language_model_never_correct_shares(
    scores: Path, coded: list[dict[str, Any]], tmp_path: Path, origin: str
) -> None:
    """Rows that only a model coded count as not coded; beside a person's code the model's is left out."""
    people = write_rows(tmp_path / "people.jsonl", [r | {"labels": None} for r in coded[:40]] + coded[40:])
    wrong = [row | {"labels": list(TINY_FRAMES), "origin": origin, "annotator": "m"} for row in coded[:80]]
    mixed = write_rows(tmp_path / "gold.jsonl", [*wrong, *(row | {"annotator": "p"} for row in coded[40:])])
    found = report_shares(scores, mixed)
    assert [e.to_json() for e in found.estimates] == [
        e.to_json() for e in report_shares(scores, people).estimates
    ]
    assert any("80 codings are by a language model (origin llm)" in note for note in found.notes)
    assert any("40 units have no other" in note for note in found.notes)
    with pytest.raises(DataError, match="none of its 80 rows is coded"):
        report_shares(scores, write_rows(tmp_path / "all.jsonl", wrong))
