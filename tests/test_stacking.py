"""Weights of a blend: more for the better member, never negative, borrowed where a frame is rare."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from pipeline.classifiers.stacking import Stack, fit_stack
from pipeline.measures.calibration import logit
from pipeline.measures.metrics import mean_average_precision

Floats = NDArray[np.float64]


def draw(n: int, k: int, noise: tuple[float, ...], seed: int = 0) -> tuple[list[Floats], NDArray[np.int8]]:
    """Members that see the same true log odds through more or less noise of their own."""
    generator = np.random.default_rng(seed)
    signal = generator.normal(-0.5, 2.0, (n, k))
    truth = (generator.random((n, k)) < expit(signal)).astype(np.int8)
    return [expit(signal + generator.normal(0, spread, (n, k))) for spread in noise], truth


def draw_single_label(
    n: int, noise: tuple[float, ...], seed: int = 0
) -> tuple[list[Floats], NDArray[np.int8]]:
    generator = np.random.default_rng(seed)
    right = generator.integers(0, 3, n)
    truth = np.eye(3, dtype=np.int8)[right]
    members = []
    for spread in noise:
        scores = np.exp(2.0 * truth + generator.normal(0, spread, truth.shape))
        members.append(scores / scores.sum(axis=1, keepdims=True))
    return members, truth


def test_a_stack_is_better_than_either_member_on_new_rows() -> None:
    members, truth = draw(1500, 3, (1.5, 1.5))
    unseen, unseen_truth = draw(1500, 3, (1.5, 1.5), seed=1)
    combined = fit_stack(members, truth, single_label=False).combine(unseen)
    alone = [mean_average_precision(unseen_truth, member) for member in unseen]
    assert mean_average_precision(unseen_truth, combined) > max(alone) + 0.01


def test_a_member_of_pure_noise_gets_next_to_nothing_and_nobody_less_than_nothing() -> None:
    members, truth = draw(1500, 3, (0.5, 0.5))
    members[1] = np.random.default_rng(3).random(truth.shape)
    members.append(1 - members[0])  # the reverse of the good one: useful only with a negative weight
    stack = fit_stack(members, truth, single_label=False)
    assert (stack.weights >= 0).all()
    assert (stack.weights[1] < 0.15 * stack.weights[0]).all()
    assert (stack.weights[2] < 0.5 * stack.weights[0]).all()


def test_a_rare_frame_takes_the_weights_of_all_together() -> None:
    members, truth = draw(800, 3, (0.5, 3.0))
    members[0][:, 2], members[1][:, 2] = (
        members[1][:, 2].copy(),
        members[0][:, 2].copy(),
    )  # the other way round
    truth[3:, 2] = np.where(np.arange(797) < 40, truth[3:, 2], 0)
    near = fit_stack(members, truth, single_label=False, shrinkage=1e6).weights
    alone = fit_stack(members, truth, single_label=False, shrinkage=1e-3).weights
    middle = fit_stack(members, truth, single_label=False).weights
    assert np.ptp(near, axis=1).max() < 1e-2
    distance = [np.abs(weights[:, 2] - near[:, 2]).sum() for weights in (middle, alone)]
    assert distance[0] < distance[1]


def test_single_label_rows_sum_to_one_and_the_better_member_weighs_more() -> None:
    members, truth = draw_single_label(600, (0.5, 4.0))
    stack = fit_stack(members, truth, single_label=True)
    assert stack.weights[0, 0] > 2 * stack.weights[1, 0]
    combined = stack.combine(members)
    np.testing.assert_allclose(combined.sum(axis=1), 1)
    right = (combined.argmax(axis=1) == truth.argmax(axis=1)).mean()
    assert right >= max((m.argmax(axis=1) == truth.argmax(axis=1)).mean() for m in members)


@pytest.mark.parametrize("single_label", [False, True])
def test_a_stack_survives_json_exactly_and_keeps_to_probabilities(*, single_label: bool) -> None:
    members, truth = draw_single_label(100, (1.0, 1.0))
    stack = fit_stack(members, truth, single_label=single_label)
    again = Stack.from_json(json.loads(json.dumps(stack.to_json())))
    extreme = [np.array([[0.0, 1.0, 0.0], [0.2, 0.3, 0.5]]), np.array([[1.0, 0.0, 0.0], [0.1, 0.1, 0.8]])]
    np.testing.assert_array_equal(again.combine(extreme), stack.combine(extreme))
    assert ((again.combine(extreme) >= 0) & (again.combine(extreme) <= 1)).all()
    assert again.combine([np.zeros((0, 3))] * 2).shape == (0, 3)


def test_equal_weights_average_log_odds() -> None:
    """Log odds of 0.8 and 0.2 are the negative of one another, so their mean is 0 and the probability a half."""
    stack = Stack(np.full((2, 1), 0.5), np.zeros(1), single_label=False)
    assert stack.combine([np.array([[0.8]]), np.array([[0.2]])])[0, 0] == pytest.approx(0.5)
    assert logit(stack.combine([np.array([[0.9]])] * 2))[0, 0] == pytest.approx(logit(np.array(0.9)))
