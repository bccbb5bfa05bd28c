"""Out-of-fold training: a network for each inner fold, trained without it, and the average of all of them.

Averaging: Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models improves accuracy
without increasing inference time".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold
from torch import Tensor, nn

from pipeline.classifiers.protocols import FitContext
from pipeline.classifiers.transformer.transformer_network import FrameNetwork

# Rows to train on, rows held out, context -> the network, and its logits of the rows held out (n_held_out, k).
TrainWithout = Callable[
    [NDArray[np.int64], NDArray[np.int64], FitContext], tuple[FrameNetwork, NDArray[np.float32]]
]


class WeightAverage:
    """A running sum of the weights of networks that were fine-tuned from the same start.

    Their average is one network, as good as asking all of them, at the price of one.
    """

    def __init__(self) -> None:
        self._sum: dict[str, Tensor] = {}
        self._n = 0

    def add(self, network: nn.Module) -> None:
        """Count in one more network of the same build."""
        for name, tensor in network.state_dict().items():
            weights = tensor.detach().double().cpu()
            self._sum[name] = self._sum[name] + weights if name in self._sum else weights.clone()
        self._n += 1

    def load_into(self, network: nn.Module) -> None:
        """Give the average to a network of the same build; whole numbers (positions) stay its own."""
        own = network.state_dict()
        averaged = {
            name: (total / self._n).to(own[name].dtype) if torch.is_floating_point(own[name]) else own[name]
            for name, total in self._sum.items()
        }
        network.load_state_dict(averaged)


@dataclass(frozen=True, slots=True)
class Crossed:
    """Logits (n, k) of rows by networks that had not seen them, and the sum of those networks."""

    logits: NDArray[np.float32]
    soup: WeightAverage

    def average_into(self, network: FrameNetwork) -> None:
        """Make `network` the average of itself and of all others."""
        self.soup.add(network)
        self.soup.load_into(network)


def train_crossed(
    train_without: TrainWithout,
    clusters: NDArray[np.int64],
    *,
    n_frames: int,
    inner_folds: int,
    context: FitContext,
) -> Crossed | None:
    """One network for each inner fold, trained without it; None where all rows are one cluster.

    Args:
        train_without: trains one of them.
        clusters: rows of one cluster share a fold, shape (n,).
        n_frames: columns of the logits.
        inner_folds: fewer where there are fewer clusters.
        context: each fold gets a work folder of its own in that of the context.
    """
    n_folds = min(inner_folds, len(np.unique(clusters)))
    if n_folds < 2:  # noqa: PLR2004 - nothing is outside of a single fold
        return None
    logits = np.zeros((len(clusters), n_frames), np.float32)
    soup = WeightAverage()
    folds = GroupKFold(n_folds, shuffle=True, random_state=context.seed).split(logits, groups=clusters)
    for fold, (fitted, held_out) in enumerate(folds):
        context.progress("transformer: out of fold", fold, n_folds)
        inner = replace(
            context,
            work_folder=context.work_folder / f"fold-{fold}",
            log_metric=lambda *_: None,  # curves of inner folds would overwrite those of the run
            progress=lambda *_: None,
        )
        network, logits[held_out] = train_without(fitted, held_out, inner)
        soup.add(network)
    context.progress("transformer: out of fold", n_folds, n_folds)
    return Crossed(logits, soup)
