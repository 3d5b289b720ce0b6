"""What every layer is: shapes known beforehand, a forward pass, a backward pass.

The simplest whole layer to read next is `convnet/layers/dense.py`; what calls the layers one after
the other is `convnet/network.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter, getdoc, signature
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from convnet.arrays import Array, Shape

View = Literal["convolution", "pooling", "dense", "elementwise", "reshape", "whole"]


class Layer:
    """A differentiable function with parameters.

    A layer is made with its hyper-parameters, *built* once for an input shape, and then maps
    arrays (N, *input_shape) to arrays (N, *output_shape). A subclass writes `forward` and
    `backward`; if its output has another shape, `infer_shape`; if it has parameters,
    `array_shapes` and `create_params`.

    Attributes
    ----------
    params, grads : dict of str to ndarray
        Parameters, and the gradients of the loss by them: the same keys, the same shapes.
    state : dict of str to ndarray
        What is saved with the weights but not trained (the running statistics of BatchNorm).
    input_shape, output_shape : tuple of int
        Without the batch axis; empty before `build`.
    loops : str
        The function of `convnet.reference` that computes the same in plain loops, if there is one.
    branches : sequence of lists of Layer
        Layers within this one: chains that all take its input. Most kinds have none.
    handed_out : bool
        Whether anyone has asked for `params` or `state` since it was last set to False, and so may
        have changed them (`convnet/inference/watch.py`).
    trainable : bool
        Whether a `Trainer` may change it; if not, a BatchNorm also keeps and uses its running
        statistics. Not saved.
    needs_dx : bool
        Whether anyone will read what `backward` returns. False only while a network's first layer
        is trained: the gradient by the images changes no weight. Layers whose dx is expensive look
        at it, and return an empty array.
    """

    kind = "layer"
    loops = ""
    branches: Sequence[list[Layer]] = ()

    def __init__(self) -> None:
        self.name = self.kind
        self.handed_out = True
        self._params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}
        self._state: dict[str, Array] = {}
        self.input_shape: Shape = ()
        self.output_shape: Shape = ()
        self.trainable = True
        self.needs_dx = True
        self._cache: Any = None

    @property
    def params(self) -> dict[str, Array]:
        """The parameters, by name: the arrays themselves, not copies."""
        self.handed_out = True
        return self._params

    @params.setter
    def params(self, arrays: dict[str, Array]) -> None:
        self.handed_out = True
        self._params = arrays

    @property
    def state(self) -> dict[str, Array]:
        """What is saved with the parameters but not trained."""
        self.handed_out = True
        return self._state

    @state.setter
    def state(self, arrays: dict[str, Array]) -> None:
        self.handed_out = True
        self._state = arrays

    @property
    def array_dicts(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """`params` and `state` for those who only read them: they are not noted as handed out."""
        return self._params, self._state

    # -- what a layer computes ------------------------------------------------------------

    def forward(self, x: Array, *, training: bool = False) -> Array:
        """Map `x` (N, *input_shape) to (N, *output_shape), in the dtype of `x`.

        Only with ``training=True`` is `cache` written, so that threads may share a network that
        only answers.

        Raises
        ------
        ValueError
            If `x` has another shape.
        """
        raise NotImplementedError

    def backward(self, dout: Array) -> Array:
        """Map the gradient by the output to the gradient by the input, dx; fill `grads`.

        Raises
        ------
        RuntimeError
            If no ``forward(x, training=True)`` came before.
        """
        raise NotImplementedError

    def check(self, x: Array) -> None:
        """Raise ValueError if `x` is no batch of this layer's inputs."""
        if x.shape[1:] != self.input_shape:
            raise ValueError(f"{self.name} expects (N, {_join(self.input_shape)}), got {x.shape}")

    @property
    def cache(self) -> Any:
        """What `forward` keeps for `backward`; None before, and once it is no longer needed.

        Raises
        ------
        RuntimeError
            If there is nothing to read.
        """
        if self._cache is None:
            raise RuntimeError(f"{self.name}: backward needs forward(x, training=True) before it")
        return self._cache

    @cache.setter
    def cache(self, value: Any) -> None:
        self._cache = value

    # -- what a layer says of itself ---------------------------------------------------

    def config(self) -> dict[str, Any]:
        """Return the constructor's arguments: enough to make the same layer again.

        Each is read from the attribute of the same name, and can be written as JSON. So a function
        that is given as `initializer`, and is none of `convnet.initializers`, is left out: the
        layer made again has the default one. (Saved weights do not depend on it.)
        """
        arguments = {name: getattr(self, name) for name in signature(type(self)).parameters}
        return {name: value for name, value in arguments.items() if not callable(value)}

    def infer_shape(self, input_shape: Shape) -> Shape:
        """Return the output shape for an input shape, or raise ValueError if it does not fit."""
        return input_shape

    def array_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of `params` and `state` for an input shape."""
        return {}

    def create_params(self, rng: np.random.Generator) -> None:
        """Fill `params` and `state`; `input_shape` and `output_shape` are known by now."""

    @property
    def built(self) -> bool:
        """Whether `build` was called."""
        return bool(self.output_shape)

    @property
    def multiply_adds(self) -> int:
        """Multiplications (each with its addition) for one image."""
        return 0

    def build(
        self, input_shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> Shape:
        """Fix the input shape, create the parameters, and return the output shape.

        A layer that was built before keeps its parameters.

        Raises
        ------
        ValueError
            If the layer cannot take inputs of that shape, or has parameters of other shapes.
        """
        built, self.input_shape = self.built, tuple(input_shape)
        self.output_shape = self.infer_shape(self.input_shape)
        if built:
            self._check_params()
        else:
            self.create_params(rng)
        self.params = {key: np.asarray(value, dtype) for key, value in self.params.items()}
        self.state = {key: np.asarray(value, dtype) for key, value in self.state.items()}
        self.grads = {key: np.zeros_like(value) for key, value in self.params.items()}
        return self.output_shape

    def _check_params(self) -> None:
        expected = self.array_shapes(self.input_shape)
        for key, value in (self.params | self.state).items():
            if value.shape != expected[key]:
                raise ValueError(
                    f"has weights {key} of shape {value.shape}; inputs of shape "
                    f"{self.input_shape} need {expected[key]}"
                )

    def __getstate__(self) -> dict[str, Any]:
        """Leave out of copies what only the next backward pass of this one needs."""
        return {**self.__dict__, "_cache": None}

    # -- how a layer is shown by `GET /model`, `POST /explain` and the page ------------------

    @property
    def does(self) -> str:
        """A sentence without its full stop; by default the first one of the docstring."""
        first, *_ = (getdoc(type(self)) or self.kind).split("\n\n")
        return " ".join(first.split()).partition(". ")[0].rstrip(".")

    @property
    def view(self) -> View:
        """What can be followed by hand.

        ``elementwise``: a map of the output, from the same map of the input; ``whole``: all numbers
        at once; ``reshape``: where each went; the others are what their layers are.
        """
        return "elementwise" if self.output_shape == self.input_shape else "whole"

    @property
    def rule(self) -> str:
        """What becomes of a number x, with ``{names}`` of `channel_numbers`; may be empty."""
        return ""

    def channel_numbers(self, channel: int) -> dict[str, float]:
        """Return the numbers that this layer has for a channel: its parameters, by name."""
        arrays = (self.params | self.state).items()
        one_each = self.output_shape[-1:]
        return {key: float(value[channel]) for key, value in arrays if value.shape == one_each}

    def windows(self) -> dict[str, list[Any]]:
        """Return size, stride, padding of the windows or weights, by rows and columns."""
        return {}

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


def plural(number: int, noun: str) -> str:
    """Say how many, in the right number."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
