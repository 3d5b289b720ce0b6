"""Types, and the one memory layout of the engine.

Every array at a layer's boundary has the field's usual shape ``(N, H, W, C)``. Behind it the
memory is *batch-innermost*, ``(H, W, C, N)``: the array that a layer returns is a transposed view.
With the batch innermost, each pixel's channel is one contiguous run of N numbers, so pooling,
activations and normalisation are long vector loops, and the windows of a convolution can be
multiplied where they lie (see ``convnet/correlation/``). Layers accept any strides; an input
in another order is copied once, by the first layer that cares.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Shape = tuple[int, ...]


def batch_last(x: Array) -> Array:
    """View (or copy, where it must) of `x` (N, …) as a C-contiguous array (…, N)."""
    # transpose does what moveaxis would, at a tenth of its cost: it counts for single images.
    return np.ascontiguousarray(x.transpose(*range(1, x.ndim), 0))


def batch_first(x: Array) -> Array:
    """View of `x` (…, N) as (N, …): the inverse of `batch_last`; never copies."""
    return x.transpose(-1, *range(x.ndim - 1))
