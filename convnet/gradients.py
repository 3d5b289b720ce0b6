"""Whether a layer's gradients are right: they are compared with really moving its numbers.

The derivative by a number is what the output changes by when the number moves a little, divided by
that little: (f(x + h) - f(x - h)) / 2h. In double precision that has about nine right digits, so a
wrong formula shows at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy

import numpy as np

from convnet.arrays import Array, Shape
from convnet.layers import Layer

# For central differences the rounding error falls and the truncation error grows with the step;
# they meet near the cube root of float64's 1e-16.
STEP = 1e-5
SMALLEST = 1e-4  # of smaller gradients an error is taken as a share of this: 0 has none
MOST = 100  # numbers of an array that are moved; all of a small one


def check(
    layer: Layer,
    input_shape: Shape | None = None,
    *,
    batch: int = 3,
    rtol: float = 1e-5,
    seed: int = 0,
) -> dict[str, float]:
    """Compare dx and the gradient of every parameter of a layer with finite differences.

    Inputs and parameters are random, none of them 0: a layer may have a kink there.

    Parameters
    ----------
    layer : Layer
        Is copied; if it was not built, `input_shape` is needed.
    input_shape : tuple of int, optional
        Without the batch axis.
    batch : int
        Inputs at once: more than one, to show what is added up over them.
    rtol : float
        Largest error that is still right, as a share of an array's largest gradient.
    seed : int
        Of all that is random.

    Returns
    -------
    dict of str to float
        The largest error found in ``"x"`` and in each parameter, as such a share.

    Raises
    ------
    AssertionError
        If a gradient is wrong; it says which, where, what it is and what it should be.
    ValueError
        If `input_shape` is missing, or does not fit the layer.

    Examples
    --------
    >>> convnet.gradients.check(convnet.Conv2D(4, 3), (6, 6, 2))
    {'x': 3.1e-11, 'w': 1.9e-11, 'b': 1.1e-11}
    """
    rng = np.random.default_rng(seed)
    layer = _in_double_precision(layer, input_shape, rng)
    return _errors(layer, _numbers((batch, *layer.input_shape), rng), rtol, rng)


def _errors(layer: Layer, x: Array, rtol: float, rng: np.random.Generator) -> dict[str, float]:
    """Run the layer back once, and compare each of its gradients."""
    trained = deepcopy(layer)  # a copy for each pass, so that Dropout drops the same
    dout = rng.normal(size=trained.forward(x, training=True).shape)
    dx = trained.backward(dout)
    if trained.grads.keys() != layer.params.keys():
        raise AssertionError(
            f"{layer.name}: `grads` has {sorted(trained.grads)}, `params` {sorted(layer.params)}"
        )

    def loss() -> float:
        return float(np.vdot(deepcopy(layer).forward(x, training=True), dout))

    errors = {"x": _compare(f"{layer.name}: dx", dx, x, loss, rtol, rng)}
    for name, value in layer.params.items():
        gradient = trained.grads[name]
        errors[name] = _compare(f"{layer.name}: d{name}", gradient, value, loss, rtol, rng)
    return errors


def _in_double_precision(
    layer: Layer, input_shape: Shape | None, rng: np.random.Generator
) -> Layer:
    """Return a built copy with random float64 parameters, which may be moved in place."""
    copy = deepcopy(layer)
    shape = copy.input_shape if input_shape is None else tuple(input_shape)
    if not shape:
        raise ValueError("`input_shape` is needed: the layer was not built")
    copy.build(shape, rng, np.float64)
    for value in copy.params.values():
        # Those that start at 0 or 1 would hide errors in what they are multiplied with.
        value += rng.uniform(0.1, 0.5, value.shape)
    return copy


def _numbers(shape: Shape, rng: np.random.Generator) -> Array:
    """Return distinct numbers in -2..2, none near 0: no tie and no kink within a step."""
    count = math.prod(shape)
    return ((rng.permutation(count) + 0.25) / count - 0.5).reshape(shape) * 4


def _compare(
    name: str,
    gradient: Array,
    value: Array,
    loss: Callable[[], float],
    rtol: float,
    rng: np.random.Generator,
) -> float:
    """Move numbers of `value` in place, one after the other; return the largest error."""
    if gradient.shape != value.shape:
        raise AssertionError(f"{name} has shape {gradient.shape}, expected {value.shape}")
    chosen = rng.permutation(value.size)[:MOST]
    moved = {int(at): _derivative(loss, value, int(at)) for at in chosen}
    scale = max([SMALLEST, float(np.abs(gradient).max(initial=0)), *map(abs, moved.values())])
    errors = {at: abs(float(gradient.flat[at]) - expected) for at, expected in moved.items()}
    worst = max(errors, key=lambda at: errors[at])
    if not errors[worst] <= rtol * scale:  # NaN, too, is wrong
        place = ", ".join(map(str, np.unravel_index(worst, value.shape)))
        raise AssertionError(
            f"{name}[{place}] is {float(gradient.flat[worst]):.6g}, but moving that number gives "
            f"{moved[worst]:.6g}"
        )
    return errors[worst] / scale


def _derivative(loss: Callable[[], float], value: Array, at: int) -> float:
    before = float(value.flat[at])
    value.flat[at] = before + STEP
    up = loss()
    value.flat[at] = before - STEP
    down = loss()
    value.flat[at] = before
    return (up - down) / (2 * STEP)
