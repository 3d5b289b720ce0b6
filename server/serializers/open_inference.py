"""Answers of the Open Inference Protocol: what serves, its tensors, and their numbers."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.parsing.input_tensor import INPUT
from server.parsing.tensors import outputs_of
from server.recognizer import Reading, Recognizer

DATATYPES = {"f": "FP32", "i": "INT64"}


def about_server(version: str) -> dict[str, Any]:
    """Say what serves, and what it can beyond the protocol."""
    return {"name": "convnet", "version": version, "extensions": ["binary_tensor_data"]}


def about_model(recognizer: Recognizer) -> dict[str, Any]:
    """Describe the tensors of the network."""
    return {
        "name": recognizer.name,
        "versions": [recognizer.version],
        "platform": "convnet",
        "inputs": [describe(INPUT, "FP32", [-1, *recognizer.form.shape])],
        "outputs": [
            describe(output, *kind) for output, kind in outputs_of(recognizer.classes).items()
        ],
    }


def describe(name: str, datatype: str, shape: list[int]) -> dict[str, Any]:
    """Describe a tensor."""
    return {"name": name, "datatype": datatype, "shape": shape}


def write(
    readings: list[Reading], outputs: dict[str, bool], head: dict[str, Any]
) -> tuple[bytes, int | None]:
    """Write an answer: its bytes and, if tensors follow the JSON, the length of the JSON."""
    described, behind = [], []
    for name, as_bytes in outputs.items():
        values = output_values(name, readings)
        shape = list(values.shape)
        tensor: dict[str, Any] = {
            "name": name,
            "datatype": DATATYPES[values.dtype.kind],
            "shape": shape,
        }
        if as_bytes:
            behind.append(values.tobytes())
            tensor["parameters"] = {"binary_data_size": len(behind[-1])}
        else:
            tensor["data"] = values.ravel().tolist()
        described.append(tensor)
    text = json.dumps(head | {"outputs": described}, allow_nan=False).encode()
    return b"".join([text, *behind]), len(text) if behind else None


def output_values(name: str, readings: list[Reading]) -> NDArray[Any]:
    """Return one output of all readings, little-endian."""
    if name == "probabilities":
        return np.array([read.probabilities for read in readings], "<f4")
    return np.array([-1 if read.best is None else read.best for read in readings], "<i8")
