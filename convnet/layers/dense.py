"""Dense: every output is connected to every input.

Forward         out = x·w + b
Gradients       out[n, k] = Σ_f x[n, f]·w[f, k] + b[k], so w[f, k] is multiplied by x[n, f] for
                every image:  dw = xᵀ·dout,  db = Σ_n dout[n],  and each input reaches the outputs
                through its row of w:  dx = dout·wᵀ.
Source: Goodfellow et al., *Deep Learning*, section 6.5.6.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convnet import initializers
from convnet.arrays import Array, Shape
from convnet.checks import require_positive_int
from convnet.layers.base import Layer, plural
from convnet.runtime.threads import parallel


class Dense(Layer):
    """Multiply vectors (N, F) by a matrix (F, units) and add a bias, giving (N, units).

    Parameters
    ----------
    units : int
        Number of outputs.
    use_bias : bool
        Whether a bias is added.
    initializer : str or callable
        Of the matrix, see `convnet.initializers`.

    Raises
    ------
    ValueError
        If `units` is not a positive int, or, in `build`, if the input is not flat.
    """

    kind = "dense"
    loops = "dense"
    view = "dense"

    def __init__(
        self,
        units: int,
        *,
        use_bias: bool = True,
        initializer: str | initializers.Initializer = "he_normal",
    ) -> None:
        super().__init__()
        self.units = require_positive_int("units", units)
        self.use_bias = use_bias
        self.initializer = initializers.named(initializer)

    def infer_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 1:
            raise ValueError(
                f"expects vectors (F,), got inputs of shape {input_shape}; add Flatten()"
            )
        return (self.units,)

    def array_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        matrix = {"w": (*input_shape, self.units)}
        return matrix | ({"b": (self.units,)} if self.use_bias else {})

    def create_params(self, rng: np.random.Generator) -> None:
        shape = self.array_shapes(self.input_shape)["w"]
        self.params["w"] = initializers.get(self.initializer)(shape, rng, np.float64)
        if self.use_bias:
            self.params["b"] = np.zeros(self.units)

    @property
    def multiply_adds(self) -> int:
        return self.input_shape[0] * self.units

    @property
    def does(self) -> str:
        units = plural(self.units, "neuron")
        return f"{units}, each a weighted sum of all {self.input_shape[0]} numbers before it"

    def windows(self) -> dict[str, list[Any]]:
        return {"kernel_shape": list(self.params["w"].shape)}

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        w = self.params["w"].astype(x.dtype, copy=False)
        out = product(w.T, x.T).T  # x·w, with the batch innermost in memory
        if self.use_bias:
            out += self.params["b"].astype(x.dtype, copy=False)
        if training:
            self.cache = x
        return out

    def backward(self, dout: Array) -> Array:
        x, w = self.cache, self.params["w"].astype(dout.dtype, copy=False)
        self.grads["w"] = product(x.T, dout)
        if self.use_bias:
            self.grads["b"] = dout.sum(axis=0)
        if not self.needs_dx:  # the first layer of a network that is being trained
            return np.empty((0, *self.input_shape), dout.dtype)
        return product(w, dout.T).T  # dout·wᵀ


def product(a: Array, b: Array) -> Array:
    """Return the matrix product of (M, K) and (K, N); the threads share the rows of the result."""
    out = np.empty((a.shape[0], b.shape[1]), a.dtype)

    def task(start: int, stop: int) -> None:
        np.matmul(a[start:stop], b, out=out[start:stop])

    # A product does K multiplications for every number that it writes.
    parallel(task, a.shape[0], work=out.size * a.shape[1] // 8)
    return out
