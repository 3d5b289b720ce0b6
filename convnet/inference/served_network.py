"""The served form of a network: the same answers, without what only training needs.

* BatchNorm and Dropout are folded away (`convnet/inference/folding.py`).
* A few images go through a `Plan` one by one (`convnet/inference/plan.py`).
* A larger batch is cut into blocks, and each thread takes a block through *all* layers, so that
  the output of one layer is still in the core's cache when the next one reads it.

The result holds copies of the weights and never changes: threads may share it. `Sequential.predict`
makes one, and a new one when its weights have changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from convnet.arrays import Array
from convnet.inference.folding import Network, fold
from convnet.inference.plan import Plan
from convnet.runtime.threads import get_threads, parallel

# Up to this many images are taken one by one; for 16, Winograd's algorithm is faster.
SINGLES = 15
# The most images that one thread takes through all layers at a time.
BLOCK = 128
# From so many multiply-adds on, it is faster to give each thread a block of its own than to let the
# threads share each layer. Below, the calls take longer than the arithmetic.
WORTH_SHARING = 100_000_000
FEWEST_IN_BLOCK = 16


class InferenceNetwork:
    """A trained network, ready to serve.

    Parameters
    ----------
    network : Sequential
        Is copied, so it may be trained further.

    Attributes
    ----------
    network : Sequential
        The folded copy.
    """

    def __init__(self, network: Network) -> None:
        self.network = fold(network)
        self.name = network.name
        self.metadata = network.metadata
        self._idle: list[Plan] = []  # in all, as many plans as there were callers at the same time

    def logits(self, x: Array) -> Array:
        """Return the last layer's outputs (N, classes) before any softmax.

        Parameters
        ----------
        x : ndarray, shape (N, H, W, C)
            float32; other floating-point types are slower, and computed in their own precision.
        """
        self.network.check(x)
        if len(x) <= SINGLES and x.dtype == np.float32:
            return self._one_by_one(x)
        return self._in_blocks(x)

    def predict(self, x: Array) -> Array:
        """Return probabilities (N, classes) for inputs (N, H, W, C); equal to the network's own."""
        return self.network.probabilities(self.logits(x))

    def _one_by_one(self, x: Array) -> Array:
        # By one thread: the steps are so short that two threads would take longer.
        out = np.empty((len(x), *self.network.output_shape), x.dtype)
        with self._plan() as plan:
            for index, image in enumerate(x):
                out[index] = plan.run(image)
        return out

    @contextmanager
    def _plan(self) -> Iterator[Plan]:
        """Lend a plan that is not in use: the one used last, as it may still be in the cache."""
        try:
            plan = self._idle.pop()
        except IndexError:
            plan = Plan(self.network)
        yield plan
        self._idle.append(plan)

    def _in_blocks(self, x: Array) -> Array:
        out = np.empty((len(x), *self.network.output_shape), x.dtype)
        blocks = self._blocks(len(x))

        def task(start: int, stop: int) -> None:
            for block in range(start, stop):
                images = slice(len(x) * block // blocks, len(x) * (block + 1) // blocks)
                out[images] = self.network.forward(x[images])

        parallel(task, blocks)
        return out

    def _blocks(self, count: int) -> int:
        """Return how many blocks to make of so many images: as many for each thread, if it pays."""
        blocks = -(-count // BLOCK)
        if count * self.network.multiply_adds < WORTH_SHARING:
            return blocks
        even = get_threads() * -(-blocks // get_threads())
        return max(blocks, min(even, count // FEWEST_IN_BLOCK))
