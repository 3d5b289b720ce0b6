"""Types, and the one memory layout of the engine.

Layers take and return arrays of the field's usual shape ``(N, H, W, C)``. In memory the order is
``(H, W, C, N)``, *batch-innermost*: the array that a layer returns is a transposed view of that.
Then each channel of each pixel is one contiguous run of N numbers, so pooling, activations and
normalisation are long vector loops, and the windows of a convolution can be multiplied without
copying them (`convnet/correlation/`). Names that end in ``_hwcn`` are arrays in this order.

Layers accept any memory order; the first layer that needs another one makes a copy. What a layer
is, is told in `convnet/layers/base.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Shape = tuple[int, ...]


def batch_last(x: Array) -> Array:
    """View (or copy, where it must) of `x` (N, …) as a C-contiguous array (…, N)."""
    # `np.moveaxis` would do the same in ten times the time, which matters for single images.
    return np.ascontiguousarray(x.transpose(*range(1, x.ndim), 0))


def batch_first(x: Array) -> Array:
    """View of `x` (…, N) as (N, …): the inverse of `batch_last`; never copies."""
    return x.transpose(-1, *range(x.ndim - 1))
