"""The exact numbers of one layer, so that it can be followed by hand."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.explanation.layer_trace import Trace
from server.problems import Problem

LARGEST = 100_000
"""Most weights that are sent without a `channel`."""


def detail(step: Trace, index: int, channel: int | None) -> dict[str, Any]:
    """Write what went into a channel of a layer, what came out, and the numbers in between.

    Raises
    ------
    Problem
        If the layer needs a `channel`, or has fewer channels.
    """
    if step.layer.view in ("whole", "reshape"):
        channel = None
    else:
        check_channel(step, channel)
    arrays: dict[str, Any] = CONTENTS[step.layer.view](step, channel)
    return {"layer": index, "channel": channel, "kind": type(step.layer).__name__} | arrays


def check_channel(step: Trace, channel: int | None) -> None:
    """Refuse a channel that is not there."""
    channels = step.output.shape[-1]
    small = step.layer.view == "dense" and step.layer.params["w"].size <= LARGEST
    if channel is None and not small:
        raise Problem("invalid_field", "`channel` is needed for this layer", field="channel")
    if channel is not None and channel >= channels:
        expected = f"a whole number from 0 to {channels - 1}"
        raise Problem(
            "invalid_field", f"`channel` must be {expected}, got {channel}", field="channel"
        )


def convolution(step: Trace, channel: int) -> dict[str, Any]:
    """Write a convolution: what it sees of the input, one kernel as it lies on it, one map."""
    return {
        "input": tensor(step.input[..., channels_seen(step, channel)]),
        "kernel": tensor(kernel_of(step, channel)),
        "bias": bias_of(step, channel),
        "output": tensor(step.output[..., channel]),
        **placement(step),
    }


def pooling(step: Trace, channel: int) -> dict[str, Any]:
    """Write a pooling: one map before and after."""
    return {
        "input": tensor(step.input[..., channel]),
        "output": tensor(step.output[..., channel]),
        **placement(step),
    }


def dense(step: Trace, channel: int | None) -> dict[str, Any]:
    """Write a weighted sum: of one neuron, or of all."""
    which = slice(None) if channel is None else channel
    output = step.output[which]
    return {
        "input": tensor(step.input),
        "weights": tensor(step.layer.params["w"][:, which]),
        "bias": tensor(biases(step)) if channel is None else bias_of(step, channel),
        "output": tensor(output) if channel is None else float(output),
    }


def elementwise(step: Trace, channel: int) -> dict[str, Any]:
    """Write one map before and after, and the numbers that the layer has for it."""
    before, after = step.input[..., channel], step.output[..., channel]
    numbers = step.layer.channel_numbers(channel)
    if before.ndim == 0:
        return {"input": float(before), "output": float(after)} | numbers
    return {"input": tensor(before), "output": tensor(after)} | numbers


def whole(step: Trace, _channel: None) -> dict[str, Any]:
    """Write all that goes in and comes out."""
    return {"input": tensor(step.input), "output": tensor(step.output)}


CONTENTS: dict[str, Any] = {
    "convolution": convolution,
    "pooling": pooling,
    "dense": dense,
    "elementwise": elementwise,
    "reshape": whole,
    "whole": whole,
}


def window(step: Trace, channel: int, row: int, column: int) -> dict[str, Any]:
    """Spell out the arithmetic of one output position.

    Raises
    ------
    Problem
        If the layer has no windows, or no such position.
    """
    if step.layer.view not in ("convolution", "pooling"):
        detail = f"`row` must be left out: {step.layer.name} has no windows"
        raise Problem("invalid_field", detail, field="row")
    for name, value, size in zip(("row", "column"), (row, column), step.output.shape, strict=False):
        if value >= size:
            detail = f"`{name}` must be a whole number from 0 to {size - 1}, got {value}"
            raise Problem("invalid_field", detail, field=name)
    top, left, values = window_at(step, row, column)
    place = {"row": row, "column": column, "top": top, "left": left}
    output = rounded(step.output[row, column, channel])
    if step.layer.view == "pooling":
        return place | {"input": rounded(values[..., channel]), "output": output}
    kernel = kernel_of(step, channel)
    values = values[..., channels_seen(step, channel)]
    products = values.astype(np.float64) * kernel
    return place | {
        "input": rounded(values),
        "kernel": rounded(kernel),
        "products": rounded(products),
        "sum": rounded(products.sum()),
        "bias": rounded(np.float64(bias_of(step, channel))),
        "output": output,
    }


def window_at(step: Trace, row: int, column: int) -> tuple[int, int, NDArray[np.float32]]:
    """Return top and left of the window of an output position, and the values in it."""
    layout = step.layer.windows()
    height, width = layout.get("pool") or layout["kernel_shape"][:2]
    (top, _), (left, _) = padding = layout["padding"]
    down, across = layout.get("dilation", (1, 1))
    padded = np.pad(step.input, (*padding, (0, 0)))
    first, start = row * layout["stride"][0], column * layout["stride"][1]
    rows, columns = (
        slice(first, first + height * down, down),
        slice(start, start + width * across, across),
    )
    return first - top, start - left, padded[rows, columns]


def channels_seen(step: Trace, channel: int) -> slice:
    """Return which channels of its input a convolution computes a channel from."""
    layer: Any = step.layer
    seen: slice = layer.channels_seen(channel)
    return seen


def kernel_of(step: Trace, channel: int) -> NDArray[np.float32]:
    """Return a kernel (KH, KW, C) as it is laid on the input."""
    layer: Any = step.layer
    kernel: NDArray[np.float32] = layer.correlation_kernel[..., channel]
    return kernel


def biases(step: Trace) -> NDArray[np.float32]:
    """Return the biases of a layer; zeros if it has none."""
    channels = step.output.shape[-1]
    found: NDArray[np.float32] = step.layer.params.get("b", np.zeros(channels, np.float32))
    return found


def bias_of(step: Trace, channel: int) -> float:
    """Return the bias of one channel."""
    return float(biases(step)[channel])


def placement(step: Trace) -> dict[str, Any]:
    """Return size, stride and padding of the windows."""
    shape = step.layer.windows()
    names = ("pool", "stride", "padding", "dilation")
    named = {name: shape[name] for name in names if name in shape}
    return named | ({"flipped": flipped(step)} if "kernel_shape" in shape else {})


def flipped(step: Trace) -> bool:
    """Whether the stored kernel was turned by 180 degrees to be laid on the input."""
    return bool(step.layer.config().get("mode") == "convolution")


def tensor(values: NDArray[Any]) -> dict[str, Any]:
    """Write an array exactly: float32, little-endian, in C order."""
    data = np.ascontiguousarray(values, "<f4").tobytes()
    shape = list(values.shape)
    return {"shape": shape, "dtype": "float32", "data": base64.b64encode(data).decode()}


def rounded(values: Any) -> Any:
    """Write numbers plainly, with six significant digits."""
    if np.ndim(values):
        return [rounded(value) for value in values]
    return float(f"{values:.6g}")
