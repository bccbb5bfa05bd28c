"""Commands of the results panel: reports as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import AsJson, Debug, find_model, print_json
from pipeline.terminal import console, run_command, safe_text


def report(
    scores: Annotated[Path, typer.Argument(help="Output folder of `frames predict`.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="HTML file to write.")],
    model: Annotated[
        str | None,
        typer.Option("--model", help="The model that scored: its quality and frame names enter the report."),
    ] = None,
    sample: Annotated[
        Path | None,
        typer.Option("--sample", help="Coded sample that frames sample drew from these scores: intervals."),
    ] = None,
    empty_is_coded: Annotated[
        bool, typer.Option("--empty-is-coded", help="Rows of the sample without labels carry no frame.")
    ] = False,
    title: Annotated[str | None, typer.Option("--title", help="Heading of the page.")] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write one HTML file with plots, evidence, a searchable table and limits; it opens offline.

    Example: frames report scores -o report.html --model models:/frames@champion
    """

    def work() -> None:
        from pipeline.decisions.model_bundle import load_bundle
        from pipeline.printing import print_notes
        from pipeline.reporting.html_report import write_report

        bundle = load_bundle(find_model(model)) if model else None
        written = write_report(
            scores, output, bundle=bundle, sample=sample, empty_is_coded=empty_is_coded, title=title
        )
        if as_json:
            print_json(written.to_json())
            return
        screen = console()
        screen.print(f"{written.posts:,} posts, {written.posts_in_table:,} of them in the table")
        print_notes(screen, written.warnings)
        screen.print(
            f"written to {safe_text(str(written.path))} ({written.size / 1e6:.1f} MB)", soft_wrap=True
        )

    run_command(work, debug)
