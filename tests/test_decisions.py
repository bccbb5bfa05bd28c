"""Calibration tells the truth and keeps rankings; rare frames borrow strength; thresholds lie where F1 is best."""

import json
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit

from pipeline.config.decisions import DecisionSettings
from pipeline.measures.calibration import fit_calibrator, identity_calibrator, logit
from pipeline.measures.decision_rule import DecisionRule, fit_decision_rule
from pipeline.measures.hierarchy import imply_parents
from pipeline.measures.metrics import expected_calibration_error
from pipeline.measures.thresholds import tune_thresholds

Floats = NDArray[np.float64]
Truth = NDArray[np.int8]


def draw_calibrated(n: int, k: int, seed: int = 0) -> tuple[Floats, Truth]:
    """True probabilities, and labels drawn with them."""
    generator = np.random.default_rng(seed)
    true = expit(generator.normal(-1.0, 2.0, (n, k)))
    return true, (generator.random((n, k)) < true).astype(np.int8)


def draw_single_label(n: int, k: int, seed: int = 0) -> tuple[Floats, Truth]:
    generator = np.random.default_rng(seed)
    scores = generator.normal(0, 1.5, (n, k))
    true = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    chosen = (true.cumsum(axis=1) > generator.random((n, 1))).argmax(axis=1)
    return true, np.eye(k, dtype=np.int8)[chosen]


def log_loss(truth: Truth, probabilities: Floats) -> float:
    p = np.clip(probabilities, 1e-9, 1 - 1e-9)
    return float(-(truth * np.log(p) + (1 - truth) * np.log1p(-p)).mean())


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000), n=st.integers(2, 60), prevalence=st.floats(0, 1), single_label=st.booleans()
)
def test_calibration_never_turns_a_ranking_round(
    seed: int, n: int, prevalence: float, *, single_label: bool
) -> None:
    generator = np.random.default_rng(seed)
    raw = generator.random((n, 3)).round(2)  # zeros and ones among them; labels have nothing to do with them
    truth = (generator.random((n, 3)) < prevalence).astype(np.int8)
    if single_label:
        raw = (raw + 0.01) / (raw + 0.01).sum(axis=1, keepdims=True)
        truth = np.eye(3, dtype=np.int8)[generator.integers(0, 3, n)]
    calibrated = fit_calibrator(raw, truth, single_label=single_label, shrinkage=20.0)(raw)
    assert np.isfinite(calibrated).all()
    assert ((calibrated >= 0) & (calibrated <= 1)).all()
    before, after = (
        (raw, calibrated) if single_label else (raw.T, calibrated.T)
    )  # ranks in rows, or in columns
    for old, new in zip(before, after, strict=True):
        assert (np.diff(new[np.argsort(old, kind="stable")]) >= -1e-12).all()


def test_a_reversed_classifier_is_flattened_and_not_reversed() -> None:
    true, truth = draw_calibrated(2000, 1)
    calibrated = fit_calibrator(1 - true, truth, single_label=False, shrinkage=1.0)(1 - true)
    assert (np.diff(calibrated[np.argsort(-true[:, 0]), 0]) >= 0).all()
    assert np.ptp(calibrated) < 0.2


def test_calibration_mends_a_distorted_classifier() -> None:
    true, truth = draw_calibrated(3000, 4)
    unseen, unseen_truth = draw_calibrated(3000, 4, seed=1)
    slopes, offsets = np.array([3.0, 0.4, 1.0, 2.0]), np.array([0.5, -1.0, 2.0, 0.0])
    raw, unseen_raw = expit(logit(true) * slopes + offsets), expit(logit(unseen) * slopes + offsets)
    calibrator = fit_calibrator(raw, truth, single_label=False, shrinkage=20.0)
    calibrated = calibrator(unseen_raw)
    assert expected_calibration_error(unseen_truth, unseen_raw) > 0.1
    assert expected_calibration_error(unseen_truth, calibrated) < 0.02
    assert log_loss(unseen_truth, calibrated) < log_loss(unseen_truth, unseen_raw)
    np.testing.assert_allclose(calibrator.slopes, 1 / slopes, rtol=0.25)


def test_calibration_leaves_a_calibrated_classifier_nearly_alone() -> None:
    true, truth = draw_calibrated(4000, 2)
    calibrated = fit_calibrator(true, truth, single_label=False, shrinkage=20.0)(true)
    assert np.abs(calibrated - true).max() < 0.05


def test_the_slope_of_a_rare_frame_is_pulled_towards_the_others() -> None:
    """Two frames need slope 1/2; six positives of a third, scored at random, would alone flatten it altogether."""
    true, truth = draw_calibrated(500, 3)
    raw = expit(logit(true) * 2.0)
    raw[:, 0] = np.random.default_rng(1).random(500)
    truth[:, 0] = 0
    truth[:6, 0] = 1

    def rare_slope(shrinkage: float) -> float:
        return float(fit_calibrator(raw, truth, single_label=False, shrinkage=shrinkage).slopes[0])

    common = rare_slope(1e6)
    assert rare_slope(1e-3) < common - 0.15
    assert rare_slope(1e-3) < rare_slope(20.0) < common


