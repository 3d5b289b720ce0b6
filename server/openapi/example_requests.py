"""Requests to try."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from server.parsing.input_tensor import INPUT
from server.parsing.tensors import outputs_of
from server.recognizer import Recognizer
from server.self_test import known_picture

Examples = dict[str, dict[str, Any]]

SIDE = 56
REQUEST_ID = "5f2c0c8e5f1f4a0f9d3a7c1b2e4d6f80"


def picture(times: int) -> bytes:
    """Draw the known digit, small, so many times side by side."""
    digit = Image.open(io.BytesIO(known_picture())).resize((SIDE, SIDE))
    row = Image.new("L", (SIDE * times, SIDE), 255)
    for place in range(times):
        row.paste(digit, (SIDE * place, 0))
    file = io.BytesIO()
    row.save(file, "PNG")
    return file.getvalue()


PNG, NUMBER_PNG = picture(1), picture(3)
PICTURE, NUMBER_PICTURE = (base64.b64encode(png).decode() for png in (PNG, NUMBER_PNG))
DATA_URL = f"data:image/png;base64,{PICTURE}"

PREDICT: Examples = {
    "one": {"summary": "One picture", "value": {"image": PICTURE}},
    "data_url": {
        "summary": "As a data URL, with options",
        "value": {"image": DATA_URL, "top": 2, "input": True},
    },
    "several": {"summary": "Several pictures", "value": {"images": [PICTURE, DATA_URL]}},
}
READ: Examples = {
    "number": {"summary": "A number", "value": {"image": NUMBER_PICTURE}},
    "input": {
        "summary": "A number, with what the network saw",
        "value": {"image": NUMBER_PICTURE, "input": True},
    },
}
EXPLAIN: Examples = {
    "everything": {"summary": "All feature maps", "value": {"image": PICTURE}},
    "heatmap": {
        "summary": "Where the network looked",
        "value": {"image": PICTURE, "maps": False, "heatmap": True},
    },
    "window": {
        "summary": "One number of the first layer, followed by hand",
        "value": {"image": PICTURE, "maps": [0], "layer": 0, "channel": 0, "row": 3, "column": 5},
    },
}


def infer(recognizer: Recognizer) -> Examples:
    """Ask for the reading of one input: an upright bar."""
    shape = recognizer.form.shape
    return {
        "bar": {
            "summary": "One input: a bar",
            "value": {
                "id": "example",
                "inputs": [
                    {
                        "name": INPUT,
                        "shape": [1, *shape],
                        "datatype": "FP32",
                        "data": bar(*shape).ravel().tolist(),
                    }
                ],
                "outputs": [{"name": name} for name in outputs_of(recognizer.classes)],
            },
        },
        "picture": {
            "summary": "A picture, prepared as for /predict",
            "value": {
                "inputs": [{"name": INPUT, "shape": [1], "datatype": "BYTES", "data": [PICTURE]}],
            },
        },
    }


def bar(height: int, width: int, channels: int) -> NDArray[np.float32]:
    """Draw an upright bar of ones in the middle of zeros."""
    image = np.zeros((height, width, channels), np.float32)
    image[height // 7 : height - height // 7, width * 13 // 28 : width * 16 // 28 + 1] = 1
    return image
