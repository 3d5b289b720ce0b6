"""Steps of a `Plan` (`convnet/inference/plan.py`) that more than one kind of layer takes.

A step is a function without arguments: it reads and writes buffers that exist already.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnet.arrays import Array, Shape

Step = Callable[[], object]


def copy(source: Array, out: Array) -> Step:
    """Return the step that copies `source` to `out`."""
    return lambda: np.copyto(out, source)


def multiply(left: Array, right: Array, out: Array) -> Step:
    """Return the step that writes the matrix product to `out`."""
    return lambda: np.matmul(left, right, out=out)


def largest(views: list[Array], out: Array) -> list[Step]:
    """Return the steps that write the element-wise maximum of several arrays."""
    first, *others = views
    if not others:
        return [copy(first, out)]
    second, *others = others
    return [
        lambda: np.maximum(first, second, out=out),
        *(partial(np.maximum, out, view, out=out) for view in others),
    ]


def pad(source: Array, top: int, left: int, size: Shape) -> tuple[Array, list[Step]]:
    """Return `source` (H, W, C) with zeros around it, and the steps that keep it so.

    Parameters
    ----------
    source : ndarray, shape (H, W, C)
    top, left : int
        Rows and columns of zeros before it.
    size : (int, int)
        Height and width with all zeros; where they are those of `source`, there is nothing to do.
    """
    height, width, channels = source.shape
    if size == (height, width):
        return source, []
    padded = np.zeros((*size, channels), np.float32)
    return padded, [copy(source, padded[top : top + height, left : left + width])]


def runs(array: Array, length: int, shape: Shape, strides: Shape) -> Array:
    """View each run of `length` numbers as a single item: NumPy copies large items faster.

    Parameters
    ----------
    array : ndarray
        Contiguous; where the first run starts.
    length : int
        Numbers in a run.
    shape, strides : tuple of int
        Of the view; strides in bytes.
    """
    first = np.ndarray((1,), f"V{length * array.itemsize}", array)
    return as_strided(first, shape, strides)
