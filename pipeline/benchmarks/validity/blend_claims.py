"""What it costs that a blend's weights, calibration and thresholds rest on the same out-of-fold rows.

Two members give logits of eight frames with errors that they share in part. The rule is learnt once on the rows of the
weights, once on rows that weights of other folds combined, and judged on fresh rows.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.model_selection import KFold

from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.classifiers.stacking import fit_stack
from pipeline.config.decisions import DecisionSettings
from pipeline.measures.decision_rule import fit_decision_rule
from pipeline.measures.metrics import count_decisions, total

_SHARES: Final = np.array([0.03, 0.05, 0.05, 0.1, 0.1, 0.15, 0.2, 0.3])
_SIGNALS: Final = (
    (2.0, 0.7),
    (2.6, 1.0),
)  # of each member: how far positives lie off, weight of the common error
_FRESH_ROWS: Final = 20_000
_FOLDS: Final = 5


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


def _gain_of_nesting(n: int, seed: int) -> float:
    """Macro-F1 on fresh rows of a rule learnt nested, less that of one learnt on the rows of the weights."""
    generator = np.random.default_rng(seed)
    members, truth = _draw_rows(n, generator)
    fresh, fresh_truth = _draw_rows(_FRESH_ROWS, generator)
    stack = fit_stack(members, truth, single_label=False)
    nested = np.zeros(truth.shape)
    for kept, left in KFold(_FOLDS, shuffle=True, random_state=seed).split(truth):
        inner = fit_stack([member[kept] for member in members], truth[kept], single_label=False)
        nested[left] = inner.combine([member[left] for member in members])
    found = []
    for learnt_on in (stack.combine(members), nested):
        rule = fit_decision_rule(learnt_on, truth, DecisionSettings(), single_label=False)
        decided = rule.decide(rule.calibrate(stack.combine(fresh)))
        found.append(float(total(count_decisions(fresh_truth, decided)).macro_f1))
    return found[1] - found[0]


def measure_nesting(repetitions: int) -> Iterator[Finding]:
    """One finding for each number of labelled rows."""
    for n in (300, 1000):
        gains = np.array([_gain_of_nesting(n, seed) for seed in range(repetitions)])
        error = float(gains.std(ddof=1) / np.sqrt(repetitions)) if repetitions > 1 else None
        yield Finding(f"{n} rows", float(gains.mean()), Target(high=0.01), repetitions, error)


CLAIMS: Final = (
    Claim("A blend's rule on the rows of its weights loses no macro-F1", measure_nesting, short=3, long=12),
)
