"""Scoring with the fine-tuned network itself, by torch: while it trains, and where no graph can stand in for it."""

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from pipeline.classifiers.encoder.token_batches import batches_by_length, pad_tokens
from pipeline.classifiers.encoder.token_windows import WindowLimits, find_cut, make_windows
from pipeline.classifiers.processes import ALONE, Processes
from pipeline.classifiers.transformer.transformer_network import FrameNetwork
from pipeline.errors import ModelError

_TOKENS_PER_BATCH = 4096


class NetworkScorer:
    """Texts to logits, as `GraphScorer` gives them; on the device that the network is on.

    Args:
        network: fitted, or in training.
        tokenizer: without padding and truncation.
        padding_id: token that fills a batch up.
        limits: how much of a text is read.
    """

    def __init__(
        self, network: FrameNetwork, tokenizer: Tokenizer, *, padding_id: int, limits: WindowLimits
    ) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.padding_id = padding_id
        self.limits = limits

    def score_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Logits of shape (n_texts, n_frames)."""
        windows = make_windows(self.tokenizer, texts, self.limits)
        return windows.pool(self.score_tokens(windows.token_ids))

    def score_tokens(
        self, token_ids: Sequence[Sequence[int]], processes: Processes = ALONE
    ) -> NDArray[np.float32]:
        """Logits of windows, shape (n_windows, n_frames); each of several processes computes some of the batches.

        Raises:
            ModelError: the encoder cannot compute them.
        """
        head = self.network.head
        logits = np.zeros((len(token_ids), head.out_features), np.float32)
        was_training = self.network.training
        self.network.eval()
        with torch.inference_mode():
            batches = batches_by_length([len(ids) for ids in token_ids], _TOKENS_PER_BATCH)
            for rows in itertools.islice(batches, processes.rank, None, processes.size):
                if not len(rows):
                    continue
                padded = pad([token_ids[i] for i in rows], self.padding_id)
                batch = {name: tensor.to(head.weight.device) for name, tensor in padded.items()}
                try:
                    # Training in bf16 wraps this network's own `forward`; scores are in single precision throughout.
                    found = FrameNetwork.forward(self.network, **batch)["logits"]
                except (ValueError, IndexError, TypeError, RuntimeError) as error:
                    # A configuration may fit its weights and still ask for what cannot be computed.
                    raise ModelError(f"the encoder cannot compute these texts: {error}") from error
                logits[rows] = found.float().cpu().numpy()
        self.network.train(was_training)
        return processes.sum(logits)

    def find_cut(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Texts that are not read to their end, shape (n_texts,)."""
        return find_cut(self.tokenizer, texts, self.limits)


def pad(token_ids: Sequence[Sequence[int]], padding_id: int) -> dict[str, Tensor]:
    """Padded `input_ids` and their `attention_mask`, both of shape (n, longest)."""
    padded, mask = pad_tokens(token_ids, padding_id)
    return {"input_ids": torch.from_numpy(padded).long(), "attention_mask": torch.from_numpy(mask).long()}
