"""Intervals of the cluster bootstrap: honest about copies, near their nominal coverage, the same in chunks."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.benchmarks.validity.simulated_tests import (
    Population,
    draw_clusters,
    draw_decisions,
    draw_truth,
)
from pipeline.config.evaluation import EvaluationSettings
from pipeline.evaluation.evaluation_report import EvaluationReport, evaluate_decisions
from pipeline.measures import intervals
from pipeline.measures.enough_positives import find_judged
from pipeline.measures.f1_intervals import estimate_macro_f1
from pipeline.measures.intervals import (
    Estimate,
    as_estimate,
    cluster_weights,
    counts_by_cluster,
    renumber,
    reweigh,
    take_frames,
)
from pipeline.measures.metrics import count_decisions

FRAMES = ("a", "b")
SETTINGS = EvaluationSettings(bootstrap_samples=400)

Arrays = tuple[NDArray[np.int8], NDArray[np.float64]]


def draw_rows(n: int, seed: int = 0) -> Arrays:
    """Truth, and probabilities that are right more often than not."""
    generator = np.random.default_rng(seed)
    truth = (generator.random((n, 2)) < 0.4).astype(np.int8)
    return truth, np.clip(truth * 0.4 + generator.random((n, 2)) * 0.6, 0, 1)


def report(rows: Arrays, clusters: NDArray[np.int64], **options: int) -> EvaluationReport:
    truth, probabilities = rows
    return evaluate_decisions(
        truth,
        probabilities,
        probabilities >= 0.5,
        clusters=clusters,
        frame_ids=FRAMES,
        settings=SETTINGS,
        **options,
    )


def width(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low


def all_estimates(found: EvaluationReport) -> list[Estimate]:
    of_frames = [
        getattr(scores, name)
        for scores in found.per_frame
        for name in ("precision", "recall", "f1", "average_precision")
    ]
    overall = ("macro_f1", "micro_f1", "samples_f1", "mean_average_precision")
    return [*(getattr(found, name) for name in overall), *of_frames]


def test_copies_in_one_cluster_say_no_more_than_one_of_them() -> None:
    truth, probabilities = draw_rows(60)
    copied = (np.repeat(truth, 6, axis=0), np.repeat(probabilities, 6, axis=0))
    once = report((truth, probabilities), np.arange(60))
    known_as_copies = report(copied, np.repeat(np.arange(60), 6))
    taken_for_independent = report(copied, np.arange(360))
    assert known_as_copies.n_clusters == 60
    for one, copies, naive in zip(
        all_estimates(once), all_estimates(known_as_copies), all_estimates(taken_for_independent), strict=True
    ):
        assert (copies.value, copies.low, copies.high) == pytest.approx((one.value, one.low, one.high))
        assert width(copies) > 1.5 * width(naive)


def test_intervals_hold_their_values_and_stay_in_bounds() -> None:
    for estimate in all_estimates(report(draw_rows(80), np.arange(80) // 2)):
        assert estimate.value is not None
        assert estimate.low is not None
        assert estimate.high is not None
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_coverage_is_near_the_nominal_one() -> None:
    """F1 over clusters of three like decisions, whose true value follows from the rates they are drawn with.

    Half of the clusters are positive and 70 % of these found, 20 % of the others are given the frame:
    F1 = 2 * 0.35 / (2 * 0.35 + 0.15 + 0.10) = 0.737. Of 300 intervals at 90 %, 270 should hold it; the standard
    error of that count is 5.2, and percentile intervals run a little narrow.
    """
    true_f1 = 0.7 / 0.95
    generator = np.random.default_rng(7)
    covered = 0
    for simulation in range(300):
        truth = generator.random((80, 1)) < 0.5
        decided = np.where(truth, generator.random((80, 1)) < 0.7, generator.random((80, 1)) < 0.2)
        clusters = np.repeat(np.arange(80), 3)
        counts = count_decisions(np.repeat(truth, 3, axis=0), np.repeat(decided, 3, axis=0))
        by_cluster = counts_by_cluster(counts, clusters)
        drawn = np.concatenate(
            [reweigh(by_cluster, w).f1[:, 0] for w in cluster_weights(clusters, 300, simulation)]
        )
        estimate = as_estimate(true_f1, drawn, 0.9, n_clusters=80)
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= true_f1 <= estimate.high
    assert 250 <= covered <= 287


def test_a_single_cluster_gives_figures_without_intervals() -> None:
    found = report(draw_rows(30), np.zeros(30, np.int64))
    for estimate in all_estimates(found):
        assert (estimate.low, estimate.high) == (None, None)
    assert found.micro_f1.value is not None
    assert found.macro_f1.value is None  # one cluster is not enough for any frame


def test_drawing_in_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, clusters = draw_rows(50), np.arange(50) // 2
    at_once = report(rows, clusters, seed=5)
    monkeypatch.setattr(intervals, "CELLS_AT_ONCE", 50 * 7)  # chunks of seven replicates, and one of one
    assert [len(w) for w in cluster_weights(clusters, 15, 0)] == [7, 7, 1]
    assert report(rows, clusters, seed=5) == at_once


def test_the_seed_decides_the_intervals() -> None:
    rows, clusters = draw_rows(50), np.arange(50)
    assert report(rows, clusters, seed=1) == report(rows, clusters, seed=1)
    assert report(rows, clusters, seed=1) != report(rows, clusters, seed=2)


def test_every_replicate_draws_as_many_clusters_as_there_are() -> None:
    (weights,) = cluster_weights(np.array([0, 0, 1, 2]), 20, 0)
    assert weights.shape == (20, 3)
    assert (weights.sum(axis=1) == 3).all()


def test_cluster_ids_may_be_of_any_kind() -> None:
    assert renumber(np.array(["b", "a", "b"])).tolist() == [1, 0, 1]
    rows = draw_rows(40)
    named = np.array([f"group {i % 20:02d}" for i in range(40)])
    assert report(rows, named) == report(rows, np.arange(40) % 20)


def test_replicates_that_are_mostly_unknown_give_no_interval() -> None:
    known = np.array([0.4, 0.6])
    assert as_estimate(0.5, np.array([np.nan] * 3 + [0.5]), 0.9, n_clusters=9) == Estimate(0.5)
    assert as_estimate(0.5, np.append(known, np.nan), 0.5, n_clusters=9) == Estimate(0.5, 0.45, 0.55)


def test_a_frame_with_few_positives_gets_no_figures() -> None:
    truth, probabilities = draw_rows(40)
    truth[:, 1] = 0
    truth[:4, 1] = 1
    found = report((truth, probabilities), np.arange(40))
    assert found.per_frame[1].f1 == Estimate(None)
    assert str(found.per_frame[1].f1) == "too few"
    assert found.macro_frames == ("a",)
    assert found.macro_name == "macro-F1 over 1 of 2 frames"
    assert found.macro_f1.value == found.per_frame[0].f1.value
    (note,) = found.notes
    assert note.startswith("fewer than 5 clusters of copies with a positive")
    assert note.endswith(": b")


def test_a_set_without_any_frame_is_reported_and_not_a_crash() -> None:
    _, probabilities = draw_rows(20)
    found = report((np.zeros((20, 2), np.int8), probabilities), np.arange(20))
    assert (found.macro_f1, found.mean_average_precision) == (Estimate(None), Estimate(None))
    assert found.to_json()["mean_average_precision"] is None
    assert found.macro_name == "macro-F1 over 0 of 2 frames"
    assert "macro_f1" not in found.flat_metrics()


def test_copies_of_one_post_are_not_enough_positives() -> None:
    truth, probabilities = draw_rows(60)
    truth[:, 1] = 0
    truth[:6, 1] = probabilities[:6, 1] = 1
    clusters = np.concatenate([np.zeros(6, int), np.arange(1, 55)])
    found = report((truth, probabilities), clusters)
    scores = found.per_frame[1]
    assert (scores.positives, scores.positive_clusters, scores.f1) == (6, 1, Estimate(None))
    assert found.macro_frames == ("a",)


def test_no_figure_of_a_frame_has_an_interval_without_width() -> None:
    """Five positives, all found, nothing else: precision, recall and F1 are 1 and not certain.

    Wilson for 5 of 5: low = 5 / (5 + 1.96 ** 2) = .566; of F1 = 2 * .566 / 1.566 = .722.
    """
    truth = np.zeros((40, 2), np.int8)
    truth[:5] = 1
    scores = report((truth, truth.astype(float)), np.arange(40)).per_frame[0]
    for estimate, low in ((scores.precision, 0.566), (scores.recall, 0.566), (scores.f1, 0.722)):
        assert (estimate.value, estimate.high) == (1.0, 1.0)
        assert estimate.low == pytest.approx(low, abs=0.001)
    assert (scores.average_precision.low, scores.average_precision.high) == (None, None)


def test_precision_of_nothing_found_has_no_value() -> None:
    truth = np.zeros((40, 2), np.int8)
    truth[:8] = 1
    scores = report((truth, np.zeros((40, 2))), np.arange(40)).per_frame[0]
    assert scores.precision == Estimate(None)
    assert (scores.recall.value, scores.f1.value) == (0.0, 0.0)
    assert scores.f1.high is not None
    assert scores.f1.high > 0.3


def test_an_f1_interval_is_that_of_its_share_of_relevant_rows() -> None:
    """TP 6, FP 2, FN 2 in single rows: F* = .6 of 10, Wilson .313 to .832; F1 = 2 F* / (1 + F*): .476 to .908."""
    truth, decided = np.zeros((30, 2), np.int8), np.zeros((30, 2))
    truth[:8], decided[:6], decided[20:22] = 1, 1, 1
    f1 = report((truth, decided), np.arange(30)).per_frame[0].f1
    assert f1.value == pytest.approx(0.75)
    assert (f1.low, f1.high) == (pytest.approx(0.476, abs=0.001), pytest.approx(0.908, abs=0.001))


@pytest.mark.parametrize("level", [0.65, 0.9])
def test_macro_f1_of_few_positives_is_covered(level: float) -> None:
    """Ten frames of about twelve positives: 190 of 200 intervals should hold the true value, standard error 3.1."""
    shares = np.full(10, 0.04)
    population = Population.alike(shares, level, level)
    held = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        clusters = draw_clusters(300, generator)
        truth = draw_truth(shares, clusters, generator)
        by_row = count_decisions(truth, draw_decisions(population, truth, clusters, generator))
        enough = find_judged(truth, clusters)
        found = estimate_macro_f1(take_frames(counts_by_cluster(by_row, clusters), enough), 0.95)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= level <= found.high
    assert 181 <= held <= 198
