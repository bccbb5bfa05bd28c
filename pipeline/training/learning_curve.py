"""Would more labelled sentences help? The same model trained on growing parts of the labelled rows.

The parts of one draw are nested and drawn by whole clusters of copies, as coders would label posts at random; the
test fold is the same for all. A part counts every labelled sentence that training uses, dev included: train and dev
keep the ratio that they have in the whole.

The curve is measured on the test fold, dev being a part of what grows. It is a figure for a report and for planning
a labelling round. Whoever chooses settings by it would tune on test; `frames sweep` is there for that.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.protocols import FitContext, Progress
from pipeline.config.evaluation import EvaluationSettings
from pipeline.config.run_config import RunConfig
from pipeline.data.codebooks.codebook import Codebook, load_codebook
from pipeline.data.labels.splits import Folds
from pipeline.errors import ConfigError
from pipeline.evaluation.learning_curve_record import CurvePoint, LearningCurve
from pipeline.evaluation.test_predictions import evaluate_predictions
from pipeline.measures.enough_positives import describe_left_out, find_judged, names_of
from pipeline.measures.intervals import (
    Estimate,
    as_estimate,
    cluster_weights,
    counts_by_cluster,
    renumber,
    reweigh,
    take_frames,
)
from pipeline.measures.metrics import Counts, count_decisions, total
from pipeline.training.fit_model import fit_with_decisions, predict_test, read_folds
from pipeline.training.unfinished_work import hold_work_folder

DEFAULT_SIZES = (25, 50, 100, 200, 400, 800, 1600, 3200)
_WORK = "learning-curve"
SMALLEST = 10  # sentences; with fewer there is nothing to hold out and calibrate on


def learning_curve(
    config: RunConfig,
    sizes: Sequence[int] = DEFAULT_SIZES,
    progress: Progress = lambda _what, _done, _total: None,
    *,
    repeats: int = 1,
) -> LearningCurve:
    """Train the config's model on parts of its labelled rows and measure each on the whole test fold.

    Args:
        config: of a training run; nothing is recorded and no bundle is written.
        sizes: labelled sentences, train and dev together. Sizes beyond what there is are left out. Half of what
            there is and all of it are always points: the last doubling.
        progress: told of each part.
        repeats: draws of the sentences of each size; all there are is one draw.

    Raises:
        ConfigError: a size below 10, no draw, or the codebook does not fit its schema.
        DataError: labels that cannot be used.
    """
    if too_small := [size for size in sizes if size < SMALLEST]:
        raise ConfigError(
            f"sizes: expected {SMALLEST} sentences or more, got {', '.join(map(str, too_small))}"
        )
    if repeats < 1:
        raise ConfigError(f"repeats: expected 1 or more, got {repeats}")
    codebook = load_codebook(Path(config.data.codebook))
    folds = read_folds(config, codebook)
    parts = list(_draw_parts(folds, sizes, repeats, config.seed))
    points, counts = [], []
    with hold_work_folder(config, f"{folds.fingerprint} {_WORK}") as work:
        for i, (asked, draw, part) in enumerate(parts):
            progress("learning curve", i, len(parts))
            context = FitContext(config.seed, work / f"{asked}-{draw}", lambda *_: None, progress)
            point, counted = measure_part(config, codebook, part, context, asked=asked, draw=draw)
            points.append(point)
            counts.append(counted)
    progress("learning curve", len(parts), len(parts))
    judged = find_judged(folds.test.indicator(), folds.clusters["test"])
    left_out = names_of(codebook.frame_ids, ~judged)
    halves = [counted for point, counted in zip(points, counts, strict=True) if point.asked == _half(folds)]
    return LearningCurve(
        config.name,
        config.model.kind,
        tuple(points),
        estimate_gain(halves, counts[-1], config.evaluation, seed=config.seed)
        if halves and judged.any()
        else None,
        names_of(codebook.frame_ids, judged),
        len(judged),
        len(folds.test),
        len(np.unique(folds.clusters["test"])),
        config.evaluation.confidence,
        (
            *folds.notes,
            *_note_left_out(sizes, _size(folds)),
            *([describe_left_out(left_out)] if left_out else []),
        ),
    )


def _draw_parts(
    folds: Folds, sizes: Sequence[int], repeats: int, seed: int
) -> Iterator[tuple[int, int, Folds]]:
    """Asked size, draw and folds of every model, by ascending size; the last is the whole."""
    whole = _size(folds)
    wanted = sorted({size for size in (*sizes, _half(folds)) if SMALLEST <= size < whole})
    for size in wanted:
        for draw in range(repeats):
            *smaller, _ = nested_parts(folds, (size,), seed + draw)
            for part in smaller:  # none, where whole clusters take it up to all there are
                yield size, draw, part
    yield whole, 0, folds


def _half(folds: Folds) -> int:
    return _size(folds) // 2


def nested_parts(folds: Folds, sizes: Sequence[int], seed: int) -> list[Folds]:
    """Folds with the first clusters of one random order; the last are the whole. Test is the same in all.

    A part grows by whole clusters until it has as many sentences as asked, so the larger hold the smaller.
    """
    whole = _size(folds)
    wanted = sorted({size for size in sizes if size < whole})
    share = len(folds.dev) / whole
    orders = {
        name: _draw_order(folds.clusters[name], np.random.default_rng([seed, number]))
        for number, name in enumerate(("train", "dev"))
    }
    parts = []
    for size in wanted:
        n_dev = min(max(1, round(size * share)), len(folds.dev))
        parts.append(_take(folds, orders, {"train": size - n_dev, "dev": n_dev}))
    distinct = {_size(part): part for part in parts if _size(part) < whole}
    return [*(distinct[size] for size in sorted(distinct)), folds]


def _draw_order(clusters: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.int64]:
    """For each row the place of its cluster in a random order, shape (n,)."""
    _, number = np.unique(clusters, return_inverse=True)
    return np.asarray(generator.permutation(int(number.max()) + 1)[number], np.int64)


def _take(folds: Folds, orders: dict[str, NDArray[np.int64]], wanted: dict[str, int]) -> Folds:
    chosen = {name: _first_clusters(orders[name], n) for name, n in wanted.items()}
    return replace(
        folds,
        train=folds.train.subset(chosen["train"]),
        dev=folds.dev.subset(chosen["dev"]),
        clusters={
            **folds.clusters,
            **{name: folds.clusters[name][rows] for name, rows in chosen.items()},
        },
    )


def _first_clusters(places: NDArray[np.int64], wanted: int) -> NDArray[np.int64]:
    """Rows of the first clusters that hold at least so many rows, in the order of the table."""
    held = np.cumsum(np.bincount(places))
    last = int(np.searchsorted(held, wanted))
    return np.flatnonzero(places <= last)


def measure_part(
    config: RunConfig, codebook: Codebook, part: Folds, context: FitContext, *, asked: int, draw: int
) -> tuple[CurvePoint, Counts]:
    """One point, and its decisions on the test fold as counts of clusters, shape (n_clusters, k judged)."""
    start = time.monotonic()
    classifier, decisions, _ = fit_with_decisions(config, codebook, part, context)
    seconds = time.monotonic() - start
    found = predict_test(classifier, decisions, part)
    report = evaluate_predictions(found, codebook.frame_ids, config.evaluation, seed=config.seed)
    positives = [part.train.count_positives(), part.dev.count_positives()]
    point = CurvePoint(
        asked=asked,
        draw=draw,
        size=_size(part),
        n_train=len(part.train),
        n_dev=len(part.dev),
        macro_f1=report.macro_f1,
        micro_f1=report.micro_f1,
        mean_average_precision=report.mean_average_precision,
        absent_frames=tuple(f for f in codebook.frame_ids if not any(counts[f] for counts in positives)),
        seconds=round(seconds, 3),
    )
    numbers = renumber(found.clusters)
    counts = counts_by_cluster(count_decisions(found.truth, found.decided), numbers)
    return point, take_frames(counts, find_judged(found.truth, numbers))


def estimate_gain(
    halves: Sequence[Counts], whole: Counts, settings: EvaluationSettings, *, seed: int
) -> Estimate:
    """Macro-F1 of all sentences minus the mean of models on half of them, on the same test fold.

    Each replicate of the bootstrap draws clusters of the test fold, the same for both sides, and one of the halves:
    the interval covers both. It does not cover that all sentences are themselves one draw.

    Args:
        halves: counts of clusters of each model on a half, each (n_clusters, k).
        whole: those of the model on all sentences.
        settings: replicates and confidence.
        seed: of the drawing.
    """
    n_clusters = len(whole.tp)
    generator = np.random.default_rng([seed, len(halves)])
    value = float(total(whole).macro_f1 - np.mean([total(half).macro_f1 for half in halves]))
    gains = []
    for weights in cluster_weights(np.arange(n_clusters), settings.bootstrap_samples, seed):
        by_half = np.stack([reweigh(half, weights).macro_f1 for half in halves])  # (n_halves, b)
        drawn = generator.integers(len(halves), size=len(weights))
        gains.append(reweigh(whole, weights).macro_f1 - by_half[drawn, np.arange(len(weights))])
    return as_estimate(value, np.concatenate(gains), settings.confidence, n_clusters=n_clusters)


def describe_gain(gain: Estimate | None, half: int, whole: int, confidence: float) -> str:
    """One sentence on what more labels would buy; it promises nothing that was not measured.

    Args:
        gain: of the last doubling.
        half: sentences before it.
        whole: sentences after it.
        confidence: of the interval.
    """
    if gain is None or gain.value is None:
        return "there are too few sentences to measure what doubling them gains"
    measured = (
        f"the last doubling, from {half} to {whole} labelled sentences, changed macro-F1 by {gain.value:+.3f}"
    )
    if gain.low is None or gain.high is None:
        return f"{measured}; the test fold gives it no interval, so nothing follows from it"
    measured += f" ({confidence:.0%} interval {gain.low:+.3f} to {gain.high:+.3f})"
    if gain.low <= 0 <= gain.high:
        return f"{measured}: whether more labels would help cannot be told from this test fold"
    if gain.high < 0:
        return f"{measured}: nothing here says that more labels of this kind would help"
    return (
        f"{measured}: labels still help; {whole} more may bring about as much or, since curves flatten, less, "
        "and this is no promise"
    )


def _size(folds: Folds) -> int:
    return len(folds.train) + len(folds.dev)


def _note_left_out(sizes: Sequence[int], whole: int) -> tuple[str, ...]:
    beyond = sorted({size for size in sizes if size > whole})
    if not beyond:
        return ()
    return (f"sizes beyond the {whole} labelled sentences were left out: {', '.join(map(str, beyond))}",)
