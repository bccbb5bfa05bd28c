"""Shares with intervals for the report: what the page draws, and the words that go with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.prevalence.share_estimates import report_shares
from pipeline.prevalence.share_records import FEWEST_LABELLED, ShareEstimate

_MOST_SHARES: Final = 60_000  # rows in the page; channels by month come last and are left out first


@dataclass(frozen=True, slots=True)
class SharePlots:
    """Shares as the page needs them.

    Attributes:
        columns: one row for each estimate: channel and month ("" for all), frame number, figures.
        explanation: how to read them; notes: what else a reader has to know.
    """

    columns: dict[str, list[Any]]
    explanation: str
    notes: tuple[str, ...]


def collect_share_plots(
    scores: Path, sample: Path, frame_ids: Sequence[str], *, empty_is_coded: bool = False
) -> SharePlots:
    """Estimate the shares of all domains from scores and a coded sample; see `report_shares`.

    Raises:
        DataError: a sample that does not belong to these scores or cannot be used.
    """
    report = report_shares(scores, sample, empty_is_coded=empty_is_coded)
    kept = list(report.estimates)
    notes = list(report.notes)
    if len(kept) > _MOST_SHARES:
        kept = [estimate for estimate in kept if estimate.domain != "channel_month"]
        left_out = len(report.estimates) - len(kept)
        notes.append(
            f"{left_out:,} shares of single channels in single months are left out to keep the file small; "
            f"`frames shares {scores} --sample {sample} -o shares.csv` has them"
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
    return SharePlots(_columns(kept, frame_ids), explanation, tuple(notes))


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
