"""Commands of the panel of results: shares of frames with intervals."""

from __future__ import annotations  # the types below are for the reader; loading them would load numpy

from itertools import groupby
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.commands.options import AsJson, Debug, print_json
from pipeline.commands.terminal import console, run_command
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pipeline.measures.intervals import Estimate
    from pipeline.prevalence.share_records import Domain, ShareEstimate, ShareReport


def shares(
    scores: Annotated[Path, typer.Argument(help="Output folder of frames predict.")],
    sample: Annotated[
        Path | None, typer.Option("--sample", help="Coded sample that frames sample drew from these scores.")
    ] = None,
    unit: Annotated[
        Literal["post", "sentence"] | None,
        typer.Option("--unit", help="Shares of what; that of the sample, or posts."),
    ] = None,
    frame: Annotated[
        list[str] | None, typer.Option("--frame", help="Only this frame; may be repeated.")
    ] = None,
    by: Annotated[
        Literal["channel", "month", "channel_month"] | None,
        typer.Option("--by", help="Also print the shares of each of these; files hold them all."),
    ] = None,
    confidence: Annotated[
        float, typer.Option("--confidence", min=0.5, max=0.999, help="Of the intervals.")
    ] = 0.95,
    half_width: Annotated[
        float | None,
        typer.Option(
            "--half-width",
            min=0.001,
            max=0.5,
            help="Say how many labels give intervals of plus or minus this, e.g. 0.02.",
        ),
    ] = None,
    empty_is_coded: Annotated[
        bool,
        typer.Option("--empty-is-coded", help="Rows of the sample without labels carry no frame."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write every estimate: .csv, .jsonl, .parquet or .xlsx."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Estimate the share of each frame, with intervals.

    From scores and a coded sample; without a sample, raw shares and how many labels are needed.

    Example: frames shares scores/ --sample coded.csv --by channel -o shares.csv
    """

    def work() -> None:
        from pipeline.annotation.record_files import check_suffix
        from pipeline.prevalence.share_estimates import report_shares
        from pipeline.prevalence.share_records import DOMAINS

        if output is not None:
            check_suffix(output)
        printed: tuple[Domain, ...] = ("whole", by) if by else ("whole",)
        report = report_shares(
            scores,
            sample,
            frame,
            unit=unit,
            domains=DOMAINS if output or as_json else printed,
            confidence=confidence,
            empty_is_coded=empty_is_coded,
        )
        plan = _plan(report, half_width)
        if output is not None:
            _write(output, report)
        if as_json:
            print_json({**report.to_json(), "plan": plan})
            return
        _print(console(), report, printed)
        if plan:
            needs = ", ".join(f"{name} {n:,}" for name, n in plan.items())
            console().print(
                f"Note: for intervals of ±{100 * (half_width or 0):g} points, whole output, about so many labelled "
                f"units in all, judged by these labels: {safe_text(needs)}",
                soft_wrap=True,
            )
        if output is not None:
            console().print(f"estimates  {safe_text(str(output))}", soft_wrap=True)

    run_command(work, debug)


def _plan(report: ShareReport, half_width: float | None) -> dict[str, int]:
    """Labelled units that a half width needs, for each frame of the whole output that has an estimate."""
    from pipeline.prevalence.estimators import plan_labels

    if half_width is None:
        return {}
    return {
        estimate.frame: plan_labels(
            estimate.standard_error**2, estimate.n_labelled, estimate.n_units, half_width, report.confidence
        )
        for estimate in report.estimates
        if estimate.domain == "whole" and estimate.standard_error is not None
    }


def _write(path: Path, report: ShareReport) -> None:
    from pipeline.annotation.record_files import write_records

    origin = {
        "unit": report.unit,
        "confidence": report.confidence,
        "bundle_hash": ";".join(str(model["bundle_hash"]) for model in report.models),
        "sample_id": ";".join(report.sample_ids),
    }
    rows = [estimate.to_json() | origin for estimate in report.estimates]
    write_records(path, rows, list(rows[0]))


def _print(screen: Console, report: ShareReport, domains: Sequence[Domain]) -> None:
    from pipeline.commands.result_tables import plain_table, print_notes

    for domain in domains:
        chosen = (estimate for estimate in report.estimates if estimate.domain == domain)
        for _, of_place in groupby(chosen, key=lambda estimate: (estimate.channel, estimate.month)):
            estimates = list(of_place)
            screen.print(plain_table(_title(estimates[0], report.unit), *_rows(estimates)))
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


def _title(estimate: ShareEstimate, unit: str) -> str:
    place = ", ".join(part for part in (estimate.channel, estimate.month) if part is not None)
    title = f"{place or 'Whole output'}: {estimate.n_units:,} {unit}s, {estimate.n_labelled:,} labelled"
    if estimate.n_independent < estimate.n_labelled:
        title += f", {estimate.n_independent:,} of them independent"
    return title


def _rows(estimates: Sequence[ShareEstimate]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of one domain's table."""
    if estimates[0].corrected.value is None:
        needs = f"needs {estimates[0].labels_needed} more labelled unit{'s' if estimates[0].labels_needed != 1 else ''}"
        rows: list[tuple[str, ...]] = [
            (estimate.frame, _percent(estimate.raw_share), needs) for estimate in estimates
        ]
        return ("frame", "raw %", "corrected %"), rows
    columns = ("frame", "raw %", "labels %", "interval", "corrected %", "interval")
    return columns, [
        (
            estimate.frame,
            _percent(estimate.raw_share),
            *_figures(estimate.classical),
            *_figures(estimate.corrected),
        )
        for estimate in estimates
    ]


def _figures(estimate: Estimate) -> tuple[str, str]:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "", ""
    dash = "–"  # noqa: RUF001 - the sign of a range
    return _percent(estimate.value), f"{_percent(estimate.low)}{dash}{_percent(estimate.high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
