"""What correcting a model for the shares of a new corpus, without labels, would do; it is not offered for that reason.

Expectation maximisation on unlabelled texts (Saerens, Latinne and Decaestecker 2002) finds the share of each frame
under which its calibrated probabilities are most likely, and moves all log odds by as much. It supposes that texts with
and without the frame score as they did at home. Where they do not, it takes that for a change of shares.
"""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from pipeline.benchmarks.validity.claims import Claim, Finding, Target
from pipeline.config.decisions import DecisionSettings
from pipeline.measures.calibration import logit
from pipeline.measures.decision_rule import fit_decision_rule
from pipeline.measures.thresholds import tune_thresholds

Floats = NDArray[np.float64]

HOME, NEW = 1500, 2000  # texts with labels, and without
SHARES: Final = np.repeat([0.02, 0.05, 0.1, 0.15, 0.25], 2)
_APART: Final = (
    1.8  # means of texts with and without a frame, in standard deviations: an area under the curve of .90
)
_STEPS, _ENOUGH = 500, 1e-7


def correct_for_the_prior(repetitions: int) -> Iterator[Finding]:
    """Error of a frame's share, as scored and corrected, and macro-F1 gained; the model is as calibrated at home."""
    for name, draw in _SETTINGS.items():
        measured = np.array([_try(draw, np.random.default_rng([31, r])) for r in range(repetitions)])
        mean, error = measured.mean(axis=0), measured.std(axis=0) / repetitions**0.5
        for figure, value, deviation in zip(
            ("error of the share as scored", "error of the share corrected", "macro-F1 gained"),
            mean.tolist(),
            error.tolist(),
            strict=True,
        ):
            yield Finding(f"{name}: {figure}", value, Target(), repetitions, deviation)


def find_priors(calibrated: Floats, home: Floats) -> Floats:
    """Most likely shares (k,) among texts with these probabilities (n, k), which were right at shares `home`."""
    found = home
    for _ in range(_STEPS):
        before = found
        found = np.clip(
            expit(logit(calibrated) + logit(before) - logit(home)).mean(axis=0), 1 / NEW, 1 - 1 / NEW
        )
        if np.abs(found - before).max() < _ENOUGH:
            break
    return found


def _try(draw: "Draw", generator: np.random.Generator) -> tuple[float, float, float]:
    texts, labels = _draw(generator, HOME, SHARES, _APART)
    rule = fit_decision_rule(_score(texts), labels, DecisionSettings(), single_label=False)
    home = rule.calibrate(_score(texts)).mean(axis=0)
    texts, labels = draw(generator)
    scored = rule.calibrate(_score(texts))
    corrected = expit(logit(scored) + logit(find_priors(scored, home)) - logit(home))
    thresholds = tune_thresholds(corrected, corrected, np.ones_like(labels))
    errors = [float(np.abs((p - labels).mean(axis=0)).mean()) for p in (scored, corrected)]
    gain = _macro_f1(corrected >= thresholds, labels) - _macro_f1(rule.decide(scored), labels)
    return errors[0], errors[1], gain


def _draw(
    generator: np.random.Generator, n: int, shares: Floats, apart: float
) -> tuple[Floats, NDArray[np.int64]]:
    """What a model sees of each frame in each text, and whether the text carries it, shapes (n, k)."""
    labels = generator.random((n, len(shares))) < shares
    return generator.normal(size=labels.shape) + apart * labels, labels.astype(np.int64)


def _log_odds(texts: Floats) -> Floats:
    """True at home."""
    return np.asarray(_APART * texts - _APART**2 / 2 + logit(SHARES))


def _score(texts: Floats) -> Floats:
    """A model's raw probabilities: too sure, and too high, as with weights on the positives."""
    return np.asarray(expit(1.3 * _log_odds(texts) + 0.5))


def _label(generator: np.random.Generator, texts: Floats, shift: float = 0.0) -> NDArray[np.int64]:
    return np.asarray(generator.random(texts.shape) < expit(_log_odds(texts) + shift), np.int64)


def _macro_f1(decided: NDArray[np.bool_], labels: NDArray[np.int64]) -> float:
    found = 2 * (decided & (labels > 0)).sum(axis=0)
    return float((found / np.maximum(decided.sum(axis=0) + labels.sum(axis=0), 1)).mean())


def _shift_shares(generator: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    return _draw(generator, NEW, expit(logit(SHARES) + generator.normal(0, 0.8, len(SHARES))), _APART)


def _shift_subjects(generator: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    """More, or less, is written in the words of each frame; a text carries it as probably as one like it at home."""
    texts, _ = _draw(generator, NEW, SHARES, _APART)
    texts = texts + generator.normal(0, 0.5, len(SHARES))
    return texts, _label(generator, texts)


def _shift_coder(generator: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    texts, _ = _draw(generator, NEW, SHARES, _APART)
    return texts, _label(generator, texts, -0.8)


Draw = Callable[[np.random.Generator], tuple[Floats, NDArray[np.int64]]]
_SETTINGS: Final[dict[str, Draw]] = {
    "nothing differs": lambda generator: _draw(generator, NEW, SHARES, _APART),
    "shares alone differ": _shift_shares,
    "subjects differ": _shift_subjects,
    "another coder, log odds .8 lower": _shift_coder,
    "frames are harder to see": lambda generator: _draw(generator, NEW, SHARES, 0.7 * _APART),
}

CLAIMS: Final = (
    Claim(
        "A correction for the prior without labels (not offered)", correct_for_the_prior, short=10, long=100
    ),
)
