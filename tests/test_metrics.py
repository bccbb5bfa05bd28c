"""Every figure equals scikit-learn's on random data, except where its definition says otherwise."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score, precision_recall_fscore_support

from pipeline.measures.metrics import (
    average_precision,
    count_decisions,
    expected_calibration_error,
    mean_average_precision,
    samples_f1_by_row,
    total,
)

modest = settings(deadline=None, max_examples=80)


@st.composite
def truth_and_decisions(draw: st.DrawFn) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    shape = (draw(st.integers(1, 25)), draw(st.integers(2, 6)))
    zero_or_one = st.integers(0, 1)
    truth = draw(arrays(np.int8, shape, elements=zero_or_one))
    return truth, draw(arrays(np.bool_, shape))


@st.composite
def truth_scores_and_weights(
    draw: st.DrawFn,
) -> tuple[NDArray[np.int8], NDArray[np.float64], NDArray[np.float64]]:
    n = draw(st.integers(1, 30))
    truth = draw(arrays(np.int8, n, elements=st.integers(0, 1)))
    tied = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5000001, 0.9, 1.0])  # few values: ties are the rule
    scores = draw(arrays(np.float64, n, elements=tied))
    drawn_how_often = draw(arrays(np.float64, n, elements=st.integers(0, 4).map(float)))
    return truth, scores, drawn_how_often


@modest
@given(truth_and_decisions())
def test_frame_macro_and_micro_figures_equal_scikit_learn(
    drawn: tuple[NDArray[np.int8], NDArray[np.bool_]],
) -> None:
    truth, decided = drawn
    counts = total(count_decisions(truth, decided))
    expected = precision_recall_fscore_support(truth, decided, average=None, zero_division=0)
    np.testing.assert_allclose([counts.precision, counts.recall, counts.f1], expected[:3], atol=1e-12)
    assert counts.macro_f1 == pytest.approx(f1_score(truth, decided, average="macro", zero_division=0))
    assert counts.micro_f1 == pytest.approx(f1_score(truth, decided, average="micro", zero_division=0))


@modest
@given(truth_and_decisions())
def test_samples_f1_counts_rightly_empty_texts_as_one(
    drawn: tuple[NDArray[np.int8], NDArray[np.bool_]],
) -> None:
    truth, decided = drawn
    # scikit-learn's zero_division reaches only texts where its ratio is 0 / 0: no frame, and none given
    expected = f1_score(truth, decided, average="samples", zero_division=1)
    assert samples_f1_by_row(truth, decided).mean() == pytest.approx(expected)


@modest
@given(truth_scores_and_weights())
def test_average_precision_equals_scikit_learn_with_ties_and_weights(
    drawn: tuple[NDArray[np.int8], NDArray[np.float64], NDArray[np.float64]],
) -> None:
    truth, scores, weights = drawn
    for each in (np.ones(len(truth)), weights):
        found = average_precision(truth, scores, each[None, :])[0]
        if not (truth * each).any():
            assert np.isnan(found)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = average_precision_score(truth, scores, sample_weight=each)
        assert found == pytest.approx(expected)


def test_average_precision_of_several_weightings_is_that_of_each() -> None:
    generator = np.random.default_rng(0)
    truth, scores = generator.integers(0, 2, 40), generator.random(40).round(1)
    weights = generator.integers(0, 3, (7, 40)).astype(float)
    together = average_precision(truth, scores, weights)
    np.testing.assert_allclose(together, [average_precision(truth, scores, w[None])[0] for w in weights])


def test_average_precision_worked_example() -> None:
    """Ranking 1 0 1: precision 1 at recall 1/2, 2/3 at recall 1, so 1/2 * 1 + 1/2 * 2/3 = 5/6."""
    assert average_precision(np.array([1, 0, 1]), np.array([0.9, 0.8, 0.1]))[0] == pytest.approx(5 / 6)


def test_mean_average_precision_leaves_out_frames_without_positives() -> None:
    truth = np.array([[1, 0], [0, 0]])
    assert mean_average_precision(truth, np.array([[0.9, 0.9], [0.1, 0.1]])) == 1.0
    assert mean_average_precision(np.zeros((2, 2), int), np.ones((2, 2))) is None


def test_calibration_error_worked_example() -> None:
    """Bin 0.2: two rows state 0.2 and half are right, gap 0.3; bin 0.9: two state 0.9, all right, gap 0.1.

    Weighted by size: (2 * 0.3 + 2 * 0.1) / 4 = 0.2.
    """
    stated = np.array([[0.25, 0.25], [0.95, 0.95]]) - 0.05
    truth = np.array([[1, 0], [1, 1]])
    assert expected_calibration_error(truth, stated) == pytest.approx(0.2)


def test_calibration_error_takes_the_bounds() -> None:
    assert expected_calibration_error(np.array([[0, 1]]), np.array([[0.0, 1.0]])) == 0.0
