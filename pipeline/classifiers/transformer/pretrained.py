"""Reading an encoder's weights and tokenizer from any folder: data alone, no code, no network."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipeline.no_telemetry  # noqa: F401 - the hub client reads its settings while it is imported

# isort: split

import torch
from huggingface_hub import constants
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoTokenizer

from pipeline.classifiers.encoder.encoders import Encoder, refuse_code
from pipeline.errors import ModelError

_UNUSED = "pooler"  # sentence vectors are means of token vectors


@dataclass(frozen=True, slots=True)
class PretrainedTokenizer:
    """A fast tokenizer without padding and truncation.

    Attributes:
        tokenizer: itself; it needs neither templates nor code when a bundle is loaded.
        padding_id: token that fills a batch up.
        trained_for: tokens that the encoder was trained for, at most.
    """

    tokenizer: Tokenizer
    padding_id: int
    trained_for: int


def read_tokenizer(encoder: Encoder) -> PretrainedTokenizer:
    """The fast tokenizer of an encoder.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    with _reading(encoder, "tokenizer"):
        found = AutoTokenizer.from_pretrained(encoder.folder, trust_remote_code=False, local_files_only=True)
        if not found.is_fast:
            raise ModelError(f"encoder '{encoder.name}' has no fast tokenizer (tokenizer.json)")
        tokenizer: Tokenizer = found.backend_tokenizer
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return PretrainedTokenizer(tokenizer, int(found.pad_token_id or 0), int(found.model_max_length))


def read_network(encoder: Encoder) -> Any:
    """The encoder in full precision, however it was stored: small updates vanish in half precision.

    Raises:
        ModelError: the files are damaged, or the weights are not those of the configuration.
    """
    with _reading(encoder, "weights"):
        network, report = AutoModel.from_pretrained(
            encoder.folder,
            trust_remote_code=False,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    missing = sorted(name for name in report["missing_keys"] if _UNUSED not in name)
    if missing:  # the library would draw them at random and only warn
        raise ModelError(
            f"encoder '{encoder.name}': {encoder.folder} lacks the weights {', '.join(missing[:3])}"
            f"{' and more' if missing[3:] else ''} that its config.json asks for: fetch it again"
        )
    return network


def new_network(configuration: Path) -> Any:
    """An encoder with random weights, as the config.json of a bundle describes it.

    Raises:
        ModelError: the file is damaged, or asks for code of its own.
    """
    refuse_code(configuration)
    from_config: Callable[..., Any] = AutoModel.from_config  # the library leaves it untyped
    with without_hub():
        described = AutoConfig.from_pretrained(configuration, trust_remote_code=False, local_files_only=True)
        return from_config(described, trust_remote_code=False)


@contextmanager
def without_hub() -> Iterator[None]:
    """Let nothing ask the model hub, whatever a configuration names; a user's own work in the process may later."""
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@contextmanager
def _reading(encoder: Encoder, what: str) -> Iterator[None]:
    try:
        with without_hub():
            yield
    except ModelError:
        raise
    except Exception as error:  # noqa: BLE001 - damaged files raise anything inside the libraries
        raise ModelError(
            f"encoder '{encoder.name}': {what} in {encoder.folder} cannot be read: {type(error).__name__}: {error}"
        ) from None
