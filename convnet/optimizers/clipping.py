"""Gradients that are too long, made shorter, so that one odd batch does not spoil the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from convnet.arrays import Array


def clip_by_global_norm(grads: Mapping[str, Array], clip_norm: float) -> float:
    """Scale all gradients together, in place, to a length of at most `clip_norm`.

    Their direction stays. A length that is not finite is left as it is: no scale would help.
    (R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks",
    2013, algorithm 1.)

    Returns
    -------
    float
        The length before: the root of the sum of all squares.
    """
    squares = (float(np.square(grad, dtype=np.float64).sum()) for grad in grads.values())
    norm = math.sqrt(sum(squares))
    if clip_norm < norm < math.inf:
        for grad in grads.values():
            grad *= grad.dtype.type(clip_norm / norm)
    return norm
