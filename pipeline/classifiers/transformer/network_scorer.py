"""Scoring with the fine-tuned network itself, by torch: while it trains, and where no graph can stand in for it."""

import itertools
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pipeline.classifiers.encoder.token_batches import batches_by_length
from pipeline.classifiers.encoder.token_windows import WindowLimits, find_cut, make_windows
from pipeline.classifiers.processes import ALONE, Processes
from pipeline.classifiers.transformer.frozen_layers import FrozenLayers, pad
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
        frozen: layers below those of the network, which have computed all that will be scored.
    """

    def __init__(
        self,
        network: FrameNetwork,
        tokenizer: Tokenizer,
        *,
        padding_id: int,
        limits: WindowLimits,
        frozen: FrozenLayers | None = None,
    ) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.padding_id = padding_id
        self.limits = limits
        self._read = partial(pad, padding_id=padding_id) if frozen is None else frozen.read

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
                read = self._read([token_ids[i] for i in rows])
                batch = {name: tensor.to(head.weight.device) for name, tensor in read.items()}
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
