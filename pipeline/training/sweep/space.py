"""The space of a sweep: which keys may be tried, whether every end and choice fits, and a config for one trial."""

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.config.run_config import SAMPLE_FOLDER, SAMPLE_PREFIX, RunConfig
from pipeline.config.sweep import SweepSettings
from pipeline.errors import ConfigError
from pipeline.files.yaml_files import describe_validation_error

_DECISIONS = ("decisions.calibration", "decisions.threshold", "decisions.shrinkage_positives")
_JUDGED_OTHERWISE = "it changes on which rows, or how kindly, a trial is judged: set it, do not try it"


def check_space(config: RunConfig, path: Path) -> SweepSettings:
    """Refuse a space that could not be tried, before anything is trained.

    Every end of a range and every choice is put into the config alone and validated; values that fit alone and not
    together fail their trial.

    Args:
        config: with its section `sweep`.
        path: of its file, for messages.

    Raises:
        ConfigError: no section `sweep`, a key that does not exist or may not be tried, a value that does not fit.
    """
    settings = config.sweep
    if settings is None:
        raise ConfigError(
            f"{path}: there is no section 'sweep': say what to try, for example "
            "sweep: {space: {model.min_df: {low: 1, high: 5}}}"
        )
    faults: list[str] = []
    for key in settings.space:
        refusal = _refuse_key(key, config, settings)
        faults += [f"  sweep.space.{key}: {refusal}"] if refusal else _misfits(key, config, settings, path)
    if faults:
        raise ConfigError(f"{path}: the space of this sweep does not fit:\n" + "\n".join(faults))
    return settings


def _refuse_key(key: str, config: RunConfig, settings: SweepSettings) -> str | None:
    """Why a key cannot be tried; None if it can."""
    if not (key.startswith("model.") or key in _DECISIONS):
        return f"only keys of the model may be tried, and {', '.join(_DECISIONS)}"
    if key in _DECISIONS and settings.metric == "mean_average_precision":
        return "mean average precision does not depend on it: set sweep.metric to macro_f1, or take it out"
    if key.endswith(".kind"):
        return "a sweep tries settings of one kind of model: make one config for each kind, and frames compare them"
    if key.endswith((".decide_on", ".inner_folds")):
        return _JUDGED_OTHERWISE
    section: Any = config
    *sections, last = key.split(".")
    for name in (*sections, last):
        known = type(section).model_fields if isinstance(section, BaseModel) else {}
        if name not in known:
            return f"no such key: '{name}'" + (f"; there are {', '.join(known)}" if known else "")
        section = getattr(section, name)
    return "it is a section: name a key of it" if isinstance(section, BaseModel) else None


def _misfits(key: str, config: RunConfig, settings: SweepSettings, path: Path) -> Iterator[str]:
    dimension = settings.space[key]
    ends = {"low": dimension.low, "high": dimension.high}
    named = (
        ends if dimension.choices is None else {f"choices[{i}]": c for i, c in enumerate(dimension.choices)}
    )
    for name, value in named.items():
        raw = raw_with(config, {key: value})
        try:
            RunConfig.model_validate(raw)
        except ValidationError as error:
            described = describe_validation_error(path, error, raw, model=RunConfig, what="config")
            reason = described.partition("\n")[2].strip()
            yield f"  sweep.space.{key}, {name}: {reason}"


def is_whole(key: str, config: RunConfig) -> bool:
    """Whether a key takes whole numbers only."""
    *sections, last = key.split(".")
    section: Any = config
    for name in sections:
        section = getattr(section, name)
    return type(section).model_fields[last].annotation is int


def raw_with(config: RunConfig, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the user set, with values by their dotted keys and without the sweep, as it would stand in a file."""
    raw = config.model_dump(mode="json", exclude_unset=True, exclude={"sweep"})
    whole = config.model_dump(mode="json")
    for key, value in values.items():
        place, full = raw, whole
        *sections, last = key.split(".")
        for name in sections:
            full = full[name]
            place = place.setdefault(name, copy.deepcopy(full))
        place[last] = value
    return raw


def config_with(config: RunConfig, values: Mapping[str, Any], *, name: str) -> RunConfig:
    """The config of one trial.

    Raises:
        ConfigError: values that fit alone and not together.
    """
    raw = raw_with(config, values) | {"name": name}
    try:
        return RunConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(
            describe_validation_error(name, error, raw, model=RunConfig, what="trial")
        ) from None


def portable_config(config: RunConfig) -> dict[str, Any]:
    """A config as a file can hold it, with files of the embedded example named as such."""
    raw = config.model_dump(mode="json", exclude_unset=True)
    for key, value in raw["data"].items():
        if isinstance(value, str) and Path(value).parent == SAMPLE_FOLDER.resolve():
            raw["data"][key] = f"{SAMPLE_PREFIX}{Path(value).name}"
    return raw
