"""What figures in print plot: one row for each mark, with names in place of numbers."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from pipeline.prevalence.domains import UNDATED
from pipeline.reporting.periods import ENOUGH, UNITS, find_partial, name_period
from pipeline.reporting.report_data import ReportData
from pipeline.reporting.share_plots import SharePlots

Rows = list[dict[str, Any]]
CORRECTED: Final = "corrected share, with its interval"
_RAW: Final = "raw share of the classifier, not corrected"
_OUTSIDE: Final = "raw share outside the interval"
KINDS: Final = (CORRECTED, _RAW, _OUTSIDE)
_PERCENT: Final = 100
_MONTHS_OF_A_QUARTER: Final = 3


def share_rows(data: ReportData, shares: SharePlots | None, titles: Sequence[str]) -> Rows:
    """Shares of the whole, two rows for each frame, or raw ones alone."""
    if shares is not None:
        return _of_shares(shares, None, titles)
    carried = Counter[int]()
    for frame, posts in zip(data.payload["counts"]["frame"], data.payload["counts"]["posts"], strict=True):
        carried[frame] += posts
    n = int(data.totals["posts"])
    return [
        {"frame": title, "kind": _RAW, "share": carried[k] / n, "low": None, "high": None, "units": n}
        for k, title in enumerate(titles)
    ]


def time_rows(data: ReportData, shares: SharePlots | None, titles: Sequence[str]) -> tuple[str, Rows, Rows]:
    """The unit of time, shares of each of its periods, and the periods that the posts cover in part."""
    unit, rows = (
        _raw_over_time(data, titles)
        if shares is None
        else (shares.unit, _of_shares(shares, shares.unit, titles))
    )
    first, last = data.totals["first"], data.totals["last"]
    partial = {} if not rows else find_partial(first.date(), last.date(), unit)
    return unit, rows, [{"day": first_day(name)} for name in partial]


def first_day(period: str) -> str:
    """Of a month, quarter or year."""
    year, _, part = period.partition("-")
    if part.startswith("Q"):
        return f"{year}-{_MONTHS_OF_A_QUARTER * int(part[1:]) - 2:02d}-01"
    return f"{year}-{part or '01'}-01"


def channel_rows(data: ReportData, titles: Sequence[str]) -> Rows:
    """Raw share of each channel and frame."""
    cells, counts = data.payload["cells"], data.payload["counts"]
    posts, carried = Counter[int](), Counter[tuple[int, int]]()
    for channel, n in zip(cells["channel"], cells["posts"], strict=True):
        posts[channel] += n
    for channel, frame, n in zip(counts["channel"], counts["frame"], counts["posts"], strict=True):
        carried[channel, frame] += n
    names = [*data.payload["channels"], f"other channels ({data.channels_merged})"]
    return [
        {
            "channel": names[channel] or "(no name)",
            "frame": title,
            "raw_share": carried[channel, k] / posts[channel],
            "posts": posts[channel],
        }
        for channel in sorted(posts)
        for k, title in enumerate(titles)
    ]


def contrast_rows(shares: SharePlots, titles: Sequence[str]) -> dict[str, Rows]:
    """Trends and differences in percentage points, by the name of their figure."""
    found: dict[str, Rows] = {"trends": [], "differences": []}
    figures = ("value", "low", "high", "low_together", "high_together")
    for i, compared in enumerate(shares.contrasts["compared"]):
        title = titles[shares.contrasts["frame"][i]]
        values = {name: _points(shares.contrasts[name][i]) for name in figures}
        row = {"line": f"{title}, {compared}", "frame": title, "compared": compared, **values}
        found["trends" if shares.contrasts["is_trend"][i] else "differences"].append(row)
    return found


def _of_shares(shares: SharePlots, unit: str | None, titles: Sequence[str]) -> Rows:
    """A row for the corrected share and one for the raw one, of all channels together."""
    rows: Rows = []
    for i, frame in enumerate(shares.columns["frame"]):
        row = {name: values[i] for name, values in shares.columns.items()}
        if row["channel"] is not None or row["unit"] != unit or row["period"] == UNDATED:
            continue
        time = {} if unit is None else {"period": row["period"], "day": first_day(row["period"])}
        base = {"frame": titles[frame], **time, "units": row["units"], "labelled": row["labelled"]}
        raw = _OUTSIDE if row["outside"] else _RAW
        rows.append(
            base | {"kind": CORRECTED, "share": row["corrected"], "low": row["low"], "high": row["high"]}
        )
        rows.append(base | {"kind": raw, "share": row["raw"], "low": None, "high": None})
    return rows


def _raw_over_time(data: ReportData, titles: Sequence[str]) -> tuple[str, Rows]:
    """By the finest unit half of whose periods hold enough posts."""
    cells, counts, periods = data.payload["cells"], data.payload["counts"], data.payload["periods"]
    units = UNITS if data.unit == "month" else UNITS[-1:]
    for unit in units:
        names = [name_period(date.fromisoformat(first_day(p)), unit) if p else "" for p in periods]
        posts, carried = Counter[str](), Counter[tuple[str, int]]()
        for period, n in zip(cells["period"], cells["posts"], strict=True):
            posts[names[period]] += n
        for period, frame, n in zip(counts["period"], counts["frame"], counts["posts"], strict=True):
            carried[names[period], frame] += n
        posts.pop("", None)
        if 2 * sum(n >= ENOUGH for n in posts.values()) >= len(posts):
            break
    return unit, [
        {
            "frame": title,
            "period": period,
            "day": first_day(period),
            "kind": _RAW,
            "share": carried[period, k] / posts[period],
            "low": None,
            "high": None,
            "units": posts[period],
        }
        for k, title in enumerate(titles)
        for period in sorted(posts)
    ]


def _points(share: float | None) -> float | None:
    return None if share is None else _PERCENT * share
