"""Vectors of texts from an encoder as it was published, without any training: near ones say similar things."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.classifiers.encoder.encoders import find_encoder
from pipeline.classifiers.encoder.token_batches import batches_by_length, pad_tokens
from pipeline.classifiers.encoder.token_windows import WindowLimits, make_windows
from pipeline.classifiers.protocols import Progress
from pipeline.classifiers.transformer.pretrained import read_network, read_tokenizer

_TOKENS = 256  # of a text; what goes beyond is not read
_TOKENS_PER_BATCH = 4096


def embed_texts(texts: Sequence[str], encoder: str, progress: Progress) -> NDArray[np.float32]:
    """Means of token vectors, brought to unit length, shape (n, hidden_size).

    Raises:
        ModelError: no such encoder, or a damaged one.
    """
    found = find_encoder(encoder)
    network, reader = read_network(found).eval(), read_tokenizer(found)
    limits = WindowLimits(max_tokens=min(_TOKENS, reader.trained_for), max_windows=1)
    windows = make_windows(reader.tokenizer, texts, limits).token_ids
    vectors = np.zeros((len(texts), network.config.hidden_size), np.float32)
    done = 0
    for rows in batches_by_length([len(ids) for ids in windows], _TOKENS_PER_BATCH):
        ids, mask = (
            torch.from_numpy(part) for part in pad_tokens([windows[i] for i in rows], reader.padding_id)
        )
        with torch.inference_mode():
            hidden = network(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
            vectors[rows] = torch.nn.functional.normalize(mean, dim=-1).numpy()
        done += len(rows)
        progress("reading texts", done, len(texts))
    return vectors
