"""Figures of an evaluation, drawn without a display; matplotlib objects that a tracker saves.

Colours are those of Okabe and Ito (2008, "Color universal design"), told apart by colour-blind readers too.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.measures.metrics import average_precision, expected_calibration_error
from pipeline.reporting.curves import BINS, precision_recall_curve, reliability_bins
from pipeline.reporting.figure_fonts import choose_families, find_drawn

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#767676"
FEW_POSITIVES = 5  # below this a curve is drawn pale: it says more about the draw than about the model
NO_FRAME = "(no frame)"
_BOX = "\u25a1"  # in place of a letter that no font has
_PANELS = 20  # up to here five columns fill a page, beyond it six
_ANNOTATED = 20  # more rows than this leave no room for numbers in the cells
_DPI = 110


def precision_recall_figure(
    truth: NDArray[Any], probabilities: NDArray[Any], frame_ids: Sequence[str]
) -> Figure:
    """One precision-recall curve for each frame, with average precision and the number of positives.

    Args:
        truth: the coders' 0/1, shape (n, k).
        probabilities: shape (n, k).
        frame_ids: names of the k columns.
    """
    columns = min(5 if len(frame_ids) <= _PANELS else 6, len(frame_ids))
    rows = -(-len(frame_ids) // columns)
    figure = Figure(figsize=(2.5 * columns + 0.6, 2.65 * rows + 1.0), dpi=_DPI, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for k, axes in enumerate(grid.flat):
        if k >= len(frame_ids):
            axes.set_axis_off()
            continue
        _draw_curve(axes, truth[:, k].astype(bool), probabilities[:, k], frame_ids[k])
        axes.label_outer()
    for axes in grid[-1]:
        axes.tick_params(labelbottom=True)
    figure.supxlabel("recall: share of the coders' positives that are found")
    figure.supylabel("precision: share of the found that are right")
    figure.suptitle(f"Precision and recall on {len(truth)} texts; dashed: choosing texts at random")
    return figure


def reliability_figure(truth: NDArray[Any], probabilities: NDArray[Any]) -> Figure:
    """How often a frame is there when the model says so with a given probability; all frames pooled.

    Bars are 95 % Wilson intervals (Wilson 1927) of single decisions; the lower panel counts decisions.

    Args:
        truth: the coders' 0/1, shape (n, k).
        probabilities: calibrated, shape (n, k).
    """
    stated, observed, low, high, sizes = reliability_bins(truth.ravel().astype(bool), probabilities.ravel())
    error = expected_calibration_error(truth, probabilities)
    figure = Figure(figsize=(5.6, 6.6), dpi=_DPI, layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="as often as stated")
    spread = np.clip(np.stack([observed - low, high - observed]), 0, None)
    upper.errorbar(
        stated, observed, yerr=spread, color=BLUE, fmt="o-", capsize=3, label="observed, with 95 % interval"
    )
    upper.set(ylim=(-0.02, 1.02), xlim=(-0.02, 1.02), ylabel="share that the coders gave the frame")
    upper.set_title(f"Reliability of {truth.size} probabilities; mean gap (ECE) {error:.3f}", fontsize=11)
    upper.legend(loc="upper left", frameon=False)
    edges = np.linspace(0, 1, BINS + 1)
    lower.bar(edges[:-1], sizes, width=1 / BINS, align="edge", color=BLUE, edgecolor="white")
    lower.set(yscale="log", ylabel="decisions", xlabel="probability that the model states")
    lower.set_ylim(0.7, max(10.0, float(sizes.max()) * 6))
    for left, size in zip(edges[:-1], sizes, strict=True):
        if size:
            lower.text(left + 0.5 / BINS, size * 1.3, str(size), ha="center", fontsize=7)
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def co_occurrence_figure(truth: NDArray[Any], decided: NDArray[Any], frame_ids: Sequence[str]) -> Figure:
    """How often the model gave frame j (columns) to texts to which the coders gave frame i (rows), in per cent.

    A text may carry several frames, so rows need not add up to 100. The last row and column are texts without
    a frame.

    Args:
        truth: the coders' 0/1, shape (n, k).
        decided: the model's decisions, shape (n, k).
        frame_ids: names of the k columns.
    """
    shares, counts = _co_occurrence(_with_none(truth), _with_none(decided))
    names = [spell(name) for name in (*frame_ids, NO_FRAME)]
    size = 3.2 + (0.42 if len(names) <= _ANNOTATED else 0.26) * len(names)
    figure = Figure(figsize=(size + 1.2, size), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(np.ma.masked_invalid(100 * shares), cmap="Blues", vmin=0, vmax=100, aspect="equal")
    axes.set_facecolor("#eeeeee")
    positions = range(len(names))
    axes.set_xticks(positions, [_cut(name) for name in names], rotation=90, fontsize=8)
    axes.set_yticks(
        positions, [f"{_cut(name)} ({n})" for name, n in zip(names, counts, strict=True)], fontsize=8
    )
    for tick in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        tick.set_fontfamily(choose_families([tick.get_text()]))
    axes.set_xlabel("frame that the model gave")
    axes.set_ylabel("frame that the coders gave (texts)")
    axes.set_title("Per cent of the row's texts", fontsize=11)
    if len(names) <= _ANNOTATED:
        _annotate(axes, shares)
    figure.colorbar(image, ax=axes, shrink=0.7, label="per cent")
    return figure


def _draw_curve(axes: Axes, truth: NDArray[np.bool_], scores: NDArray[Any], frame: str) -> None:
    positives = int(truth.sum())
    title = _break_lines(spell(frame))
    look: dict[str, Any] = {"fontsize": 8, "fontfamily": choose_families([title])}
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    axes.spines[["top", "right"]].set_visible(False)
    if not positives:
        axes.set_title(f"{title}\nno positives", color=GREY, **look)
        return
    recall, precision = precision_recall_curve(truth, scores)
    few = positives < FEW_POSITIVES
    color = GREY if few else BLUE
    axes.step(recall, precision, where="pre", color=color, linewidth=1.0 if few else 1.6)
    axes.axhline(positives / len(truth), color=ORANGE, linestyle="--", linewidth=0.9)
    quality = float(average_precision(truth, scores)[0])
    axes.set_title(
        f"{title}\nAP {quality:.2f}, {positives} positives", color=GREY if few else "black", **look
    )


def _with_none(matrix: NDArray[Any]) -> NDArray[np.bool_]:
    """One more column: texts without any frame."""
    carried = matrix.astype(bool)
    return np.concatenate([carried, ~carried.any(axis=1, keepdims=True)], axis=1)


def _co_occurrence(truth: NDArray[np.bool_], decided: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Share of the texts of row i that were given column j, NaN where row i has no texts; texts of each row."""
    counts = truth.sum(axis=0)
    both = truth.astype(float).T @ decided.astype(float)
    safe = np.where(counts > 0, counts, 1)[:, None]
    return np.where(counts[:, None] > 0, both / safe, np.nan), counts


