"""The lower layers of an encoder that do not learn: what they give is computed once, for all networks and epochs.

Lee, Tang & Lin 2019, "What would Elsa do? Freezing layers during transformer fine-tuning": the upper layers carry most
of what fine-tuning gains. What is frozen has no gradients and no place in optimiser and checkpoints.
"""

import copy
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.classifiers.encoder.token_batches import batches_by_length, pad_tokens
from pipeline.config.model import TransformerSettings
from pipeline.errors import ConfigError, list_names

_CUTTABLE = frozenset(
    {"bert", "roberta", "xlm-roberta", "camembert"}
)  # embeddings, then one layer after another
_TOKENS_PER_BATCH = 4096


class FrozenLayers:
    """Embeddings and lower layers of an encoder, without dropout, and what they gave for tokens.

    Args:
        encoder: all of it; its weights are shared and not changed.
        n_layers: that are frozen.
        padding_id: token that fills a batch up.
        device: that computes.
        file: takes what is computed, in half precision: 2 x width bytes a token.
    """

    def __init__(self, encoder: Any, n_layers: int, *, padding_id: int, device: str, file: IO[bytes]) -> None:
        self.n_layers = n_layers
        self._encoder = encoder
        self._padding_id = padding_id
        self._device = device
        self._file = file
        self._places: dict[bytes, int] = {}  # tokens -> where in the file

    def compute(self, token_ids: Sequence[Sequence[int]]) -> None:
        """Keep what the frozen layers give for these tokens.

        Raises:
            OSError: no room on the disk.
        """
        lower = _share_weights(self._encoder, self._encoder.encoder.layer[: self.n_layers])
        lower.eval().to(self._device)
        with torch.inference_mode():
            for rows in batches_by_length([len(ids) for ids in token_ids], _TOKENS_PER_BATCH):
                batch = pad([token_ids[i] for i in rows], self._padding_id)
                found = lower(**{name: tensor.to(self._device) for name, tensor in batch.items()})
                for row, states in zip(rows, found.last_hidden_state.half().cpu().numpy(), strict=True):
                    self._places[_key(token_ids[row])] = self._file.tell()
                    self._file.write(states[: len(token_ids[row])].tobytes())
        lower.to("cpu")

    def read(self, token_ids: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        """What was computed for tokens, as `input_ids` of shape (n, longest, width), and their `attention_mask`."""
        mask = pad(token_ids, self._padding_id)["attention_mask"]
        states = np.zeros((*mask.shape, self._encoder.config.hidden_size), np.float32)
        for ids, row in zip(token_ids, states, strict=True):
            self._file.seek(self._places[_key(ids)])
            kept = row[: len(ids)]
            kept[:] = np.frombuffer(self._file.read(2 * kept.size), np.float16).reshape(kept.shape)
        return {"input_ids": torch.from_numpy(states), "attention_mask": mask}

    def new_upper(self) -> Any:
        """A copy of the layers above, to be trained: an encoder that takes what `read` gives."""
        upper = _share_weights(self._encoder, copy.deepcopy(self._encoder.encoder.layer[self.n_layers :]))
        upper.embeddings = _Given()
        return upper

    def complete(self, upper: Any) -> Any:
        """The whole encoder: the frozen layers, and above them those of `upper`."""
        layers = [*self._encoder.encoder.layer[: self.n_layers], *upper.encoder.layer]
        return _share_weights(self._encoder, nn.ModuleList(layers))


@contextmanager
def freeze_layers(
    encoder: Any, settings: TransformerSettings, *, name: str, padding_id: int, device: str, folder: Path
) -> Iterator[FrozenLayers | None]:
    """The frozen layers of an encoder called `name`; None where none are.

    What they give lies in `folder`, in a file without a name: it goes when the process does, however that ends.

    Raises:
        ConfigError: more layers than the encoder has, or one that cannot be divided.
    """
    n_layers = count_frozen(settings, encoder.config, name)
    if not n_layers:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        yield FrozenLayers(encoder, n_layers, padding_id=padding_id, device=device, file=file)


def count_frozen(settings: TransformerSettings, config: Any, name: str) -> int:
    """Layers that do not learn.

    Raises:
        ConfigError: more than the encoder has, or one that cannot be divided.
    """
    kind, n_layers = getattr(config, "model_type", ""), int(getattr(config, "num_hidden_layers", 0))
    if settings.frozen_layers == "auto":
        return n_layers // 2 if kind in _CUTTABLE and settings.freeze_embeddings else 0
    if settings.frozen_layers and kind not in _CUTTABLE:
        raise ConfigError(
            f"model.frozen_layers is {settings.frozen_layers}, but the encoder '{name}' is of the kind '{kind}', "
            f"which is not divided (these are: {list_names(sorted(_CUTTABLE))}): set it to auto or 0"
        )
    if settings.frozen_layers > n_layers:
        raise ConfigError(
            f"model.frozen_layers is {settings.frozen_layers}, but the encoder '{name}' has {n_layers} layers"
        )
    return settings.frozen_layers


def pad(token_ids: Sequence[Sequence[int]], padding_id: int) -> dict[str, Tensor]:
    """Padded `input_ids` and their `attention_mask`, both of shape (n, longest)."""
    padded, mask = pad_tokens(token_ids, padding_id)
    return {"input_ids": torch.from_numpy(padded).long(), "attention_mask": torch.from_numpy(mask).long()}


class _Given(nn.Module):
    """In place of embeddings: what is given."""

    def forward(self, input_ids: Tensor, **_: Any) -> Tensor:
        return input_ids


def _share_weights(encoder: Any, layers: nn.ModuleList) -> Any:
    """An encoder with other layers and all else from `encoder`, whose weights it shares."""
    other = copy.deepcopy(encoder, {id(weight): weight for weight in encoder.parameters()})
    other.encoder.layer = layers
    other.config.num_hidden_layers = len(layers)
    return other


def _key(token_ids: Sequence[int]) -> bytes:
    return np.asarray(token_ids, np.int32).tobytes()
