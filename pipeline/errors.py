"""Errors that a user can act on.

Every message says what was expected, what was received and what to do; the command line
prints the message alone and exits with 1. Anything else that is raised is a defect of ours
and keeps its traceback.
"""

from collections.abc import Iterable
from pathlib import Path


class PipelineError(Exception):
    """Something about the input, the configuration or the environment that the user can mend."""


class ConfigError(PipelineError):
    """A configuration or codebook that does not fit its schema."""


class DataError(PipelineError):
    """Input data that cannot be used."""


class ModelError(PipelineError):
    """A model bundle or a registered model that cannot be found, verified or loaded."""


class MissingExtraError(PipelineError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"this needs the package '{package}', which is not installed: pip install 'narrative-frames[{extra}]'"
        )


def show_value(value: object, limit: int = 80) -> str:
    """A value from outside for a message: its `repr` on one line, cut to `limit` characters, never an exception."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits; nested deeper than Python follows
        text = f"({type(value).__name__}, too large to show)"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


class SaidElsewhereError(PipelineError):
    """One of several processes ends because another failed, which says why."""


def shorten(text: object, limit: int = 200) -> str:
    """A text from outside for a message: on one line, cut to `limit` characters."""
    line = " ".join(str(text)[: limit * 4].split())
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def list_names(names: Iterable[str], most: int = 20) -> str:
    """Names from outside for a message, "a, b, c": each shortened, not more than `most`; "" where there are none."""
    found = list(names)
    listed = ", ".join(shorten(name, 60) for name in found[:most])
    return listed if len(found) <= most else f"{listed} and {len(found) - most:,} more"


def located(path: Path | str, message: str, *, line: int | None = None, field: str | None = None) -> str:
    """Put the place in front of a message: `posts.csv, line 3, field 'text': ...`."""
    place = [str(path)]
    if line is not None:
        place.append(f"line {line}")
    if field is not None:
        place.append(f"field '{field}'")
    return f"{', '.join(place)}: {message}"
