"""Batches that hold as many padded tokens as fit, of texts of like length: little of the work is padding."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def batch_sizes(sorted_lengths: Sequence[int], tokens_per_batch: int) -> list[int]:
    """Sizes of consecutive batches over ascending lengths, each at most `tokens_per_batch` when padded.

    A single text longer than the budget is a batch of its own.
    """
    sizes: list[int] = []
    current = 0
    for length in sorted_lengths:
        if current and (current + 1) * length > tokens_per_batch:
            sizes.append(current)
            current = 0
        current += 1
    if current:
        sizes.append(current)
    return sizes


def batches_by_length(lengths: Sequence[int], tokens_per_batch: int) -> Iterator[NDArray[np.int64]]:
    """Row numbers of each batch, shape (n_batch,), shortest texts first; `lengths` of shape (n,)."""
    order = np.argsort(np.asarray(lengths), kind="stable")
    sizes = batch_sizes([lengths[i] for i in order], tokens_per_batch)
    yield from np.split(order, np.cumsum(sizes)[:-1])


def pad_tokens(
    token_ids: Sequence[Sequence[int]], padding_id: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Token ids filled up to the longest, and a mask that is 1 where they were given: both of shape (n, longest)."""
    lengths = np.array([len(ids) for ids in token_ids])
    mask = np.arange(max(1, lengths.max())) < lengths[:, None]
    padded = np.full(mask.shape, padding_id, np.int32)
    padded[mask] = np.concatenate(token_ids)
    return padded, mask.astype(np.int32)


class TokenBatchSampler:
    """Training batches of like lengths, drawn anew each epoch, as many in each.

    Lengths are jittered before sorting, so that a text meets other neighbours each time; batch sizes are
    those of the true lengths, so that every epoch has as many steps and a resumed run finds its place.

    Args:
        lengths: tokens of each text, shape (n,).
        tokens_per_batch: padded tokens of a batch; the jitter may exceed it a little.
        seed: with the epoch's number it determines the order, and nothing else does.
        share_among: processes that take batches in turn. Each gets as many: where they do not come out even, the
            epoch's first batches come once more at its end.
    """

    def __init__(
        self, lengths: Sequence[int], tokens_per_batch: int, seed: int, *, share_among: int = 1
    ) -> None:
        self._lengths = np.asarray(lengths, float)
        self._sizes = batch_sizes(sorted(lengths), tokens_per_batch)
        self.steps = -(-len(self._sizes) // share_among)  # of an epoch
        self._n = self.steps * share_among
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        return self._n

    def set_epoch(self, epoch: int) -> None:
        """Choose which epoch's order the next iteration gives."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        generator = np.random.default_rng([self._seed, self._epoch])
        jitter = generator.uniform(0.9, 1.1, size=len(self._lengths))
        order = np.argsort(self._lengths * jitter + generator.uniform(-1, 1, size=len(jitter)), kind="stable")
        batches = np.split(order, np.cumsum(self._sizes)[:-1])
        for i in np.resize(generator.permutation(len(batches)), self._n):
            yield batches[i].tolist()
