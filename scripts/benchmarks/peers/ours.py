"""The engine itself, as one of the peers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

import convnet
from convnet.layers import Flatten
from convnet.runtime.threads import parallel
from convnet.training.batches import to_float, with_channel
from scripts.benchmarks.clock import stopwatch
from scripts.benchmarks.peers.blueprint import Array, Blueprint, LayerPlan
from scripts.benchmarks.peers.callers import Shared, share
from scripts.benchmarks.peers.passes import LayerPass, Pass
from scripts.benchmarks.peers.peer import Images, Labels, Peer


class Ours(Peer):
    """`convnet`: trains a Sequential, predicts with its served form."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        convnet.set_threads(threads)

    def about(self) -> dict[str, Any]:
        """Return what is being measured."""
        return {"numpy": np.__version__, "threads": convnet.get_threads()}

    def create(self, name: str) -> Blueprint:
        """Build a named network from a fixed seed; return what the others build it from."""
        rng = np.random.default_rng(0)
        network = convnet.build(name, rng=rng)
        network.set_arrays({key: _stirred(key, v, rng) for key, v in network.arrays.items()})
        self._use(network)
        return blueprint(network)

    def pretrained(self, name: str) -> Blueprint:
        """Return a network that is shipped."""
        return blueprint(convnet.load_pretrained(name))

    def open(self, plan: Blueprint) -> None:
        """Build the network of a blueprint."""
        network = convnet.build(plan.name, rng=np.random.default_rng(0))
        network.set_arrays(
            {f"{layer.name}.{k}": v for layer in plan.layers for k, v in layer.arrays.items()}
        )
        self._use(network)

    def _use(self, network: convnet.Sequential) -> None:
        self.network = network
        self.trainer = convnet.Trainer(network, convnet.CrossEntropy(), convnet.Adam(1e-3))

    def training_pass(self, images: Images, labels: Labels) -> Pass:
        """Run one forward and backward pass; only BatchNorm's statistics are updated."""
        logits = self.network.forward(inputs(images), training=True)
        loss, dout = self.trainer.loss(logits, labels)
        self.network.backward(dout, need_dx=False)
        state = {k: v for k, v in self.network.arrays.items() if k not in self.network.params}
        return Pass(np.array(logits), loss, {**self.network.grads, **state})

    def replay(self, name: str, x: Array, dout: Array) -> LayerPass:
        """Give one layer an input and a gradient of its output; return what it computes."""
        (layer,) = (layer for layer in self.network.layers if layer.name == name)
        out = layer.forward(x, training=True)
        dx = layer.backward(dout)
        return LayerPass(x, dout, np.array(out), np.array(dx), dict(layer.grads))

    def sgemm_flops(self, seconds: float, size: int = 1024) -> float:
        """Return the highest FLOP/s of all threads together in products of square matrices."""
        count = convnet.get_threads()
        rng = np.random.default_rng(0)
        a, b = rng.random((2, count, size, size), np.float32)
        out = np.empty_like(a)

        def task(start: int, stop: int) -> None:
            for thread in range(start, stop):
                np.matmul(a[thread], b[thread], out=out[thread])

        times = stopwatch(lambda: parallel(task, count), seconds)
        return 2 * count * size**3 / min(times)

    def probabilities(self, images: Images) -> Array:
        """Predict."""
        return convnet.InferenceNetwork(self.network).predict(inputs(images))

    def time_predict(self, images: Images, seconds: float) -> list[float]:
        """Predict the same batch again and again; return the seconds that each time takes."""
        x, predict = inputs(images), convnet.InferenceNetwork(self.network).predict
        return stopwatch(lambda: predict(x), seconds)

    def time_natural_predict(self, images: Images, seconds: float) -> list[float]:
        """Do the same as everyone writes it."""
        x = inputs(images)
        return stopwatch(lambda: self.network.predict(x), seconds)

    def time_plain_predict(self, images: Images, seconds: float) -> list[float]:
        """Do the same with the layers as they are trained."""
        network, x = self.network, inputs(images)
        return stopwatch(lambda: network.probabilities(network.forward(x)), seconds)

    def time_train(self, images: Images, labels: Labels, batch: int, seconds: float) -> list[float]:
        """Take steps on one batch after the other; return the seconds of each step."""
        x = inputs(images)
        batches = itertools.cycle(
            [(x[i : i + batch], labels[i : i + batch]) for i in range(0, len(x), batch)]
        )
        return stopwatch(lambda: self.trainer.step(*next(batches)), seconds)

    def time_shared(self, images: Images, callers: int, seconds: float) -> Shared:
        """Let several threads predict on one shared network, each its own part of the images.

        Each computes in its own thread alone, as in a worker of the service.
        """
        network = convnet.InferenceNetwork(self.network)
        parts = np.array_split(inputs(images), callers)
        convnet.set_threads(1)
        try:
            return share(network.predict, parts, seconds)
        finally:
            convnet.set_threads(self.threads)

    def fit_rate(self, images: Images, labels: Labels, augmented: bool) -> float:
        """Return the images/s of one epoch of `Trainer.fit`, perhaps distorted as for serving."""
        from scripts.recipe.digits import ServedRecipe  # other peers' memory is measured without

        record = self.trainer.fit(
            images,
            labels,
            epochs=1,
            rng=np.random.default_rng(0),
            augment=ServedRecipe().augment if augmented else None,
        )
        return record.epochs[-1].images_per_second


def _stirred(key: str, array: Array, rng: np.random.Generator) -> Array:
    """Return weights unchanged, and other arrays with values as after some training.

    With biases of exactly 0, blank parts of a picture would give every ReLU an input of 0, where
    rounding decides whether the gradient passes.
    """
    if key.endswith(".w"):
        return array
    low, high = (0.5, 1.5) if key.endswith((".gamma", ".var")) else (-0.1, 0.1)
    return rng.uniform(low, high, array.shape).astype(array.dtype)


def inputs(images: Images) -> Array:
    """Return uint8 (N, 28, 28) as the network takes them."""
    return with_channel(to_float(images)).astype(np.float32, copy=False)


def blueprint(network: convnet.Sequential) -> Blueprint:
    """Describe a network and hand out copies of its weights."""
    plans, flattened = [], None
    for layer in network.layers:
        arrays = {k: np.array(v, np.float32) for k, v in (layer.params | layer.state).items()}
        plans.append(
            LayerPlan(
                *(layer.name, layer.kind, layer.config()),
                *(layer.input_shape, layer.output_shape),
                arrays,
                flattened,
            )
        )
        flattened = layer.input_shape if isinstance(layer, Flatten) else None
    first = network.layers[0].multiply_adds
    return Blueprint(network.name, plans, network.multiply_adds, first)
