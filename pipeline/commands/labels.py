"""Commands of the second panel: choose what to label, hand it to coders, and judge what comes back."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.commands.options import (
    AsJson,
    Columns,
    Debug,
    Encoding,
    find_input,
    parse_columns,
    print_json,
    require_paths,
)
from pipeline.commands.terminal import console, progress_bar, run_command
from pipeline.errors import ConfigError
from pipeline.files.safe_text import safe_text

_TRAINED_ON = (
    ".csv",
    ".jsonl",
    ".xlsx",
)  # Parquet has no cell for shares of labels that differ from row to row

CodebookFile = Annotated[Path, typer.Option("--codebook", help="Codebook (YAML).")]

Coders = Annotated[
    list[str] | None,
    typer.Option(
        "--coder",
        help="Who coded, where no column says so: one name, or one for each file in their order (repeat it).",
    ),
]
UnitsAreCoded = Annotated[
    bool,
    typer.Option("--empty-is-coded", help="Tables, doccano: a unit without labels carries no frame."),
]


def sample(
    source: Annotated[Path, typer.Argument(help="Output folder of frames predict, or posts table.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Sample to write: .csv, .jsonl, .parquet or .xlsx.")
    ],
    size: Annotated[int, typer.Option("-n", "--size", help="Units to draw.")],
    design: Annotated[
        Literal["random", "stratified", "scored", "active", "similar"],
        typer.Option(
            "--design",
            help="Scored: more where the model doubts. Active: uncertain and diverse units. Similar: like the texts of "
            "--codebook, where no model is yet; both for training only.",
        ),
    ] = "random",
    purpose: Annotated[
        Literal["estimate", "test", "train"] | None,
        typer.Option(
            "--purpose",
            help="Estimate shares (the default), test models, or train (of active and similar); each draws for itself.",
        ),
    ] = None,
    unit: Annotated[
        Literal["sentence", "post"], typer.Option("--unit", help="What is labelled.")
    ] = "sentence",
    strata: Annotated[
        str, typer.Option("--strata", help="Stratified: channel, month or channel,month.")
    ] = "channel,month",
    allocation: Annotated[
        Literal["proportional", "equal"],
        typer.Option("--allocation", help="Stratified: units of each stratum."),
    ] = "proportional",
    minimum: Annotated[int, typer.Option("--minimum", help="Stratified: fewest units of a stratum.")] = 2,
    random_share: Annotated[
        float, typer.Option("--random-share", help="Active, similar: share drawn at random.")
    ] = 0.2,
    frame: Annotated[
        str | None,
        typer.Option("--frame", help="Scored: for the share of this frame; all alike if not given."),
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option("--exclude", help="Leave out the ids of this file (training only); may be repeated."),
    ] = None,
    top_up: Annotated[
        Path | None,
        typer.Option(
            "--top-up",
            help="Draw from what was added to the source since this sample was drawn; codes combine.",
        ),
    ] = None,
    codebook: Annotated[Path | None, typer.Option("--codebook", help="Similar: to what texts.")] = None,
    encoding: Encoding = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same sample.")] = 42,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Draw sentences or posts to label.

    The probability with which each was drawn is kept with it: intervals of shares need it.

    Example: frames sample scores/ -n 400 --design stratified -o sample.xlsx
    """

    def work() -> None:
        require_paths(source, *(exclude or ()), top_up, codebook)

        from pipeline.annotation.draw_sample import SampleSettings, draw_sample
        from pipeline.annotation.record_files import check_suffix, refuse_existing
        from pipeline.annotation.sample_files import write_sample
        from pipeline.commands.result_tables import print_notes
        from pipeline.data.codebooks.codebook import load_codebook

        check_suffix(output)
        refuse_existing(output)
        settings = SampleSettings(
            size=size,
            design=design,
            purpose=purpose or ("train" if design in {"active", "similar"} else "estimate"),
            unit=unit,
            strata=tuple(name.strip() for name in strata.split(",")),
            allocation=allocation,
            minimum=minimum,
            random_share=random_share,
            frame=frame,
            seed=seed,
        )
        with progress_bar(quiet=as_json) as progress:
            drawn = draw_sample(
                source,
                settings,
                exclude or (),
                tops_up=top_up,
                encoding=encoding,
                codebook=None if codebook is None else load_codebook(codebook),
                progress=progress,
            )
        write_sample(output, drawn.rows)
        if as_json:
            print_json({"output": str(output), **drawn.to_json()})
            return
        screen = console()
        screen.print(
            f"drew {len(drawn.rows):,} of {drawn.population:,} units, {design}, to {settings.purpose}"
        )
        screen.print(f"sample id  {drawn.sample_id}")
        screen.print(f"sample     {safe_text(str(output))}", soft_wrap=True)
        print_notes(screen, drawn.notes)

    run_command(work, debug)