def _annotate(axes: Axes, shares: NDArray[Any]) -> None:
    for (i, j), share in np.ndenumerate(shares):
        if np.isfinite(share) and share >= 0.005:  # noqa: PLR2004 - below half a per cent the cell would say 0
            color = "white" if share > 0.55 else "black"  # noqa: PLR2004 - where the map turns dark
            axes.text(j, i, f"{100 * share:.0f}", ha="center", va="center", fontsize=7, color=color)


def spell(name: str) -> str:
    """A name as it can be drawn: without signs that no font has, such as most emoji, and with boxes for such letters.

    Where no letter is left, the signs are named. A dollar sign would begin a formula.
    """
    known = find_drawn()
    signs = (sign if ord(sign) in known else _BOX if sign.isalnum() else "" for sign in name)
    drawn = "".join(signs).strip()
    if drawn != name and not any(sign.isalnum() or sign == _BOX for sign in drawn):
        symbols = [sign for sign in name if unicodedata.category(sign).startswith("S")]
        drawn = " ".join(unicodedata.name(sign, "sign").lower() for sign in symbols) or drawn
    return drawn.replace("$", r"\$")


def _cut(name: str, width: int = 34) -> str:
    return name if len(name) <= width else name[: width - 1] + "…"


def _break_lines(name: str, width: int = 26) -> str:
    """A long name on two lines at most, broken after `_`, `-`, `/` or a space where there is one."""
    if len(name) <= width:
        return name
    line = ""
    for part in re.findall(r"[^_\-/\s]*[_\-/\s]?", name):
        if len(line) + len(part) > width:
            break
        line += part
    first = line or name[:width]
    return f"{first.rstrip()}\n{_cut(name[len(first) :], width)}"
