"""Commands of the panel of models that train many: the learning curve and the sweep."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.commands.options import (
    AsJson,
    ConfigFile,
    Debug,
    Overrides,
    print_json,
    read_config,
)
from pipeline.commands.terminal import console, progress_bar, run_command


def learning_curve(
    config: ConfigFile,
    sizes: Annotated[
        str,
        typer.Option("--sizes", help="Labelled sentences to train on, separated by commas."),
    ] = "25,50,100,200,400,800,1600,3200",
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, help="Draws of the sentences of each size.")
    ] = 3,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FOLDER", help="Folder for the plot and the table (CSV)."),
    ] = None,
    plot_format: Annotated[Literal["png", "svg"], typer.Option("--format", help="Of the plot.")] = "png",
    teacher: Annotated[
        bool,
        typer.Option("--teacher", help="Grow the rows of data.teacher instead, beside all of people's rows."),
    ] = False,
    teacher_cost: Annotated[
        float | None, typer.Option("--teacher-cost", min=0, help="Money for a hundred rows of the teacher.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Measure how quality grows with labelled sentences.

    Trains the config's model on parts of its rows, drawn anew for each repeat, and on all of them. Half of all is
    always a size, so that the gain of the last doubling is measured, with its interval. Sizes beyond what there is
    are left out. Every model is measured on the test fold: this is a figure for a report and for planning a labelling
    round, not for choosing settings. Recorded in MLflow with the number of sentences as the step.

    With --teacher people's rows stay and rows that a language model coded come in, from none to all: what did they buy,
    by the hundred and, with --teacher-cost, for the money?

    Example: frames learning-curve configs/runs/sample_baseline.yaml -o curve
    """

    def work() -> None:
        loaded, wanted = read_config(config, overrides), _parse_sizes(sizes)

        from pipeline.commands.experiment_tables import print_curve, print_teacher_curve
        from pipeline.training.teacher_curve import draw_teacher_curve
        from pipeline.training.tracked_curve import draw_and_record_curve

        if teacher:
            with progress_bar(quiet=as_json) as progress:
                taught = draw_teacher_curve(
                    loaded, wanted, progress, repeats=repeats, cost_per_hundred=teacher_cost, output=output
                )
            print_json(taught.to_json()) if as_json else print_teacher_curve(console(), taught)
            return
        with progress_bar(quiet=as_json) as progress:
            recorded = draw_and_record_curve(
                loaded, wanted, progress, repeats=repeats, output=output, plot_format=plot_format
            )
        if as_json:
            print_json(recorded.to_json())
        else:
            print_curve(console(), recorded)

    run_command(work, debug)


def _parse_sizes(text: str) -> list[int]:
    """Numbers separated by commas.

    Raises:
        ConfigError: anything else.
    """
    from pipeline.errors import ConfigError

    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(
            f"--sizes {text}: expected numbers separated by commas, such as 50,100,200"
        ) from None


def sweep(
    config: Annotated[Path, typer.Argument(help="Config with a section 'sweep'.")],
    train: Annotated[
        bool, typer.Option("--train", help="Train the best settings at once, and evaluate them on test.")
    ] = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Search for good settings without touching the test fold.

    Tries what the config's section 'sweep' says, judged on dev or, where a model does not stop early by dev, out of
    fold. Each trial is a child run in MLflow. A sweep that was killed goes on with the same command. The best settings
    are written as a config, to be trained with frames train. Needs: pip install 'narrative-frames[sweep]'

    Example: frames sweep configs/runs/sample_sweep.yaml
    """

    def work() -> None:
        loaded = read_config(config, overrides)

        from pipeline.commands.experiment_tables import describe_trial, print_sweep
        from pipeline.commands.model_tables import print_slices
        from pipeline.commands.result_tables import print_trained
        from pipeline.training.sweep.records import TrialRecord
        from pipeline.training.sweep.run_sweep import run_sweep
        from pipeline.training.tracked_training import train_and_record

        def report(record: TrialRecord, best: TrialRecord | None, finished: int) -> None:
            if not as_json:
                line = describe_trial(record, best, finished, loaded.sweep)
                console(stderr=True).print(line, soft_wrap=True)

        with progress_bar(quiet=as_json) as progress:
            result = run_sweep(loaded, config, progress, report)
            trained = None
            if train and result.best_config is not None:
                best = read_config(result.best_config, None)
                trained = train_and_record(best, progress, parent_run_id=result.run_id)
        if as_json:
            print_json({**result.to_json(), "trained": trained.to_json() if trained else None})
            return
        print_sweep(console(), result)
        if trained is not None:
            print_trained(console(), trained)
            print_slices(console(), trained.slices)

    run_command(work, debug)
