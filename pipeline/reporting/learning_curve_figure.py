"""The learning curve as a figure: how quality grows with labelled sentences."""

from collections.abc import Iterable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from pipeline.evaluation.learning_curve_record import LearningCurve
from pipeline.measures.intervals import Estimate
from pipeline.measures.metrics import Floats
from pipeline.reporting.evaluation_plots import BLUE, GREY, ORANGE, spell
from pipeline.reporting.figure_fonts import choose_families

_DPI = 110
_CROWDED = 1.25  # sizes closer than this ratio would print over one another


def learning_curve_figure(curve: LearningCurve) -> Figure:
    """Macro-F1 and mean average precision over labelled sentences (logarithmic axis).

    Of several draws: each as a dot, their mean as the line, and their range as a band.
    """
    figure = Figure(figsize=(7.0, 4.6), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    sizes = np.array([summary.size for summary in curve.sizes], float)
    value, low, high = _bounds([summary.macro_f1 for summary in curve.sizes])
    several = max(summary.draws for summary in curve.sizes)
    if several > 1:
        axes.plot(sizes, value, color=BLUE, marker="o", label=f"{curve.macro_name}, mean of the draws")
        axes.fill_between(sizes, low, high, color=BLUE, alpha=0.15, label=f"range of {several} draws")
        each, _, _ = _bounds([point.macro_f1 for point in curve.points])
        drawn = [point.size for point in curve.points]
        axes.plot(drawn, each, color=BLUE, marker=".", linestyle="none", alpha=0.5)
    else:
        _, low, high = _bounds([point.macro_f1 for point in curve.points])
        spread = np.clip(np.stack([value - low, high - value]), 0, None)
        label = f"{curve.macro_name}, with {curve.confidence:.0%} interval of the test fold"
        axes.errorbar(sizes, value, yerr=spread, color=BLUE, fmt="o-", capsize=3, label=label)
    ranked = [
        _mean(p.mean_average_precision.value for p in curve.points if p.asked == asked)
        for asked in dict.fromkeys(point.asked for point in curve.points)
    ]
    axes.plot(sizes, ranked, color=ORANGE, marker="s", linestyle="--", label="mean average precision")
    axes.set_xscale("log")
    shown = _spaced(sizes)
    axes.set_xticks(shown, [f"{size:.0f}" for size in shown])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(
        ylim=(0, 1),
        xlabel="labelled sentences that training used (train and dev)",
        ylabel=f"quality on {curve.n_test} test texts ({curve.n_test_clusters} clusters)",
    )
    absent = [point.size for point in curve.points if point.absent_frames]
    if absent:
        axes.axvspan(
            sizes[0] / 1.1, max(absent) * 1.05, color=GREY, alpha=0.12, label="some frames have no example"
        )
    title = f"Learning curve of {spell(curve.name)} ({curve.kind})"
    axes.set_title(title, fontsize=11, fontfamily=choose_families([title]))
    axes.grid(axis="y", color="#dddddd")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    return figure


def _mean(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else float("nan")


def _bounds(estimates: list[Estimate]) -> tuple[Floats, Floats, Floats]:
    """Values and bounds, each of shape (n_points,); a missing bound is the value itself, a missing value NaN."""
    value = np.array([np.nan if e.value is None else e.value for e in estimates])
    low = np.array([v if e.low is None else e.low for e, v in zip(estimates, value, strict=True)])
    high = np.array([v if e.high is None else e.high for e, v in zip(estimates, value, strict=True)])
    return value, low, high


def _spaced(sizes: Floats) -> list[float]:
    """The sizes that can be written beside one another; the last always is."""
    shown: list[float] = [float(sizes[-1])]
    for size in sizes[-2::-1]:
        if shown[-1] / size >= _CROWDED:
            shown.append(float(size))
    return shown[::-1]
