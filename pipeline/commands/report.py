"""Commands of the results panel: reports as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import (
    AsJson,
    Columns,
    Debug,
    Encoding,
    Model,
    SampleIsCoded,
    ScoresFolder,
    find_model,
    parse_columns,
    print_json,
    require_paths,
)
from pipeline.commands.shares import Samples, Timezone
from pipeline.commands.terminal import console, run_command
from pipeline.files.safe_text import safe_text

HtmlFile = Annotated[Path, typer.Option("-o", "--output", help="HTML file to write.")]


def report(
    scores: ScoresFolder,
    output: HtmlFile,
    model: Annotated[
        str | None,
        typer.Option("--model", help="The model that scored: its quality and frame names enter the report."),
    ] = None,
    sample: Samples = None,
    empty_is_coded: SampleIsCoded = False,
    posts: Annotated[
        Path | None,
        typer.Option(
            "--posts", help="Posts table that was scored: edits that changed frames enter the report."
        ),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Heading of the page.")] = None,
    events: Annotated[
        Path | None,
        typer.Option("--events", help="Table with the columns date and label: lines in the plots over time."),
    ] = None,
    link: Annotated[
        str | None,
        typer.Option(
            "--link-template",
            help="Link to a post; {channel} and {message_id} are filled in. Left out: t.me for public channels.",
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option("--figures", help="Folder for the main figures in print size: SVG, PNG, CSV."),
    ] = None,
    timezone: Timezone = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write scores as one HTML page that opens offline.

    With a coded sample, it opens with corrected shares and their intervals.

    Example: frames report scores -o report.html --model models:/frames@champion --sample coded.csv
    """

    def work() -> None:
        require_paths(scores, model, *(sample or ()), posts, events)

        from pipeline.bundle import load_bundle
        from pipeline.commands.result_tables import print_notes
        from pipeline.reporting.events import read_events
        from pipeline.reporting.html_report import write_report

        happened = read_events(events) if events else ()
        bundle = load_bundle(find_model(model)) if model else None
        written = write_report(
            scores,
            output,
            bundle=bundle,
            sample=sample or (),
            empty_is_coded=empty_is_coded,
            posts=posts,
            title=title,
            events=happened,
            link=link,
            figures=figures,
            timezone=timezone,
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
        if written.figures:
            screen.print(
                f"{len(written.figures)} files of figures in {safe_text(str(figures))}", soft_wrap=True
            )

    run_command(work, debug)


def evaluation_report(
    model: Model,
    output: HtmlFile,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Labelled file of the training, for the texts of the hardest errors."),
    ] = None,
    column: Columns = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write a model's test results as one HTML page.

    Curves, calibration, parts of the test fold, errors.

    Example: frames evaluation-report models:/frames@champion -o evaluation.html --data labelled.jsonl
    """

    def work() -> None:
        require_paths(model, data)

        from pipeline.bundle import load_bundle
        from pipeline.data.labels.labelled_rows import read_labelled
        from pipeline.reporting.evaluation_page import write_evaluation_report

        bundle = load_bundle(find_model(model))
        labelled = read_labelled(data, bundle.codebook, parse_columns(column), encoding) if data else None
        size = write_evaluation_report(bundle, output, data=labelled)
        if as_json:
            print_json({"path": str(output), "size": size, "model": bundle.model_id})
        else:
            console().print(f"written to {safe_text(str(output))} ({size / 1e6:.1f} MB)", soft_wrap=True)

    run_command(work, debug)