def label_export(
    units: Annotated[Path, typer.Argument(help="Sample to label, or any file with the columns id and text.")],
    codebook: CodebookFile,
    output: Annotated[Path, typer.Option("-o", "--output", help="New file for the coders.")],
    tool: Annotated[
        Literal["label-studio", "prodigy", "doccano", "table"],
        typer.Option("--for", help="Who reads it; a table is CSV, XLSX, JSON lines or Parquet."),
    ] = "table",
    layout: Annotated[
        Literal["frames", "labels"],
        typer.Option("--layout", help="Table: one column for each frame, or one column with labels."),
    ] = "frames",
    encoding: Encoding = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write units for an annotation tool or a spreadsheet.

    The frames of the codebook are what coders choose from.

    Example: frames label-export sample.xlsx --codebook codebook.yaml --for label-studio -o tasks.json
    """

    def work() -> None:
        require_paths(units, codebook)

        from pipeline.annotation.label_exchange import export_units
        from pipeline.commands.label_tables import print_how_to_code
        from pipeline.data.codebooks.codebook import load_codebook

        book = find_input(codebook)
        written = export_units(
            find_input(units), load_codebook(book), output, tool, layout, encoding=encoding
        )
        if as_json:
            print_json({"written": [str(path) for path in written]})
            return
        for path in written:
            console().print(f"wrote {safe_text(str(path))}", soft_wrap=True)
        print_how_to_code(console(), tool, layout, units, book)

    run_command(work, debug)


def label_import(
    inputs: Annotated[list[Path], typer.Argument(help="What the coders made: one file or several.")],
    codebook: CodebookFile,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Table of codings to write: .jsonl, .csv, .parquet or .xlsx."),
    ],
    tool: Annotated[
        Literal["label-studio", "prodigy", "doccano", "table"] | None,
        typer.Option("--from", help="Who wrote it; recognised by its content if not given."),
    ] = None,
    samples: Annotated[
        list[Path] | None,
        typer.Option(
            "--sample",
            help="The sample that was exported: key to the coders' ids; joins its design; again for what tops it up.",
        ),
    ] = None,
    coder: Coders = None,
    empty_is_coded: UnitsAreCoded = False,
    column: Columns = None,
    encoding: Encoding = None,
    combine: Annotated[
        Literal["majority", "any", "all", "ground-truth"],
        typer.Option("--combine", help="How several codings of a unit become one."),
    ] = "majority",
    labelled: Annotated[
        Path | None,
        typer.Option(
            "--labelled",
            help="Also write combined labels, for frames train; takes the place of placeholder rows of frames init.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over the output if it exists already.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Read codings back, of one coder or of several.

    All of them stand in one table; --labelled also writes combined labels, to train on.

    Example: frames label-import export.json --codebook codebook.yaml --sample sample.xlsx -o coded.jsonl
    --labelled data/labelled.csv
    """

    def work() -> None:
        require_paths(*inputs, codebook, *(samples or ()))

        from pipeline.annotation.combine import combine_codings, write_labelled
        from pipeline.annotation.label_exchange import import_codings, write_codings
        from pipeline.annotation.record_files import check_suffix, refuse_existing
        from pipeline.commands.label_tables import print_imported
        from pipeline.data.codebooks.codebook import load_codebook
        from pipeline.data.new_project import holds_placeholders

        if labelled and labelled.suffix.lower() not in _TRAINED_ON:
            raise ConfigError(
                f"--labelled {labelled}: expected a name that ends in one of {', '.join(_TRAINED_ON)}"
            )
        for path in (output, labelled or output):
            check_suffix(path)
            if not replace and not holds_placeholders(path):
                refuse_existing(path, "--replace")
        book = load_codebook(find_input(codebook))
        imported = import_codings(
            inputs,
            book,
            tool=tool,
            sample=samples or (),
            coders=coder or (),
            columns=parse_columns(column),
            encoding=encoding,
            empty_is_coded=empty_is_coded,
        )
        combined = combine_codings(imported.codings, book, combine) if labelled else None
        written = {"coded": output, "rejects": write_codings(output, imported)}
        result = imported.to_json()
        if labelled and combined:
            written |= {"labelled": labelled, "unsettled": write_labelled(labelled, combined)}
            result["combined"] = combined.to_json()
        paths = {name: str(path) for name, path in written.items() if path}
        if as_json:
            print_json({"files": paths, **result})
        else:
            print_imported(console(), result, paths, imported.rejects)

    run_command(work, debug)


def agreement(
    inputs: Annotated[
        list[Path], typer.Argument(help="Tables of codings, labelled files, or tools' exports.")
    ],
    codebook: Annotated[
        Path | None, typer.Option("--codebook", help="Order of frames; unknown labels are refused.")
    ] = None,
    discuss: Annotated[
        Path | None,
        typer.Option("--discuss", help="Write the texts on which annotators differ, to be settled."),
    ] = None,
    coder: Coders = None,
    with_ground_truth: Annotated[
        bool, typer.Option("--with-ground-truth", help="Adjudicated codings count as an annotator's.")
    ] = False,
    empty_is_coded: UnitsAreCoded = False,
    column: Columns = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say how far annotators agree, frame by frame.

    --discuss writes the texts on which they differ: fill in its column labels, and import it with the codings.

    Example: frames agreement anna.xlsx ben.xlsx --codebook codebook.yaml --discuss discuss.xlsx
    """

    def work() -> None:
        require_paths(*inputs, codebook)

        from pipeline.annotation.agreement import measure_agreement, read_for_agreement, write_disputed
        from pipeline.annotation.record_files import check_suffix, refuse_existing
        from pipeline.commands.label_tables import print_agreement, print_how_to_settle
        from pipeline.data.codebooks.codebook import load_codebook

        if discuss:
            check_suffix(discuss)
            refuse_existing(discuss)
        book = load_codebook(find_input(codebook)) if codebook else None
        codings, notes = read_for_agreement(
            [find_input(path) for path in inputs],
            book,
            coders=coder or (),
            columns=parse_columns(column),
            encoding=encoding,
            with_ground_truth=with_ground_truth,
            empty_is_coded=empty_is_coded,
        )
        report = measure_agreement(codings, book.frame_ids if book else None, notes=notes)
        if discuss:
            write_disputed(discuss, report)
        if as_json:
            print_json(report.to_json())
        else:
            print_agreement(console(), report)
            if discuss:
                print_how_to_settle(console(), discuss, inputs, len(report.disputed))

    run_command(work, debug)


def suspects(
    source: Annotated[Path, typer.Argument(help="Config of a training run, or labelled file.")],
    codebook: Annotated[
        Path | None, typer.Option("--codebook", help="Codebook, for a labelled file; a config names its own.")
    ] = None,
    column: Columns = None,
    encoding: Encoding = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write the whole list: .csv, .jsonl, .parquet or .xlsx."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List labels that look wrong to a model.

    The model has not seen the texts that it judges. Needs the extra cleanlab.

    Example: frames suspects configs/baseline.yaml -o suspects.xlsx
    """

    def work() -> None:
        require_paths(source, codebook)

        from pipeline.annotation.record_files import check_suffix
        from pipeline.annotation.suspects import find_suspects, open_source, write_suspects
        from pipeline.commands.label_tables import print_suspects

        if output:
            check_suffix(output)
        chosen = open_source(
            source, find_input(codebook) if codebook else None, parse_columns(column), encoding
        )
        with progress_bar(quiet=as_json) as progress:
            found, notes = find_suspects(chosen, progress)
        if output:
            write_suspects(output, found)
        if as_json:
            print_json({"suspects": [suspect.to_row() for suspect in found], "notes": notes})
        else:
            print_suspects(console(), found, notes, output)

    run_command(work, debug)
