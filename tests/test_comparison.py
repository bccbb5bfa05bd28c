"""Comparison of two models: no difference where there is none, a shown one where there is, no matter the order."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rich.console import Console

from pipeline.benchmarks.validity.simulated_tests import Population, draw_decisions
from pipeline.benchmarks.validity.simulated_tests import draw_truth as draw_test_truth
from pipeline.bundle import ModelBundle
from pipeline.commands.result_tables import print_comparison
from pipeline.config.evaluation import EvaluationSettings
from pipeline.data.codebooks.codebook import Codebook
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.errors import DataError
from pipeline.evaluation.comparison import Comparison, compare_decisions
from pipeline.evaluation.evaluate_bundle import compare_bundles, evaluate_bundle
from pipeline.evaluation.leakage import text_digests
from pipeline.evaluation.row_facts import RowFacts
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.measures import paired_swaps

SETTINGS = EvaluationSettings(bootstrap_samples=300)
FRAMES = ("a", "b", "rare")

Decisions = NDArray[np.bool_]


def draw_truth(n: int, seed: int = 0) -> Decisions:
    truth = np.random.default_rng(seed).random((n, 3)) < [0.5, 0.3, 0.3]
    truth[:, 2] = False
    truth[:3, 2] = True
    return truth


def err(truth: Decisions, rate: float, seed: int) -> Decisions:
    """Decisions that are wrong with this probability."""
    return truth ^ (np.random.default_rng([seed, 1]).random(truth.shape) < rate)


def compare(
    truth: Decisions, first: Decisions, second: Decisions, clusters: NDArray[Any] | None = None
) -> Comparison:
    clusters = np.arange(len(truth)) if clusters is None else clusters
    return compare_decisions(truth, first, second, clusters=clusters, frame_ids=FRAMES, settings=SETTINGS)


def test_identical_models_do_not_differ() -> None:
    truth = draw_truth(80)
    decided = err(truth, 0.2, 1)
    found = compare(truth, decided, decided)
    for difference in (found.macro_f1, found.micro_f1, *found.per_frame[:2]):
        assert difference.gain.value == 0
        assert difference.gain.low is not None
        assert difference.gain.high is not None
        assert difference.gain.low < 0 < difference.gain.high  # other rows could have set them apart
        assert difference.p_value == 1
    assert found.verdict.startswith("no difference can be shown")


def test_a_clearly_better_model_is_shown_to_be_better() -> None:
    truth = draw_truth(200)
    found = compare(truth, err(truth, 0.3, 1), err(truth, 0.05, 2))
    for difference in (found.macro_f1, found.micro_f1, *found.per_frame[:2]):
        assert difference.second > difference.first
        assert difference.gain.low is not None
        assert difference.gain.low > 0
        assert difference.p_value is not None
        assert difference.p_value < 0.01
    assert found.verdict.startswith("the second is better")


def test_exchanging_the_models_mirrors_every_figure() -> None:
    truth = draw_truth(90)
    one, other = err(truth, 0.25, 1), err(truth, 0.1, 2)
    there, back = compare(truth, one, other), compare(truth, other, one)
    for d, m in zip(
        (there.macro_f1, there.micro_f1, *there.per_frame[:2]),
        (back.macro_f1, back.micro_f1, *back.per_frame[:2]),
        strict=True,
    ):
        assert (m.first, m.second, m.p_value) == (d.second, d.first, d.p_value)
        assert d.gain.value is not None
        assert d.gain.low is not None
        assert d.gain.high is not None
        mirrored = (m.gain.value, m.gain.low, m.gain.high)
        assert mirrored == pytest.approx((-d.gain.value, -d.gain.high, -d.gain.low))
    assert back.verdict.startswith("the first is better")


def test_copies_of_a_text_are_one_piece_of_evidence() -> None:
    truth = draw_truth(60)
    one, other = err(truth, 0.2, 1), err(truth, 0.1, 2)
    once = compare(truth, one, other)
    five = [np.repeat(part, 5, axis=0) for part in (truth, one, other)]
    known = compare(five[0], five[1], five[2], np.repeat(np.arange(60), 5))
    assert known.macro_f1.p_value == once.macro_f1.p_value
    assert known.macro_f1.gain.low == pytest.approx(once.macro_f1.gain.low)
    naive = compare(five[0], five[1], five[2])
    assert naive.macro_f1.p_value is not None
    assert once.macro_f1.p_value is not None
    assert naive.macro_f1.p_value < once.macro_f1.p_value


def test_p_values_are_uniform_where_the_models_are_equally_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 200 comparisons of equals, a tenth may fall below 0.1 by chance: 20, standard error 4.2."""
    monkeypatch.setattr(paired_swaps, "SWAPS", 399)
    p_values = []
    for seed in range(200):
        truth = draw_truth(50, seed)
        found = compare(truth, err(truth, 0.2, 2 * seed), err(truth, 0.2, 2 * seed + 1))
        assert found.macro_f1.p_value is not None
        p_values.append(found.macro_f1.p_value)
    assert 8 <= sum(p <= 0.1 for p in p_values) <= 32
    assert 0.42 <= np.mean(p_values) <= 0.58


