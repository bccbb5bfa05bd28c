"""Shares, differences and trends as tables: on the terminal and in files."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from rich.console import Console

from pipeline.annotation.record_files import write_records
from pipeline.commands.result_tables import plain_table, print_notes
from pipeline.files.safe_text import safe_text
from pipeline.measures.intervals import Estimate
from pipeline.prevalence.domains import BEFORE, PERIOD, TIMES
from pipeline.prevalence.share_records import Contrast, ShareEstimate, ShareReport

_DASH: Final = "–"  # noqa: RUF001 - the sign of a range
_SMALLEST_P: Final = 0.001


def write_shares(path: Path, report: ShareReport) -> None:
    """Write every estimate with where it comes from."""
    rows = [estimate.to_json() | _origin(report) for estimate in report.estimates]
    write_records(path, rows, list(rows[0]))


def write_contrasts(path: Path, report: ShareReport) -> None:
    """Write every difference, ratio and slope with where it comes from; an empty table where none can be had."""
    rows = [contrast.to_json() | _origin(report) for contrast in report.contrasts]
    columns = list(Contrast("", "", "", "", "", Estimate(None)).to_json() | _origin(report))
    write_records(path, rows, columns)


def _origin(report: ShareReport) -> dict[str, str | float]:
    return {
        "unit": report.unit,
        "confidence": report.confidence,
        "bundle_hash": ";".join(str(model["bundle_hash"]) for model in report.models),
        "sample_id": ";".join(report.sample_ids),
    }


def print_shares(
    screen: Console, report: ShareReport, domains: Sequence[str], timezone: str | None = None
) -> None:
    """Print what has to be known first, the tables of these kinds of domains, contrasts, and notes.

    The time zone is that in which months and days begin; None is UTC.
    """
    for caution in report.cautions:
        screen.print(f"Read first: {safe_text(caution)}", soft_wrap=True)
    for domain in domains:
        chosen = [estimate for estimate in report.estimates if estimate.domain == domain]
        if domain == PERIOD:
            chosen.sort(key=lambda estimate: estimate.group != BEFORE)
        for _, of_place in groupby(
            chosen, key=lambda estimate: (estimate.channel, estimate.month, estimate.group)
        ):
            estimates = list(of_place)
            screen.print(plain_table(_title(estimates[0], report.unit), *_rows(estimates)))
    _print_contrasts(screen, report)
    if {*TIMES, PERIOD} & set(domains):
        zone = timezone or "UTC (--timezone Europe/Kyiv, say, for another place)"
        screen.print(f"Months, quarters, years and days begin at midnight in {zone}.", soft_wrap=True)
    screen.print(f"Shares of {safe_text(report.target)}; no wider population is meant.", soft_wrap=True)
    screen.print(
        f"raw: the classifier's decisions, with its errors; labels: from labels alone; corrected: from predictions "
        f"and labels (PPI++); intervals: {report.confidence:.0%}",
        soft_wrap=True,
    )
    for model in report.models:
        line = f"model   {model['model_id']}, bundle {str(model['bundle_hash'])[:16]}"
        screen.print(safe_text(line), soft_wrap=True)
    if report.sample_ids:
        screen.print(f"sample  {safe_text(', '.join(report.sample_ids))}", soft_wrap=True)
    print_notes(screen, report.notes)


def print_plan(screen: Console, plan: dict[str, int], half_width: float | None) -> None:
    """Say how many labels a half width needs."""
    if not plan:
        return
    needs = ", ".join(f"{name} {n:,}" for name, n in plan.items())
    screen.print(
        f"Note: for intervals of ±{100 * (half_width or 0):g} points, whole output, about so many labelled "
        f"units in all, judged by these labels: {safe_text(needs)}",
        soft_wrap=True,
    )


def _title(estimate: ShareEstimate, unit: str) -> str:
    place = ", ".join(part for part in (estimate.channel, estimate.month, estimate.group) if part is not None)
    title = f"{place or 'Whole output'}: {estimate.n_units:,} {unit}s, {estimate.n_labelled:,} labelled"
    if estimate.n_clusters < estimate.n_labelled:
        title += f", in {estimate.n_clusters:,} clusters of copies"
    return title


def _rows(estimates: Sequence[ShareEstimate]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of one domain's table."""
    if estimates[0].corrected.value is None:
        needed = estimates[0].labels_needed
        needs = f"needs {needed} more labelled unit{'s' if needed != 1 else ''}"
        rows: list[tuple[str, ...]] = [
            (estimate.frame, format_percent(estimate.raw_share), needs) for estimate in estimates
        ]
        return ("frame", "raw %", "corrected %"), rows
    columns = ("frame", "raw %", "labels %", "interval", "corrected %", "interval")
    has_family = any(estimate.simultaneous.value is not None for estimate in estimates)
    has_coders = any(estimate.coders.value is not None for estimate in estimates)
    extra = (*(("together",) if has_family else ()), *(("coders",) if has_coders else ()))
    return columns + extra, [
        (
            estimate.frame,
            format_percent(estimate.raw_share),
            *_figures(estimate.classical),
            *_figures(estimate.corrected),
            *((_figures(estimate.simultaneous)[1],) if has_family else ()),
            *((_figures(estimate.coders)[1],) if has_coders else ()),
        )
        for estimate in estimates
    ]


def _print_contrasts(screen: Console, report: ShareReport) -> None:
    """Differences with their ratios beside them, and slopes."""
    ratios = {
        (c.domain, c.first, c.second, c.frame): c.estimate for c in report.contrasts if c.kind == "ratio"
    }
    shown = [contrast for contrast in report.contrasts if contrast.kind != "ratio"]
    for (kind, domain, frame), chosen in groupby(shown, key=lambda c: (c.kind, c.domain, c.frame)):
        rows = [
            (
                f"{c.second} - {c.first}" if kind == "difference" else f"{c.first} to {c.second}",
                *format_points(c.estimate),
                format_points(c.simultaneous)[1],
                _show_p(c.p_holm),
                _show_ratio(ratios.get((c.domain, c.first, c.second, c.frame))),
            )
            for c in chosen
        ]
        title = f"{frame}: differences by {domain}" if kind == "difference" else f"{frame}: change a {domain}"
        columns = ("", "points", "interval", "together", "p (Holm)", "ratio")
        screen.print(plain_table(title, columns, rows))
    if shown:
        screen.print(
            "points: percentage points; together: interval that holds together with the others of its frame (sup-t); "
            "p: corrected for their number (Holm); ratio: the first named by the other",
            soft_wrap=True,
        )


def _figures(estimate: Estimate) -> tuple[str, str]:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "", ""
    return format_percent(
        estimate.value
    ), f"{format_percent(estimate.low)}{_DASH}{format_percent(estimate.high)}"


def format_points(estimate: Estimate) -> tuple[str, str]:
    """A difference of shares and its interval in percentage points; "" where there is none."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "", ""
    return f"{100 * estimate.value:+.1f}", f"{100 * estimate.low:+.1f} to {100 * estimate.high:+.1f}"


def _show_ratio(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None or estimate.low is None:
        return ""
    high = "no upper end" if estimate.high is None else f"{estimate.high:.2f}"
    return f"{estimate.value:.2f} ({estimate.low:.2f}{_DASH}{high})"


def _show_p(p: float | None) -> str:
    if p is None:
        return ""
    return f"< {_SMALLEST_P:g}" if p < _SMALLEST_P else f"{p:.3f}"


def format_percent(share: float) -> str:
    """A share in per cent, to one decimal; what a report's page shows is the same."""
    return f"{100 * share:.1f}"