def test_a_rare_frame_is_not_overstated() -> None:
    """Eight positives of 1000, from a classifier that weighs positives up: the mean score is their share."""
    generator = np.random.default_rng(4)
    scores = generator.normal([-1.0, -1.5, -6.0], 1.5, (1000, 3))
    order = np.argsort(-scores[:, 2] + generator.normal(0, 1.0, 1000))
    truth = (generator.random((1000, 3)) < expit(scores)).astype(np.int8)
    truth[:, 2] = 0
    truth[order[:8], 2] = 1
    raw = expit(scores + np.array([0.4, 0.6, 2.5]))
    calibrated = fit_calibrator(raw, truth, single_label=False, shrinkage=20.0)(raw)
    np.testing.assert_allclose(calibrated.mean(axis=0) / truth.mean(axis=0), 1, atol=0.15)


def test_a_frame_without_positives_is_calibrated_to_something_small() -> None:
    true, truth = draw_calibrated(500, 2)
    truth[:, 1] = 0
    calibrated = fit_calibrator(true, truth, single_label=False, shrinkage=20.0)(true)
    assert np.isfinite(calibrated).all()
    assert calibrated[:, 1].mean() < true[:, 1].mean() / 2


@pytest.mark.parametrize("sharpness", [0.3, 4.0])
def test_temperature_mends_a_softmax_that_is_too_sure_or_too_shy(sharpness: float) -> None:
    true, truth = draw_single_label(2000, 4)
    raw = true**sharpness / (true**sharpness).sum(axis=1, keepdims=True)
    calibrator = fit_calibrator(raw, truth, single_label=True, shrinkage=20.0)
    assert calibrator.slopes == pytest.approx(np.full(4, 1 / sharpness), rel=0.15)
    calibrated = calibrator(raw)
    np.testing.assert_allclose(calibrated.sum(axis=1), 1)
    assert (calibrated.argmax(axis=1) == raw.argmax(axis=1)).all()
    unseen, unseen_truth = draw_single_label(2000, 4, seed=1)
    unseen_raw = unseen**sharpness / (unseen**sharpness).sum(axis=1, keepdims=True)
    assert expected_calibration_error(unseen_truth, calibrator(unseen_raw)) < 0.03
    assert expected_calibration_error(unseen_truth, unseen_raw) > 0.05


@pytest.mark.parametrize("single_label", [False, True])
def test_the_identity_calibrator_changes_nothing(*, single_label: bool) -> None:
    true, _ = draw_single_label(50, 3)
    np.testing.assert_allclose(identity_calibrator(3, single_label=single_label)(true), true, atol=1e-5)


def expected_f1(true: Floats, threshold: float) -> float:
    """Of deciding for what lies above, over many labellings drawn with the true probabilities."""
    drawn = np.random.default_rng(7).random((4000, len(true))) < true
    decided = true >= threshold
    return float((2 * (drawn & decided).sum(axis=1) / (drawn.sum(axis=1) + decided.sum())).mean())


@pytest.mark.parametrize("shift", [1.0, -1.0, -3.0])
def test_no_threshold_has_a_better_expected_f1(shift: float) -> None:
    true = expit(logit(draw_calibrated(400, 1)[0][:, 0]) + shift)
    [threshold] = tune_thresholds(true[:, None], true[:, None], np.ones((400, 1)))
    best = expected_f1(true, threshold)
    assert best >= max(expected_f1(true, other) for other in np.linspace(0.02, 0.98, 49)) - 0.002
    assert threshold == pytest.approx(best / 2, abs=0.03)  # Lipton, Elkan and Naryanaswamy 2014


def test_the_threshold_of_a_rare_frame_varies_less_than_the_one_that_is_best_on_its_labels() -> None:
    tuned, on_labels = [], []
    for seed in range(40):
        generator = np.random.default_rng(seed)
        true = expit(generator.normal(-4.5, 2.0, (400, 1)))
        truth = (generator.random((400, 1)) < true).astype(np.int8)
        tuned.append(tune_thresholds(true, true, truth)[0])
        decided = true >= true.T  # each row's probability as a threshold, shape (n, n)
        f1 = 2 * (decided & (truth > 0)).sum(axis=0) / (decided.sum(axis=0) + truth.sum())
        on_labels.append(true[f1.argmax(), 0])
    assert np.std(tuned) < np.std(on_labels) / 2


def test_thresholds_stand_on_the_scale_that_is_decided_on() -> None:
    """Without calibration the raw scores are decided on: the same rows are found."""
    true, truth = draw_calibrated(2000, 3)
    raw = expit(logit(true) * 2.0 + 1.0)
    found = {}
    for calibration in ("platt", "none"):
        rule = fit_decision_rule(
            raw, truth, DecisionSettings.model_validate({"calibration": calibration}), single_label=False
        )
        found[calibration] = rule.decide(rule.calibrate(raw))
    np.testing.assert_array_equal(found["none"], found["platt"])


