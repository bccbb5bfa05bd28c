"""How far one fit is from the next: the same rows and settings, fitted again with other seeds.

An interval of the test fold says what other texts would do to the figures of this one fit. Another seed moves them too,
and no interval knows by how much.
"""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t

from pipeline.classifiers.protocols import FitContext, Progress
from pipeline.config.run_config import RunConfig
from pipeline.data.codebooks.codebook import load_codebook
from pipeline.data.labels.splits import Folds
from pipeline.errors import ConfigError
from pipeline.evaluation.evaluation_report import EvaluationReport
from pipeline.evaluation.test_predictions import evaluate_predictions
from pipeline.measures.intervals import Estimate
from pipeline.training.fit_model import fit_with_decisions, predict_test

LARGEST_SEED = 2**32


@dataclass(frozen=True, slots=True)
class FigureSpread:
    """One figure over the fits.

    Attributes:
        name: "macro_f1", or "frame/ID/f1".
        fits: values of each, the kept one first.
        low: of the interval of the kept fit; None where it has none.
        high: likewise.
        confidence: of that interval.
    """

    name: str
    fits: tuple[float, ...]
    low: float | None
    high: float | None
    confidence: float

    @property
    def mean(self) -> float:
        """Over the fits."""
        return float(np.mean(self.fits))

    @property
    def deviation(self) -> float:
        """Standard deviation of one fit."""
        return float(np.std(self.fits, ddof=1))

    @property
    def reach(self) -> float:
        """How far two fits lie apart at most, in so many cases as the confidence says (t, sqrt(2) deviations)."""
        return float(t.ppf((1 + self.confidence) / 2, len(self.fits) - 1) * np.sqrt(2) * self.deviation)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        known = {"mean": self.mean, "deviation": self.deviation, "reach": self.reach}
        return {**asdict(self), "fits": list(self.fits), **known}


@dataclass(frozen=True, slots=True)
class FitSpread:
    """Several fits of one config.

    Attributes:
        seeds: of the fits; the first is the config's, whose model is kept.
        macro_name: macro-F1 with the frames it covers.
        figures: overall ones, then F1 of each frame that has enough positives.
    """

    seeds: tuple[int, ...]
    macro_name: str
    figures: tuple[FigureSpread, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "seeds": list(self.seeds),
            "macro_name": self.macro_name,
            "figures": [figure.to_json() for figure in self.figures],
        }


def check_repeats(repeats: int, processes: int) -> None:
    """Refuse what cannot be repeated.

    Raises:
        ConfigError: no fit at all, or fits that several processes share.
    """
    if repeats < 1:
        raise ConfigError(f"--repeats {repeats}: expected 1 fit or more")
    if repeats > 1 and processes > 1:
        raise ConfigError(
            f"--repeats {repeats} fits in one process, not in {processes}: start frames train without torchrun"
        )


def repeat_fits(
    config: RunConfig, folds: Folds, kept: EvaluationReport, progress: Progress, *, repeats: int
) -> FitSpread:
    """Fit again with the seeds that follow the config's, and measure each fit on the same test fold.

    Only figures remain of these fits: no model can be picked from them by its luck.

    Args:
        config: of the run.
        folds: of the run.
        kept: evaluation of the fit that is kept.
        progress: told of each fit.
        repeats: fits in all, the kept one among them; 2 or more.
    """
    codebook = load_codebook(Path(config.data.codebook))
    seeds = [(config.seed + i) % LARGEST_SEED for i in range(repeats)]
    found = [_estimates(kept)]
    for i, seed in enumerate(seeds[1:], 1):
        progress("repeats", i, repeats)
        with tempfile.TemporaryDirectory(prefix="frames-repeat-") as work:
            context = FitContext(seed, Path(work), lambda *_: None, progress)
            again = config.model_copy(update={"seed": seed})
            classifier, decisions, _ = fit_with_decisions(again, codebook, folds, context)
            predictions = predict_test(classifier, decisions, folds)
        report = evaluate_predictions(predictions, codebook.frame_ids, config.evaluation, seed=config.seed)
        found.append(_estimates(report))
    progress("repeats", repeats, repeats)
    figures = tuple(
        FigureSpread(
            name, tuple(float(fit[name].value or 0) for fit in found), one.low, one.high, kept.confidence
        )
        for name, one in found[0].items()
        if all(name in fit for fit in found)
    )
    return FitSpread(tuple(seeds), kept.macro_name, figures)


def _estimates(report: EvaluationReport) -> dict[str, Estimate]:
    """Figures by name, those without a value left out."""
    overall = {name: getattr(report, name) for name in ("macro_f1", "micro_f1", "mean_average_precision")}
    named = overall | {f"frame/{scores.frame}/f1": scores.f1 for scores in report.per_frame}
    return {name: found for name, found in named.items() if found.value is not None}
