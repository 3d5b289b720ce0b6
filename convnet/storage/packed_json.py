"""JSON as an array of bytes, so that it can lie in an .npz file beside the numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST = 1 << 22  # bytes of JSON: an epoch in the record of a training run takes about 170
DEEPEST = 64  # lists and objects within each other: a network needs about 4


def pack(value: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Return the bytes of a JSON object.

    Raises
    ------
    ValueError
        If it holds what JSON cannot, such as NaN, or takes more than 4 MiB.
    """
    text = json.dumps(value, allow_nan=False).encode()
    if len(text) > LONGEST:
        raise ValueError(f"as JSON it takes {len(text):,} bytes, limit {LONGEST:,}")
    return np.frombuffer(text, np.uint8)


def unpack(packed: NDArray[Any]) -> dict[str, Any]:
    """Read what `pack` returned.

    Raises
    ------
    ValueError
        If it is no JSON object, longer than 4 MiB, nested too deep, or has a number that is not
        finite.
    """
    if packed.dtype != np.uint8 or packed.size > LONGEST:
        raise ValueError(f"expected at most {LONGEST:,} bytes of JSON")
    try:
        value = json.loads(packed.tobytes(), parse_float=_finite, parse_constant=_finite)
        depth = _depth(value)
    except RecursionError:
        depth = DEEPEST + 1
    if depth > DEEPEST:
        raise ValueError(f"its JSON is nested more than {DEEPEST} deep")
    if not isinstance(value, dict):
        raise ValueError("expected a JSON object")
    return value


def _finite(text: str) -> float:
    """Read a number; refuse those that are none, or too large to be one."""
    if not math.isfinite(value := float(text)):
        raise ValueError(f"its JSON has {text[:20]}, which is no finite number")
    return value


def _depth(value: object) -> int:
    """Return how many lists and objects are within each other."""
    if isinstance(value, dict | list):
        children = value.values() if isinstance(value, dict) else value
        return 1 + max(map(_depth, children), default=0)
    return 0
