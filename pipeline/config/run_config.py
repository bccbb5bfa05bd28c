"""The one schema of a training run, and how a config file becomes one.

A YAML file under `configs/` maps one to one to `RunConfig`; unknown keys, wrong types and impossible
combinations fail here, before any data is read. Paths in a config are looked up beside the config file
first and in the current folder second, and two different files of a bare name are an error; `sample:NAME`
names a file of the embedded example.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from pipeline.config.data import DataSettings, FoldSettings
from pipeline.config.decisions import DecisionSettings
from pipeline.config.evaluation import EvaluationSettings, PromotionSettings
from pipeline.config.model import ModelSettings
from pipeline.config.settings import Settings
from pipeline.config.sweep import SweepSettings
from pipeline.config.tracking import TrackingSettings
from pipeline.errors import ConfigError, shorten
from pipeline.files.yaml_files import describe_validation_error, load_yaml_mapping, parse_yaml_value

SAMPLE_PREFIX = "sample:"
SAMPLE_FOLDER = Path(__file__).parents[1] / "sample"


class RunConfig(Settings):
    """One training run.

    Attributes:
        name: of the run; its bundle's folder is named after it.
        seed: of training; the same seed and data give the same model on the same machine.
        data: where labelled rows and codebook are.
        folds: how the rows are divided.
        model: what is trained; `kind` chooses the keys.
        decisions: calibration and thresholds.
        evaluation: intervals.
        promotion: what a version must show to become champion.
        tracking: where the run is recorded.
        sweep: what `frames sweep` tries.
        output: folder in which bundles are written, each in a folder of its own.
    """

    name: str = Field(pattern=r"^[\w.\- ]{1,100}$")
    seed: int = Field(default=42, ge=0, lt=2**32)
    data: DataSettings
    folds: FoldSettings = FoldSettings()
    model: ModelSettings
    decisions: DecisionSettings = DecisionSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    promotion: PromotionSettings = PromotionSettings()
    tracking: TrackingSettings = TrackingSettings()
    sweep: SweepSettings | None = None
    output: str = "runs"


def load_run_config(path: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a config file, apply `a.b=value` overrides and resolve its data paths to absolute ones.

    Raises:
        ConfigError: missing file, a key that does not exist, a value that does not fit, a data file that is
            found neither beside the config nor in the current folder.
    """
    raw = load_yaml_mapping(path, what="config")
    for override in overrides:
        apply_override(raw, override)
    return resolve_run_config(raw, path, typed=[override.partition("=")[0].strip() for override in overrides])


def resolve_run_config(raw: dict[str, Any], path: Path, *, typed: Sequence[str] = ()) -> RunConfig:
    """Validate a raw mapping as if it had been read from `path`, and resolve its data paths.

    Keys that were `typed` on the command line do not start from the config file, even with ./ or ../ before them.
    """
    try:
        config = RunConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(
            describe_validation_error(path, error, raw, model=RunConfig, what="config")
        ) from None
    resolved = {
        key: str(
            find_data_file(
                value,
                path.parent,
                f"{path}, key 'data.{key}'",
                from_config=not {"data", f"data.{key}"} & {*typed},
            )
        )
        for key in ("codebook", "labelled", "train", "dev", "test", "teacher")
        if (value := getattr(config.data, key))
    }
    return config.model_copy(update={"data": config.data.model_copy(update=resolved)})


def find_data_file(value: str, config_folder: Path, where: str, *, from_config: bool = True) -> Path:
    """The absolute path that a config's `value` names.

    One that begins with ./ or ../ and stands in the config file itself (`from_config`) means the file beside it, if
    there is one; a bare name may be meant either way.

    Raises:
        ConfigError: nothing there, or two different files of that name, beside the config and here.
    """
    if value.startswith(SAMPLE_PREFIX):
        candidates = [SAMPLE_FOLDER / value.removeprefix(SAMPLE_PREFIX)]
    elif Path(value).is_absolute():
        candidates = [Path(value)]
    else:
        candidates = [config_folder / value, Path.cwd() / value]
        if from_config and value.startswith(("./", "../")) and candidates[0].is_file():
            del candidates[1]
    try:
        found = sorted({candidate.resolve() for candidate in candidates if candidate.is_file()})
    except OSError as error:  # a name longer than any file's
        raise ConfigError(f"{where}: '{shorten(value)}': {error.strerror}") from None
    if len(found) > 1:
        raise ConfigError(
            f"{where}: '{value}' is ambiguous: both {found[0]} and {found[1]} exist; give an absolute path"
            + (
                ""
                if value.startswith(("./", "../"))
                else f", or write ./{value} in the config for the one beside it"
            )
        )
    if not found:
        places = " nor ".join(str(candidate) for candidate in dict.fromkeys(candidates))
        raise ConfigError(f"{where}: no such file: {shorten(places, 1000)}")
    return found[0]


def apply_override(raw: dict[str, Any], override: str) -> None:
    """Set one `a.b=value` in a raw config; the value is read as YAML. The schema checks it later.

    Raises:
        ConfigError: the override has no `=`, or would go through something that is not a section.
    """
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {override}: expected key=value, for example --set model.epochs=2")
    value = parse_yaml_value(text, f"--set {override}")
    *sections, last = key.strip().split(".")
    place = raw
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise ConfigError(f"--set {override}: '{section}' is a value, not a section with keys")
    place[last] = value
