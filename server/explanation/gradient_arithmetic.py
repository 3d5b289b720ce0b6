"""The exact numbers of one layer on the way back: what came back, and what it sends on.

A gradient by a layer's input is a sum of what came back to its outputs, each times a number. Of a
convolution and a dense layer it has the same form as what they compute forwards, so it is written
in the same fields (`server/explanation/layer_arithmetic.py`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.explanation.layer_arithmetic import placement, tensor
from server.explanation.layer_trace import Trace
from server.problems import Problem

Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Gradients:
    """What comes back through a network.

    Attributes
    ----------
    target : int
        The class that is taken for the truth.
    loss : float
    by : list of ndarray
        Gradients of the loss by the input, then by the output of every layer.
    """

    target: int
    loss: float
    by: list[Numbers]


def gradient(step: Trace, index: int, channel: int, found: Gradients) -> dict[str, Any]:
    """Write what comes back to a channel of a layer's input, and what it is the sum of.

    Raises
    ------
    Problem
        If the layer's input has fewer channels.
    """
    channels = step.input.shape[-1]
    if channel >= channels:
        expected = f"a whole number from 0 to {channels - 1}"
        raise Problem(
            "invalid_field", f"`gradient` must be {expected}, got {channel}", field="gradient"
        )
    dx, dout = found.by[index], found.by[index + 1]
    about = {"channel": channel, "target": found.target, "loss": float(f"{found.loss:.6g}")}
    numbers: dict[str, Any] = CONTENTS[step.layer.view](step, channel, dx, dout)
    return about | numbers


def convolution(step: Trace, channel: int, dx: Numbers, dout: Numbers) -> dict[str, Any]:
    """Write it as a convolution: dout, spread by the stride, under the turned kernel."""
    layer: Any = step.layer
    kernel = layer.correlation_kernel  # (KH, KW, C_in / groups, C_out)
    which = [o for o in range(dout.shape[-1]) if in_slice(channel, layer.channels_seen(o))]
    within = channel - layer.channels_seen(which[0]).start
    layout = layer.windows()
    (down, across), dilation = layout["stride"], layout["dilation"]
    height, width = (dout.shape[0] - 1) * down + 1, (dout.shape[1] - 1) * across + 1
    spread = np.zeros((height, width, len(which)), dout.dtype)
    spread[::down, ::across] = dout[..., which]
    reach = [(side - 1) * step for side, step in zip(kernel.shape[:2], dilation, strict=True)]
    before = [far - pads[0] for far, pads in zip(reach, layout["padding"], strict=True)]
    after = [dx.shape[i] - 1 + reach[i] - before[i] - (spread.shape[i] - 1) for i in (0, 1)]
    return {
        "input": tensor(spread),
        "kernel": tensor(kernel[::-1, ::-1, within][..., which]),
        "bias": 0.0,
        "output": tensor(dx[..., channel]),
        "stride": [1, 1],
        "padding": [[before[0], after[0]], [before[1], after[1]]],
        "dilation": dilation,
    }


def in_slice(number: int, part: slice) -> bool:
    """Whether a number is one of those that a slice takes."""
    return bool(part.start <= number < part.stop)


def dense(step: Trace, channel: int, dx: Numbers, dout: Numbers) -> dict[str, Any]:
    """Write it as a weighted sum: of what came back to every output."""
    return {
        "input": tensor(dout),
        "weights": tensor(step.layer.params["w"][channel]),
        "bias": 0.0,
        "output": float(dx[channel]),
    }


def pooling(step: Trace, channel: int, dx: Numbers, dout: Numbers) -> dict[str, Any]:
    """Write one map of what came back and what is sent on, and the map that was pooled."""
    arrays = {"input": dout, "output": dx, "x": step.input, "pooled": step.output}
    written = {name: tensor(array[..., channel]) for name, array in arrays.items()}
    return written | placement(step)


def elementwise(step: Trace, channel: int, dx: Numbers, dout: Numbers) -> dict[str, Any]:
    """Write one map, or one number, of what came back, what is sent on and what there was."""
    arrays = {"input": dout, "output": dx, "x": step.input}
    parts = {name: array[..., channel] for name, array in arrays.items()}
    return {name: tensor(part) if part.ndim else float(part) for name, part in parts.items()}


def whole(_step: Trace, _channel: int, dx: Numbers, dout: Numbers) -> dict[str, Any]:
    """Write all that came back and all that is sent on."""
    return {"input": tensor(dout), "output": tensor(dx)}


CONTENTS: dict[str, Any] = {
    "convolution": convolution,
    "pooling": pooling,
    "dense": dense,
    "elementwise": elementwise,
    "reshape": whole,
    "whole": whole,
}
