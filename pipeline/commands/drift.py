"""Command of the panel of results: new posts against what the model learnt from."""

from __future__ import annotations  # the types below are for the reader; loading them would load numpy

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import (
    AsJson,
    Columns,
    Debug,
    Encoding,
    ScoresFolder,
    find_model,
    parse_columns,
    print_json,
    require_paths,
)
from pipeline.commands.terminal import console, run_command
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.evaluation.drift_check import DriftReport
    from pipeline.evaluation.drift_statistics import Shift

_LANGUAGES = 8  # lines of the table


def drift(
    scores: ScoresFolder,
    model: Annotated[
        str, typer.Option("--model", help="The model that scored: bundle folder or models:/NAME@champion.")
    ],
    labelled: Annotated[
        Path | None,
        typer.Option(
            "--labelled", help="Labelled file of the training: also try to tell its texts from the posts."
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            help="That a frame's mean probability may move by before there is a warning.",
            min=0,
        ),
    ] = None,
    column: Columns = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say how far posts are from what the model learnt from.

    Words, languages, lengths and scores of the posts against those of the training texts. Of scores it says by how much
    the mean has moved, with an interval; a warning follows where that is surely more than the tolerance (0.03).

    Example: frames drift scores --model models:/frames@champion --labelled labelled.jsonl
    """

    def work() -> None:
        require_paths(scores, model, labelled)

        from pipeline.bundle import load_bundle
        from pipeline.data.labels.labelled_rows import read_labelled
        from pipeline.evaluation.drift_check import TOLERANCE, measure_drift

        bundle = load_bundle(find_model(model))
        texts = (
            read_labelled(labelled, bundle.codebook, parse_columns(column), encoding) if labelled else None
        )
        allowed = TOLERANCE if tolerance is None else tolerance
        report = measure_drift(scores, bundle, labelled=texts, tolerance=allowed)
        if as_json:
            print_json(report.to_json())
        else:
            _print(console(), report)

    run_command(work, debug)


def _print(screen: Console, report: DriftReport) -> None:
    from pipeline.commands.result_tables import plain_table, print_notes
    from pipeline.evaluation.drift_statistics import MATERIAL

    screen.print(
        f"{report.posts:,} posts, {report.sentences:,} sentences, against {report.training_rows:,} training texts of "
        f"{safe_text(report.model_id)}; compared: {report.sampled_sentences:,} distinct new sentences "
        f"of {report.sampled_posts:,} posts; left out: {report.seen_share:.0%}, which are training texts",
        soft_wrap=True,
    )
    share = report.unknown_words
    if share.value is not None:
        interval = f" ({share.low:.1%} to {share.high:.1%})" if share.low is not None else ""
        screen.print(
            f"Words that training lacked: {share.value:.1%}{interval} of {report.words_read:,} words; "
            f"{report.unknown_expected:.1%} expected; warning from {report.unknown_limit:.0%}",
            soft_wrap=True,
        )
    screen.print(
        f"Posts in languages that training hardly held: {report.foreign_share:.1%}; language not determined: "
        f"{report.undetermined:,}\n",
        soft_wrap=True,
    )
    languages = [
        (entry.code, f"{entry.then:.1%}", f"{entry.now:.1%}", f"{entry.posts:,}")
        for entry in report.languages
    ]
    screen.print(
        plain_table("Languages", ("language", "training", "posts", "number"), languages[:_LANGUAGES])
    )
    if len(languages) > _LANGUAGES:
        screen.print(f"and {len(languages) - _LANGUAGES} more languages; all with --json\n")
    rows = [
        (
            shift.name,
            f"{shift.mean_then:.3g}",
            f"{shift.mean_now:.3g}",
            f"{shift.moved.value:+.3g}",
            "" if shift.moved.low is None else f"{shift.moved.low:+.3g} … {shift.moved.high:+.3g}",
            f"{shift.divergence:.3f}",
            f"{shift.noise:.3f}",
            _verdict(shift, report),
        )
        for shift in (*report.frames, report.length)
    ]
    columns = ("", "training", "new, distinct", "moved by", "interval", "shift", "noise", "")
    screen.print(
        plain_table(
            "Distinct new sentences against training texts: mean probabilities, and length in characters",
            columns,
            rows,
        )
    )
    screen.print(
        f"moved: the interval of the move lies beyond {report.tolerance:g} (--tolerance); intervals hold for all lines "
        "together. shift: Jensen-Shannon divergence in bits, 0 to 1; noise: what chance alone reaches; spread: shift "
        f"above noise and {MATERIAL}",
        soft_wrap=True,
    )
    if report.domain is not None:
        auc = report.domain.auc
        screen.print(
            f"Telling the sentences from the training texts: area under the curve {auc} "
            f"({report.domain.n_now:,} and {report.domain.n_then:,} texts; 0.5: alike, 1: no overlap; "
            f"{report.domain.n_shared:,} in both left out)",
            soft_wrap=True,
        )
    print_notes(screen, report.warnings)
    if not report.warnings:
        screen.print("No sign that the model is out of its depth. It is no proof of quality either.")


def _verdict(shift: Shift, report: DriftReport) -> str:
    """What is there, in words: a move of lengths has no tolerance."""
    is_moved = shift is not report.length and shift.moved_beyond(report.tolerance)
    return ", ".join(word for word, holds in (("moved", is_moved), ("spread", shift.is_shifted)) if holds)
