"""Shares with intervals for the report: what the page draws, and the words that go with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.prevalence.contrasts import Wanted
from pipeline.prevalence.domains import FEWEST_LABELLED, WHOLE
from pipeline.prevalence.share_estimates import report_shares
from pipeline.prevalence.share_records import Contrast, ShareEstimate, ShareReport
from pipeline.reporting.periods import UNITS, find_finest

_DOMAINS: Final = (WHOLE, "channel", *UNITS, "language", "channel_month")
_MOST_CHANNELS: Final = 8  # compared with each other: 28 pairs of each frame
_MOST_SHARES: Final = 60_000  # rows in the page; channels by month come last and are left out first


@dataclass(frozen=True, slots=True)
class SharePlots:
    """Shares as the page needs them.

    Attributes:
        report: all estimates.
        columns: one row for each estimate: channel, unit and period (None for all), frame number, figures.
        contrasts: trends (by the unit below) and differences as columns: frame number, what is compared, figures.
        unit: the finest of `periods.UNITS` that the labels carry.
        outside: frames whose raw share of the whole lies outside the corrected interval.
        explanation: how to read shares; contrasts_note: how to read contrasts.
        cautions: what a reader has to know first; notes: what else there is to know.
    """

    report: ShareReport
    columns: dict[str, list[Any]]
    contrasts: dict[str, list[Any]]
    unit: str
    outside: tuple[str, ...]
    explanation: str
    contrasts_note: str
    cautions: tuple[str, ...]
    notes: tuple[str, ...]


def collect_share_plots(
    scores: Path,
    sample: Path | Sequence[Path],
    frame_ids: Sequence[str],
    *,
    empty_is_coded: bool = False,
    timezone: str | None = None,
) -> SharePlots:
    """Estimate the shares of all domains from scores and a coded sample, or several; see `report_shares`.

    Raises:
        DataError: a sample that does not belong to these scores or cannot be used.
    """
    wanted = Wanted(differences=True, trend=True, kinds=("channel",), most=_MOST_CHANNELS)
    report = report_shares(
        scores,
        sample,
        domains=_DOMAINS,
        empty_is_coded=empty_is_coded,
        wanted=wanted,
        timezone=timezone,
    )
    kept = list(report.estimates)
    notes = list(report.notes)
    if len(kept) > _MOST_SHARES:
        kept = [estimate for estimate in kept if estimate.domain != "channel_month"]
        left_out = len(report.estimates) - len(kept)
        notes.append(
            f"{left_out:,} shares of single channels in single months are left out to keep the file small; "
            "`frames shares SCORES --sample SAMPLE -o shares.csv` has them"
        )
    unit = find_finest(report.estimates)
    number = {frame: i for i, frame in enumerate(frame_ids)}
    outside = [e.frame for e in report.estimates if e.domain == WHOLE and is_outside(e)]
    return SharePlots(
        report,
        _columns(kept, number),
        _contrast_columns(report.contrasts, unit, number),
        unit,
        tuple(outside),
        _explain(report, scores),
        _explain_contrasts(report),
        tuple(name_folder(caution, scores) for caution in report.cautions),
        tuple(name_folder(note, scores) for note in notes),
    )


def is_outside(estimate: ShareEstimate) -> bool:
    """Whether the raw share lies outside the corrected interval."""
    low, high = estimate.corrected.low, estimate.corrected.high
    return low is not None and high is not None and not low <= estimate.raw_share <= high


def name_folder(text: str, folder: Path) -> str:
    """A text with a folder's name in place of its path: a page is passed on, and whoever reads it has other folders."""
    return text.replace(str(folder), folder.resolve().name) if len(folder.parts) > 1 else text


def _explain(report: ShareReport, scores: Path) -> str:
    target = report.target.removesuffix(f", {scores}")
    return (
        f"These are shares of {target}. The corrected share joins the classifier's probabilities with the "
        "coders' labels of a sample drawn at random, so that the classifier's errors are taken out (PPI++; "
        "Angelopoulos, Duchi and Zrnic 2023); the bar is its "
        f"{report.confidence:.0%} interval. The small hollow diamond is the raw classifier share, not corrected; a "
        "cross in its place lies outside the interval: there the classifier alone would mislead. Where a "
        f"channel or time has labelled {report.unit}s of fewer than {FEWEST_LABELLED} clusters of copies, no "
        "corrected share is given."
    )


def _explain_contrasts(report: ShareReport) -> str:
    return (
        f"In percentage points, with {report.confidence:.0%} intervals. A change whose interval holds 0 is not shown "
        "to be one; one that is surely not 0 may still be too small to matter. Channels are compared where there are "
        f"at most {_MOST_CHANNELS}."
    )


def _columns(estimates: Sequence[ShareEstimate], number: Mapping[str, int]) -> dict[str, list[Any]]:
    shown = [e for e in estimates if e.domain != "language"]
    return {
        "channel": [e.channel for e in shown],
        "unit": [
            {"channel_month": "month"}.get(e.domain, e.domain if e.domain in UNITS else None) for e in shown
        ],
        "period": [e.group_or_month for e in shown],
        "frame": [number[e.frame] for e in shown],
        "units": [e.n_units for e in shown],
        "labelled": [e.n_labelled for e in shown],
        "raw": [e.raw_share for e in shown],
        "corrected": [e.corrected.value for e in shown],
        "low": [e.corrected.low for e in shown],
        "high": [e.corrected.high for e in shown],
        "outside": [int(is_outside(e)) for e in shown],
    }


def _contrast_columns(
    contrasts: Sequence[Contrast], unit: str, number: Mapping[str, int]
) -> dict[str, list[Any]]:
    """Trends by the chosen unit and differences of channels."""
    shown = [c for c in contrasts if (c.kind == "slope" and c.domain == unit) or c.kind == "difference"]
    return {
        "frame": [number[c.frame] for c in shown],
        "is_trend": [int(c.kind == "slope") for c in shown],
        "compared": [
            f"change a {c.domain}, {c.first} to {c.second}"
            if c.kind == "slope"
            else f"{c.second} less {c.first}"
            for c in shown
        ],
        "value": [c.estimate.value for c in shown],
        "low": [c.estimate.low for c in shown],
        "high": [c.estimate.high for c in shown],
        "low_together": [c.simultaneous.low for c in shown],
        "high_together": [c.simultaneous.high for c in shown],
    }
