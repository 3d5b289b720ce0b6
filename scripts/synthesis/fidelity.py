"""Did the digit survive its picture and its preprocessing?

If a shadow's edge or a stain was taken for ink, the label would be wrong.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from scripts.synthesis.pages.geometry import crop

LEAST_CORRELATION = 0.55
SIDE, DIGIT = 28, 20


def survives(image: np.ndarray, ink: np.ndarray) -> bool:
    """Compare a network input, uint8 (28, 28), with the coverage it was drawn from, uint8 (H, W).

    Both are blurred a little, so that a thicker stroke or a slight turn does not count.
    """
    expected = _blurred(normal_form(ink))
    return float(np.corrcoef(_blurred(image), expected)[0, 1]) > LEAST_CORRELATION


def normal_form(ink: np.ndarray) -> np.ndarray:
    """Coverage fitted into 20x20 and centred by mass in 28x28, as MNIST is: uint8 (28, 28)."""
    shape = crop(np.where(ink > 40, ink, np.uint8(0)))
    scale = DIGIT / max(shape.shape)
    height, width = (max(1, round(side * scale)) for side in shape.shape)
    small = Image.fromarray(shape).resize((width, height), Image.Resampling.BOX)
    digit = np.asarray(small, np.float32)
    top, left = (_start(digit.sum(axis=1 - axis)) for axis in (0, 1))
    page = np.zeros((SIDE, SIDE), np.float32)
    page[top : top + height, left : left + width] = digit
    return page


def _start(profile: np.ndarray) -> int:
    """Where to put a digit so that its centre of mass along one axis is in the middle."""
    centre = float(profile @ np.arange(len(profile)) / max(profile.sum(), 1e-6))
    return int(np.clip(round(SIDE / 2 - 0.5 - centre), 0, SIDE - len(profile)))


def _blurred(image: np.ndarray) -> np.ndarray:
    """The mean over 3x3 pixels, flat."""
    padded = np.pad(image.astype(np.float32), 1)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]).ravel()
