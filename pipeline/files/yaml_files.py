"""YAML as people write it, read strictly: duplicate keys and surprises are errors with a line number."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.errors import ConfigError, located, shorten, show_value


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice: YAML would silently keep the last."""


def _construct_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key_node, _ in node.value:
        key = str(key_node.value)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key '{shorten(key, 60)}' stands twice in one mapping", key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)

MAX_YAML_BYTES = (
    1_000_000  # a config or codebook is written by people; the reader takes seconds for a megabyte
)
_LISTED = 20  # faults that one message tells
MAX_DEPTH = 50  # levels; the time that the reader takes grows with the square of the depth


_SURROGATE = re.compile("[\ud800-\udfff]")
_OPENING = (
    *(yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken),
    *(yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken),
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


def load_yaml_mapping(path: Path, *, what: str) -> dict[str, Any]:
    """Read a YAML file whose top level is a mapping.

    Raises:
        ConfigError: no such file, not UTF-8, not YAML, a key twice, aliases, tags, nested too deeply, or not a mapping.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: no such {what} file")
    if path.stat().st_size > MAX_YAML_BYTES:
        raise ConfigError(f"{path}: a {what} larger than {MAX_YAML_BYTES:,} bytes is not read")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: expected UTF-8, got other bytes at position {error.start}; save it as UTF-8"
        ) from None
    try:
        _check_tokens(text, path, what)
        raw = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader subclass
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: a date such as 2024-13-45
        mark = getattr(error, "problem_mark", None)
        reason = " ".join(str(getattr(error, "problem", None) or error).split())
        raise ConfigError(
            located(path, f"not valid YAML: {reason}", line=mark.line + 1 if mark else None)
        ) from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected a mapping of keys at the top level, got {type(raw).__name__}")
    return raw


def parse_yaml_value(text: str, where: str) -> Any:
    """One value, as of an override; `where` begins the message of an error.

    Raises:
        ConfigError: not YAML, or what `load_yaml_mapping` refuses.
    """
    try:
        _check_tokens(text, where, "value")
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader subclass
    except (yaml.YAMLError, ValueError, OverflowError):  # the last two: a date such as 2024-13-45
        raise ConfigError(f"{where}: '{shorten(text)}' is not a YAML value; quote it") from None


def _check_tokens(text: str, path: Path | str, what: str) -> None:
    """Refuse what no config needs and what makes the YAML reader explode, hang or fail in ways of its own."""
    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        line = token.start_mark.line + 1
        if isinstance(token, yaml.AliasToken):  # nested ones explode
            raise ConfigError(located(path, "YAML aliases (*name) are not accepted; write it out", line=line))
        if isinstance(token, yaml.TagToken):
            raise ConfigError(
                located(path, "YAML tags (!name) are not accepted; quote text with a !", line=line)
            )
        if isinstance(token, yaml.ScalarToken) and _SURROGATE.search(token.value):
            raise ConfigError(located(path, "half of a surrogate pair, which is no character", line=line))
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > MAX_DEPTH:
            raise ConfigError(located(path, f"nested too deeply to be a {what}", line=line))


def describe_validation_error(
    path: Path | str, error: ValidationError, raw: Mapping[str, Any], *, model: type[BaseModel], what: str
) -> str:
    """One line for each fault of a pydantic validation of `raw` by `model`: key path, reason, what was received."""
    lines = []
    faults = error.errors()
    inner = {fault["loc"][:k] for fault in faults for k in range(len(fault["loc"]))}
    faults = [
        f for f in faults if f["type"] != "too_short" or f["loc"] not in inner
    ]  # short for want of the faulty
    for fault in faults[:_LISTED]:
        key = ".".join(_keys_in_file(fault["loc"], raw, missing=fault["type"] == "missing")) or "(top level)"
        reason = describe_fault(fault["msg"])
        if fault["type"] == "extra_forbidden":
            reason = "no such key" + _suggest(model, fault["loc"])
        elif fault["type"] == "string_type" and not isinstance(fault["input"], dict | list):
            reason += "; YAML takes no, yes, null, dates and numbers for something else: put it in quotes"
        received = (
            "" if fault["type"] in {"missing", "value_error"} else f", got {show_value(fault['input'])}"
        )
        lines.append(f"  {shorten(key, 100)}: {shorten(reason, 500)}{received}")
    if len(faults) > _LISTED:
        lines.append(f"  and {len(faults) - _LISTED:,} more")
    return f"{path}: this {what} does not fit:\n" + "\n".join(lines)


def describe_fault(message: str) -> str:
    """A message of pydantic without its label."""
    return message.removeprefix("Value error, ")


def _suggest(model: type[BaseModel], location: Sequence[int | str]) -> str:
    """The known key nearest to an unknown one, as a question; "" where none is near."""
    *sections, unknown = map(str, location)
    places = [model]
    for part in sections:
        tagged = [place for place in places if _tag(place) == part]
        inside = [sub for place in places if part in place.model_fields for sub in _models_of(place, part)]
        places = inside or tagged or places
    known = {name for place in places for name in place.model_fields}
    near = difflib.get_close_matches(unknown, sorted(known), n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def _tag(model: type[BaseModel]) -> str | None:
    """What tells a member of a union from the others, as pydantic writes it into a location."""
    return str(model.model_fields["kind"].default) if "kind" in model.model_fields else None


def _models_of(model: type[BaseModel], key: str) -> Iterator[type[BaseModel]]:
    annotations: list[Any] = [model.model_fields[key].annotation]
    while annotations:
        annotation = annotations.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        annotations += get_args(annotation)


def _keys_in_file(location: Sequence[int | str], raw: Any, *, missing: bool) -> list[str]:
    """The keys of a location as the file has them: pydantic adds the names of union members."""
    keys, place = [], raw
    for depth, part in enumerate(location):
        try:
            place = place[part]
        except (KeyError, IndexError, TypeError):
            if not (missing and depth == len(location) - 1):
                continue
        keys.append(str(part))
    return keys