def test_permuting_in_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = draw_truth(40)
    one, other = err(truth, 0.2, 1), err(truth, 0.15, 2)
    at_once = compare(truth, one, other)
    monkeypatch.setattr(paired_swaps, "CELLS_AT_ONCE", 40 * 6)
    assert compare(truth, one, other) == at_once


def test_a_single_cluster_shows_nothing() -> None:
    truth = draw_truth(40)
    found = compare(truth, err(truth, 0.4, 1), truth, np.zeros(40))
    assert (found.micro_f1.gain.low, found.micro_f1.p_value) == (None, None)
    assert found.macro_f1.gain.value is None
    assert found.verdict == "no difference can be shown on this test set: no frame has enough positives"


def test_a_rare_frame_is_not_tested() -> None:
    truth = draw_truth(60)
    rare = compare(truth, err(truth, 0.2, 1), err(truth, 0.2, 2)).per_frame[2]
    assert (rare.positives, rare.p_value, rare.gain.value) == (3, None, None)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.02, 0.4), st.floats(0.02, 0.4), st.integers(1, 4))
def test_interval_p_value_and_verdict_never_disagree(
    seed: int, one: float, other: float, copies: int
) -> None:
    truth = draw_truth(60, seed)
    first, second = err(truth, one, seed), err(truth, other, seed + 1)
    found = compare(truth, first, second, np.arange(60) // copies)
    for difference in (found.macro_f1, found.micro_f1, *found.per_frame):
        if difference.gain.low is None or difference.gain.high is None or difference.p_value is None:
            continue
        assert (difference.p_value <= 0.05) == (difference.gain.low > 0 or difference.gain.high < 0)
        assert difference.gain.low < difference.gain.high
        assert difference.p_value > 0
    if found.macro_f1.p_value is not None:
        assert found.verdict.startswith("no difference") == (found.macro_f1.p_value > 0.05)


def test_a_frame_without_enough_clusters_moves_no_macro_figure() -> None:
    """Ten copies of one post hold all ten positives of the third frame: one cluster, which decides nothing."""
    truth = draw_truth(80)
    truth[:, 2] = False
    truth[:10, 2] = True
    clusters = np.concatenate([np.zeros(10, int), np.arange(1, 71)])
    first, second = err(truth, 0.2, 1), err(truth, 0.1, 2)
    first[:, 2], second[:, 2] = False, truth[:, 2]
    found = compare(truth, first, second, clusters)
    assert found.frames == ("a", "b")
    assert found.macro_name == "macro-F1 over 2 of 3 frames"
    assert (found.per_frame[2].first, found.per_frame[2].gain.value) == (None, None)
    assert "rare" in found.notes[0]
    blind = second.copy()
    blind[:, 2] = False
    assert compare(truth, first, blind, clusters).macro_f1 == found.macro_f1


def test_the_frames_of_a_comparison_hold_together_where_precision_and_recall_are_traded() -> None:
    """Equal F1 of .65 on six frames, by precision .9 in the one model and by precision .5 in the other.

    Of 40 comparisons 2 may call any frame different by chance, standard error 1.4.
    """
    shares = np.full(6, 0.15)
    careful, eager = (
        Population(shares, np.full(6, 0.65 * p / (2 * p - 0.65)), np.full(6, p)) for p in (0.9, 0.5)
    )
    names = tuple("abcdef")
    wrong = 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        clusters = np.arange(300)
        truth = draw_test_truth(shares, clusters, generator)
        decided = [draw_decisions(model, truth, clusters, generator) for model in (careful, eager)]
        found = compare_decisions(
            truth, *decided, clusters=clusters, frame_ids=names, settings=SETTINGS, seed=seed
        )
        wrong += any(entry.p_value is not None and entry.p_value <= 0.05 for entry in found.per_frame)
    assert wrong <= 6


def remember(bundle: ModelBundle, predictions: TestPredictions, folder: Path, **manifest: str) -> ModelBundle:
    folder.mkdir()
    arrays: dict[str, Any] = predictions.to_arrays()
    np.savez(folder / "test_predictions.npz", **arrays)
    return replace(bundle, folder=folder, manifest={**bundle.manifest, "test_fingerprint": "t", **manifest})


def predictions_of(truth: Decisions, decided: Decisions, order: NDArray[np.int64]) -> TestPredictions:
    return TestPredictions(
        ids=np.array([f"row {i}" for i in order]),
        clusters=order,
        truth=truth[order].astype(np.int8),
        calibrated=decided[order].astype(float),
        decided=decided[order],
    )


def test_bundles_are_compared_row_by_row_whatever_the_order_of_their_rows(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    truth = draw_truth(80)
    one, other = err(truth, 0.3, 1), err(truth, 0.05, 2)
    in_order, shuffled = np.arange(80), np.random.default_rng(0).permutation(80)
    first = remember(tiny_bundle, predictions_of(truth, one, in_order), tmp_path / "first")
    second = remember(tiny_bundle, predictions_of(truth, other, in_order), tmp_path / "second")
    reordered = remember(tiny_bundle, predictions_of(truth, other, shuffled), tmp_path / "reordered")
    assert compare_bundles(first, reordered, SETTINGS) == compare_bundles(first, second, SETTINGS)


def test_a_gain_over_all_rows_does_not_hide_the_language_that_lost(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    truth = draw_truth(300)
    truth[:, 2] = truth[:, 0]
    is_russian = np.arange(300) >= 220
    second = np.where(is_russian[:, None], err(truth, 0.4, 1), truth)
    facts = RowFacts(
        sources=np.full(300, "channel"),
        langs=np.where(is_russian, "ru", "en"),
        days=np.full(300, np.datetime64("2024-01-01")),
        lengths=np.full(300, 40),
        posts=np.ones(300, np.int64),
    )
    bundles = [
        remember(
            tiny_bundle, replace(predictions_of(truth, decided, np.arange(300)), facts=facts), tmp_path / name
        )
        for name, decided in (("first", err(truth, 0.25, 2)), ("second", second))
    ]
    found = compare_bundles(*bundles, SETTINGS)
    assert found.macro_f1.gain.low is not None
    assert found.macro_f1.gain.low > 0
    english, russian = found.languages
    assert (english.value, english.n, russian.value, russian.n) == ("en", 220, "ru", 80)
    assert english.gain.low is not None
    assert english.gain.low > 0
    assert russian.gain.high is not None
    assert russian.gain.high < 0
    screen = Console(width=80, record=True)
    print_comparison(screen, found, "first", "second")
    [line] = [line.split() for line in screen.export_text().splitlines() if line.startswith("ru ")]
    assert line[:3] == ["ru", "80", "3"]


def test_bundles_of_other_test_rows_or_other_frames_are_not_compared(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    truth = draw_truth(20)
    predictions = predictions_of(truth, truth, np.arange(20))
    first = remember(tiny_bundle, predictions, tmp_path / "first")
    second = remember(tiny_bundle, predictions, tmp_path / "second", test_fingerprint="another")
    with pytest.raises(DataError, match="tested on different rows"):
        compare_bundles(first, second, SETTINGS)
    fewer = Codebook(name="fewer", frames=tiny_bundle.codebook.frames[:2])
    with pytest.raises(DataError, match="code different frames"):
        compare_bundles(first, replace(first, codebook=fewer), SETTINGS)


def test_evaluation_says_how_many_texts_the_model_was_trained_on(
    tiny_bundle: ModelBundle, tmp_path: Path
) -> None:
    texts = [
        "The world order is changing today!",
        "they threaten our borders",
        "a new sentence",
        "and a last one",
    ]
    path = tmp_path / "labelled.jsonl"
    path.write_text("".join(json.dumps({"text": t, "labels": []}) + "\n" for t in texts), encoding="utf-8")
    np.savez(
        tmp_path / "training_texts.npz",
        digests=text_digests(["the world order is changing today", "A new sentence."]),
    )
    data = read_labelled(path, tiny_bundle.codebook)
    report = evaluate_bundle(replace(tiny_bundle, folder=tmp_path), data, SETTINGS)
    assert report.warnings[0].startswith("2 of 4 texts stand in this model's own training data")
    np.savez(tmp_path / "training_texts.npz", digests=text_digests(["something else"]))
    report = evaluate_bundle(replace(tiny_bundle, folder=tmp_path), data, SETTINGS)
    assert not any("training data" in note for note in (*report.warnings, *report.notes))
