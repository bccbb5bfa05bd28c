"""Commands of the panel of models: train, judge and register models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.classifiers.processes import Processes, join_processes
from pipeline.commands.language_models import override_model
from pipeline.commands.options import (
    AsJson,
    Columns,
    ComparedOn,
    ConfigFile,
    Debug,
    Encoding,
    MaxCost,
    Model,
    Overrides,
    RecordedModel,
    RegisteredName,
    Replay,
    Why,
    find_model,
    parse_columns,
    print_json,
    read_config,
    require_paths,
)
from pipeline.commands.terminal import console, progress_bar, run_command
from pipeline.files.safe_text import safe_text

if TYPE_CHECKING:
    from pipeline.config.run_config import RunConfig


def train(
    config: ConfigFile,
    overrides: Overrides = None,
    repeats: Annotated[
        int,
        typer.Option("--repeats", help="Fits with other seeds, to see how far one is from the next.", min=1),
    ] = 1,
    replay: Replay = False,
    max_cost: MaxCost = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also print every frame, the worst slices and all notes.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Train, evaluate, save and record one model.

    Prints the run id, the folder of the model (its bundle) and its version in the registry. A transformer can be
    trained on several GPUs: torchrun --nproc-per-node 2 -m pipeline.cli train CONFIG

    With --repeats 5 the same rows are fitted with four further seeds. Only the first model is kept; the table says how
    far the figures of one fit are from those of the next, which no interval of the test fold covers.

    Example: frames train configs/transformer.yaml --set model.epochs=2
    """

    def work() -> None:
        with join_processes() as processes:
            loaded = read_config(config, override_model(overrides, replay=replay, max_cost=max_cost))
            if processes.rank:
                _assist(loaded, processes)
            else:
                _train(loaded, processes, repeats=repeats, verbose=verbose, as_json=as_json)

    run_command(work, debug, in_several_processes=True)


def _train(config: "RunConfig", processes: Processes, *, repeats: int, verbose: bool, as_json: bool) -> None:
    from pipeline.commands.model_tables import print_slices
    from pipeline.commands.result_tables import print_trained
    from pipeline.training.tracked_training import train_and_record

    with progress_bar(quiet=as_json) as progress:
        trained = train_and_record(config, progress, processes=processes, repeats=repeats)
    if as_json:
        print_json(trained.to_json())
    else:
        print_trained(console(), trained, verbose=verbose)
        if verbose:
            print_slices(console(), trained.slices)


def _assist(config: "RunConfig", processes: Processes) -> None:
    from pipeline.training.fit_model import assist_training

    assist_training(config, processes)


