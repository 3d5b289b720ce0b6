"""The average of the weights over the steps: less noisy than the weights of the last step.

Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992;
Izmailov et al., "Averaging weights leads to wider optima", 2018, whose section 3.2 says why the
statistics of BatchNorm must be measured again for the averaged weights (`measure_statistics`).
"""

from __future__ import annotations

from collections.abc import Iterable

from convnet.arrays import Array
from convnet.checks import require_fraction
from convnet.layers import BatchNorm, chain
from convnet.network import Sequential


class WeightAverage:
    """Exponential moving average of a network's parameters.

    Parameters
    ----------
    network : Sequential
        Whose parameters to follow.
    decay : float
        Share of the average that stays at each step, in [0, 1); 0.999 averages about 1,000 steps.

    Attributes
    ----------
    params : dict of str to ndarray
        The average so far.
    """

    def __init__(self, network: Sequential, decay: float = 0.999) -> None:
        self.decay = require_fraction("decay", decay)
        self.params: dict[str, Array] = {k: v.copy() for k, v in network.params.items()}
        self.steps = 0

    def update(self, network: Sequential) -> None:
        """Add one step's parameters. Early steps count more, so that the initial weights fade."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in network.params.items():
            average = self.params[name]
            average += (1 - decay) * (value - average)

    def copy_to(self, network: Sequential) -> None:
        """Overwrite the network's parameters with the average."""
        for name, value in network.params.items():
            value[...] = self.params[name]


def measure_statistics(network: Sequential, batches: Iterable[Array]) -> None:
    """Set the running statistics of every BatchNorm to their plain mean over `batches`."""
    layers = [layer for _, layer in chain.walk(network.layers)]
    norms = [layer for layer in layers if isinstance(layer, BatchNorm)]
    momenta = [layer.momentum for layer in norms]
    for count, batch in enumerate(batches):
        for layer in norms:
            layer.momentum = count / (count + 1)
        network.forward(batch, training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
    for trained in layers:
        trained.cache = None
