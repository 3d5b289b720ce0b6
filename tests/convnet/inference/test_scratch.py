"""Memory that the layers of a plan use one after another."""

import tracemalloc

import numpy as np

from convnet import Sequential
from convnet.inference.plan import Plan
from convnet.inference.scratch import Scratch
from convnet.layers import Conv2D, ReLU


def test_parts_do_not_overlap_until_the_next_layer_begins() -> None:
    scratch = Scratch(100)
    first, second = scratch.take(4, 5), scratch.take(30)
    assert not np.shares_memory(first, second)
    scratch.restart()
    assert np.shares_memory(first, scratch.take(2, 2))


def test_who_needs_more_than_there_is_gets_it_apart() -> None:
    scratch = Scratch(10)
    small, large = scratch.take(8), scratch.take(3, 4)
    assert large.shape == (3, 4)
    assert not np.shares_memory(small, large)


def test_zeros_are_shared() -> None:
    scratch = Scratch(0)
    large = scratch.zeros((4, 4))
    assert not large.any()
    assert np.shares_memory(large, scratch.zeros((2, 3)))


def memory_of(layers: int, **options: object) -> int:
    """Return the bytes that the plan of so many equal layers takes."""
    pairs = [(Conv2D(16, (3, 3), padding="same", **options), ReLU()) for _ in range(layers)]
    chain = [layer for pair in pairs for layer in pair]
    network = Sequential(chain, input_shape=(48, 48, 16), rng=np.random.default_rng(0))
    tracemalloc.start()
    try:
        plan = Plan(network)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert plan.output.shape == (48, 48, 16)
    return held


def test_more_layers_take_little_more_memory() -> None:
    windows = 48 * 48 * (9 * 16 + 1) * 4  # bytes of what im2col copies out
    assert memory_of(6, dilation=2) - memory_of(1, dilation=2) < 2 * windows
    assert memory_of(6) - memory_of(1) < 2 * windows
