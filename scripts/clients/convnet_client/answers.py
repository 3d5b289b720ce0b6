"""The answers of the service, as types; docs/api.md says what each field means."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class Ranked(TypedDict):
    """One of the likeliest classes."""

    digit: int | None
    label: str
    probability: float


class Read(TypedDict):
    """What every reading has."""

    digit: int | None
    label: str | None
    confidence: float
    is_digit: bool
    probabilities: list[float]
    input: NotRequired[str]


class Reading(Read):
    """One picture of several."""

    top: list[Ranked]


class Digit(Read):
    """A digit of a number; `box` is x, y, width and height in pixels."""

    box: list[int]


class Signed(TypedDict):
    """What every answer has."""

    model: dict[str, str]
    time_ms: dict[str, float]
    request_id: str
    warnings: NotRequired[list[str]]


class Prediction(Reading, Signed):
    """The answer for one picture of one digit."""


class Number(Signed):
    """The answer for a picture of a number; `size` is width and height in pixels."""

    text: str
    digits: list[Digit]
    size: list[int]


class Explanation(Signed):
    """What every layer saw."""

    digit: int | None
    label: str | None
    confidence: float
    is_digit: bool
    probabilities: list[float]
    top: list[Ranked]
    input: dict[str, Any]
    layers: list[dict[str, Any]]
    scores: dict[str, Any]
    heatmap: NotRequired[dict[str, Any]]
    detail: NotRequired[dict[str, Any]]
