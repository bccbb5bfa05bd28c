"""Commands of the first panel: a project, posts, and a check of what is there."""

import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.commands.options import (
    AsJson,
    Channel,
    Columns,
    ConfigFile,
    DateOrder,
    Debug,
    Encoding,
    Format,
    Overrides,
    UtcOffset,
    Zone,
    parse_columns,
    print_json,
    raw_options,
    require_paths,
)
from pipeline.commands.terminal import console, progress_bar, run_command
from pipeline.files.safe_text import safe_text


def init(
    folder: Annotated[Path, typer.Argument(help="New folder of the project.")],
    codebook: Annotated[
        Path | None, typer.Option("--codebook", help="Table of frames (CSV, XLSX) to make the codebook of.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels", help="Labelled file; the codebook is drafted from its ids where none is given."
        ),
    ] = None,
    column: Columns = None,
    encoding: Encoding = None,
    single_label: Annotated[
        bool, typer.Option("--single-label", help="Every sentence carries exactly one frame.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write a new project: codebook, configs, folders.

    With --codebook, the frames are those of a table, one row a frame: docs/codebook.md lists its columns. With
    --labels alone, the codebook is drafted from the label ids of that file.

    Example: frames init my-project --codebook frames.xlsx --labels labelled.csv
    """

    def work() -> None:
        require_paths(codebook, labels)

        from pipeline.commands.result_tables import print_notes
        from pipeline.data.new_project import init_project

        mode: Literal["multi_label", "single_label"] = "single_label" if single_label else "multi_label"
        written, notes = init_project(
            folder,
            codebook=codebook,
            labels=labels,
            columns=parse_columns(column),
            mode=mode,
            encoding=encoding,
        )
        is_draft = labels is not None and codebook is None
        if as_json:
            print_json({"written": [str(path) for path in written], "is_draft": is_draft, "notes": notes})
            return
        screen = console()
        for path in written:
            screen.print(f"wrote {safe_text(str(path))}")
        print_notes(screen, notes)
        if is_draft:
            screen.print(
                "The codebook is a DRAFT made of label ids: write definitions and examples before using it."
            )
        screen.print(
            f"Next: cd {safe_text(shlex.quote(str(folder)))}, put channel exports into exports/, and go on as "
            "README.md says: frames ingest exports -o data/posts.parquet",
            soft_wrap=True,
            markup=False,
        )

    run_command(work, debug)


def ingest(
    inputs: Annotated[
        list[Path], typer.Argument(help="Channel exports: files or folders, any supported format.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Posts table to write or add to (Parquet).")],
    format_name: Format = None,
    channel: Channel = None,
    column: Columns = None,
    utc_offset: UtcOffset = None,
    timezone: Zone = None,
    date_order: DateOrder = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Read channel exports into one posts table.

    Reading again, or reading exports that overlap, adds nothing twice. docs/formats.md lists the formats, and what is
    read of each into which column.

    Example: frames ingest exports/ result.json -o posts.parquet
    """

    def work() -> None:
        from pipeline.commands.result_tables import print_ingest
        from pipeline.data.posts.ingest import ingest as ingest_posts

        options = raw_options(channel, column, utc_offset, timezone, date_order, encoding)
        with progress_bar(quiet=as_json) as progress:
            report = ingest_posts(
                inputs,
                output,
                options,
                format_name=format_name,
                on_progress=lambda done: progress("reading posts", done, 0),
            )
        if as_json:
            print_json(report.to_json())
        else:
            print_ingest(console(), report, output)
        report.raise_if_files_failed()

    run_command(work, debug)


def check(
    config: ConfigFile,
    overrides: Overrides = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Check config, codebook and labels; show the folds.

    Finds before training what would stop or weaken it. Nothing is trained or written.

    Example: frames check configs/baseline.yaml
    """

    def work() -> None:
        from pipeline.commands.result_tables import print_check, print_folds
        from pipeline.training.check_inputs import UnfitFoldsError, check_run

        try:
            result = check_run(config, overrides or ())
        except UnfitFoldsError as error:
            if not as_json:
                print_folds(console(), error.folds)
            raise
        if as_json:
            print_json(result.to_json())
        else:
            print_check(console(), result)

    run_command(work, debug)
