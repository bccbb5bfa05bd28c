"""Months, quarters and years of a report: which are shown, their names, and which the posts cover in part only."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from pipeline.prevalence.domains import UNDATED
from pipeline.prevalence.share_records import ShareEstimate

UNITS: Final = ("month", "quarter", "year")  # finest first
ENOUGH: Final = 30  # posts, or independent labelled ones, that a point should rest on
_GAP: Final = 0.1  # share of a period at its end without a post that leaves it whole
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def find_finest(estimates: Sequence[ShareEstimate]) -> str:
    """The finest unit of time in which at least half of the periods have a corrected share; else the coarsest."""
    for unit in UNITS:
        known = [
            e.corrected.value is not None
            for e in estimates
            if e.domain == unit and e.group_or_month != UNDATED
        ]
        if known and 2 * sum(known) >= len(known):
            return unit
    return UNITS[-1]


def name_period(day: date, unit: str) -> str:
    """As shares name them: 2024-05, 2024-Q2 or 2024."""
    if unit == "month":
        return f"{day:%Y-%m}"
    return f"{day.year}-Q{(day.month + 2) // 3}" if unit == "quarter" else str(day.year)


def find_partial(first: date, last: date, unit: str) -> dict[str, str]:
    """The first and the last period, where more than a tenth of it lies outside the posts; in words from or to when.

    Args:
        first: day of the first post.
        last: of the last.
        unit: one of UNITS.
    """
    words: dict[str, str] = {}
    begins, ends = _bounds(first, unit)
    if (first - begins).days > _GAP * ((ends - begins).days + 1):
        words[name_period(first, unit)] = f"from {first}"
    begins, ends = _bounds(last, unit)
    if (ends - last).days > _GAP * ((ends - begins).days + 1):
        name = name_period(last, unit)
        words[name] = f"{words[name]} to {last}" if name in words else f"to {last}"
    return words


def _bounds(day: date, unit: str) -> tuple[date, date]:
    """First and last day of the period that holds a day."""
    months = _MONTHS[unit]
    month = (day.month - 1) // months * months + 1
    following = date(day.year + (month + months > 12), (month + months - 1) % 12 + 1, 1)  # noqa: PLR2004 - December
    return date(day.year, month, 1), following - timedelta(days=1)
