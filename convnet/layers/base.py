"""What every layer is: shapes known beforehand, a forward pass, a backward pass."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from convnet.arrays import Array, Shape


class Layer:
    """A differentiable function with parameters.

    A layer is made with its hyper-parameters, *built* once for an input shape, and then maps
    arrays (N, *input_shape) to arrays (N, *output_shape). Subclasses implement `compute` and
    `input_gradient`; those with parameters `create_params` and `parameter_gradients` too.

    Attributes
    ----------
    params, grads : dict of str to ndarray
        Parameters, and the gradients of the loss by them: the same keys, the same shapes.
    state : dict of str to ndarray
        What is saved with the weights but not trained (the running statistics of BatchNorm).
    input_shape, output_shape : tuple of int
        Without the batch axis; empty before `build`.
    """

    kind = "layer"

    def __init__(self) -> None:
        self.name = self.kind
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}
        self.state: dict[str, Array] = {}
        self.input_shape: Shape = ()
        self.output_shape: Shape = ()
        self._cache: Any = None

    # -- what a subclass says of itself ---------------------------------------------------

    def config(self) -> dict[str, Any]:
        """Return the constructor's arguments: enough to make the same layer again."""
        return {}

    def infer_shape(self, input_shape: Shape) -> Shape:
        """Return the output shape for an input shape, or raise ValueError if it does not fit."""
        return input_shape

    def array_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of `params` and `state` for an input shape."""
        return {}

    def create_params(self, rng: np.random.Generator) -> None:
        """Fill `params` and `state`; `input_shape` and `output_shape` are known by now."""

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        """Return the output, and whatever the gradients will need (ignored unless training)."""
        raise NotImplementedError

    def parameter_gradients(self, dout: Array, cache: Any) -> dict[str, Array]:
        """Return the gradient of the loss by each parameter."""
        return {}

    def input_gradient(self, dout: Array, cache: Any) -> Array:
        """Return the gradient of the loss by the input; `grads` is filled by then."""
        raise NotImplementedError

    @property
    def multiply_adds(self) -> int:
        """Multiplications (each with its addition) for one image."""
        return 0

    # -- what everyone calls --------------------------------------------------------------

    def build(
        self, input_shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> Shape:
        """Fix the input shape, create the parameters, and return the output shape.

        Raises
        ------
        ValueError
            If the layer cannot take inputs of that shape.
        """
        self.input_shape = tuple(input_shape)
        self.output_shape = self.infer_shape(self.input_shape)
        self.create_params(rng)
        self.params = {key: np.asarray(value, dtype) for key, value in self.params.items()}
        self.state = {key: np.asarray(value, dtype) for key, value in self.state.items()}
        self.grads = {key: np.zeros_like(value) for key, value in self.params.items()}
        return self.output_shape

    def forward(self, x: Array, *, training: bool = False) -> Array:
        """Map `x` (N, *input_shape) to (N, *output_shape), in the dtype of `x`.

        Only with ``training=True`` is anything remembered for `backward`, so that one network
        can serve many threads.
        """
        if x.shape[1:] != self.input_shape:
            raise ValueError(f"{self.name} expects (N, {_join(self.input_shape)}), got {x.shape}")
        return self.run(x, training)

    def run(self, x: Array, training: bool) -> Array:
        """`forward` without the check of the shape: for callers that have checked."""
        out, cache = self.compute(x, training)
        if training:
            self._cache = cache
        return out

    def backward(self, dout: Array) -> Array:
        """Map the gradient by the output to the gradient by the input; fill `grads`.

        Raises
        ------
        RuntimeError
            If no ``forward(…, training=True)`` came before.
        """
        self.fill_grads(dout)
        return self.input_gradient(dout, self._cache)

    def fill_grads(self, dout: Array) -> None:
        """Do the part of `backward` that concerns the parameters: all a first layer needs."""
        if self._cache is None:
            raise RuntimeError(f"{self.name}: backward needs forward(x, training=True) before it")
        self.grads.update(self.parameter_gradients(dout, self._cache))

    def release(self) -> None:
        """Forget what the last training pass left; its memory is free for the layers below."""
        self._cache = None

    def __repr__(self) -> str:
        """Return the expression that makes it; keywords are left out where they are the default."""
        parameters = signature(type(self)).parameters
        said = []
        for name, value in self.config().items():
            default = parameters[name].default
            if parameters[name].kind is Parameter.POSITIONAL_OR_KEYWORD:
                said.append(repr(value))
            elif value not in (default, (default, default)):
                said.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(said)})"


def _join(shape: Shape) -> str:
    return ", ".join(map(str, shape))
