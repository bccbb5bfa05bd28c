"""Whether what is made of a language model's answers finds a truth that is known: answers at a stated error rate.

    python -m pipeline.benchmarks.llm_recovery bench/SET --draws 5

A server that answers by a script knows the labels of a public set, finds a frame with the probability `hit` and gives
one that is not there with `false alarm`, and is as sure of the one as of the other. From these two numbers follow the
probability of a frame given an answer, the F1 of a model that believes the answers, and by how much one such model is
better than another; the share of a frame is counted. Printed is how often the calibrated probabilities, the intervals
of `frames compare` and those of corrected shares agree with them. A real model errs in ways of its own, the same for
like texts; that is what calibration and sample are for, and what this does not show.
"""

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.benchmarks.labelled_sets import find_sets, prepare_set
from pipeline.benchmarks.scripted_llm_server import (
    Body,
    Scripted,
    asked_keys,
    asked_text,
    code_text,
    scripted_server,
)
from pipeline.bundle import load_bundle
from pipeline.classifiers.llm.questions import make_questions
from pipeline.config.data import DataSettings
from pipeline.config.decisions import DecisionSettings
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.model import LlmSettings
from pipeline.config.run_config import RunConfig
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.data.labels.labelled_rows import read_labelled
from pipeline.evaluation.calibration_quality import fit_recalibration
from pipeline.evaluation.evaluate_bundle import compare_bundles, read_test_predictions
from pipeline.evaluation.test_predictions import TestPredictions
from pipeline.measures.intervals import Estimate
from pipeline.prevalence.estimators import estimate_means
from pipeline.prevalence.label_designs import Design
from pipeline.tracking.tracker import NullTracker
from pipeline.training.run_training import TrainingResult, run_training

SURE: Final = 0.97  # what the server claims of each answer, right or wrong
CODED: Final = 200  # units of a sample
_SAMPLES: Final = 200
_FEW: Final = 5  # positives in test below which an F1 is not judged, and in a sample a share


