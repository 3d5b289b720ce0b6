"""What every layer saw of a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.recognizer import Inputs, Layer, Recognizer


@dataclass(frozen=True)
class Trace:
    """One layer at work.

    Attributes
    ----------
    layer : Layer
    input, output : ndarray
        Without the batch axis.
    """

    layer: Layer
    input: NDArray[np.float32]
    output: NDArray[np.float32]


def trace(recognizer: Recognizer, ink: Inputs) -> list[Trace]:
    """Follow one input through every layer."""
    steps, before = [], ink.reshape(recognizer.form.shape)
    for layer, after in recognizer.activations(ink):
        steps.append(Trace(layer, before, after))
        before = after
    return steps
