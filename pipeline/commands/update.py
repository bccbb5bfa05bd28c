"""`frames update`: the daily job of a project, one command for cron or systemd."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipeline.commands.options import AsJson, Debug, print_json
from pipeline.commands.terminal import console, progress_bar, run_command
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from pipeline.commands.update_stages import Summary
    from pipeline.config.project import Project

_MOST_FRAMES: Final = 12  # with a line of their own


def update(
    project: Annotated[
        Path, typer.Argument(help="Folder of the project, or its file project.yaml.")
    ] = Path(),
    rescore: Annotated[
        bool, typer.Option("--rescore", help="Let a model that is new to the scores score everything again.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Do the daily job: ingest, score, drift, shares, report.

    Reads project.yaml, does what is new, and writes a summary. Exits with 0 when it is done or nothing is new, 3 when
    another run is at work, and else with what needs a person: 4 the model, 5 input that could not be used, 6 drift,
    7 the coded sample, 8 a frame that rises. Start it as often as you like; a run that was killed is completed by the
    next.

    Example: frames update my-project
    """
    codes: list[int] = []

    def work() -> None:
        from pipeline.commands.update_stages import BUSY, update_project
        from pipeline.config.project import load_project
        from pipeline.files.folder_lock import FolderInUseError

        opened = load_project(project)
        try:
            with progress_bar(quiet=as_json) as progress:
                summary = update_project(opened, rescore=rescore, on_progress=progress)
        except FolderInUseError as error:
            console(stderr=True).print(safe_text(str(error)), soft_wrap=True)
            codes.append(BUSY)
            return
        if as_json:
            print_json(summary.to_json())
        else:
            _print(summary, opened)
        codes.append(summary.code)

    run_command(work, debug)
    if codes and codes[0]:
        raise typer.Exit(codes[0])


def _print(summary: "Summary", project: "Project") -> None:
    """What was found, in a few lines; paths start from where the command was called."""
    screen = console()
    prefix = os.path.relpath(project.folder)
    own, here = f"{project.folder}{os.sep}", "" if prefix == "." else f"{prefix}{os.sep}"

    def say(text: str) -> None:
        screen.print(safe_text(text.replace(own, here)), soft_wrap=True)

    if summary.status == "nothing new":
        say(f"nothing is new ({summary.seconds:.1f} s)")
        return
    for line in (*_tell_posts(summary.stages), *_tell_shares(summary.stages.get("shares", {}))):
        say(line)
    for name in (summary.stages.get("shares", {}).get("file"), summary.stages.get("report", {}).get("path")):
        if name:
            say(f"written to {project.path(name)}")
    for need in summary.needs:
        say(f"{'known' if need['known'] else 'Needs a person'}, {need['what']}: {need['message']}")
    say(f"{summary.status} ({summary.seconds:.1f} s); all of it in {project.path(project.settings.summary)}")


def _tell_posts(stages: dict[str, Any]) -> Iterator[str]:
    for report in stages.get("ingest", ()):
        yield (
            f"{report['inbox']}: {report['files']:,} files read: {report['new']:,} new posts, {report['edited']:,} "
            f"edited, {report['rejected']:,} rejected"
        )
    if scored := stages.get("predict"):
        yield f"scored: {scored['newly_scored']:,} posts by {scored['model_id']}"
    if edits := stages.get("edits"):
        yield f"edits: {edits['edits']:,} known, {len(edits['changing']):,} of them changed a frame"


def _tell_shares(shares: dict[str, Any]) -> Iterator[str]:
    """What to know first, such as posts outside the sample or coded ones that fell out, then a line a frame."""
    from pipeline.commands.share_tables import format_percent

    for caution in shares.get("cautions", ()):
        yield f"Read first: {caution}"
    estimates = shares.get("estimates", ())
    for of in estimates[:_MOST_FRAMES]:
        raw = f"raw {format_percent(of['raw_share'])} %"
        if of["corrected"] is None:
            yield f"share of {of['frame']}: {raw}, not corrected"
            continue
        share, low, high = (
            format_percent(of[name]) for name in ("corrected", "corrected_low", "corrected_high")
        )
        yield f"share of {of['frame']}: {share} % ({low} to {high}), {raw}"
    if len(estimates) > _MOST_FRAMES:
        yield f"and {len(estimates) - _MOST_FRAMES} more frames"
