"""Commands of the panel of monitoring: what changed, who said it first, what is new."""

from __future__ import annotations  # the types below are for the reader; loading them would load numpy

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.commands.options import (
    AsJson,
    Debug,
    ScoresFolder,
    find_model,
    print_json,
    require_paths,
)
from pipeline.commands.terminal import console, run_command
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pipeline.monitoring.edits import EditReport, Mark

PostsTable = Annotated[Path, typer.Option("--posts", help="Posts table that frames ingest wrote.")]
_SHOWN: Final = 20  # at the terminal; files hold all
_CONTEXT: Final = 60  # characters of what is the same in two texts, on either side of a change


def edits(
    scores: ScoresFolder,
    posts: PostsTable,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help="Model that also reads texts which were never scored; also models:/NAME@A."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Write all edits that changed frames: .csv, .jsonl, .parquet, .xlsx."
        ),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show posts that were edited and lost or gained a frame.

    An edit is seen where two exports show two texts of a post. Frames are the classifier's decisions, with its errors:
    a change of probability from just below the threshold to just above it counts too, so both probabilities stand
    beside each frame.

    Example: frames edits scores --posts data/posts.parquet --model models:/frames@champion -o edits.csv
    """

    def work() -> None:
        require_paths(scores, posts, model)

        from pipeline.annotation.record_files import check_suffix
        from pipeline.bundle import load_bundle
        from pipeline.monitoring.edits import find_edits, write_edits

        if output:
            check_suffix(output)
        report = find_edits(posts, scores, load_bundle(find_model(model)) if model else None)
        if output:
            write_edits(output, report)
        if as_json:
            print_json(report.to_json())
        else:
            _print_edits(console(), report, output)

    run_command(work, debug)


def _print_edits(screen: Console, report: EditReport, output: Path | None) -> None:
    from pipeline.monitoring.edits import shorten_same

    def say(text: str) -> None:
        screen.print(safe_text(text), soft_wrap=True)

    for edit in report.changing[:_SHOWN]:
        say(f"{edit.post_key}  {edit.describe_time()}")
        for sign, frames in (("+", edit.gained), ("-", edit.lost)):
            for frame, (before, after) in frames.items():
                say(f"  {sign} {frame} ({before:.2f} -> {after:.2f})")
        say(f"  {_draw(shorten_same(edit.marks, _CONTEXT))}")
        screen.print()
    if len(report.changing) > _SHOWN:
        say(f"and {len(report.changing) - _SHOWN:,} more; all with -o FILE or --json")
    say(
        f"{report.posts_edited:,} posts have several texts, {len(report.edits):,} edits; {len(report.changing):,} of "
        f"them changed a frame by the decisions of {report.model_id or 'no model'}, which have errors"
    )
    if report.not_judged:
        say(
            f"{report.not_judged:,} edits have a text that was never scored: give --model to compare them too"
        )
    if report.other_posts:
        say(f"{report.other_posts:,} changes are no edits: two posts under one number, more than a day apart")
    if output:
        say(f"written to {output}")


def _draw(marks: Sequence[tuple[Mark, str]]) -> str:
    """Marked text on one line: [-taken out-] {+put in+}."""
    brackets = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
    return "".join(brackets[mark].format(text) for mark, text in marks)
