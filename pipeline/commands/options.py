"""What commands share: their common options, and how their values are read and printed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipeline.files.safe_text import escape_unsafe
from pipeline.files.stores import SCHEMES, fetch_folder, parse_location

if TYPE_CHECKING:
    from pipeline.config.run_config import RunConfig
    from pipeline.data.exports.raw_posts import ReadOptions

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


Zone = Annotated[
    str | None,
    typer.Option("--timezone", metavar="PLACE", help="Clock of times that name no zone, e.g. Europe/Kyiv."),
]
DateOrder = Annotated[
    Literal["dmy", "mdy"] | None,
    typer.Option("--date-order", help="Of 3/1/2024, where the file does not tell: day or month first."),
]
Encoding = Annotated[
    str | None, typer.Option("--encoding", help="Of text files that are not UTF-8, e.g. cp1251.")
]


ConfigFile = Annotated[Path, typer.Argument(help="Config of a training run.")]
Model = Annotated[str, typer.Argument(help="Bundle folder, or a registered model: models:/NAME@champion.")]
RecordedModel = Annotated[str, typer.Argument(help="Bundle folder, models:/NAME@ALIAS or runs:/RUN_ID.")]
RegisteredName = Annotated[str, typer.Argument(help="Name of the registered model.")]
Why = Annotated[str, typer.Option("--why", help="Reason, kept in the registry.")]
ComparedOn = Annotated[
    Path | None,
    typer.Option("--data", help="Compare on this labelled file, not on the common test fold."),
]
ScoresFolder = Annotated[Path, typer.Argument(help="Output folder of frames predict.")]
SampleIsCoded = Annotated[
    bool, typer.Option("--empty-is-coded", help="Rows of the sample without labels carry no frame.")
]
Format = Annotated[
    str | None, typer.Option("--format", help="Name of the format, when its content is not recognised.")
]
Channel = Annotated[str | None, typer.Option("--channel", help="Channel name, for exports that carry none.")]
UtcOffset = Annotated[
    float | None,
    typer.Option("--utc-offset", min=-14, max=14, help="Hours ahead of UTC of times that name no zone."),
]


Replay = Annotated[
    bool,
    typer.Option("--replay", help="Language model: take kept answers alone, and ask no server."),
]
MaxCost = Annotated[
    float | None,
    typer.Option(
        "--max-cost", min=0, help="Language model: stop before new calls cost more; run again to go on."
    ),
]


def read_config(path: Path, overrides: list[str] | None) -> "RunConfig":
    """The config of a training run.

    Commands call this ahead of their other imports: what is wrong with a config is told before MLflow and the models'
    libraries take their seconds to load.

    Raises:
        ConfigError: no such file, or something in it or in the overrides does not fit.
    """
    from pipeline.config.run_config import load_run_config

    return load_run_config(path, overrides or ())


def find_model(model: str, store: str | None = None) -> Path:
    """The bundle folder that a folder name or registry URI means, or a copy of one in an object store.

    Args:
        model: as a user names it.
        store: URI of the MLflow store; None for the one that the environment names.
    """
    if model.startswith(SCHEMES):
        return fetch_folder(str(parse_location(model)))
    if is_folder_name(model):
        return Path(model)
    from pipeline.tracking.model_registry import resolve_model

    return resolve_model(model, store)


def is_folder_name(model: str) -> bool:
    """Whether a model is named by its folder on a disk."""
    return "://" not in model and not model.startswith(("models:/", "runs:/"))


def find_input(path: Path) -> Path:
    """The file that `sample:NAME` names in the embedded example, or the path as it is."""
    from pipeline.config.run_config import SAMPLE_FOLDER, SAMPLE_PREFIX

    name = str(path)
    return (
        SAMPLE_FOLDER / Path(name.removeprefix(SAMPLE_PREFIX)).name
        if name.startswith(SAMPLE_PREFIX)
        else path
    )


def require_paths(*paths: Path | str | None) -> None:
    """Refuse paths that are not there, all of them at once, ahead of anything that takes time to load.

    Args:
        paths: of inputs; a text is what `find_model` takes, of which folders are looked at; None is no input.

    Raises:
        DataError: names them.
    """
    from pipeline.errors import DataError

    found = [Path(path) for path in paths if isinstance(path, Path) or (path and is_folder_name(path))]
    if missing := [str(path) for path in found if not find_input(path).exists()]:
        raise DataError(f"no such file or folder: {', '.join(missing)}")


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


def raw_options(
    channel: str | None,
    column: list[str] | None,
    utc_offset: float | None,
    timezone: str | None,
    date_order: Literal["dmy", "mdy"] | None,
    encoding: str | None,
) -> "ReadOptions":
    """What the options of a command say of raw exports.

    Raises:
        ConfigError: a column without "=".
    """
    from pipeline.data.exports.raw_posts import ReadOptions

    return ReadOptions(
        channel=channel,
        columns=parse_columns(column),
        utc_offset_hours=utc_offset,
        timezone=timezone,
        date_order=date_order,
        encoding=encoding,
    )


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on standard output, nothing else; what would command a terminal is escaped."""
    typer.echo(escape_unsafe(json.dumps(value, ensure_ascii=False, indent=2)))
