"""Dropout: switch units off at random while training, so that none relies on another.

Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
JMLR 2014. This is the *inverted* form: what remains is divided by 1 - rate while training, so that
sums keep their expected value, and nothing has to be done when the network answers.
"""

from __future__ import annotations

import numpy as np

from convnet.arrays import Array
from convnet.checks import require_fraction
from convnet.layers.base import Layer


class Dropout(Layer):
    """Set each number to 0 with probability `rate`, in training only.

    Parameters
    ----------
    rate : float
        Share of the numbers that is dropped, in [0, 1).
    """

    kind = "dropout"
    does = "Does nothing once the network is trained"
    rule = "x: it leaves out numbers at random in training only"

    def __init__(self, rate: float = 0.5) -> None:
        super().__init__()
        self.rate = require_fraction("rate", rate)
        self.rng = np.random.default_rng(0)

    def create_params(self, rng: np.random.Generator) -> None:
        """Take a stream of random numbers of its own from `rng`; there are no parameters."""
        (self.rng,) = rng.spawn(1)

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        if not training:
            return x
        mask = np.empty_like(
            x
        )  # in the memory order of x, so that the product is one straight loop
        mask[...] = self.rng.random(x.shape, dtype=np.float32) >= self.rate
        mask /= 1 - self.rate
        self.cache = mask
        return np.asarray(x * mask)

    def backward(self, dout: Array) -> Array:
        return np.asarray(dout * self.cache)
