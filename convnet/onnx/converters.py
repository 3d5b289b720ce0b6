"""A network as an ONNX model: one node, or a few, for each layer that computes something.

ONNX's convolution and pooling want the channels before the rows (N, C, H, W); ours come last. So
the graph transposes only where that changes: before the first convolution, and where an image
becomes a vector. Source: the ONNX operator specification, opset 17.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.arrays import Shape
from convnet.layers import (
    GELU,
    AveragePool2D,
    BatchNorm,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool2D,
    Layer,
    LayerNorm,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Reshape,
    Residual,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
    Upsample2D,
)
from convnet.network import Sequential
from convnet.onnx import messages


class _Graph:
    """Nodes and weights so far, and the value that the next node takes."""

    def __init__(self, shape: Shape) -> None:
        self.nodes: list[tuple[str, Sequence[str], str, dict[str, Any]]] = []
        self.weights: list[bytes] = []
        self.value, self.rank = "images", len(shape) + 1
        self.channels_first = False

    def add(self, operator: str, *arrays: NDArray[np.generic], **attributes: object) -> None:
        """Append a node on the current value and on constants; its result is the next value."""
        name = f"{operator.lower()}{len(self.nodes)}"
        constants = [f"{name}.{place}" for place in range(len(arrays))]
        for constant, array in zip(constants, arrays, strict=True):
            self.weights.append(messages.tensor(constant, array))
        self.nodes.append((operator, [self.value, *constants], name, attributes))
        self.value = name

    def join(self, operator: str, *values: str, **attributes: object) -> None:
        """Append a node on values that there are; its result is the next value."""
        name = f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append((operator, values, name, attributes))
        self.value = name

    def put_channels(self, first: bool) -> None:
        """Transpose if the channels are on the wrong axis; vectors have only channels."""
        if self.rank > 2 and first != self.channels_first:
            middle = range(1, self.rank - 1)
            last = (0, *(axis + 1 for axis in middle), 1)
            self.add("Transpose", perm=(0, self.rank - 1, *middle) if first else last)
        self.channels_first = first

    def reshape(self, shape: Shape) -> None:
        """Give every image another shape; the batch axis stays free."""
        self.put_channels(first=False)
        self.add("Reshape", np.array((-1, *shape), np.int64))
        self.rank = len(shape) + 1


def _conv(graph: _Graph, layer: Conv2D) -> None:
    graph.put_channels(first=True)
    kernel = layer.correlation_kernel.transpose(3, 2, 0, 1)  # (C_out, C_in, KH, KW)
    bias = [_float(layer.params["b"])] if layer.use_bias else []
    sides = layer.geometry
    graph.add(
        "Conv",
        _float(kernel),
        *bias,
        kernel_shape=layer.kernel_size,
        strides=layer.stride,
        dilations=layer.dilation,
        group=layer.groups,
        pads=(sides.top, sides.left, sides.bottom, sides.right),
    )


def _pool(operator: str) -> Callable[[_Graph, MaxPool2D | AveragePool2D], None]:
    def convert(graph: _Graph, layer: MaxPool2D | AveragePool2D) -> None:
        graph.put_channels(first=True)
        graph.add(operator, kernel_shape=[layer.pool_size] * 2, strides=[layer.stride] * 2)

    return convert


def _dense(graph: _Graph, layer: Dense) -> None:
    bias = [_float(layer.params["b"])] if layer.use_bias else []
    graph.add("Gemm", _float(layer.params["w"]), *bias)


def _batch_norm(graph: _Graph, layer: BatchNorm) -> None:
    graph.put_channels(first=True)
    arrays = layer.params | layer.state
    values = (_float(arrays[key]) for key in ("gamma", "beta", "mean", "var"))
    graph.add("BatchNormalization", *values, epsilon=layer.epsilon)


def _leaky_relu(graph: _Graph, layer: LeakyReLU) -> None:
    graph.add("LeakyRelu", alpha=layer.negative_slope)


def _softmax(graph: _Graph, layer: Softmax | None = None) -> None:
    graph.put_channels(first=False)
    graph.add("Softmax", axis=-1)


def _reshape(graph: _Graph, layer: Reshape) -> None:
    graph.reshape(layer.output_shape)


def _global_average(graph: _Graph, layer: GlobalAveragePool2D) -> None:
    graph.add("ReduceMean", axes=[2, 3] if graph.channels_first else [1, 2], keepdims=0)
    graph.rank, graph.channels_first = 2, False


def _upsample(graph: _Graph, layer: Upsample2D) -> None:
    graph.put_channels(first=True)
    scales = np.array([1, 1, layer.factor, layer.factor], np.float32)
    how = {
        "nearest": {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        "bilinear": {"coordinate_transformation_mode": "half_pixel"},
    }[layer.interpolation]
    mode = "linear" if layer.interpolation == "bilinear" else "nearest"
    graph.add("Resize", np.empty(0, np.float32), scales, mode=mode, **how)


def _branches(operator: str) -> Callable[[_Graph, Residual | Concatenate], None]:
    def convert(graph: _Graph, layer: Residual | Concatenate) -> None:
        graph.put_channels(first=True)
        start, rank = graph.value, graph.rank
        values = []
        for branch in layer.branches:
            graph.value, graph.rank, graph.channels_first = start, rank, True
            for within in branch:
                _convert(graph, within)
            graph.put_channels(first=True)
            values.append(graph.value)
        graph.join(operator, *values, **({"axis": 1} if operator == "Concat" else {}))

    return convert


def _layer_norm(graph: _Graph, layer: LayerNorm) -> None:
    graph.put_channels(first=False)
    values = (_float(layer.params[key]) for key in ("gamma", "beta"))
    graph.add("LayerNormalization", *values, axis=-1, epsilon=layer.epsilon)


def _silu(graph: _Graph, layer: SiLU) -> None:
    x = graph.value
    graph.add("Sigmoid")
    graph.join("Mul", x, graph.value)


def _gelu(graph: _Graph, layer: GELU) -> None:
    """Write x·sigmoid(slope·x·(1 + cubic·x²)): ONNX has a node of its own from opset 20 on."""
    x = graph.value
    graph.join("Mul", x, x)
    graph.add("Mul", np.array([layer.slope * layer.cubic], np.float32))
    graph.add("Add", np.array([layer.slope], np.float32))
    graph.join("Mul", x, graph.value)
    graph.add("Sigmoid")
    graph.join("Mul", x, graph.value)


def _same(operator: str) -> Callable[[_Graph, Layer], None]:
    return lambda graph, layer: graph.add(operator)


def _nothing(graph: _Graph, layer: Dropout) -> None:
    """Dropout does nothing outside of training."""


CONVERTERS: dict[type[Layer], Callable[..., None]] = {
    Conv2D: _conv,
    MaxPool2D: _pool("MaxPool"),
    AveragePool2D: _pool("AveragePool"),
    GlobalAveragePool2D: _global_average,
    Upsample2D: _upsample,
    Residual: _branches("Add"),
    Concatenate: _branches("Concat"),
    Dense: _dense,
    BatchNorm: _batch_norm,
    LayerNorm: _layer_norm,
    Dropout: _nothing,
    Flatten: _reshape,
    Reshape: _reshape,
    ReLU: _same("Relu"),
    LeakyReLU: _leaky_relu,
    GELU: _gelu,
    SiLU: _silu,
    Sigmoid: _same("Sigmoid"),
    Tanh: _same("Tanh"),
    Softmax: _softmax,
}


def to_onnx(network: Sequential) -> bytes:
    """Return the ONNX file of a network: ``images`` (N, …) in, ``probabilities`` (N, K) out.

    Raises
    ------
    ValueError
        If a layer has no converter here.
    """
    graph = _Graph(network.input_shape)
    for layer in network.layers:
        _convert(graph, layer)
    if not isinstance(network.layers[-1], Softmax | Sigmoid):
        _softmax(graph)  # as `network.predict` does
    graph.put_channels(first=False)
    operator, inputs, _, attributes = graph.nodes.pop()
    graph.nodes.append((operator, inputs, "probabilities", attributes))
    whole = messages.graph(
        network.name,
        (messages.node(*node) for node in graph.nodes),
        graph.weights,
        messages.images("images", network.input_shape),
        messages.images("probabilities", network.output_shape),
    )
    return messages.model(whole, {"metadata": json.dumps(network.metadata)})


def _convert(graph: _Graph, layer: Layer) -> None:
    if type(layer) not in CONVERTERS:
        raise ValueError(f"{layer.name}: {type(layer).__name__} has no converter to ONNX")
    CONVERTERS[type(layer)](graph, layer)


def _float(values: NDArray[np.floating]) -> NDArray[np.float32]:
    return values.astype(np.float32)
