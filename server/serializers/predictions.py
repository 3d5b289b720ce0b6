"""Predictions as the API writes them; docs/api.md says what each field means."""

from typing import Any

from server.explanation import sprites
from server.pipeline import Prediction
from server.recognizer import Inputs, Reading

DEFAULT_TOP = 3
NO_DIGIT = "?"


def reading(read: Reading) -> dict[str, Any]:
    """Write one reading."""
    return {
        "digit": read.digit,
        "label": read.label,
        "confidence": read.confidence,
        "is_digit": read.is_digit,
        "probabilities": read.probabilities,
    }


def top(read: Reading, count: int) -> dict[str, Any]:
    """List the likeliest classes, best first."""
    classes = read.classes
    return {
        "top": [
            {"digit": classes.digit(index), "label": classes.labels[index], "probability": p}
            for index, p in read.top(count)
        ]
    }


def input_picture(ink: Inputs, wanted: bool) -> dict[str, Any]:
    """Add the picture that the network saw, if it is asked for."""
    return {"input": sprites.ink(ink)} if wanted else {}


def digits(
    prediction: Prediction, count: int = DEFAULT_TOP, with_input: bool = False
) -> list[dict[str, Any]]:
    """Describe pictures of one digit, or of whatever the network knows, each."""
    return [
        reading(read) | top(read, count) | input_picture(ink, with_input)
        for read, ink in zip(prediction.readings, prediction.inputs, strict=True)
    ]


def number(prediction: Prediction, with_input: bool = False) -> dict[str, Any]:
    """Describe a picture of a whole number."""
    parts = zip(prediction.readings, prediction.boxes, prediction.inputs, strict=True)
    return {
        "text": "".join(
            NO_DIGIT if read.digit is None else str(read.digit) for read in prediction.readings
        ),
        "digits": [
            reading(read) | {"box": box} | input_picture(ink, with_input)
            for read, box, ink in parts
        ],
        "size": prediction.size,
    }


def signature(identity: dict[str, str], prediction: Prediction) -> dict[str, Any]:
    """Name the network that answered, how long each part took, and what was made up."""
    times = {part: round(spent, 2) for part, spent in prediction.time.milliseconds.items()}
    warnings = {"warnings": prediction.warnings} if prediction.warnings else {}
    return {"model": identity, "time_ms": times} | warnings
