"""What it costs that a blend's or a cascade's parts rest on the same out-of-fold rows as their thresholds.

Two members give logits of eight frames with errors that they share in part. The rule is learnt once on the rows of the
weights (of the calibrations and the gate), once on rows that weights of other folds combined, and judged on fresh rows.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.model_selection import KFold

from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.classifiers.gate import carrying_scores, choose_gate
from pipeline.classifiers.stacking import fit_stack
from pipeline.config.decisions import DecisionSettings
from pipeline.measures.calibration import fit_calibrator
from pipeline.measures.decision_rule import fit_decision_rule
from pipeline.measures.metrics import count_decisions, total

_SHARES: Final = np.array([0.03, 0.05, 0.05, 0.1, 0.1, 0.15, 0.2, 0.3])
_SIGNALS: Final = (
    (2.0, 0.7),
    (2.6, 1.0),
)  # of each member: how far positives lie off, weight of the common error
_FRESH_ROWS: Final = 20_000
_FOLDS: Final = 5
_MISS_RATE: Final = 0.05  # allowed to the cascade's gate


def _draw_rows(n: int, generator: np.random.Generator) -> tuple[list[NDArray[Any]], NDArray[np.int8]]:
    """Probabilities (n, 8) by each member, and the truth (n, 8)."""
    truth = (generator.random((n, len(_SHARES))) < _SHARES).astype(np.int8)
    common = 0.9 * generator.normal(size=truth.shape)
    members = [
        expit(
            logit(_SHARES) + away * (truth - _SHARES) + weight * common + generator.normal(size=truth.shape)
        )
        for away, weight in _SIGNALS
    ]
    return members, truth


Combine = Callable[[list[NDArray[Any]]], NDArray[Any]]
Fit = Callable[[list[NDArray[Any]], NDArray[np.int8]], Combine]


def _fit_blend(members: list[NDArray[Any]], truth: NDArray[np.int8]) -> Combine:
    return fit_stack(members, truth, single_label=False).combine


def _fit_cascade(members: list[NDArray[Any]], truth: NDArray[np.int8]) -> Combine:
    """Calibrations of both stages and the gate, as the cascade learns them."""
    settings = DecisionSettings()
    calibrators = [
        fit_calibrator(member, truth, single_label=False, shrinkage=settings.shrinkage_positives)
        for member in members
    ]
    gate = _choose_gate(calibrators[0](members[0]), truth)

    def combine(given: list[NDArray[Any]]) -> NDArray[Any]:
        first, second = (calibrate(member) for calibrate, member in zip(calibrators, given, strict=True))
        return np.where((carrying_scores(first) >= gate)[:, None], second, first)

    return combine


def _choose_gate(calibrated: NDArray[Any], truth: NDArray[np.int8]) -> float:
    return choose_gate(carrying_scores(calibrated), truth, np.arange(len(truth)), _MISS_RATE).threshold


def _gain_of_nesting(fit: Fit, n: int, seed: int) -> float:
    """Macro-F1 on fresh rows of a rule learnt nested, less that of one learnt on the rows of the weights."""
    generator = np.random.default_rng(seed)
    members, truth = _draw_rows(n, generator)
    fresh, fresh_truth = _draw_rows(_FRESH_ROWS, generator)
    combine = fit(members, truth)
    nested = np.zeros(truth.shape)
    for kept, left in KFold(_FOLDS, shuffle=True, random_state=seed).split(truth):
        inner = fit([member[kept] for member in members], truth[kept])
        nested[left] = inner([member[left] for member in members])
    found = []
    for learnt_on in (combine(members), nested):
        rule = fit_decision_rule(learnt_on, truth, DecisionSettings(), single_label=False)
        decided = rule.decide(rule.calibrate(combine(fresh)))
        found.append(float(total(count_decisions(fresh_truth, decided)).macro_f1))
    return found[1] - found[0]


def measure_nesting(repetitions: int) -> Iterator[Finding]:
    """One finding for each number of labelled rows, of a blend."""
    yield from _measure(_fit_blend, repetitions)


def measure_cascade(repetitions: int) -> Iterator[Finding]:
    """The same of a cascade, and how often its gate misses more on fresh rows than it was allowed to."""
    yield from _measure(_fit_cascade, repetitions)
    for n in (300, 1000):
        missed = []
        for seed in range(10 * repetitions):
            generator = np.random.default_rng([1, seed])
            (first, _), truth = _draw_rows(n, generator)
            (fresh, _), fresh_truth = _draw_rows(_FRESH_ROWS, generator)
            calibrator = fit_calibrator(
                first, truth, single_label=False, shrinkage=DecisionSettings().shrinkage_positives
            )
            gate = _choose_gate(calibrator(first), truth)
            carries = fresh_truth.any(axis=1)
            missed.append(float((carrying_scores(calibrator(fresh))[carries] < gate).mean()) > _MISS_RATE)
        setting = f"gate misses more than {_MISS_RATE:.0%}, {n} rows"
        yield Finding.of_share(setting, float(np.mean(missed)), Target(high=0.07), len(missed))


def _measure(fit: Fit, repetitions: int) -> Iterator[Finding]:
    for n in (300, 1000):
        gains = np.array([_gain_of_nesting(fit, n, seed) for seed in range(repetitions)])
        error = float(gains.std(ddof=1) / np.sqrt(repetitions)) if repetitions > 1 else None
        yield Finding(f"{n} rows", float(gains.mean()), Target(high=0.01), repetitions, error)


CLAIMS: Final = (
    Claim("A blend's rule on the rows of its weights loses no macro-F1", measure_nesting, short=3, long=12),
    Claim("A cascade's rule on the rows of its gate loses none", measure_cascade, short=2, long=12),
)
