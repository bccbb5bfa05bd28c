"""Commands of the second panel: train, judge and register models."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import AsJson, Columns, Debug, Overrides, find_model, parse_columns, print_json
from pipeline.terminal import console, progress_bar, run_command, safe_text


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
