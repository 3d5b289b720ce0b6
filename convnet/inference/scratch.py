"""Memory of a `Plan` that its layers use one after another.

What one layer needs between its input and its output, such as the windows that im2col copies out,
is of no use to the next. Given to each in turn, it takes a fraction of what it would for each
apart, and stays in the processor's cache.
"""

from __future__ import annotations

import math

import numpy as np

from convnet.arrays import Array, Shape

_ALIGNED = 16  # numbers: a line of the cache


class Scratch:
    """A buffer that is given out in parts, and again from its beginning for the next layer.

    Parameters
    ----------
    numbers : int
        How many of float32 it holds. Who needs more gets memory apart.
    """

    def __init__(self, numbers: int) -> None:
        self._memory = np.empty(numbers, np.float32)
        self._zeros = np.zeros(0, np.float32)
        self._used = 0

    def restart(self) -> None:
        """Begin the next layer, to which all of it belongs."""
        self._used = 0

    def take(self, *shape: int) -> Array:
        """Return an array that holds anything, until the next layer writes over it."""
        start, end = self._used, self._used + math.prod(shape)
        if end > len(self._memory):
            return np.empty(shape, np.float32)
        self._used = -(-end // _ALIGNED) * _ALIGNED
        return self._memory[start:end].reshape(shape)

    def zeros(self, shape: Shape) -> Array:
        """Return an array of zeros that nobody may write to."""
        count = math.prod(shape)
        if count > len(self._zeros):
            self._zeros = np.zeros(count, np.float32)
        return self._zeros[:count].reshape(shape)
