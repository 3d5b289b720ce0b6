"""Sequential: layers one after the other, each checked against the one before.

What a layer is, is told in `convnet/layers/base.py`; what trains a network, in
`convnet/training/trainer.py`; what serves one fast, in `convnet/inference/served_network.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from convnet.arrays import Array, Shape
from convnet.inference.served_network import InferenceNetwork
from convnet.inference.watch import Watch
from convnet.layers import Layer, Sigmoid, Softmax, chain
from convnet.layers.activations import softmax
from convnet.runtime.malloc import keep_freed_memory
from convnet.storage import model_file

# Images that `predict` takes through all layers at once, so that it needs little memory and as much
# time for an image whatever their number.
PREDICT_BLOCK = 128
# For more images than this, memory that is freed is kept for the next batch
# (`convnet/runtime/malloc.py`). Arrays of up to KEPT bytes are: that includes those of a block of
# images, and excludes the larger ones in which the service decodes pictures.
MANY = 32
KEPT = 12 << 20


class Sequential:
    """A network whose layers feed one another in order.

    Parameters
    ----------
    layers : sequence of Layer
        Each used once. Layers of another network are copied, with their weights.
    input_shape : tuple of int
        Shape of one input: (H, W, C) for images.
    rng : numpy.random.Generator
        The initial weights are drawn from it.
    name : str
        What the network is called in files and answers.
    dtype : dtype
        Of the parameters: float32, or float64 for checking gradients.

    Attributes
    ----------
    order : list of Layer
        The layers as they are run: see `chain.execution_order`.
    metadata : dict
        Saved with the weights, as JSON: how they were trained, how good they are, how to
        calibrate them.

    Raises
    ------
    ValueError
        If a layer cannot take the shape that the layer before it gives; it says which.

    Examples
    --------
    >>> network = Sequential([Flatten(), Dense(10)], (28, 28, 1), rng=np.random.default_rng(0))
    >>> network.predict(images).shape
    (N, 10)
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        input_shape: Shape,
        *,
        rng: np.random.Generator,
        name: str = "network",
        dtype: DTypeLike = np.float32,
    ) -> None:
        if not layers:
            raise ValueError("`layers` must hold at least one layer")
        self.layers = chain.own(layers)
        self.input_shape = tuple(input_shape)
        self.name = name
        self.metadata: dict[str, Any] = {}
        self.output_shape = chain.build(self.layers, self.input_shape, rng, dtype)
        ends_in_softmax = isinstance(self.layers[-1], Softmax) and len(self.layers) > 1
        self.order = chain.execution_order(self.layers[: -1 if ends_in_softmax else None])
        self._served: tuple[Watch, InferenceNetwork] | None = None

    # -- running --------------------------------------------------------------------------

    def forward(self, x: Array, *, training: bool = False) -> Array:
        """Map inputs (N, *input_shape) to the last layer's outputs, for most networks logits.

        A Softmax at the end is left to `predict` and to the loss: cross-entropy is computed from
        logits, because the logarithm of a very small probability would be -inf.
        """
        self.check(x)
        if len(x) > MANY:
            keep_freed_memory(KEPT)
        return chain.forward(self.order, x, training=training)

    def backward(self, dout: Array, *, need_dx: bool = True) -> Array:
        """Map the gradient by the output to the gradient by the input, dx; fill every `grads`.

        Parameters
        ----------
        dout : ndarray, shape (N, *output_shape)
        need_dx : bool
            False spares the first layer its dx, which training has no use for, and all layers
            before the first `trainable` one; what is returned then has no meaning.

        Raises
        ------
        RuntimeError
            If no ``forward(x, training=True)`` came before.
        """
        start = 0 if need_dx else chain.first_that_learns(self.order)
        for _, frozen in chain.walk(self.order[:start]):
            frozen.cache = None
        first = self.order[start]
        first.needs_dx = need_dx
        try:
            return chain.backward(self.order[start:], dout)
        finally:
            first.needs_dx = True

    def predict(self, x: Array) -> Array:
        """Return probabilities (N, classes) for inputs (N, *input_shape).

        No cache is written, so threads may share the network. Logits become probabilities by
        softmax, unless the network ends in Sigmoid, which gives a probability for each class.

        In single precision this is what an `InferenceNetwork` answers: one is made when it is first
        needed, and again when a weight has changed, by training, loading or assignment. (Other
        attributes of a layer must stay as they were when it was made.)
        """
        self.check(x)
        if x.dtype == np.float32 and (served := self._serve()) is not None:
            return served.predict(x)
        blocks = range(0, max(len(x), 1), PREDICT_BLOCK)
        return self.probabilities(
            np.concatenate([self.forward(x[i : i + PREDICT_BLOCK]) for i in blocks])
        )

    def _serve(self) -> InferenceNetwork | None:
        """Return the present weights in served form; None if they are not in single precision."""
        if self._served is None or self._served[0].changed(self.layers):
            arrays = self.arrays.values()
            if any(array.dtype != np.float32 for array in arrays):
                return None
            del arrays  # what is held may change, and would be compared each time
            self._served = Watch(self.layers), InferenceNetwork(self)
            self._served[0].changed(self.layers)  # made from what was handed out just now
        return self._served[1]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out of copies what can be made again."""
        return {**self.__dict__, "_served": None}

    def probabilities(self, out: Array) -> Array:
        """Turn what `forward` returns into probabilities."""
        return out if isinstance(self.layers[-1], Sigmoid) else softmax(out)

    def activations(self, x: Array) -> Iterator[tuple[Layer, Array]]:
        """Yield each layer with its output for `x`, in the order of `layers`."""
        self.check(x)
        for layer in self.layers:
            x = layer.forward(x)
            yield layer, x

    def check(self, x: Array) -> None:
        """Raise ValueError if `x` is no batch of this network's inputs."""
        expected = ", ".join(map(str, self.input_shape))
        if x.ndim != len(self.input_shape) + 1 or x.shape[1:] != self.input_shape:
            raise ValueError(f"`x` must have shape (N, {expected}), got {x.shape}")
        if not np.issubdtype(x.dtype, np.floating):
            raise ValueError(f"`x` must be floating point with values 0..1, got {x.dtype}")

    # -- parameters -----------------------------------------------------------------------

    @property
    def params(self) -> dict[str, Array]:
        """Every parameter, by ``layer.key``: the arrays themselves, not copies."""
        return {f"{layer.name}.{k}": v for layer in self.layers for k, v in layer.params.items()}

    @property
    def grads(self) -> dict[str, Array]:
        """Every gradient, with the keys of `params`."""
        return {f"{layer.name}.{k}": v for layer in self.layers for k, v in layer.grads.items()}

    @property
    def trainable_params(self) -> dict[str, Array]:
        """The parameters of the layers that are `trainable`, with the keys of `params`."""
        return {
            f"{name}.{key}": value
            for name, layer in chain.walk(self.layers)
            if layer.trainable and not layer.branches
            for key, value in layer.params.items()
        }

    @property
    def arrays(self) -> dict[str, Array]:
        """`params` and every layer's `state`: all that is saved."""
        state = {f"{layer.name}.{k}": v for layer in self.layers for k, v in layer.state.items()}
        return self.params | state

    def set_arrays(self, arrays: dict[str, Array]) -> None:
        """Assign parameters and state; all of them, or none.

        Raises
        ------
        ValueError
            If a name is missing or unknown, or a shape differs; it says which, and both shapes.
        """
        own = self.arrays
        missing, unknown = sorted(own.keys() - arrays.keys()), sorted(arrays.keys() - own.keys())
        if missing or unknown:
            raise ValueError(f"arrays do not fit: missing {missing}, unknown {unknown}")
        for name, value in arrays.items():
            if value.shape != own[name].shape:
                raise ValueError(f"{name} has shape {value.shape}, expected {own[name].shape}")
        for layer in self.layers:
            for group in ("params", "state"):
                new = {
                    key: arrays[f"{layer.name}.{key}"].astype(value.dtype)
                    for key, value in getattr(layer, group).items()
                }
                setattr(layer, group, new)

    @property
    def parameter_count(self) -> int:
        """Number of trained numbers."""
        return sum(value.size for value in self.params.values())

    @property
    def multiply_adds(self) -> int:
        """Multiplications, each with its addition, for one input."""
        return sum(layer.multiply_adds for layer in self.layers)

    # -- describing and saving ------------------------------------------------------------

    def summary(self) -> str:
        """Return a table of the layers: output shape, parameters, multiply-adds."""
        rows = [("layer", "output", "parameters", "multiply-adds")]
        rows += [("input", _times(self.input_shape), "", "")]
        rows += [_row(name, layer) for name, layer in chain.walk(self.layers)]
        rows += [("total", "", f"{self.parameter_count:,}", f"{self.multiply_adds:,}")]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip()
            for a, b, c, d in rows
        ]
        rule = "-" * (sum(widths) + 6)
        return "\n".join([self.name, rule, lines[0], rule, *lines[1:-1], rule, lines[-1]])

    def save(self, path: str | os.PathLike[str], *, dtype: DTypeLike | None = None) -> None:
        """Write architecture, weights and metadata to an .npz file, atomically.

        Parameters
        ----------
        path : path
            Where to; an older file is replaced only once the new one is complete.
        dtype : dtype, optional
            Store the arrays as this, e.g. float16 for half the size.
        """
        arrays = self.arrays
        if dtype is not None:
            arrays = {key: value.astype(dtype) for key, value in arrays.items()}
        model_file.save(path, describe(self) | {"metadata": self.metadata}, arrays)


def describe(network: Sequential) -> dict[str, Any]:
    """Return name, input shape and layers of a network as JSON can hold them."""
    return {
        "name": network.name,
        "input_shape": list(network.input_shape),
        "layers": _describe(network.layers),
    }


def _describe(value: Any) -> Any:
    """Write a layer as its type and its arguments; layers within it, too."""
    if isinstance(value, Layer):
        config = {name: _describe(argument) for name, argument in value.config().items()}
        return {"type": type(value).__name__, **config}
    return [_describe(part) for part in value] if isinstance(value, list | tuple) else value


def _row(name: str, layer: Layer) -> tuple[str, str, str, str]:
    """Return a row of the summary; what is within a layer is indented, and counted there."""
    indent = "  " * name.count(".")
    if layer.branches:
        title = f"{indent}{layer.name}: {type(layer).__name__}"
        return title, _times(layer.output_shape), "", ""
    count = sum(value.size for value in layer.params.values())
    title = f"{indent}{layer.name}: {layer!r}" + ("" if layer.trainable else ", frozen")
    return title, _times(layer.output_shape), f"{count:,}", f"{layer.multiply_adds:,}"


def _times(shape: Shape) -> str:
    return " × ".join(map(str, shape))
