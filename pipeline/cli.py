"""The `frames` command: its table of contents, one verb for each step, in the order in which data flows.

Each command stands in `pipeline.commands`; it only reads options, calls the function that does the work, and
prints what it returns.
"""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

import typer

from pipeline.commands import (
    archive,
    distil,
    drift,
    experiments,
    explain,
    inputs,
    labels,
    language_models,
    models,
    monitoring,
    reference,
    report,
    robustness,
    scores,
    shares,
    update,
)
from pipeline.commands.command_class import CommandPage, PanelledGroup
from pipeline.commands.predict import predict_command

app = typer.Typer(
    name="frames",
    cls=PanelledGroup,
    help="Measure narrative frames in channel posts: train, compare and score, with results to defend in print.",
    epilog="frames COMMAND --help shows the options of a command and an example.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help is plain text; the panels are drawn by PanelledGroup
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"narrative-frames {version('narrative-frames')}")
        raise typer.Exit


@app.callback()
def _all_commands(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print name and version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None: ...


PANELS: dict[str, dict[str, Callable[..., Any]]] = {
    "1. Data": {
        "init": inputs.init,
        "ingest": inputs.ingest,
        "check": inputs.check,
    },
    "2. Labels": {
        "sample": labels.sample,
        "label-export": labels.label_export,
        "label-import": labels.label_import,
        "label-llm": language_models.label_llm,
        "agreement": labels.agreement,
        "suspects": labels.suspects,
    },
    "3. Models": {
        "train": models.train,
        "learning-curve": experiments.learning_curve,
        "sweep": experiments.sweep,
        "evaluate": models.evaluate,
        "recalibrate": models.recalibrate,
        "distil": distil.distil,
        "compare": models.compare,
        "robustness": robustness.robustness,
        "models": models.models,
        "model-card": models.model_card,
        "promote": models.promote,
        "roll-back": models.roll_back,
    },
    "4. Scores": {
        "predict": predict_command,
        "scores export": scores.export,
        "scores convert": scores.convert,
        "compact": scores.compact,
    },
    "5. Results": {
        "shares": shares.shares,
        "report": report.report,
        "evaluation-report": report.evaluation_report,
        "drift": drift.drift,
        "explain": explain.explain,
        "archive": archive.archive,
        "replay": archive.replay,
    },
    "6. Monitoring": {
        "update": update.update,
        "edits": monitoring.edits,
        "spread": monitoring.spread,
        "alerts": monitoring.alerts,
        "gaps": monitoring.gaps,
    },
    "7. Help": {
        "demo": reference.demo,
        "doctor": reference.doctor,
        "config-schema": reference.config_schema,
    },
}

_scores = typer.Typer(
    cls=PanelledGroup,
    help="Scores as plain files, or out of an older version.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(_scores, name="scores", rich_help_panel="4. Scores")
for _panel, _commands in PANELS.items():
    for _name, _command in _commands.items():
        _group, _, _verb = _name.rpartition(" ")
        _of = _scores if _group else app
        _of.command(_verb, cls=CommandPage, rich_help_panel=None if _group else _panel)(_command)


def main() -> None:
    """Entry point of the command."""
    app()


if __name__ == "__main__":
    main()
