"""What the reuse of test rows does to figures, and what the ledger's correction leaves of it.

Twenty candidates that are no better than the champion are tried on the same 400 rows, each against the champion.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.benchmarks.validity.simulated_tests import (
    Population,
    draw_clusters,
    draw_decisions,
    draw_truth,
)
from pipeline.evaluation.comparison import compare_macro
from pipeline.evaluation.reused_test_rows import TestUse, expected_luck
from pipeline.measures.enough_positives import Mask, find_judged
from pipeline.measures.f1_intervals import estimate_macro_f1
from pipeline.measures.intervals import Estimate, counts_by_cluster, take_frames
from pipeline.measures.metrics import Counts, count_decisions, total

ROWS: Final = 400
CANDIDATES: Final = 20
_SHARES: Final = np.repeat([0.05, 0.15], 5)  # about 20 and 60 positive rows of a frame
_LEVEL: Final = 0.65  # true F1 of every model
_ALPHA: Final = 0.05


def tell_luck(repetitions: int) -> Iterator[Finding]:
    """How far the printed F1 of the best lies above the truth, what is said of that, and what intervals hold."""
    lifts: list[float] = []
    told: list[float] = []
    plain: list[bool] = []
    corrected: list[bool] = []
    for r in range(repetitions):
        models, judged = _draw_models(r)
        levels = [float(total(counts).macro_f1) for counts in models]
        best = models[int(np.argmax(levels))]
        lifts.append(max(levels) - float(np.mean(levels)))
        for held, alpha in ((plain, _ALPHA), (corrected, _ALPHA / len(models))):
            held.append(_holds(estimate_macro_f1(best, 1 - alpha), _LEVEL))
        if r % 4 == 0:  # swaps take their time
            error = _compare(models[0], models[1], judged, alpha=_ALPHA, seed=r)[1]
            told.append(expected_luck(len(models), error))
    error = float(np.std(lifts, ddof=1) / np.sqrt(repetitions))
    yield Finding("lift of the best of 21 equal models", float(np.mean(lifts)), Target(), repetitions, error)
    share = float(np.mean(told) / np.mean(lifts))
    yield Finding("lift as told, as a share of that", share, Target(0.8, 1.2), len(told))
    yield Finding.of_share("its plain 95 % interval", float(np.mean(plain)), Target(), repetitions)
    yield Finding.of_share("its corrected interval", float(np.mean(corrected)), Target(low=0.94), repetitions)


def promote_no_equal(repetitions: int) -> Iterator[Finding]:
    """How often any of the candidates in turn is called better than the champion."""
    wrong: dict[str, list[bool]] = {"without a ledger": [], "with the ledger": []}
    for r in range(repetitions):
        models, judged = _draw_models(r)
        for name, found in wrong.items():
            found.append(
                any(
                    _is_better(
                        models[0], candidate, judged, known=j + 1 if name == "with the ledger" else 2, seed=r
                    )
                    for j, candidate in enumerate(models[1:], 1)
                )
            )
    for name, found in wrong.items():
        target = Target(high=0.055) if name == "with the ledger" else Target()
        yield Finding.of_share(f"{CANDIDATES} candidates, {name}", float(np.mean(found)), target, repetitions)


def _is_better(champion: Counts, candidate: Counts, judged: Mask, *, known: int, seed: int) -> bool:
    """Whether the candidate is called better where so many models are known."""
    pairs = TestUse(known - 2, known - 2, known).possible_pairs
    gain, _ = _compare(champion, candidate, judged, alpha=_ALPHA / pairs, seed=seed)
    return gain.low is not None and gain.low > 0


def _compare(
    first: Counts, second: Counts, judged: Mask, *, alpha: float, seed: int
) -> tuple[Estimate, float]:
    found = compare_macro(first, second, judged[judged], positives=0, alpha=alpha, seed=seed)
    return found.gain, float(found.error or 0)


def _draw_models(r: int) -> tuple[list[Counts], Mask]:
    """Counts of clusters of the champion and of all candidates over the frames that are judged."""
    generator = np.random.default_rng([9, r])
    clusters = draw_clusters(ROWS, generator)
    population = Population.alike(_SHARES, _LEVEL, _LEVEL)
    truth = draw_truth(_SHARES, clusters, generator)
    judged = find_judged(truth, clusters)
    models = [
        take_frames(
            counts_by_cluster(
                count_decisions(truth, draw_decisions(population, truth, clusters, generator)), clusters
            ),
            judged,
        )
        for _ in range(CANDIDATES + 1)
    ]
    return models, judged


def _holds(estimate: Estimate, truth: float) -> bool:
    return estimate.low is not None and estimate.high is not None and estimate.low <= truth <= estimate.high


CLAIMS: Final = (
    Claim("The best of 21 equal models owes its figure to luck, as told", tell_luck, short=40, long=1000),
    Claim("A candidate that is no better is called better", promote_no_equal, short=4, long=100),
)