@dataclass(frozen=True, slots=True)
class Coder:
    """Errs at random, each frame of each text alone, always in the same way for the same text."""

    hit: float
    false_alarm: float
    seed: int

    def finds(self, text: str, key: str, *, carries: bool) -> bool:
        """What it says of a frame."""
        digest = hashlib.sha256(f"{self.seed} {self.hit} {key} {text}".encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64 < (self.hit if carries else self.false_alarm)

    def believe(self, share: float | NDArray[np.float64]) -> Any:
        """P(frame | it was found), for frames that so large a share of the texts carries."""
        return share * self.hit / (share * self.hit + (1 - share) * self.false_alarm)

    def doubt(self, share: float | NDArray[np.float64]) -> Any:
        """P(frame | it was not found)."""
        missed, rest = share * (1 - self.hit), (1 - share) * (1 - self.false_alarm)
        return missed / (missed + rest)

    def f1(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of who believes it, with expected counts."""
        found = share * self.hit
        result: NDArray[np.float64] = 2 * found / (found + share + (1 - share) * self.false_alarm)
        return result


@dataclass
class Found:
    """Beside the truth.

    Attributes:
        probabilities: for each model what `measure_probabilities` gives.
        gains: of macro-F1, for each pair of models, measured and true.
        frames: the same of each frame.
        shares: what `cover_shares` gives.
    """

    probabilities: list[list[float]] = field(default_factory=list)
    gains: list[tuple[Estimate, float]] = field(default_factory=list)
    frames: list[tuple[Estimate, float]] = field(default_factory=list)
    shares: list[tuple[bool, float, float]] = field(default_factory=list)

    def __str__(self) -> str:
        errors, slopes = np.mean(self.probabilities, axis=0)
        held, corrected, alone = np.mean(self.shares, axis=0)
        true, measured = (np.mean([pair[i] if i else pair[0].value for pair in self.gains]) for i in (1, 0))
        return (
            f"calibrated against true probability: mean absolute error {errors:.3f}; slope 1 in its interval in "
            f"{slopes:.0%} of {len(self.probabilities)} models\n"
            f"gain of macro-F1: true {true:+.3f}, measured {measured:+.3f}, in its interval in "
            f"{_count_held(self.gains)} of {len(self.gains)}\n"
            f"gains of frames: in their intervals in {_count_held(self.frames)} of {len(self.frames)}\n"
            f"shares from coded units: in their intervals in {held:.1%} of {len(self.shares):,}, mean width "
            f"{corrected:.3f} (labels alone {alone:.3f})"
        )


def make_script(coder: Coder, carried: Mapping[str, set[str]]) -> Callable[[Body], Scripted]:
    """Answers about texts whose keys are known; a text that is not among them carries nothing."""

    def script(body: Body) -> Scripted:
        text = asked_text(body)
        found = {
            key: SURE if coder.finds(text, key, carries=key in carried.get(text, ())) else 1 - SURE
            for key in asked_keys(body)
        }
        return code_text(body, found)

    return script


def train(source: Path, coder: Coder, work: Path) -> TrainingResult:
    """A model that asks this coder."""
    given = prepare_set(source, work / "set", limit=None, seed=0)
    codebook = load_codebook(given.codebook)
    keys = {
        frame: key
        for question in make_questions(codebook)
        for frame, key in zip(question.frames, question.keys, strict=True)
    }
    carried: dict[str, set[str]] = {}
    for path in (given.train, given.test):
        table = read_labelled(path, codebook).table
        for text, labels in zip(table["text"], table["labels"], strict=True):
            carried.setdefault(text, set()).update(keys[frame] for frame in labels)
    with scripted_server(make_script(coder, carried)) as server:
        server.keeps = False
        config = RunConfig(
            name=f"llm-{coder.hit}-{coder.seed}",
            data=DataSettings(codebook=str(given.codebook), train=str(given.train), test=str(given.test)),
            model=LlmSettings(base_url=server.url, model="scripted", calls=str(work / "calls.sqlite")),
            decisions=DecisionSettings(rare_frames="warn"),
            output=str(work / "runs"),
        )
        return run_training(config, NullTracker(), lambda *_: None)


def measure_probabilities(found: TestPredictions, coder: Coder, shares: NDArray[np.float64]) -> list[float]:
    """Calibrated less true probability, mean absolute over frames and answers, and whether the slope can be 1."""
    yes = (found.raw if found.raw is not None else found.calibrated) > 0.5  # noqa: PLR2004 - more likely than not
    true = np.where(yes, coder.believe(shares), coder.doubt(shares))
    slope = fit_recalibration(found.truth, found.calibrated, found.clusters, 0.95).slope
    inside = slope.low is not None and slope.high is not None and slope.low <= 1 <= slope.high
    return [float(np.abs(found.calibrated - true).mean()), float(inside)]


def cover_shares(found: TestPredictions, seed: int) -> list[tuple[bool, float, float]]:
    """For samples of test rows and each frame: is the share inside, the width, that of labels alone."""
    generator, n = np.random.default_rng(seed), len(found.truth)
    truth, scores = found.truth.astype(float), found.calibrated
    size = min(CODED, n // 2)
    design = Design(np.full(size, size / n), np.zeros(size, np.int64), np.arange(size))
    outcomes = []
    for _ in range(_SAMPLES):
        rows = generator.permutation(n)[:size]
        corrected = estimate_means(truth[rows], scores[rows], scores.mean(axis=0), design)
        alone = estimate_means(truth[rows], np.zeros_like(scores[rows]), np.zeros(scores.shape[1]), design)
        for k in np.flatnonzero(truth.sum(axis=0) * size / n >= _FEW):
            share = truth[:, k].mean()
            outcomes.append(
                (
                    bool(corrected.low[k] <= share <= corrected.high[k]),
                    float(corrected.high[k] - corrected.low[k]),
                    float(alone.high[k] - alone.low[k]),
                )
            )
    return outcomes


def run(source: Path, draws: int, better: tuple[float, float], worse: tuple[float, float]) -> None:
    """Measure and print."""
    found = Found()
    for seed in range(draws):
        with tempfile.TemporaryDirectory() as folder:
            coders = [Coder(*rates, seed) for rates in (worse, better)]
            results = [train(source, coder, Path(folder, str(i))) for i, coder in enumerate(coders)]
            bundles = [load_bundle(result.bundle) for result in results]
            predictions = [read_test_predictions(bundle) for bundle in bundles]
            learnt = results[0].folds.train.indicator(), results[0].folds.dev.indicator()
            prior = np.concatenate(learnt).mean(axis=0)
            found.probabilities += [
                measure_probabilities(*pair, prior) for pair in zip(predictions, coders, strict=True)
            ]
            compared = compare_bundles(bundles[0], bundles[1], EvaluationSettings(), seed=seed)
            truth = predictions[0].truth
            first, second = (coder.f1(truth.mean(axis=0)) for coder in coders)
            judged = [k for k, frame in enumerate(bundles[0].frame_ids) if frame in compared.frames]
            found.gains.append((compared.macro_f1.gain, float((second - first)[judged].mean())))
            found.frames += [
                (compared.per_frame[k].gain, float(second[k] - first[k]))
                for k in judged
                if compared.per_frame[k].gain.low is not None
            ]
            found.shares += cover_shares(predictions[1], seed)
    sys.stdout.write(f"{source.name}: {draws} draws of the errors of two coders\n{found}\n")


def _count_held(found: list[tuple[Estimate, float]]) -> int:
    return sum(
        gain.low <= true <= gain.high
        for gain, true in found
        if gain.low is not None and gain.high is not None
    )


def main() -> None:
    """Entry point of `python -m pipeline.benchmarks.llm_recovery`."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.benchmarks.llm_recovery")
    parser.add_argument("set", type=Path, help="folder with train.jsonl and test.jsonl")
    parser.add_argument("--draws", type=int, default=5, help="of the coders' errors (default: 5)")
    parser.add_argument("--better", type=float, nargs=2, default=(0.85, 0.03), metavar=("HIT", "FALSE"))
    parser.add_argument("--worse", type=float, nargs=2, default=(0.6, 0.06), metavar=("HIT", "FALSE"))
    options = parser.parse_args()
    [source] = find_sets(options.set.parent, [options.set.name])
    run(source, options.draws, tuple(options.better), tuple(options.worse))


if __name__ == "__main__":
    main()
