"""JSON files of models and encoders, and of state that a killed command must not leave in halves."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import ModelError
from pipeline.files.durable_files import new_file, replacing


def read_json_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        ModelError: no such file, no JSON, or something else than an object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise ModelError(f"{path}: cannot be read: expected a JSON object, got {type(content).__name__}")
    return content


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write an object in the one spelling that models have, keys in their order."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def replace_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write an object under its final name in one step: whoever reads finds the old one whole, or the new one."""
    with replacing(path) as temporary, new_file(temporary) as stream:
        stream.write((json.dumps(content, indent=2) + "\n").encode())
