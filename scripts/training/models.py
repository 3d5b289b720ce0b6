"""The network of a command: a file, or the name of one that is shipped."""

from __future__ import annotations

from convnet.network import Sequential
from convnet.weights import find, load


def open_network(model: str) -> Sequential:
    """Load a network by the path of its file, or by the name that it is shipped under.

    Raises
    ------
    ValueError
        If there is no such file, or it is damaged.
    """
    return load(find(model))


def classes_of(network: Sequential) -> tuple[int, ...] | tuple[str, ...]:
    """Return the digit that each output of a network stands for, or the name of its class."""
    return tuple(network.metadata.get("classes", range(network.output_shape[-1])))
