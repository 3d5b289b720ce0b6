"""Sequential: layers one after the other, each checked against the one before."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from convnet.arrays import Array, Shape
from convnet.layers import Layer, LeakyReLU, MaxPool2D, ReLU, Sigmoid, Softmax
from convnet.layers.activations import softmax
from convnet.runtime.malloc import keep_freed_memory
from convnet.storage import model_file

# Images that go through all layers at once when predicting, so that memory stays small and the
# cost of an image does not depend on how many come.
PREDICT_BLOCK = 128
# From more images than these, arrays are large enough for their pages to matter. They are kept up
# to a size that the arrays of a block have, and those that large pictures are decoded in have not.
MANY = 32
KEPT = 12 << 20


class Sequential:
    """A network whose layers feed one another in order.

    Parameters
    ----------
    layers : sequence of Layer
        Not yet built, each used once.
    input_shape : tuple of int
        Shape of one input: (H, W, C) for images.
    rng : numpy.random.Generator
        Where the starting weights come from.
    name : str
        What the network is called in files and answers.
    dtype : dtype
        Of the parameters: float32, or float64 for checking gradients.

    Attributes
    ----------
    order : list of Layer
        The layers as they are run: see `_pool_before_activation`.
    metadata : dict
        Anything JSON can hold that should travel with the weights: how they were trained, how
        good they are, how to calibrate them.

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
        if len({id(layer) for layer in layers}) < len(layers):
            raise ValueError("`layers` holds the same layer twice; make one for each place")
        self.layers = list(layers)
        self.input_shape = tuple(input_shape)
        self.name = name
        self.metadata: dict[str, Any] = {}
        _name_layers(self.layers)
        self.output_shape = self._build(rng, dtype)
        ends_in_softmax = isinstance(self.layers[-1], Softmax) and len(self.layers) > 1
        self.order = _pool_before_activation(self.layers[: -1 if ends_in_softmax else None])

    def _build(self, rng: np.random.Generator, dtype: DTypeLike) -> Shape:
        shape = self.input_shape
        for index, layer in enumerate(self.layers):
            try:
                shape = layer.build(shape, rng, dtype)
            except ValueError as error:
                raise ValueError(f"layer {index} ({layer.name}, {layer!r}): {error}") from error
        return shape

    # -- running --------------------------------------------------------------------------

    def forward(self, x: Array, *, training: bool = False) -> Array:
        """Map inputs (N, *input_shape) to the last layer's outputs, for most networks logits.

        A Softmax at the end is left to `predict` and to the loss: cross-entropy taken from logits
        is exact where the logarithm of a probability has long underflowed.
        """
        self.check(x)
        if len(x) > MANY:
            keep_freed_memory(KEPT)
        for layer in self.order:
            x = layer.run(x, training)
        return x

    def backward(self, dout: Array) -> Array:
        """Map the gradient by the output to the gradient by the input; fill every `grads`."""
        return self._first.backward(self._backward_to_first(dout))

    def fill_grads(self, dout: Array) -> None:
        """Fill every `grads`, as `backward` does, but spare the gradient by the images."""
        self._first.fill_grads(self._backward_to_first(dout))
        self._first.release()

    @property
    def _first(self) -> Layer:
        return self.order[0]

    def _backward_to_first(self, dout: Array) -> Array:
        for layer in reversed(self.order[1:]):
            dout = layer.backward(dout)
            layer.release()
        return dout

    def predict(self, x: Array) -> Array:
        """Return probabilities (N, classes) for inputs (N, *input_shape).

        Nothing is remembered: threads may share the network. Logits become probabilities by
        softmax, unless the network ends in Sigmoid, which gives one probability for each class.
        """
        self.check(x)
        blocks = range(0, max(len(x), 1), PREDICT_BLOCK)
        return self.probabilities(
            np.concatenate([self.forward(x[i : i + PREDICT_BLOCK]) for i in blocks])
        )

    def probabilities(self, out: Array) -> Array:
        """Turn what `forward` returns into probabilities."""
        return out if isinstance(self.layers[-1], Sigmoid) else softmax(out)

    def activations(self, x: Array) -> Iterator[tuple[Layer, Array]]:
        """Yield each layer, in its written order, with what it makes of `x`."""
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
            for group in (layer.params, layer.state):
                for key in group:
                    group[key] = arrays[f"{layer.name}.{key}"].astype(group[key].dtype)

    @property
    def parameter_count(self) -> int:
        """Number of trained numbers."""
        return sum(value.size for value in self.params.values())

    @property
    def multiply_adds(self) -> int:
        """Multiplications, each with its addition, that one input costs."""
        return sum(layer.multiply_adds for layer in self.layers)

    # -- telling and keeping --------------------------------------------------------------

    def summary(self) -> str:
        """Return a table of the layers: output shape, parameters, multiply-adds."""
        rows = [("layer", "output", "parameters", "multiply-adds")]
        rows += [("input", _times(self.input_shape), "", "")]
        for layer in self.layers:
            count = sum(value.size for value in layer.params.values())
            title = f"{layer.name}: {layer!r}"
            rows.append(
                (title, _times(layer.output_shape), f"{count:,}", f"{layer.multiply_adds:,}")
            )
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
        "layers": [{"type": type(layer).__name__, **layer.config()} for layer in network.layers],
    }


def _times(shape: Shape) -> str:
    return " × ".join(map(str, shape))


def _name_layers(layers: list[Layer]) -> None:
    """Call them conv1, relu1, conv2, …: kind, and count within the kind."""
    counts: dict[str, int] = {}
    for layer in layers:
        counts[layer.kind] = counts.get(layer.kind, 0) + 1
        layer.name = f"{layer.kind}{counts[layer.kind]}"


def _pool_before_activation(layers: list[Layer]) -> list[Layer]:
    """Order of execution: a max-pool changes places with the rising activation before it.

    The largest of the activated numbers is the activated largest number, so outputs and
    gradients stay the same, while the activation has pool_size² times fewer numbers to do.
    """
    order = list(layers)
    for i in range(len(order) - 1):
        if isinstance(order[i], ReLU | LeakyReLU) and isinstance(order[i + 1], MaxPool2D):
            order[i], order[i + 1] = order[i + 1], order[i]
    return order
