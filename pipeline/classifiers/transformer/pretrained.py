"""Reading an encoder's weights and tokenizer from any folder: data alone, no code, no network."""

import json
import logging
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipeline.no_telemetry  # noqa: F401 - the hub client reads its settings while it is imported

# isort: split

import torch
from huggingface_hub import constants
from safetensors import safe_open
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from pipeline.classifiers.encoder.encoders import Encoder, refuse_code
from pipeline.classifiers.encoder.tokenizer_file import check_tokenizer_file
from pipeline.classifiers.transformer.transformer_network import WORD_TABLE
from pipeline.errors import ModelError, list_names

_disable_progress_bar: Callable[[], None] = transformers_logging.disable_progress_bar  # untyped there
_disable_progress_bar()  # loading weights takes no time worth a bar
_MOST_LAYERS = 200
_MOST_ANYWHERE = 10_000_000  # pieces of a vocabulary, places, widths
_SPARE_TIMES, _SPARE_PARAMETERS = 1.5, 10_000_000  # of weights that are not kept, such as the pooler's
_ROWS_AT_ONCE = 8192  # of a table of words
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
    check_tokenizer_file(encoder.folder / "tokenizer.json")  # as whoever loads the trained model will
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
        _read_configuration(encoder.folder / "config.json", encoder.folder.glob("*.safetensors"))
        with _without_load_report():
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


@contextmanager
def _without_load_report() -> Iterator[None]:
    """Keep quiet that a pooler, which nothing here uses, is missing; what else is missing is an error of ours."""
    logger = logging.getLogger("transformers")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def narrow_words(network: Any) -> None:
    """Keep tables of word vectors that came in half precision in it, if they do not learn: no digit is lost.

    In a vocabulary of a hundred languages they are four fifths of the weights.
    """
    for name, table in list(network.named_modules()):
        if not name.endswith(WORD_TABLE) or type(table) is not nn.Embedding:
            continue
        words: Tensor = table.weight.detach()
        parts = (words[start : start + _ROWS_AT_ONCE] for start in range(0, len(words), _ROWS_AT_ONCE))
        if all(torch.equal(part.half().float(), part) for part in parts):
            _leave_file(network, table)
            parent, _, own = name.rpartition(".")
            half = _HalfTable(
                table.num_embeddings,
                table.embedding_dim,
                table.padding_idx,
                _weight=words.half(),
                _freeze=True,
            )
            setattr(network.get_submodule(parent), own, half)


def _leave_file(network: Any, table: nn.Embedding) -> None:
    """Copy what may be a part of the file, since a single weight keeps all of the file in memory."""
    for weight in network.parameters():
        if weight is not table.weight:
            weight.data = weight.data.clone()


class _HalfTable(nn.Embedding):
    """Vectors that are kept in half precision and given in single."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the library's name
        return super().forward(input).float()


def new_network(configuration: Path, weights: Path) -> Any:
    """An encoder with random weights, as the config.json of a bundle describes it.

    Args:
        configuration: of the encoder.
        weights: that will be read into it; an encoder that is much larger than they are is refused before it is made.

    Raises:
        ModelError: the file is damaged, asks for code of its own, or for more room than its weights account for.
    """
    from_config: Callable[..., Any] = AutoModel.from_config  # the library leaves it untyped
    with without_hub():
        return from_config(_read_configuration(configuration, [weights]), trust_remote_code=False)


def _read_configuration(configuration: Path, weights: Iterable[Path]) -> Any:
    """A configuration that describes no more than the weights account for; nothing is built before that is known."""
    refuse_code(configuration)
    _refuse_large_numbers(configuration)
    files, stored = list(weights), 0
    for path in files:
        with safe_open(path, framework="numpy") as file:
            stored += sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118 - no mapping
    described = AutoConfig.from_pretrained(configuration, trust_remote_code=False, local_files_only=True)
    from_config: Callable[..., Any] = AutoModel.from_config
    with torch.device("meta"):  # shapes alone
        outline = from_config(described, trust_remote_code=False)
    asked = sum(parameter.numel() for parameter in outline.parameters())
    if asked > _SPARE_TIMES * stored + _SPARE_PARAMETERS:
        raise ModelError(
            f"{configuration}: refused: it describes {asked:,} parameters, and "
            f"{list_names(path.name for path in files)} holds {stored:,}"
        )
    return described


def _refuse_large_numbers(configuration: Path) -> None:
    """Before anything is built, which takes time and memory for each layer even without weights."""
    parts = [json.loads(configuration.read_text(encoding="utf-8"))]
    for part in parts:
        parts += [value for value in part.values() if isinstance(value, dict)]  # configurations within it
        for name, value in part.items():
            most = _MOST_LAYERS if "layer" in name else _MOST_ANYWHERE
            if isinstance(value, int) and abs(value) > most:
                raise ModelError(f"{configuration}: refused: {name:.60} is {value:,}; at most {most:,}")


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
