"""ONNX's messages, as far as networks need them: nodes, tensors, graph and model.

The numbers of the fields are those of `onnx.proto`, and stand beside their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.onnx.protobuf import Value, field, repeated

OPSET, IR_VERSION = 17, 8
FLOAT, INT64 = 1, 7
"""Types of elements."""


def node(operator: str, inputs: Sequence[str], output: str, attributes: Mapping[str, Any]) -> bytes:
    """Return a NodeProto: input 1, output 2, name 3, op_type 4, attribute 5."""
    named = (attribute(name, value) for name, value in attributes.items())
    return (
        repeated(1, inputs)
        + field(2, output)
        + field(3, output)
        + field(4, operator)
        + repeated(5, named)
    )


def attribute(name: str, value: Any) -> bytes:
    """Return an AttributeProto: name 1, f 2, i 3, s 4, ints 8, type 20."""
    values: list[Value]
    if isinstance(value, float):
        number, kind, values = 2, 1, [value]
    elif isinstance(value, str):
        number, kind, values = 4, 3, [value]
    elif isinstance(value, int | np.integer):
        number, kind, values = 3, 2, [int(value)]
    else:
        number, kind, values = 8, 7, [int(one) for one in value]
    return field(1, name) + repeated(number, values) + field(20, kind)


def tensor(name: str, array: NDArray[np.generic]) -> bytes:
    """Return a TensorProto: dims 1, data_type 2, name 8, raw_data 9, lowest byte first."""
    kind, stored = (INT64, "<i8") if array.dtype.kind == "i" else (FLOAT, "<f4")
    data = np.ascontiguousarray(array, stored).tobytes()
    return repeated(1, array.shape) + field(2, kind) + field(8, name) + field(9, data)


def images(name: str, shape: Iterable[int]) -> bytes:
    """Return a ValueInfoProto of floats (N, *shape): name 1, type 2.

    A type has tensor_type 1, and that elem_type 1 and shape 2; a shape has dim 1, and that
    dim_value 1 or dim_param 2.
    """
    sides = [field(2, "N"), *(field(1, side) for side in shape)]
    tensor_type = field(1, FLOAT) + field(2, repeated(1, sides))
    return field(1, name) + field(2, field(1, tensor_type))


def graph(
    name: str, nodes: Iterable[bytes], weights: Iterable[bytes], given: bytes, found: bytes
) -> bytes:
    """Return a GraphProto: node 1, name 2, initializer 5, input 11, output 12."""
    return (
        repeated(1, nodes)
        + field(2, name)
        + repeated(5, weights)
        + field(11, given)
        + field(12, found)
    )


def model(graph: bytes, metadata: Mapping[str, str]) -> bytes:
    """Return a ModelProto: ir_version 1, producer_name 2, graph 7, opset_import 8, metadata 14."""
    entries = (field(1, key) + field(2, value) for key, value in metadata.items())
    opset = field(1, "") + field(2, OPSET)
    return (
        field(1, IR_VERSION)
        + field(2, "convnet")
        + field(7, graph)
        + field(8, opset)
        + repeated(14, entries)
    )
