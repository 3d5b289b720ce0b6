"""Requests to try, and what is answered to them."""

import base64
import io
from typing import Any

from PIL import Image

from server.health import known_picture


def small_picture() -> str:
    """Return the known picture at 56×56 pixels, in base64."""
    file = io.BytesIO()
    Image.open(io.BytesIO(known_picture())).resize((56, 56)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


PICTURE = small_picture()
DATA_URL = f"data:image/png;base64,{PICTURE}"

PREDICT: dict[str, Any] = {
    "one": {"summary": "One picture", "value": {"image": PICTURE}},
    "data_url": {
        "summary": "As a data URL, with options",
        "value": {"image": DATA_URL, "top": 2, "input": True},
    },
    "several": {"summary": "Several pictures", "value": {"images": [PICTURE, DATA_URL]}},
}
READ = {"number": {"summary": "A number", "value": {"image": PICTURE}}}
EXPLAIN: dict[str, Any] = {
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
INFER = {
    "blank": {
        "summary": "One input: a bar of ink",
        "value": {
            "id": "example",
            "inputs": [
                {
                    "name": "image",
                    "shape": [1, 28, 28, 1],
                    "datatype": "FP32",
                    "data": [float(4 <= i // 28 < 24 and 13 <= i % 28 < 16) for i in range(784)],
                }
            ],
            "outputs": [{"name": "probabilities"}, {"name": "digit"}],
        },
    }
}

SIGNATURE = {
    "model": {"name": "digits", "version": "1.0"},
    "time_ms": {"preprocess": 1.9, "predict": 0.8},
    "request_id": "5f2c0c8e5f1f4a0f9d3a7c1b2e4d6f80",
}
PROBABILITIES = [0.0001, 0.0002, 0.0011, 0.0004, 0.0003, 0.0001, 0.0, 0.9913, 0.0002, 0.0063]
SEVEN = {"digit": 7, "confidence": 0.9913, "is_digit": True, "probabilities": PROBABILITIES}
TOP = {"top": [{"digit": 7, "probability": 0.9913}, {"digit": 9, "probability": 0.0063}]}

PREDICTED: dict[str, Any] = {
    "one": {"summary": "One picture", "value": {**SEVEN, **TOP, **SIGNATURE}},
    "several": {
        "summary": "Several pictures",
        "value": {"predictions": [{**SEVEN, **TOP}, {**SEVEN, **TOP}], **SIGNATURE},
    },
}
NUMBER = {
    "number": {
        "summary": "A number of one digit",
        "value": {
            "text": "7",
            "digits": [{**SEVEN, "box": [11, 10, 33, 36]}],
            "size": [56, 56],
            **SIGNATURE,
        },
    }
}
