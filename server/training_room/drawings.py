"""What a client has drawn itself: pictures by the name of what they show."""

import base64
import binascii
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 28
FEWEST, MOST_DRAWINGS, MOST_KINDS, LONGEST_NAME = 2, 200, 20, 20

Drawings = dict[str, tuple[str, ...]]


def check(value: Any) -> Drawings:
    """Return drawings as they were sent: each 28 × 28 bytes in base64, with ink 255.

    Raises
    ------
    ValueError
        If they are anything else, or there are too few or too many of them.
    """
    if not isinstance(value, dict) or len(value) > MOST_KINDS:
        raise ValueError(f"must be an object of at most {MOST_KINDS} names with drawings")
    for name, pictures in value.items():
        if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise ValueError(f"a name has 1 to {LONGEST_NAME} printable characters")
        if not isinstance(pictures, list | tuple):
            raise ValueError(f"{name} must have a list of drawings")
        if not FEWEST <= len(pictures) <= MOST_DRAWINGS:
            raise ValueError(
                f"{name} needs {FEWEST} to {MOST_DRAWINGS} drawings, got {len(pictures)}"
            )
        if not all(map(_is_picture, pictures)):
            raise ValueError(f"each drawing of {name} must be {SIDE} × {SIDE} bytes in base64")
    return {name: tuple(pictures) for name, pictures in value.items()}


def _is_picture(text: Any) -> bool:
    try:
        return isinstance(text, str) and len(_bytes(text)) == SIDE * SIDE
    except (binascii.Error, ValueError):
        return False


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def images(pictures: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return drawings as pictures (N, 28, 28)."""
    return np.frombuffer(b"".join(map(_bytes, pictures)), np.uint8).reshape(-1, SIDE, SIDE)
