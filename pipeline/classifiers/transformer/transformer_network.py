"""The network: an encoder, the mean of its token vectors brought to unit length, and one linear head."""

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

WORD_TABLE = "word_embeddings"
IGNORED_PARAMETERS = ("pooler.",)  # trained for another purpose; the sentence vector does not use it


class FrameNetwork(nn.Module):
    """Tokens in, one logit for each frame out.

    The sentence vector has length `vector_scale`, whatever the text's length: the head then sees directions,
    which trains steadily at a head learning rate fifty times the encoder's.

    Args:
        encoder: a transformers encoder whose output has `last_hidden_state`.
        n_frames: columns of the output.
        vector_scale: length of the sentence vector.
        dropout: on the sentence vector, while training.
        positive_weights: of each frame's positives in the loss, shape (n_frames,).
        single_label: softmax cross-entropy in place of one binary cross-entropy a frame.
    """

    positive_weights: Tensor

    def __init__(
        self,
        encoder: Any,
        n_frames: int,
        *,
        vector_scale: float,
        dropout: float,
        positive_weights: Sequence[float],
        single_label: bool,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.hidden_size, n_frames)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.dropout = nn.Dropout(dropout)
        self.vector_scale = vector_scale
        self.single_label = single_label
        self.register_buffer("positive_weights", torch.tensor(positive_weights), persistent=False)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Logits of shape (n, n_frames), and the loss where labels (n, n_frames) are given.

        `input_ids`: tokens (n, t), or (n, t, width) what `FrozenLayers` gave for them where the rest is above those.
        """
        logits = self.head(self.dropout(self.sentence_vectors(input_ids, attention_mask)))
        if labels is None:
            return {"logits": logits}
        return {"loss": self._loss(logits.float(), labels), "logits": logits}

    def sentence_vectors(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Vectors of length `vector_scale`, shape (n, hidden_size)."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        return nn.functional.normalize(mean, dim=-1) * self.vector_scale

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        if self.single_label:
            return nn.functional.cross_entropy(logits, labels.argmax(dim=1), weight=self.positive_weights)
        return nn.functional.binary_cross_entropy_with_logits(
            logits, labels, pos_weight=self.positive_weights
        )


def parameter_groups(
    network: FrameNetwork,
    *,
    learning_rate: float,
    head_learning_rate: float,
    layer_decay: float,
    weight_decay: float,
) -> list[dict[str, Any]]:
    """Optimiser groups: the head's own rate, lower layers slower by `layer_decay`, no decay on vectors.

    Parameters that need no gradient are left out.
    """
    n_layers = int(getattr(network.encoder.config, "num_hidden_layers", 0))
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = learning_rate * layer_decay ** (n_layers - _layer_of(name, n_layers))
        if name.startswith("head."):
            rate = head_learning_rate
        decay = 0.0 if parameter.ndim < 2 else weight_decay  # noqa: PLR2004 - biases and norms are vectors
        groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": p, "lr": rate, "weight_decay": decay} for (rate, decay), p in groups.items()]


def freeze_unused(network: FrameNetwork, *, embeddings: bool) -> None:
    """Exclude from training what the output does not depend on and, if asked, the word embeddings."""
    for name, parameter in network.encoder.named_parameters():
        if name.startswith(IGNORED_PARAMETERS) or (embeddings and WORD_TABLE in name):
            parameter.requires_grad_(requires_grad=False)


def _layer_of(name: str, n_layers: int) -> int:
    """Number of the layer a parameter belongs to, 1 for the lowest; 0 for embeddings."""
    parts = name.split(".")
    for before, part in itertools.pairwise(parts):
        if before in {"layer", "layers", "h", "block"} and part.isdigit():
            return int(part) + 1
    return 0 if "embeddings" in name else n_layers
