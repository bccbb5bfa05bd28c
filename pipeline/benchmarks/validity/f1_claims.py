"""Claims about F1 and its intervals, and about comparisons of two models."""

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
from pipeline.config.evaluation import EvaluationSettings
from pipeline.evaluation.evaluation_report import EvaluationReport, evaluate_decisions

ROWS: Final = 400
SHARES: Final = np.repeat([0.02, 0.05, 0.15], 5)  # about 8, 20 and 60 positive rows of a frame
LEVELS: Final = (0.65, 0.9)  # of recall, precision and F1
_FRAMES: Final = tuple(f"frame {k}" for k in range(len(SHARES)))
_SETTINGS: Final = EvaluationSettings()


def cover_frame_f1(repetitions: int) -> Iterator[Finding]:
    """Coverage of the 95 % interval of one frame's F1, where an interval is printed."""
    for level in LEVELS:
        population = Population.alike(SHARES, level, level)
        held = np.full((repetitions, len(SHARES)), np.nan)
        for r in range(repetitions):
            for k, scores in enumerate(_evaluate(population, r).per_frame):
                if scores.f1.low is not None and scores.f1.high is not None:
                    held[r, k] = scores.f1.low <= level <= scores.f1.high
        for share in np.unique(SHARES):
            of_share = held[:, share == SHARES]
            shown = of_share[~np.isnan(of_share)]
            setting = f"F1 {level:g}, {share * ROWS:.0f} positives"
            yield Finding.of_share(setting, float(shown.mean()), Target(0.93, 0.98), len(shown))


def _evaluate(population: Population, seed: int) -> EvaluationReport:
    generator = np.random.default_rng([1, seed])
    clusters = draw_clusters(ROWS, generator)
    truth = draw_truth(population.shares, clusters, generator)
    decided = draw_decisions(population, truth, clusters, generator)
    return evaluate_decisions(
        truth,
        decided.astype(float),
        decided,
        clusters=clusters,
        frame_ids=_FRAMES,
        settings=_SETTINGS,
        seed=seed,
    )


CLAIMS: Final = (
    Claim("The 95 % interval of a frame's F1 holds the true F1", cover_frame_f1, short=30, long=1000),
)
