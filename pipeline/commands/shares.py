"""Commands of the panel of results: shares of frames with intervals, their differences and trends."""

from __future__ import annotations  # the types below are for the reader; loading them would load numpy

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.commands.options import (
    AsJson,
    Debug,
    Encoding,
    SampleIsCoded,
    print_json,
    require_paths,
)
from pipeline.commands.terminal import console, run_command
from pipeline.errors import ConfigError
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from pipeline.prevalence.share_records import ShareReport


Samples = Annotated[
    list[Path] | None,
    typer.Option(
        "--sample",
        help="Coded sample that frames sample drew from these scores; again for what tops it up.",
    ),
]
Unit = Annotated[
    Literal["post", "sentence"] | None,
    typer.Option("--unit", help="Shares of what; that of the sample, or posts."),
]
Frames = Annotated[list[str] | None, typer.Option("--frame", help="Only this frame; may be repeated.")]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        help="Also the shares of each channel, month, quarter, year, language, forwarded, or of each value of "
        "another column of the scores or of --table; may be repeated.",
    ),
]
Table = Annotated[
    Path | None,
    typer.Option(
        "--table", help="Posts table, or another (.parquet, .csv) with post_key, for columns of --by."
    ),
]
BeforeAfter = Annotated[
    str | None,
    typer.Option("--before-after", help="Also shares before and from this day on, e.g. 2024-02-24."),
]
Timezone = Annotated[
    str | None,
    typer.Option("--timezone", help="Where months and days begin, e.g. Europe/Kyiv; left out: UTC."),
]
Differences = Annotated[
    bool, typer.Option("--differences", help="Differences and ratios of the shares of each pair by --by.")
]
Against = Annotated[
    str | None,
    typer.Option("--against", help="Differences from this one alone, e.g. one channel's name."),
]
Trend = Annotated[
    bool, typer.Option("--trend", help="Change from one month (quarter, year) of --by to the next.")
]
Confidence = Annotated[float, typer.Option("--confidence", min=0.5, max=0.999, help="Of the intervals.")]
LabelsOnly = Annotated[
    bool,
    typer.Option("--labels-only", help="Use no score: for a sample that trained the model, say."),
]
Codings = Annotated[
    list[Path] | None,
    typer.Option(
        "--codings",
        help="Second codings of units of the sample: how far coders' disagreement could move shares; may be "
        "repeated.",
    ),
]


