"""Gradients by finite differences, in float64, to compare the analytic ones with.

Two ways. `numerical_gradient` moves one number at a time: exact about where an error is, slow for
large arrays. `check_gradients` compares along random directions, after HIPS/autograd's
``check_grads``: a random direction has a part along every entry, so a wrong entry shows in the
derivative along it, at the cost of two calls whatever the size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# For central differences the rounding error falls and the truncation error grows with the step;
# they meet near the cube root of float64's 1e-16.
STEP = 1e-5


def numerical_gradient(function: Callable[[Array], float], x: Array, step: float = STEP) -> Array:
    """Move every number of `x` in turn and return how much `function` changes per unit."""
    assert x.dtype == np.float64, "finite differences need float64"
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (function(up) - function(down)) / (2 * step)
    return gradient


def directional_derivative(
    function: Callable[[Array], float], x: Array, direction: Array, step: float = STEP
) -> float:
    """Return how much `function` changes per unit when `x` moves along `direction`."""
    assert x.dtype == np.float64, "finite differences need float64"
    return (function(x + step * direction) - function(x - step * direction)) / (2 * step)


def check_gradient(
    function: Callable[[Array], float],
    x: Array,
    gradient: npt.NDArray[Any],
    rng: np.random.Generator,
    *,
    directions: int = 4,
    rtol: float = 1e-6,
    name: str = "x",
) -> None:
    """Compare `gradient` with finite differences of `function` at `x` along random directions."""
    assert gradient.shape == x.shape, f"d{name} has shape {gradient.shape}, {name} {x.shape}"
    for _ in range(directions):
        direction = rng.normal(size=x.shape)
        direction /= max(float(np.linalg.norm(direction)), 1e-300)
        expected = directional_derivative(function, x, direction)
        actual = float(np.vdot(gradient, direction))
        # The error of one entry counts in relation to the length of the gradient, so that is the
        # scale.
        scale = float(np.linalg.norm(gradient)) / np.sqrt(x.size)
        np.testing.assert_allclose(
            actual, expected, rtol=rtol, atol=rtol * scale + 1e-10, err_msg=f"d{name}"
        )


def check_layer_gradients(
    forward: Callable[[Array], Array],
    x: Array,
    dx: Array,
    params: Mapping[str, Array],
    grads: Mapping[str, Array],
    dout: Array,
    rng: np.random.Generator,
) -> None:
    """Check dx and the gradient of every parameter of ``sum(forward(x) * dout)``.

    `forward` must read the parameters from the arrays of `params`, which are moved in place.
    """

    def loss(x: Array) -> float:
        return float(np.vdot(forward(x), dout))

    check_gradient(loss, x, dx, rng)
    for name, param in params.items():

        def loss_of_param(value: Array, param: Array = param) -> float:
            before = param.copy()
            param[...] = value
            try:
                return loss(x)
            finally:
                param[...] = before

        check_gradient(loss_of_param, param.copy(), grads[name], rng, name=name)
