"""Shares with intervals for the report: what the page draws, and the words that go with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.measures.intervals import Estimate
from pipeline.prevalence.contrasts import Wanted
from pipeline.prevalence.share_estimates import report_shares
from pipeline.prevalence.share_records import FEWEST_LABELLED, ShareEstimate, ShareReport

_MOST_CHANNELS: Final = 8  # compared with each other: 28 pairs of each frame
_MOST_CONTRASTS: Final = 60  # lines in the page
_MOST_SHARES: Final = 60_000  # rows in the page; channels by month come last and are left out first


@dataclass(frozen=True, slots=True)
class SharePlots:
    """Shares as the page needs them.

    Attributes:
        columns: one row for each estimate: channel and month ("" for all), frame number, figures.
        explanation: how to read them; notes: what else a reader has to know.
        contrasts: trends and differences: frame number, what is compared, figures in percentage points as text.
        contrasts_note: how to read these, and what was left out.
    """

    columns: dict[str, list[Any]]
    explanation: str
    notes: tuple[str, ...]
    contrasts: tuple[tuple[int, str, str, str, str], ...]
    contrasts_note: str


def collect_share_plots(
    scores: Path, sample: Path | Sequence[Path], frame_ids: Sequence[str], *, empty_is_coded: bool = False
) -> SharePlots:
    """Estimate the shares of all domains from scores and a coded sample, or several; see `report_shares`.

    Raises:
        DataError: a sample that does not belong to these scores or cannot be used.
    """
    wanted = Wanted(differences=True, trend=True, kinds=("channel",), most=_MOST_CHANNELS)
    report = report_shares(scores, sample, empty_is_coded=empty_is_coded, wanted=wanted)
    kept = list(report.estimates)
    notes = list(report.notes)
    if len(kept) > _MOST_SHARES:
        kept = [estimate for estimate in kept if estimate.domain != "channel_month"]
        left_out = len(report.estimates) - len(kept)
        notes.append(
            f"{left_out:,} shares of single channels in single months are left out to keep the file small; "
            "`frames shares SCORES --sample SAMPLE -o shares.csv` has them"
        )
    target = report.target.removesuffix(f", {scores}")  # a page that is passed on names no folder
    explanation = (
        f"These are shares of {target}. The corrected share joins the classifier's probabilities with the "
        "coders' labels of a sample drawn at random, so that the classifier's errors are taken out (PPI++; "
        "Angelopoulos, Duchi and Zrnic 2023); the bar is its "
        f"{report.confidence:.0%} interval. The hollow diamond is the raw classifier share, not corrected. Where a "
        f"channel or month has labelled {report.unit}s of fewer than {FEWEST_LABELLED} clusters of copies, no "
        "corrected share is given."
    )
    contrasts, contrasts_note = _list_contrasts(report, frame_ids)
    return SharePlots(_columns(kept, frame_ids), explanation, tuple(notes), contrasts, contrasts_note)


def _list_contrasts(
    report: ShareReport, frame_ids: Sequence[str]
) -> tuple[tuple[tuple[int, str, str, str, str], ...], str]:
    """Trends, then differences of channels, the largest first."""
    shown = [contrast for contrast in report.contrasts if contrast.kind != "ratio"]
    shown.sort(key=lambda c: (c.kind != "slope", -abs(c.estimate.value or 0)))
    rows = [
        (
            frame_ids.index(c.frame),
            f"change a {c.domain}, {c.first} to {c.second}"
            if c.kind == "slope"
            else f"{c.second} less {c.first}",
            f"{100 * (c.estimate.value or 0):+.1f}",
            _points(c.estimate),
            _points(c.simultaneous),
        )
        for c in shown[:_MOST_CONTRASTS]
    ]
    note = (
        f"In percentage points, with {report.confidence:.0%} intervals: of each line alone, and together with all "
        "lines of its frame and kind (sup-t). A difference whose interval holds 0 is not shown to be one; one that is "
        "surely not 0 may still be too small to matter. Channels are compared where there are at most "
        f"{_MOST_CHANNELS}."
    )
    if len(shown) > len(rows):
        note += (
            f" The largest {len(rows)} of {len(shown):,} are listed; frames shares --contrasts FILE has all."
        )
    return tuple(rows), note


def _points(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{100 * estimate.low:+.1f} to {100 * estimate.high:+.1f}"


def _columns(estimates: Sequence[ShareEstimate], frame_ids: Sequence[str]) -> dict[str, list[Any]]:
    number = {frame: i for i, frame in enumerate(frame_ids)}
    return {
        "channel": [estimate.channel for estimate in estimates],
        "month": [estimate.month for estimate in estimates],
        "frame": [number[estimate.frame] for estimate in estimates],
        "units": [estimate.n_units for estimate in estimates],
        "labelled": [estimate.n_labelled for estimate in estimates],
        "raw": [_round(estimate.raw_share) for estimate in estimates],
        "corrected": [_round(estimate.corrected.value) for estimate in estimates],
        "low": [_round(estimate.corrected.low) for estimate in estimates],
        "high": [_round(estimate.corrected.high) for estimate in estimates],
    }


def _round(share: float | None) -> float | None:
    """Shares to a hundredth of a per cent, which is what is shown."""
    return None if share is None else round(share, 4)
