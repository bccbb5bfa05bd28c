"""Claims about shares from several scores at once: weights that are chosen out of fold keep what intervals promise."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.prevalence.estimators import estimate_means
from pipeline.prevalence.label_designs import Design, Floats
from pipeline.prevalence.mixed_scores import mix_scores

_UNITS: Final = 10_000
_N: Final = 400
TARGET: Final = Target(0.93, 0.97)


def _model(labels: Floats, generator: np.random.Generator) -> Floats:
    """Probabilities of a good classifier."""
    return generator.beta(np.where(labels > 0, 6, 1), np.where(labels > 0, 3, 12))


def _language_model(labels: Floats, generator: np.random.Generator) -> Floats:
    """Yes or no, right in nine of ten."""
    return np.where(generator.random(len(labels)) < 0.9, labels, 1 - labels)  # noqa: PLR2004


def _keywords(labels: Floats, generator: np.random.Generator) -> Floats:
    """A list of words: misses half, seldom wrong."""
    return (generator.random(len(labels)) < np.where(labels > 0, 0.5, 0.03)).astype(float)


def _nothing(labels: Floats, generator: np.random.Generator) -> Floats:
    return generator.random(len(labels))


SCORES: Final = {
    "model, language model and keywords": (_model, _language_model, _keywords),
    "model and what says nothing": (_model, _nothing),
    "three that say nothing": (_nothing, _nothing, _nothing),
}


def cover_mixtures(repetitions: int) -> Iterator[Finding]:
    """Coverage, and mean width by that of the best single score, of shares of 5 % and 20 %."""
    for name, makers in SCORES.items():
        for share in (0.05, 0.2):
            held, widths = [], []
            for r in range(repetitions):
                generator = np.random.default_rng([31, r])
                labels = (generator.random(_UNITS) < share).astype(float)
                scores = np.stack([make(labels, generator) for make in makers])
                rows = generator.permutation(_UNITS)[:_N]
                design = Design(np.full(_N, _N / _UNITS), np.zeros(_N, np.int64), np.arange(_N))
                y, f, means = labels[rows, None], scores[:, rows, None], scores.mean(axis=1)[:, None]
                mixture = mix_scores(y, f, design)
                expected = mixture.expect(means, design, np.ones(_N, bool))
                found = [estimate_means(y, mixture.predictions, expected, design)]
                found += [estimate_means(y, f[j], means[j], design) for j in range(len(makers))]
                held.append(bool(found[0].low[0] <= labels.mean() <= found[0].high[0]))
                widths.append([float(shares.high[0] - shares.low[0]) for shares in found])
            setting = f"{name}, share {share:.0%}, n {_N}"
            yield Finding.of_share(f"coverage, {setting}", float(np.mean(held)), TARGET, repetitions)
            mixed, *single = np.mean(widths, axis=0)
            yield Finding(
                f"width by the best single one, {setting}",
                mixed / min(single),
                Target(None, 1.02),
                repetitions,
            )


CLAIMS: Final = (
    Claim(
        "Shares from several scores hold what they promise, no wider than from the best of them",
        cover_mixtures,
        40,
        1000,
    ),
)
