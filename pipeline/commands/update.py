"""`frames update`: the daily job of a project, one command for cron or systemd."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import AsJson, Debug, print_json
from pipeline.commands.terminal import console, progress_bar, run_command
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from pipeline.commands.daily_update import Summary


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
        from pipeline.commands.daily_update import update_project
        from pipeline.config.project import BUSY, load_project
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
            _print(summary, opened.settings.summary)
        codes.append(summary.code)

    run_command(work, debug)
    if codes and codes[0]:
        raise typer.Exit(codes[0])


def _print(summary: "Summary", path: str) -> None:
    screen = console()

    def say(text: str) -> None:
        screen.print(safe_text(text), soft_wrap=True)

    if summary.status == "nothing new":
        say(f"nothing is new ({summary.seconds:.1f} s)")
        return
    for report in summary.stages.get("ingest", ()):
        say(
            f"{report['inbox']}: {report['files']:,} files read: {report['new']:,} new posts, {report['edited']:,} "
            f"edited, {report['rejected']:,} rejected"
        )
    if scored := summary.stages.get("predict"):
        say(f"scored: {scored['newly_scored']:,} posts by {scored['model_id']}")
    for name in ("shares", "report"):
        found = summary.stages.get(name, {})
        if written := found.get("file") or found.get("path"):
            say(f"written to {written}")
    for need in summary.needs:
        say(f"{'known' if need['known'] else 'Needs a person'}, {need['what']}: {need['message']}")
    say(f"{summary.status} ({summary.seconds:.1f} s); all of it in {path}")
