"""The average of several networks' weights: one network, as good as asking all of them, at the price of one."""

import torch
from torch import Tensor, nn


class WeightAverage:
    """A running sum of the weights of networks that were fine-tuned from the same start."""

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
