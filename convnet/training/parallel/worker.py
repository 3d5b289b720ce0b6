"""One worker: takes its part of each batch forward and back."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from convnet.layers import Dropout, Layer, chain
from convnet.network import Sequential
from convnet.runtime.malloc import keep_freed_memory
from convnet.runtime.threads import set_threads
from convnet.training.batches import Augment, prepare
from convnet.training.parallel.shared_arrays import Form, SharedArrays

# Names in the shared memory: ``weights:conv1.w``, ``0:gradient:conv1.w``, ``0:state:…``.
WEIGHTS, GRADIENT, STATE = "weights:", "gradient:", "state:"
IMAGES, OUTPUTS, DOUT = "images", "outputs", "dout"


@dataclass(frozen=True)
class Part:
    """What a worker does of a step.

    Attributes
    ----------
    start, stop : int
        Its images of the batch.
    seed : tuple of int
        What is random in them follows from it.
    trainable : tuple of bool
        Of every layer, in the order of `chain.walk`: a callback may have changed it.
    """

    start: int
    stop: int
    seed: tuple[int, ...]
    trainable: tuple[bool, ...]


class Worker:
    """A copy of the network whose weights are those in the shared memory.

    Parameters
    ----------
    network : Sequential
    memory : SharedArrays
    number : int
        Which worker this is, from 0.
    """

    def __init__(self, network: Sequential, memory: SharedArrays, number: int) -> None:
        self._network, self._memory = network, memory
        self._images, self._outputs = memory.arrays[IMAGES], memory.arrays[OUTPUTS]
        self._dout, self._weights = memory.arrays[DOUT], memory.group(WEIGHTS)
        self._gradient = memory.group(f"{number}:{GRADIENT}")
        self._state = memory.group(f"{number}:{STATE}")
        self._augment: Augment | None = None
        self._part = slice(0)
        for name, layer in leaves(network):
            layer.params = {key: self._weights[f"{name}.{key}"] for key in layer.params}

    def augment_with(self, augment: Augment | None) -> None:
        """Change the images of later batches by `augment`."""
        self._augment = augment

    def forward(self, part: Part) -> None:
        """Prepare the part's images and write the network's outputs for them."""
        rng = np.random.default_rng(part.seed)
        for (name, layer), trainable in zip(
            chain.walk(self._network.layers), part.trainable, strict=True
        ):
            if layer.branches:
                continue
            layer.trainable = trainable
            layer.state = {key: self._weights[f"{name}.{key}"].copy() for key in layer.state}
            if isinstance(layer, Dropout):
                layer.rng = rng
        self._part = slice(part.start, part.stop)
        images = prepare(self._images[self._part].copy(), self._augment, rng)
        self._outputs[self._part] = self._network.forward(images, training=True)

    def backward(self) -> None:
        """Write the gradients of the part, and BatchNorm's statistics after it."""
        self._network.backward(self._dout[self._part], need_dx=False)
        for name, layer in leaves(self._network):
            for key, gradient in layer.grads.items():
                self._gradient[f"{name}.{key}"][...] = gradient
            for key, value in layer.state.items():
                self._state[f"{name}.{key}"][...] = value


def leaves(network: Sequential) -> Iterator[tuple[str, Layer]]:
    """Yield the layers that have arrays of their own, by their full names."""
    return ((name, layer) for name, layer in chain.walk(network.layers) if not layer.branches)


def serve(pipe: Connection) -> None:
    """Be a worker: answer calls of its methods, each with None or an error, until the pipe ends.

    It ends with the process at its other end, however that ends.
    """
    try:
        begin: tuple[Sequential, dict[str, Form], str, int] = pipe.recv()
        network, forms, block, number = begin
        set_threads(1)
        keep_freed_memory(1 << 30)
        worker = Worker(network, SharedArrays(forms, block), number)
        pipe.send(None)
        while True:
            method, arguments = pipe.recv()
            pipe.send(_call(worker, method, arguments, number))
    except (EOFError, OSError):
        os._exit(1)  # at once: nobody is left to tell


def _call(worker: Worker, method: str, arguments: tuple[Any, ...], number: int) -> object:
    """Return None, or the error that the call raised."""
    try:
        getattr(worker, method)(*arguments)
    except Exception as error:
        error.add_note(f"in worker {number}:\n{traceback.format_exc()}")
        return error
    return None
