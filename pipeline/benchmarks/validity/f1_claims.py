"""Claims about F1 and its intervals, and about comparisons of two models."""

from collections.abc import Iterator
from functools import cache
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
from pipeline.evaluation.comparison import Comparison, compare_decisions
from pipeline.measures.enough_positives import Mask, find_judged
from pipeline.measures.f1_intervals import estimate_frames, estimate_macro_f1
from pipeline.measures.intervals import Estimate, counts_by_cluster, take_frames
from pipeline.measures.metrics import Counts, count_decisions

ROWS: Final = 400
SHARES: Final = np.repeat([0.02, 0.05, 0.15], 5)  # about 8, 20 and 60 positive rows of a frame
LEVELS: Final = (0.65, 0.9)  # of recall, precision and F1
_FRAMES: Final = tuple(f"frame {k}" for k in range(len(SHARES)))
_SETTINGS: Final = EvaluationSettings()


def cover_frame_figures(repetitions: int) -> Iterator[Finding]:
    """Coverage of the 95 % intervals of one frame's F1, precision and recall, where they are printed."""
    for level in LEVELS:
        population = Population.alike(SHARES, level, level)
        held: dict[tuple[str, float], list[bool]] = {}
        for r in range(repetitions):
            counts, enough = _simulate(population, [1, r])
            for name, estimates in estimate_frames(counts, _SETTINGS.confidence).items():
                for share, estimate, is_judged in zip(SHARES, estimates, enough, strict=True):
                    if is_judged and estimate.value is not None:
                        held.setdefault((name, share), []).append(_holds(estimate, level))
        for (name, share), found in sorted(held.items()):
            setting = f"{name} {level:g}, {share * ROWS:.0f} positives"
            yield Finding.of_share(setting, float(np.mean(found)), Target(0.93, 0.98), len(found))


def cover_macro_f1(repetitions: int) -> Iterator[Finding]:
    """Coverage of the 95 % interval of macro-F1, its truth being that of the frames that are judged."""
    mixed = np.tile([0.4, 0.6, 0.75, 0.85, 0.95], 3)
    settings = {
        "15 frames, F1 .65": Population.alike(SHARES, 0.65, 0.65),
        "15 frames, F1 .9": Population.alike(SHARES, 0.9, 0.9),
        "15 frames, F1 .4 to .95": Population(SHARES, mixed, mixed),
        "10 frames of 8 positives, F1 .65": Population.alike(np.full(10, 0.02), 0.65, 0.65),
        "3 frames, F1 .9": Population.alike(np.array([0.02, 0.05, 0.15]), 0.9, 0.9),
    }
    for name, population in settings.items():
        held = []
        for r in range(repetitions):
            counts, enough = _simulate(population, [2, r])
            if enough.any():
                estimate = estimate_macro_f1(take_frames(counts, enough), _SETTINGS.confidence)
                held.append(_holds(estimate, float(population.f1[enough].mean())))
        yield Finding.of_share(name, float(np.mean(held)), Target(0.93, 0.97), len(held))


def err_on_frames(repetitions: int) -> Iterator[Finding]:
    """How often a comparison of two models of equal F1 calls any frame different, by p at .05."""
    for name, found in _compare_equals(repetitions).items():
        yield Finding.of_share(name, float(np.mean([a for a, _ in found])), Target(high=0.055), repetitions)


def err_on_macro_f1(repetitions: int) -> Iterator[Finding]:
    """How often a comparison of two models of equal F1 calls one of them better."""
    for name, found in _compare_equals(repetitions).items():
        yield Finding.of_share(name, float(np.mean([b for _, b in found])), Target(high=0.055), repetitions)


@cache
def _compare_equals(repetitions: int) -> dict[str, list[tuple[bool, bool]]]:
    """For each setting and repetition whether some frame, and whether a model, was called different."""
    return {
        name: [
            (
                any(
                    entry.p_value is not None and entry.p_value <= 1 - _SETTINGS.confidence
                    for entry in found.per_frame
                ),
                not found.verdict.startswith("no difference"),
            )
            for found in _compare(first, second, repetitions)
        ]
        for name, first, second in _equals()
    }


def _equals() -> Iterator[tuple[str, Population, Population]]:
    for f1, precisions in ((0.65, (0.9, 0.5)), (0.9, (0.98, 0.83))):
        alike = Population.alike(SHARES, f1, f1)
        yield f"F1 {f1:g}, alike", alike, alike
        one, other = (
            Population(SHARES, np.full(len(SHARES), f1 * p / (2 * p - f1)), np.full(len(SHARES), p))
            for p in precisions
        )
        yield f"F1 {f1:g}, precision {precisions[0]:g} and {precisions[1]:g}", one, other


def _compare(first: Population, second: Population, repetitions: int) -> Iterator[Comparison]:
    for r in range(repetitions):
        generator = np.random.default_rng([3, r])
        clusters = draw_clusters(ROWS, generator)
        truth = draw_truth(first.shares, clusters, generator)
        one, other = (draw_decisions(model, truth, clusters, generator) for model in (first, second))
        yield compare_decisions(
            truth, one, other, clusters=clusters, frame_ids=_FRAMES, settings=_SETTINGS, seed=r
        )


def _simulate(population: Population, seed: list[int]) -> tuple[Counts, Mask]:
    """Counts of the clusters of one test fold, and which frames have enough."""
    generator = np.random.default_rng(seed)
    clusters = draw_clusters(ROWS, generator)
    truth = draw_truth(population.shares, clusters, generator)
    decided = draw_decisions(population, truth, clusters, generator)
    return counts_by_cluster(count_decisions(truth, decided), clusters), find_judged(truth, clusters)


def _holds(estimate: Estimate, truth: float) -> bool:
    return estimate.low is not None and estimate.high is not None and estimate.low <= truth <= estimate.high


CLAIMS: Final = (
    Claim("The 95 % intervals of a frame hold its truth", cover_frame_figures, short=300, long=2000),
    Claim("The 95 % interval of macro-F1 holds its truth", cover_macro_f1, short=300, long=2000),
    Claim("Two models of equal F1: one of 15 frames is called different", err_on_frames, short=60, long=1000),
    Claim("Two models of equal F1: one is called better", err_on_macro_f1, short=60, long=1000),
)
