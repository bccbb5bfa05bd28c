"""The `frames` command: one verb for each step, in the order in which data flows.

Each function here only reads options, calls the function that does the work, and prints what it returns.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pipeline.predict import predict_command
from pipeline.terminal import console, progress_bar, run_command, safe_text

app = typer.Typer(
    name="frames",
    help="Measure narrative frames in channel posts: train, compare and score, with results to defend in print.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the config; may be repeated."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="OURS=THEIRS", help="Name of a column in the file, e.g. text=sentence."),
]
Data = "1. Data"
Models = "2. Models"
Scores = "3. Scores"
Help = "4. Help"


@app.command(rich_help_panel=Data)
def init(
    folder: Annotated[Path, typer.Argument(help="New folder of the project.")],
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Labelled file to draft the codebook from (ids only).")
    ] = None,
    column: Columns = None,
    single_label: Annotated[
        bool, typer.Option("--single-label", help="Every sentence carries exactly one frame.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Write a commented project skeleton: codebook, configs, folders.

    Example: frames init my-project --labels labelled.csv
    """

    def work() -> None:
        from pipeline.project import init_project

        mode: Literal["multi_label", "single_label"] = "single_label" if single_label else "multi_label"
        written = init_project(folder, labels=labels, columns=parse_columns(column), mode=mode)
        screen = console()
        for path in written:
            screen.print(f"wrote {safe_text(str(path))}")
        if labels is not None:
            screen.print(
                "The codebook is a DRAFT made of label ids: write definitions and examples before using it."
            )

    run_command(work, debug)


