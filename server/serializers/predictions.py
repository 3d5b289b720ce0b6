"""Predictions as the API writes them; docs/api.md says what each field means."""

from typing import Any

from server.explanation import sprites
from server.pipeline import Prediction
from server.recognizer import Inputs, Reading
from server.segmentation.numbers import find_numbers
from server.segmentation.text import Text

DEFAULT_TOP = 3


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


def text(prediction: Prediction) -> dict[str, Any]:
    """Describe what a picture of numbers says."""
    read = prediction.text
    if read is None:
        raise ValueError("`prediction` must be of a text")
    characters = list(read)
    digits = [character for character in characters if character.is_digit]
    entries = [
        reading(what) | {"box": digit.box}
        for what, digit in zip(prediction.readings, digits, strict=True)
    ]
    for entry, ink in zip(entries, prediction.inputs, strict=False):  # there if asked for
        entry |= input_picture(ink, True)
    return {
        "text": str(read),
        "digits": entries,
        "symbols": [
            {"text": sign.text, "confidence": round(sign.probability, 6), "box": sign.box}
            for sign in characters
            if not sign.is_digit
        ],
        "numbers": [
            {"text": number.text, "value": number.value, "box": number.box}
            for number in find_numbers(read)
        ],
        "grid": grid(read),
        "size": prediction.size,
    }


def grid(read: Text) -> dict[str, Any] | None:
    """Describe the grid that a text stands in, if there is one."""
    if read.table is None:
        return None
    return {
        "rows": read.table.rows,
        "columns": read.table.columns,
        "cells": read.cells(),
        "corners": read.table.corners.round().astype(int).tolist(),
    }


def signature(identity: dict[str, str], prediction: Prediction) -> dict[str, Any]:
    """Name the network that answered, how long each part took, and what was made up."""
    times = {part: round(spent, 2) for part, spent in prediction.time.milliseconds.items()}
    warnings = {"warnings": prediction.warnings} if prediction.warnings else {}
    return {"model": identity, "time_ms": times} | warnings
