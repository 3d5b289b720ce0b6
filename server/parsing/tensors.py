"""Tensors of the Open Inference Protocol: as JSON numbers, or as bytes behind the JSON.

The protocol is KServe's version 2; bytes are Triton's "binary tensor data extension", which its
clients use unless told otherwise.
"""

import math
from dataclasses import dataclass
from typing import Any

from server.classes import Classes
from server.input_form import InputForm
from server.parsing.input_tensor import INPUT, Most, Shape, parameters, read_input
from server.parsing.options import whole_number
from server.parsing.strict_json import load_json
from server.problems import Problem, invalid
from server.recognizer import Inputs

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
    inputs : ndarray of float32, shape (N, H, W) or (N, H, W, 3), or None
    pictures : tuple of bytes
        Files of pictures, in the place of `inputs`.
    outputs : dict
        Name of each output that is asked for → whether it is sent as bytes.
    identity : str or None
        The client's own name for its request.
    """

    inputs: Inputs | None
    pictures: tuple[bytes, ...]
    outputs: dict[str, bool]
    identity: str | None


def parse(
    data: bytes, header_length: str | None, most: Most, form: InputForm, outputs: Outputs
) -> Inference:
    """Read the body of an inference request.

    Parameters
    ----------
    data : bytes
    header_length : str, optional
        ``Inference-Header-Content-Length``: how many bytes are JSON; without it, all.
    most : Most
    form : InputForm
        That of the network.
    outputs : dict
        As from `outputs_of`.

    Raises
    ------
    Problem
        ``not_json`` or ``invalid_field``; of pictures also ``not_base64`` and ``missing_image``.
    """
    length = len(data)
    if header_length is not None:
        json_length = whole_number(header_length)
        if json_length is None or json_length > length:
            raise invalid("Inference-Header-Content-Length", f"at most {length}", header_length)
        length = json_length
    body = load_json(data[:length], max_json_values(most.inputs, form.shape))
    if not isinstance(body, dict):
        raise Problem("invalid_field", "the body must be a JSON object with `inputs`")
    if not isinstance(body.get("id", ""), str):
        raise invalid("id", "a string", body["id"])
    tensor = read_input(only_input(body), data[length:], most, form.shape)
    inputs = None if tensor.inputs is None else tensor.inputs.reshape(-1, *form.array_shape)
    return Inference(inputs, tensor.pictures, wanted_outputs(body, outputs), body.get("id"))


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
    return tensor


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
