"""How large a network is, known before anything of it is made."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from convnet import Layer, Sequential
from convnet.layers import chain

INPUT = (28, 28, 1)
MOST_PARAMETERS = 2_000_000
MOST_MULTIPLY_ADDS = 100_000_000
MOST_MEMORY = 1 << 30
COPIES = 4
"""Arrays that training keeps of each output: it, its gradient, and what a layer remembers."""


@dataclass(frozen=True)
class Size:
    """What a layer gives and has; `text` is the Python that makes it."""

    text: str
    shape: tuple[int, ...]
    parameters: int


def sizes(layers: Sequence[Layer], shape: tuple[int, ...] = INPUT) -> list[Size]:
    """Return the size of every layer.

    Raises
    ------
    ValueError
        If a layer cannot take what the one before it gives, or there are too many parameters.
    """
    chain.infer_shape(layers, shape)  # says which layer does not fit
    found = []
    for layer, given in chain.inputs(layers, shape):
        count = sum(map(math.prod, layer.array_shapes(given).values()))
        found.append(Size(repr(layer), layer.infer_shape(given), count))
        if (total := sum(size.parameters for size in found)) > MOST_PARAMETERS:
            raise ValueError(
                f"{total:,} parameters up to {layer!r}: at most {MOST_PARAMETERS:,} are trained "
                "here"
            )
    return found


def outputs(layers: Sequence[Layer], shape: tuple[int, ...] = INPUT) -> Iterator[tuple[int, ...]]:
    """Yield the shape of what every layer gives, and of what those within it give."""
    for layer, given in chain.inputs(layers, shape):
        yield layer.infer_shape(given)
        for branch in layer.branches:
            yield from outputs(branch, given)


def require_small(layers: Sequence[Layer], batch: int) -> list[Size]:
    """Return the sizes of a network that may be trained here with that batch.

    Raises
    ------
    ValueError
        If it does not fit together, or takes too much; it says what, and how much is allowed.
    """
    found = sizes(layers)
    memory = sum(map(math.prod, outputs(layers))) * batch * 4 * COPIES
    if memory > MOST_MEMORY:
        raise ValueError(
            f"a batch of {batch} would take about {memory / 2**20:,.0f} MB: at most "
            f"{MOST_MEMORY >> 20:,} MB are given; take a smaller batch or fewer filters"
        )
    if len(found[-1].shape) != 1:
        raise ValueError(f"the last layer gives {found[-1].shape}: end in Flatten() and Dense(10)")
    return found


def make(layers: Sequence[Layer], seed: int, name: str) -> Sequential:
    """Make the network, with weights drawn from `seed`.

    Raises
    ------
    ValueError
        If it takes too many multiply-adds.
    """
    network = Sequential(layers, INPUT, rng=np.random.default_rng(seed), name=name)
    if network.multiply_adds > MOST_MULTIPLY_ADDS:
        raise ValueError(
            f"{network.multiply_adds:,} multiply-adds for a picture: at most "
            f"{MOST_MULTIPLY_ADDS:,} are trained here"
        )
    return network
