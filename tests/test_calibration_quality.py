"""Slope and intercept of calibration: known answers, and intervals that hold over clusters."""

import numpy as np
import pytest
from scipy.special import expit, logit

from pipeline.evaluation.calibration_quality import fit_recalibration


def draw(
    n_clusters: int, generator: np.random.Generator, slope: float = 1.0, off: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clusters of one to five copies with one truth; probabilities that need this slope and offset to be right."""
    clusters = np.repeat(np.arange(n_clusters), generator.integers(1, 6, n_clusters))
    right = expit(generator.normal(-1, 1.2, (n_clusters, 3)))
    truth = (generator.random(right.shape) < right)[clusters]
    return truth, expit((logit(right) - off) / slope)[clusters], clusters


@pytest.mark.parametrize(("slope", "off"), [(1.0, 0.0), (1.5, 0.0), (0.6, 0.0), (1.0, 0.8)])
def test_what_is_wrong_with_probabilities_is_found(slope: float, off: float) -> None:
    found = fit_recalibration(*draw(20_000, np.random.default_rng(1), slope, off), 0.95)
    assert found.slope.value == pytest.approx(slope, abs=0.04)
    if slope == 1:
        assert found.intercept.value == pytest.approx(off, abs=0.05)


def test_intervals_hold_where_copies_repeat_each_other() -> None:
    generator, held = np.random.default_rng(2), []
    for _ in range(400):
        found = fit_recalibration(*draw(80, generator), 0.95)
        held.append(
            [
                (figure.low or 0) <= right <= (figure.high or 0)
                for figure, right in ((found.slope, 1), (found.intercept, 0))
            ]
        )
    assert np.mean(held, axis=0) == pytest.approx([0.95, 0.95], abs=0.035)


def test_too_few_positives_or_classes_that_are_parted_have_no_slope() -> None:
    clusters = np.arange(40)
    few = np.zeros((40, 1), int)
    few[:3] = 1
    assert fit_recalibration(few, np.full((40, 1), 0.1), clusters, 0.95).slope.value is None
    parted = (clusters >= 20).astype(int)[:, None]
    assert fit_recalibration(parted, np.where(parted, 0.9, 0.1), clusters, 0.95).slope.value is None
    same = fit_recalibration(parted, np.full((40, 1), 0.5), clusters, 0.95)
    assert same.slope.value is None  # nothing to regress on
    assert same.intercept.value == pytest.approx(0, abs=1e-6)
