"""Tensors of the Open Inference Protocol: as JSON numbers, or as bytes behind the JSON.

The protocol is KServe's version 2; bytes are Triton's "binary tensor data extension", which its
clients use unless told otherwise.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.classes import Classes
from server.input_form import InputForm
from server.parsing.options import whole_number
from server.parsing.strict_json import load_json
from server.problems import Problem, invalid
from server.recognizer import Inputs

INPUT = "image"
Shape = tuple[int, int, int]
Outputs = dict[str, tuple[str, list[int]]]


def outputs_of(classes: Classes) -> Outputs:
    """Return each output with its type and shape.

    The second is the index of the class, -1 where none is recognised; of the ten digits the index
    is the digit.
    """
    index = "digit" if classes.are_digits else "class"
    return {"probabilities": ("FP32", [-1, len(classes.labels)]), index: ("INT64", [-1])}


@dataclass(frozen=True)
class Inference:
    """What a client wants inferred.

    Attributes
    ----------
    inputs : ndarray of float32, shape (N, H, W) or (N, H, W, 3)
    outputs : dict
        Name of each output that is asked for → whether it is sent as bytes.
    identity : str or None
        The client's own name for its request.
    """

    inputs: Inputs
    outputs: dict[str, bool]
    identity: str | None


def parse(
    data: bytes, header_length: str | None, max_inputs: int, form: InputForm, outputs: Outputs
) -> Inference:
    """Read the body of an inference request.

    Parameters
    ----------
    data : bytes
    header_length : str, optional
        ``Inference-Header-Content-Length``: how many bytes are JSON; without it, all.
    max_inputs : int
    form : InputForm
        That of the network.
    outputs : dict
        As from `outputs_of`.

    Raises
    ------
    Problem
        ``not_json`` or ``invalid_field``.
    """
    length = len(data)
    if header_length is not None:
        json_length = whole_number(header_length)
        if json_length is None or json_length > length:
            raise invalid("Inference-Header-Content-Length", f"at most {length}", header_length)
        length = json_length
    body = load_json(data[:length], max_json_values(max_inputs, form.shape))
    if not isinstance(body, dict):
        raise Problem("invalid_field", "the body must be a JSON object with `inputs`")
    if not isinstance(body.get("id", ""), str):
        raise invalid("id", "a string", body["id"])
    inputs = read_input(only_input(body), data[length:], max_inputs, form.shape)
    inputs = inputs.reshape(-1, *form.array_shape)
    return Inference(inputs, wanted_outputs(body, outputs), body.get("id"))


def max_json_values(max_inputs: int, shape: Shape) -> int:
    """Return how many values the JSON of a request may have.

    A list around each number, and one around each row, is as much as nesting can add.
    """
    return 4 * max_inputs * math.prod(shape)


def only_input(body: dict[str, Any]) -> dict[str, Any]:
    """Return the one input tensor of a request."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise invalid("inputs", "a list of one tensor", inputs)
    tensor: dict[str, Any] = inputs[0]
    if tensor.get("name") != INPUT:
        raise invalid("inputs.name", f'"{INPUT}"', tensor.get("name"))
    if tensor.get("datatype") != "FP32":
        raise invalid("inputs.datatype", '"FP32"', tensor.get("datatype"))
    return tensor


def read_input(tensor: dict[str, Any], behind: bytes, max_inputs: int, shape: Shape) -> Inputs:
    """Read the numbers of the input tensor, out of the JSON or from behind it."""
    count = batch_size(tensor.get("shape"), max_inputs, shape)
    binary = parameters(tensor, "inputs.parameters").get("binary_data_size")
    values = from_json(tensor.get("data")) if binary is None else from_bytes(binary, behind)
    needed = count * math.prod(shape)
    if values.size != needed:
        detail = f"`inputs.data` must be {needed} numbers for its shape, got {values.size}"
        raise Problem("invalid_field", detail, field="inputs.data")
    if not (values.min() >= 0 and values.max() <= 1):  # false for NaN too
        detail = "`inputs.data` must be between 0 and 1"
        raise Problem("invalid_field", detail, field="inputs.data")
    return values


def batch_size(shape: object, max_inputs: int, of_one: Shape) -> int:
    """Return N of a shape [N, H, W, C]."""
    expected = f"[N, {', '.join(map(str, of_one))}] with N from 1 to {max_inputs}"
    if not isinstance(shape, list) or not all(type(side) is int for side in shape):
        raise invalid("inputs.shape", expected, shape)
    if tuple(shape[1:]) != of_one or not 1 <= shape[0] <= max_inputs:
        raise invalid("inputs.shape", expected, shape)
    count: int = shape[0]
    return count


def from_json(data: object) -> NDArray[np.float32]:
    """Read numbers from a list, flat or nested in row-major order."""
    values = [data]
    while values and set(map(type, values)) == {list}:
        values = list(itertools.chain.from_iterable(values))  # type: ignore[arg-type]
    if not values or not set(map(type, values)) <= {int, float}:
        detail = "`inputs.data` must be numbers, in a flat or nested list"
        raise Problem("invalid_field", detail, field="inputs.data")
    try:
        return np.array(values, np.float64).astype(np.float32)
    except OverflowError:
        detail = "`inputs.data` has too large a number"
        raise Problem("invalid_field", detail, field="inputs.data") from None


def from_bytes(size: object, behind: bytes) -> NDArray[np.float32]:
    """Read little-endian numbers from behind the JSON."""
    if size != len(behind) or len(behind) % 4:
        raise invalid("binary_data_size", f"the {len(behind)} bytes behind the JSON", size)
    return np.frombuffer(behind, "<f4").astype(np.float32)


def parameters(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the ``parameters`` of a request, an input or an output."""
    found = holder.get("parameters", {})
    if not isinstance(found, dict):
        raise invalid(name, "an object", found)
    return found


def wanted_outputs(body: dict[str, Any], known: Outputs) -> dict[str, bool]:
    """Return the outputs that a request names, or all, and which of them as bytes."""
    binary = parameters(body, "parameters").get("binary_data_output") is True
    outputs = body.get("outputs", [])
    if outputs == []:
        return dict.fromkeys(known, binary)
    if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
        raise invalid("outputs", "a list of objects", outputs)
    wanted = {}
    for output in outputs:
        name = output.get("name")
        if not isinstance(name, str) or name not in known:
            raise invalid("outputs.name", " or ".join(f'"{output}"' for output in known), name)
        how = parameters(output, "outputs.parameters")
        if how.get("classification"):
            raise Problem("invalid_field", "there are no classes to sort", field="outputs")
        wanted[name] = how.get("binary_data", binary) is True
    return wanted