def test_a_frame_that_never_occurs_is_hardly_ever_found() -> None:
    true, truth = draw_calibrated(500, 2)
    truth[:, 1] = 0
    rule = fit_decision_rule(true, truth, DecisionSettings(), single_label=False)
    assert rule.thresholds[1] == 0.5
    assert not rule.decide(rule.calibrate(true))[:, 1].any()


def test_a_given_threshold_is_used_as_it_is_on_calibrated_probabilities() -> None:
    true, truth = draw_calibrated(400, 2)
    rule = fit_decision_rule(true, truth, DecisionSettings(threshold=0.35), single_label=False)
    calibrated = rule.calibrate(true)
    assert rule.thresholds.tolist() == [0.35, 0.35]
    assert (rule.decide(calibrated) == (calibrated >= 0.35)).all()


def test_tuned_decisions_beat_one_half_where_frames_are_rare() -> None:
    true, truth = draw_calibrated(3000, 2)
    true, truth = expit(logit(true) - 1.5), truth.copy()
    truth = (np.random.default_rng(2).random(true.shape) < true).astype(np.int8)
    tuned = fit_decision_rule(true, truth, DecisionSettings(), single_label=False)
    decided, half = tuned.decide(tuned.calibrate(true)), true >= 0.5

    def f1(decisions: NDArray[np.bool_]) -> float:
        return float(2 * (decisions & (truth > 0)).sum() / (decisions.sum() + truth.sum()))

    assert f1(decided) > f1(half) + 0.02


def test_single_label_decisions_choose_exactly_one_frame() -> None:
    true, truth = draw_single_label(200, 3)
    rule = fit_decision_rule(true, truth, DecisionSettings(), single_label=True)
    tied = np.array([[0.4, 0.4, 0.2]])
    assert rule.decide(tied).tolist() == [[True, False, False]]
    assert (rule.decide(rule.calibrate(true)).sum(axis=1) == 1).all()


@pytest.mark.parametrize("single_label", [False, True])
@pytest.mark.parametrize("calibration", ["platt", "none"])
def test_a_rule_survives_json_exactly(calibration: str, *, single_label: bool) -> None:
    true, truth = draw_single_label(150, 3)
    chosen = DecisionSettings.model_validate({"calibration": calibration})
    rule = fit_decision_rule(true, truth, chosen, single_label=single_label)
    again = DecisionRule.from_json(json.loads(json.dumps(rule.to_json())))
    unseen, _ = draw_single_label(100, 3, seed=9)
    np.testing.assert_array_equal(again.calibrate(unseen), rule.calibrate(unseen))
    np.testing.assert_array_equal(again.decide(unseen), rule.decide(unseen))


def test_no_rows_are_calibrated_and_decided_without_fuss() -> None:
    for single_label in (False, True):
        true, truth = draw_single_label(60, 3)
        rule = fit_decision_rule(true, truth, DecisionSettings(), single_label=single_label)
        assert rule.decide(rule.calibrate(np.zeros((0, 3)))).shape == (0, 3)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 40),
    parents=st.sampled_from([(-1, 0, 0, -1), (3, 3, -1, -1), (-1, -1, 1, 1), (2, -1, -1, 1)]),
    threshold=st.sampled_from(["tuned", 0.2, 0.7]),
)
def test_who_carries_a_child_carries_its_parent(
    seed: int, n: int, parents: tuple[int, ...], threshold: Literal["tuned"] | float
) -> None:
    generator = np.random.default_rng(seed)
    raw, truth = generator.random((n, 4)), (generator.random((n, 4)) < 0.4).astype(np.int8)
    rule = fit_decision_rule(
        raw,
        imply_parents(truth, parents),
        DecisionSettings(threshold=threshold),
        single_label=False,
        parents=parents,
    )
    fresh = generator.random((50, 4))
    calibrated = rule.calibrate(fresh)
    decided = rule.decide(calibrated)
    for child, parent in enumerate(parents):
        if parent >= 0:
            assert (calibrated[:, parent] >= calibrated[:, child]).all()
            assert (decided[:, parent] >= decided[:, child]).all()
    own = rule.calibrator(fresh)
    childless = [k for k in range(4) if k not in parents]
    assert (calibrated[:, childless] == own[:, childless]).all()  # nothing but parents is raised
    assert (calibrated.max(axis=1) == own.max(axis=1)).all()  # and to no more than their children
    again = DecisionRule.from_json(json.loads(json.dumps(rule.to_json())))
    assert again.parents == parents
    assert (again.decide(again.calibrate(fresh)) == decided).all()


def test_a_rule_without_parents_is_written_as_before() -> None:
    true, truth = draw_calibrated(30, 3)
    for parents, single_label in (((), False), ((-1, -1, -1), False), ((-1, 0, 0), True)):
        rule = fit_decision_rule(true, truth, DecisionSettings(), single_label=single_label, parents=parents)
        assert "parents" not in rule.to_json()
