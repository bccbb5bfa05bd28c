"""Command of the panel of models: figures on disguised and misspelt texts."""

from __future__ import annotations  # the types below are for the reader; loading them would load numpy

import json
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import (
    AsJson,
    Columns,
    Debug,
    Encoding,
    Model,
    find_input,
    find_model,
    parse_columns,
    print_json,
    require_paths,
)
from pipeline.commands.terminal import console, progress_bar, run_command
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pipeline.evaluation.robustness_check import Figures, RobustnessReport


def robustness(
    model: Model,
    labels: Annotated[
        Path, typer.Option("--labels", help="Labelled CSV, JSONL or Parquet; sample:NAME of the example.")
    ],
    test_fold: Annotated[
        bool,
        typer.Option(
            "--test-fold", help="Only rows of the model's test fold; FILE is what it was trained from."
        ),
    ] = False,
    rate: Annotated[
        float, typer.Option("--rate", min=0.01, max=1, help="Share of the words attacked.")
    ] = 0.3,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the attacks and intervals.")] = 0,
    attack: Annotated[
        list[str] | None, typer.Option("--attack", help="Only this attack; may be repeated.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write the figures to this JSON file.")
    ] = None,
    column: Columns = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Measure a model on disguised and misspelt texts.

    Attacks labelled texts with look-alike letters, invisible characters, emoji, odd casing, typing errors and more, and
    compares with the clean texts: without normalisation of texts and with it.

    Example: frames robustness models:/frames@champion --labels labelled.csv -o robustness.json
    """

    def work() -> None:
        require_paths(model, labels)

        from pipeline.bundle import load_bundle
        from pipeline.config.evaluation import EvaluationSettings
        from pipeline.data.labels.labelled_rows import read_labelled
        from pipeline.evaluation.robustness_check import find_attacks, measure_robustness
        from pipeline.evaluation.test_fold import take_test_fold
        from pipeline.files.durable_files import replacing

        attacks = find_attacks(attack or ())
        bundle = load_bundle(find_model(model))
        data = read_labelled(find_input(labels), bundle.codebook, parse_columns(column), encoding)
        if test_fold:
            data = take_test_fold(bundle, data)
        with progress_bar(quiet=as_json) as progress:
            report = measure_robustness(
                bundle, data, attacks, EvaluationSettings(), rate=rate, seed=seed, progress=progress
            )
        if output is not None:
            output.parent.mkdir(parents=True, exist_ok=True)
            with replacing(output) as temporary:
                temporary.write_text(
                    json.dumps(report.to_json(), indent=1, ensure_ascii=False), encoding="utf-8"
                )
        if as_json:
            print_json(report.to_json())
            return
        _print(console(), report)
        if output is not None:
            console().print(f"written to {safe_text(str(output))}", soft_wrap=True)

    run_command(work, debug)


def _print(screen: Console, report: RobustnessReport) -> None:
    from pipeline.commands.result_tables import plain_table, print_notes
    from pipeline.measures.enough_positives import describe_macro

    print_notes(screen, report.warnings)
    screen.print(
        f"{safe_text(report.model_id)} on {report.n:,} texts, {report.rate:.0%} of their words attacked; off: texts as "
        f"they are, on: normalised, {'as' if report.is_normalised else 'not as'} this model reads them",
        soft_wrap=True,
    )
    clean = [_figure(report.clean[name]["macro_f1"]) for name in ("before", "after")]
    rows: list[Sequence[str]] = [("(clean)", clean[0], "", "", clean[1], "", "")]
    rows += [(entry.attack, *_losses(entry.before), *_losses(entry.after)) for entry in report.attacks]
    columns = ("attack", "off", "loss", "interval", "on", "loss", "interval")
    title = describe_macro(len(report.macro_frames), report.n_frames, "Macro-F1")
    screen.print(plain_table(f"{title}, and what is lost against the clean texts", columns, rows))
    clean = [_figure(report.clean[name]["mean_average_precision"]) for name in ("before", "after")]
    rows = [("(clean)", "", clean[0], clean[1], "", "")]
    rows += [
        (
            entry.attack,
            f"{entry.changed:.0%}",
            _figure(entry.before.mean_average_precision),
            _figure(entry.after.mean_average_precision),
            f"{entry.before.flipped:.1%}",
            f"{entry.after.flipped:.1%}",
        )
        for entry in report.attacks
    ]
    columns_of_ranking = ("attack", "texts changed", "mAP off", "mAP on", "flipped off", "flipped on")
    screen.print(plain_table("Mean average precision, and decisions", columns_of_ranking, rows))
    screen.print(
        f"flipped: share of texts with another decision than on the clean text; intervals: {report.confidence:.0%}, "
        f"{report.n_clusters:,} clusters",
        soft_wrap=True,
    )


def _losses(figures: Figures) -> tuple[str, str, str]:
    from pipeline.commands.result_tables import format_interval

    loss = figures.loss
    lost = "too few" if loss.value is None else f"{loss.value:+.3f}"
    return _figure(figures.macro_f1), lost, format_interval(loss, 3, "+")


def _figure(value: float | None) -> str:
    return "too few" if value is None else f"{value:.3f}"