@app.command(rich_help_panel=Data)
def ingest(
    inputs: Annotated[
        list[Path], typer.Argument(help="Channel exports: files or folders, any supported format.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Posts table to write or add to (Parquet).")],
    format_name: Annotated[
        str | None, typer.Option("--format", help="Name of the format, when its content is not recognised.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", help="Channel name, for exports that carry none.")
    ] = None,
    column: Columns = None,
    utc_offset: Annotated[
        float | None,
        typer.Option("--utc-offset", min=-14, max=14, help="Hours ahead of UTC of times that name no zone."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Read channel exports into one posts table; reading again or overlapping exports add nothing twice.

    Example: frames ingest exports/ result.json -o posts.parquet
    """

    def work() -> None:
        from pipeline.data.channel_export.records import ReadOptions
        from pipeline.data.ingest import ingest as ingest_posts
        from pipeline.printing import print_ingest

        options = ReadOptions(channel=channel, columns=parse_columns(column), utc_offset_hours=utc_offset)
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


@app.command(rich_help_panel=Data)
def check(
    config: Annotated[Path, typer.Argument(help="Config of a training run.")],
    overrides: Overrides = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Check config, codebook and labelled data, and show the folds, without training.

    Example: frames check configs/baseline.yaml
    """

    def work() -> None:
        from pipeline.checking import check_run
        from pipeline.printing import print_check

        result = check_run(config, overrides or ())
        if as_json:
            print_json(result.to_json())
        else:
            print_check(console(), result)

    run_command(work, debug)


@app.command(rich_help_panel=Models)
def train(
    config: Annotated[Path, typer.Argument(help="Config of a training run.")],
    overrides: Overrides = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Train, evaluate and save one model; print run id, bundle folder and registry version.

    Example: frames train configs/transformer.yaml --set model.epochs=2
    """

    def work() -> None:
        from pipeline.config import load_run_config
        from pipeline.printing import print_trained
        from pipeline.tracked_training import train_and_record

        with progress_bar(quiet=as_json) as progress:
            trained = train_and_record(load_run_config(config, overrides or ()), progress)
        if as_json:
            print_json(trained.to_json())
        else:
            print_trained(console(), trained)

    run_command(work, debug)


@app.command(rich_help_panel=Models)
def evaluate(
    model: Annotated[
        str, typer.Argument(help="Bundle folder, or a registered model: models:/NAME@champion.")
    ],
    data: Annotated[Path, typer.Argument(help="Labelled CSV, JSONL or Parquet.")],
    column: Columns = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Evaluate a model on labelled texts, with cluster-bootstrap intervals.

    Example: frames evaluate models:/frames@champion labelled.csv --json
    """

    def work() -> None:
        from pipeline.config import EvaluationSettings
        from pipeline.data.labels import read_labelled
        from pipeline.decisions.model_bundle import load_bundle
        from pipeline.evaluation.evaluate_bundle import evaluate_bundle, short_name
        from pipeline.printing import print_evaluation

        bundle = load_bundle(find_model(model))
        labelled = read_labelled(data, bundle.codebook, parse_columns(column))
        report = evaluate_bundle(bundle, labelled, EvaluationSettings())
        if as_json:
            print_json({"model": bundle.model_id, "bundle_hash": bundle.bundle_hash, **report.to_json()})
        else:
            print_evaluation(console(), report, short_name(bundle))

    run_command(work, debug)


@app.command(rich_help_panel=Models)
def compare(
    first: Annotated[str, typer.Argument(help="Bundle folder or models:/ name.")],
    second: Annotated[str, typer.Argument(help="Bundle folder or models:/ name.")],
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Compare on this labelled file, not on the common test fold."),
    ] = None,
    column: Columns = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say which of two models is better and how sure that is; recorded in MLflow as parent of both runs.

    Example: frames compare runs/baseline-20240101T100000Z runs/transformer-20240101T101500Z
    """

    def work() -> None:
        from pipeline.config import EvaluationSettings
        from pipeline.data.labels import read_labelled
        from pipeline.decisions.model_bundle import load_bundle
        from pipeline.evaluation.evaluate_bundle import compare_bundles, short_name
        from pipeline.printing import print_comparison
        from pipeline.tracked_training import record_comparison

        one, other = load_bundle(find_model(first)), load_bundle(find_model(second))
        labelled = read_labelled(data, one.codebook, parse_columns(column)) if data else None
        comparison = compare_bundles(one, other, EvaluationSettings(), data=labelled)
        run_id = record_comparison(comparison, one, other)
        if as_json:
            named = {"first_model": one.model_id, "second_model": other.model_id, "run_id": run_id}
            print_json({**named, **comparison.to_json()})
        else:
            print_comparison(console(), comparison, short_name(one), short_name(other))

    run_command(work, debug)


@app.command(rich_help_panel=Models)
def models(as_json: AsJson = False, debug: Debug = False) -> None:
    """List registered models with their versions and aliases.

    Example: frames models
    """

    def work() -> None:
        from pipeline.printing import print_models
        from pipeline.tracking.model_registry import list_models

        found = list_models()
        if as_json:
            print_json({"models": [entry.to_json() for entry in found]})
        else:
            print_models(console(), found)

    run_command(work, debug)


@app.command(rich_help_panel=Models)
def promote(
    name: Annotated[str, typer.Argument(help="Name of the registered model.")],
    version: Annotated[int, typer.Argument(help="Version that becomes champion.")],
    why: Annotated[str, typer.Option("--why", help="Reason, kept in the registry.")],
    force: Annotated[
        bool, typer.Option("--force", help="Even if the codebook is not the present champion's.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Make a version the champion, which models:/NAME@champion names.

    Example: frames promote frames 3 --why "better on unseen channels"
    """

    def work() -> None:
        from pipeline.tracking.model_registry import promote as promote_version

        promote_version(name, version, why, force=force)
        console().print(f"models:/{safe_text(name)}@champion is now version {version}")

    run_command(work, debug)


@app.command("roll-back", rich_help_panel=Models)
def roll_back(
    name: Annotated[str, typer.Argument(help="Name of the registered model.")],
    why: Annotated[str, typer.Option("--why", help="Reason, kept in the registry.")],
    debug: Debug = False,
) -> None:
    """Give the champion's place back to the version that held it before.

    Example: frames roll-back frames --why "too many false alarms"
    """

    def work() -> None:
        from pipeline.tracking.model_registry import roll_back as roll_back_champion

        version = roll_back_champion(name, why)
        console().print(f"models:/{safe_text(name)}@champion is version {version} again")

    run_command(work, debug)


app.command("predict", rich_help_panel=Scores)(predict_command)


@app.command(rich_help_panel=Help)
def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for everything the demo writes.")
    ] = Path("demo"),
    debug: Debug = False,
) -> None:
    """Run the whole job on the embedded example: check, train twice, compare, register, score.

    Example: frames demo
    """

    def work() -> None:
        from pipeline.demo import run_demo

        run_demo(output)

    run_command(work, debug)


@app.command("config-schema", rich_help_panel=Help)
def config_schema() -> None:
    """Print the JSON Schema of a run config, for editors that complete keys.

    Example: frames config-schema > run.schema.json
    """
    from pipeline.config import RunConfig

    print_json(RunConfig.model_json_schema())


def find_model(model: str) -> Path:
    """The bundle folder that a folder name or registry URI means."""
    if "://" not in model and not model.startswith(("models:/", "runs:/")):
        return Path(model)
    from pipeline.tracking.model_registry import resolve_model

    return resolve_model(model)


def parse_columns(pairs: list[str] | None) -> dict[str, str]:
    """OURS=THEIRS pairs as a mapping.

    Raises:
        ConfigError: a pair without "=".
    """
    from pipeline.errors import ConfigError

    mapping = {}
    for pair in pairs or []:
        ours, equals, theirs = pair.partition("=")
        if not equals:
            raise ConfigError(f"--column {pair}: expected OURS=THEIRS, for example --column text=sentence")
        mapping[ours] = theirs
    return mapping


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on standard output, nothing else."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def main() -> None:
    """Entry point of the command."""
    app()


if __name__ == "__main__":
    main()