def evaluate(
    model: Model,
    data: Annotated[Path, typer.Argument(help="Labelled CSV, JSONL or Parquet.")],
    column: Columns = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Evaluate a model on labelled texts, with intervals.

    Intervals take copies of a text for one unit. Slices are channels, languages, months, lengths of text, forwards, and
    what the training has not seen; the worst five are printed, all of them with --json. An MLflow store in reach notes
    that the model's figures on these rows are known: a comparison on them corrects for that.

    Example: frames evaluate models:/frames@champion labelled.csv --json
    """

    def work() -> None:
        require_paths(model, data)

        from pipeline.bundle import load_bundle
        from pipeline.commands.model_tables import print_slices
        from pipeline.commands.result_tables import print_evaluation, print_notes
        from pipeline.config.evaluation import EvaluationSettings
        from pipeline.data.labels.labelled_rows import read_labelled
        from pipeline.evaluation.evaluate_bundle import evaluate_with_slices, short_name
        from pipeline.tracking.store_uri import is_there

        bundle = load_bundle(find_model(model))
        labelled = read_labelled(data, bundle.codebook, parse_columns(column), encoding)
        notes: tuple[str, ...] = ()
        if is_there():  # else MLflow, which takes seconds to load, has nothing to do
            from pipeline.tracking.recorded_comparison import record_evaluation

            notes = record_evaluation(bundle, labelled)
        report, slices = evaluate_with_slices(bundle, labelled, EvaluationSettings())
        if as_json:
            named = {"model": bundle.model_id, "bundle_hash": bundle.bundle_hash}
            told = report.to_json()
            print_json({**named, **told, "slices": slices.to_json(), "notes": [*told["notes"], *notes]})
        else:
            print_evaluation(console(), report, short_name(bundle))
            print_slices(console(), slices)
            print_notes(console(), notes)

    run_command(work, debug)


def compare(
    first: RecordedModel,
    second: RecordedModel,
    data: ComparedOn = None,
    column: Columns = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say which of two models is better, and how surely.

    The comparison is recorded in MLflow, as the parent of both runs. Intervals and p are corrected for the models whose
    figures on the same test rows are known there already; on fresh rows, --data FILE, they need no correction.

    Example: frames compare runs/baseline-20240101T100000Z runs/transformer-20240101T101500Z
    """

    def work() -> None:
        require_paths(first, second, data)

        from pipeline.bundle import load_bundle
        from pipeline.commands.model_tables import print_costs
        from pipeline.commands.result_tables import print_comparison, print_notes
        from pipeline.config.evaluation import EvaluationSettings
        from pipeline.data.labels.labelled_rows import read_labelled
        from pipeline.evaluation.evaluate_bundle import short_name
        from pipeline.evaluation.leakage import keep_unseen
        from pipeline.evaluation.model_costs import ModelCosts
        from pipeline.tracking.recorded_comparison import compare_and_record

        one, other = load_bundle(find_model(first)), load_bundle(find_model(second))
        labelled = read_labelled(data, one.codebook, parse_columns(column), encoding) if data else None
        left_out: list[str] = []
        if labelled is not None:
            labelled, left_out = keep_unseen(labelled, (one, other))
        recorded = compare_and_record(one, other, EvaluationSettings(), data=labelled)
        comparison, notes = recorded.comparison, list(recorded.notes)
        costs = ModelCosts.of(one), ModelCosts.of(other)
        if as_json:
            named = {"first_model": one.model_id, "second_model": other.model_id, "run_id": recorded.run_id}
            told = [*comparison.notes, *notes]
            paid = {"costs": [cost.to_json() for cost in costs]}
            print_json({**named, **comparison.to_json(), **paid, "left_out": left_out, "notes": told})
        else:
            print_notes(console(), left_out)
            print_comparison(console(), comparison, short_name(one), short_name(other))
            print_costs(console(), *costs)
            print_notes(console(), notes)

    run_command(work, debug)


def models(as_json: AsJson = False, debug: Debug = False) -> None:
    """List registered models, their versions and aliases.

    Example: frames models
    """

    def work() -> None:
        from pipeline.commands.result_tables import print_models
        from pipeline.tracking.model_registry import list_models

        found = list_models()
        if as_json:
            print_json({"models": [entry.to_json() for entry in found]})
        else:
            print_models(console(), found)

    run_command(work, debug)


def promote(
    name: RegisteredName,
    version: Annotated[int, typer.Argument(help="Version that becomes champion.")],
    why: Why,
    data: ComparedOn = None,
    column: Columns = None,
    encoding: Encoding = None,
    force: Annotated[
        bool, typer.Option("--force", help="Even if refused; kept in the registry with the figures.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Make a version the champion, if its figures allow it.

    models:/NAME@champion then names it. It is compared with the present champion on their common test fold. The lower
    bound of the macro-F1 gain must lie above promotion.margin of its config (by default -0.02), and no slice of
    promotion.protected_slices may lose more than promotion.largest_slice_loss. A first champion needs no comparison.
    The interval is corrected as that of `frames compare`.

    Example: frames promote frames 3 --why "better on unseen channels"
    """

    def work() -> None:
        require_paths(data)

        from pipeline.commands.model_tables import print_promotion
        from pipeline.errors import ModelError
        from pipeline.tracking.promotion import promote_checked

        promotion = promote_checked(
            name, version, why, data=data, columns=parse_columns(column), encoding=encoding, force=force
        )
        if as_json:
            print_json(promotion.to_json())
        elif promotion.move is not None:
            print_promotion(console(), promotion)
        if promotion.move is None:
            raise ModelError(promotion.describe_refusal())

    run_command(work, debug)


def recalibrate(
    model: Model,
    data: Annotated[Path, typer.Argument(help="Labelled rows of the other corpus or coder.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="New folder for the recalibrated model.")],
    register_as: Annotated[
        str | None,
        typer.Option("--register-as", help="Record it in MLflow, as the newest version of this model."),
    ] = None,
    column: Columns = None,
    encoding: Encoding = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Fit a model to another corpus or coder by a new rule.

    The classifier stays; calibration and thresholds are learnt on the rows, some hundred of them, that it has not seen.
    Its figures are of these rows, each decided by a rule that was learnt without it, beside those of the rule before.

    Example: frames recalibrate models:/frames@champion second_coder.csv -o runs/second-coder
    """

    def work() -> None:
        require_paths(model, data)

        from pipeline.bundle import load_bundle
        from pipeline.commands.model_tables import print_recalibration
        from pipeline.config.tracking import TrackingSettings
        from pipeline.data.labels.labelled_rows import read_labelled
        from pipeline.training.recalibration import recalibrate as recalibrate_bundle
        from pipeline.training.recalibration import record_recalibration

        bundle = load_bundle(find_model(model))
        done = recalibrate_bundle(
            bundle, read_labelled(data, bundle.codebook, parse_columns(column), encoding), output
        )
        version = None
        if register_as is not None:
            version = record_recalibration(done, TrackingSettings(register_as=register_as))
        if as_json:
            print_json({**done.to_json(), "registered": register_as, "version": version})
            return
        print_recalibration(console(), done)
        if register_as is not None:
            console().print(f"registered as   models:/{safe_text(register_as)}/{version}")

    run_command(work, debug)


def model_card(
    model: RecordedModel,
    debug: Debug = False,
) -> None:
    """Print a model's card, as Markdown.

    Purpose and limits, data, figures, slices, calibration, cost.

    Example: frames model-card models:/frames@champion > MODEL_CARD.md
    """

    def work() -> None:
        from pipeline.bundle import read_manifest, verify_files
        from pipeline.reporting.model_card import read_card

        folder = find_model(model)
        manifest = read_manifest(folder)
        verify_files(folder, manifest)
        # a card comes with the model, and a model may come from anybody
        typer.echo("\n".join(safe_text(line) for line in read_card(folder, manifest).split("\n")), nl=False)

    run_command(work, debug)


def roll_back(
    name: RegisteredName,
    why: Why,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Give the champion's place back to the version before.

    Example: frames roll-back frames --why "too many false alarms"
    """

    def work() -> None:
        from pipeline.tracking.model_registry import roll_back as roll_back_champion

        version = roll_back_champion(name, why)
        if as_json:
            print_json({"name": name, "version": version, "alias": "champion"})
            return
        console().print(f"models:/{safe_text(name)}@champion is version {version} again")

    run_command(work, debug)