def shares(
    scores: Annotated[Path | None, typer.Argument(help="Output folder of frames predict.")] = None,
    others: Annotated[
        list[Path] | None,
        typer.Option(
            "--scores",
            help="Scores from elsewhere: a table with id and one column a frame, from 0 to 1; may be repeated.",
        ),
    ] = None,
    sample: Samples = None,
    unit: Unit = None,
    frame: Frames = None,
    by: By = None,
    table: Table = None,
    before_after: BeforeAfter = None,
    timezone: Timezone = None,
    differences: Differences = False,
    against: Against = None,
    trend: Trend = False,
    confidence: Confidence = 0.95,
    half_width: Annotated[
        float | None,
        typer.Option(
            "--half-width",
            min=0.001,
            max=0.5,
            help="Say how many labels give intervals of plus or minus this, e.g. 0.02.",
        ),
    ] = None,
    empty_is_coded: SampleIsCoded = False,
    encoding: Encoding = None,
    labels_only: LabelsOnly = False,
    codings: Codings = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", help="Bundle that gave older scores: what it learnt from is kept with them."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write every estimate: .csv, .jsonl, .parquet or .xlsx."),
    ] = None,
    contrasts: Annotated[
        Path | None,
        typer.Option("--contrasts", help="Write differences, ratios and trends: .csv, .jsonl, ..."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Estimate shares of frames, with intervals and trends.

    From scores and a coded sample; without a sample, raw shares and how many labels are needed. Scores may be from
    anybody (--scores): several are used together, by weights that are chosen out of fold.

    Example: frames shares scores/ --sample coded.csv --by channel --differences -o shares.csv
    """

    def work() -> None:
        require_paths(scores, *(others or ()), *(sample or ()), *(codings or ()), model, table)

        from pipeline.annotation.record_files import check_suffix
        from pipeline.commands.share_tables import print_plan, print_shares, write_contrasts, write_shares
        from pipeline.prevalence.contrasts import Wanted
        from pipeline.prevalence.domains import DOMAINS, PERIOD
        from pipeline.prevalence.share_estimates import report_shares

        for path in (output, contrasts):
            if path is not None:
                check_suffix(path)
        split_at = read_day(before_after)
        printed = ("whole", *(by or ()), *((PERIOD,) if before_after else ()))
        wants_pairs = differences or against is not None or before_after is not None
        asked = printed[1:]  # a file has shares of more kinds than are compared
        wanted = Wanted(wants_pairs, against, trend, kinds=asked, trends=asked)
        check_wanted(
            wanted_by=printed[1:], differences=differences or bool(against), trend=trend, path=contrasts
        )
        _check_codings(codings, sample)
        _keep_record(model, scores)
        report = report_shares(
            scores,
            sample or None,
            frame,
            unit=unit,
            domains=tuple(dict.fromkeys([*(DOMAINS if output or as_json else ()), *printed])),
            split_at=split_at,
            timezone=timezone,
            wanted=wanted,
            confidence=confidence,
            empty_is_coded=empty_is_coded,
            labels_only=labels_only,
            codings=tuple(codings or ()),
            table=table,
            others=tuple(others or ()),
            encoding=encoding,
        )
        plan = _plan(report, half_width)
        if output is not None:
            write_shares(output, report)
        if contrasts is not None:
            write_contrasts(contrasts, report)
        if as_json:
            print_json({**report.to_json(), "plan": plan})
            return
        print_shares(console(), report, printed, timezone)
        print_plan(console(), plan, half_width)
        for name, path in (("estimates", output), ("contrasts", contrasts)):
            if path is not None:
                console().print(f"{name}  {safe_text(str(path))}", soft_wrap=True)

    run_command(work, debug)


def read_day(text: str | None) -> date | None:
    """The day of --before-after.

    Raises:
        ConfigError: it is none.
    """
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--before-after {text}: expected a day such as 2024-02-24") from None


def check_wanted(*, wanted_by: tuple[str, ...], differences: bool, trend: bool, path: Path | None) -> None:
    """Refuse contrasts of nothing.

    Raises:
        ConfigError: names the options.
    """
    from pipeline.prevalence.domains import TIMES

    if differences and not wanted_by:
        raise ConfigError("--differences: between what? Give --by channel, say, or --before-after DATE")
    if trend and not set(wanted_by) & set(TIMES):
        raise ConfigError(f"--trend: over what? Give --by {', --by '.join(TIMES)}")
    if path is not None and not (differences or trend or wanted_by[-1:] == ("period",)):
        raise ConfigError("--contrasts: give --differences, --against, --before-after or --trend too")


def _check_codings(codings: list[Path] | None, sample: list[Path] | None) -> None:
    """Refuse second codings of nothing.

    Raises:
        ConfigError: names the options.
    """
    if codings and not sample:
        raise ConfigError("--codings: of which sample? Give --sample FILE too")


def _keep_record(model: Path | None, scores: Path | None) -> None:
    """Keep what a bundle, if there is one, says of its training texts with the scores that it gave.

    Raises:
        ConfigError: it gave none of these scores, or says nothing.
    """
    if model is None:
        return
    if scores is None:
        raise ConfigError("--model: of which scores? Give the output folder of frames predict")
    from pipeline.bundle import load_bundle
    from pipeline.scoring.score_output import read_tables
    from pipeline.scoring.score_queries import list_models
    from pipeline.scoring.training_copies import keep_training_record

    bundle = load_bundle(model)
    if bundle.bundle_hash not in list_models(read_tables(scores)):
        raise ConfigError(f"--model {model}: {bundle.model_id} gave none of the scores in {scores}")
    if not keep_training_record(bundle, scores):
        raise ConfigError(f"--model {model}: keeps nothing of the texts that it learnt from")


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
