"""The ink of a digit, brought to MNIST's form.

It is cropped, fitted to 20x20 by area averaging, and its centre of mass is put in the centre of
28x28, as the makers of MNIST did [1]_.

.. [1] LeCun, Cortes, Burges, "The MNIST database of handwritten digits",
   http://yann.lecun.com/exdb/mnist/.
"""

import math

import numpy as np
from PIL import Image

from server.images.types import Grey, Ink
from server.preprocessing.background import border_level
from server.preprocessing.filters import bounding_box, local_max
from server.preprocessing.foreground import INK_THRESHOLD

INPUT_SIDE = 28
DIGIT_SIDE = 20

# Strokes thinner than this, in pixels of the 20x20 digit, are thickened to it.
_THINNEST_STROKE = 1.5

# The least number of pixels of the picture to a pixel of the digit when strokes are widened.
_FINE_STEPS = 4


def check_grey(grey: Grey) -> None:
    """Raise ValueError unless `grey` is uint8 of shape (H, W), both at least 1."""
    if grey.dtype != np.uint8 or grey.ndim != 2 or grey.size == 0:
        raise ValueError(
            f"`grey` must be uint8 of shape (H, W), got {grey.dtype} of shape {grey.shape}"
        )


def as_mnist(grey: Grey) -> Ink | None:
    """Return a digit that is in MNIST's form already, in either polarity, as it is; else None."""
    if grey.shape != (INPUT_SIDE, INPUT_SIDE) or border_level(grey) not in (0.0, 255.0):
        return None
    digit = grey if border_level(grey) == 0 else 255 - grey
    if digit.max() < 250:
        return None
    side = max(digit[bounding_box(digit)].shape)
    offset = np.abs(np.subtract(center_of_mass(digit), INPUT_SIDE // 2)).max()
    if not DIGIT_SIDE - 2 <= side <= DIGIT_SIDE or offset > 1:
        return None
    return digit.astype(np.float32) / np.float32(255)


def center_of_mass(ink: Ink | Grey) -> tuple[float, float]:
    """Mean row and column of the ink, weighted by its strength, in indices of pixels."""
    total = ink.sum(dtype=np.float64)
    rows, columns = (ink.sum(axis=axis, dtype=np.float64) for axis in (1, 0))
    return (
        float(rows @ np.arange(len(rows)) / total),
        float(columns @ np.arange(len(columns)) / total),
    )


def normalize(ink: Ink) -> Ink:
    """Bring an ink map to MNIST's form: 20x20, centred by mass in 28x28.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W)
        As from `locate_ink`, with some ink above `INK_THRESHOLD`.

    Returns
    -------
    ndarray of float32, shape (28, 28)
    """
    digit = _fit(_thicken(_crop(ink)))
    return _center(_full_strength(digit))


def _crop(ink: Ink) -> Ink:
    return ink[bounding_box(ink > INK_THRESHOLD)]


def _thicken(ink: Ink) -> Ink:
    """Widen strokes that area averaging would thin to a shadow."""
    pixel = max(ink.shape) / DIGIT_SIDE
    missing = _THINNEST_STROKE * pixel - stroke_width(ink)
    if missing <= 0.1 * pixel:
        return ink
    if pixel < _FINE_STEPS:  # too coarse to widen by a part of a pixel of the digit
        factor = math.ceil(_FINE_STEPS / pixel)
        ink, missing = _enlarge(ink, factor), missing * factor
    radius = math.ceil(missing / 2)
    return local_max(_padded(ink, radius, radius), 2 * radius + 1)


def _padded(ink: Ink, vertical: int, horizontal: int) -> Ink:
    """Put so much paper above and below, and left and right (`np.pad` is slow on few pixels)."""
    height, width = ink.shape
    padded = np.zeros((height + 2 * vertical, width + 2 * horizontal), dtype=np.float32)
    padded[vertical : vertical + height, horizontal : horizontal + width] = ink
    return padded


def _enlarge(ink: Ink, factor: int) -> Ink:
    size = ink.shape[1] * factor, ink.shape[0] * factor
    return np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BILINEAR))


def stroke_width(ink: Ink) -> float:
    """Mean width of the strokes in pixels: twice the area over the length of the outline."""
    mask = ink > 0.5
    border = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    inner = (mask[1:] != mask[:-1], mask[:, 1:] != mask[:, :-1])
    outline = sum(map(np.count_nonzero, (*border, *inner)))
    return float(2 * ink.sum() / max(1, outline * math.pi / 4))


def _fit(ink: Ink) -> Ink:
    """Scale to 20 pixels on the longer side, the shorter one padded to whole pixels."""
    scale = DIGIT_SIDE / max(ink.shape)
    height, width = (math.ceil(side * scale - 0.01) for side in ink.shape)
    margins = [
        max(0, math.ceil(size / scale) - side + 1) // 2
        for size, side in zip((height, width), ink.shape, strict=True)
    ]
    padded = _padded(ink, *margins)
    middle = np.array(padded.shape) / 2
    reach = np.array([height, width]) / scale / 2
    (top, left), (bottom, right) = middle - reach, middle + reach
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    image = Image.fromarray(padded).resize((width, height), method, (left, top, right, bottom))
    return np.asarray(np.clip(np.asarray(image), np.float32(0), np.float32(1)))


def _full_strength(digit: Ink) -> Ink:
    """Raise the darkest tenth of the ink to full strength, if it is not.

    A long thin line can be fainter than a tenth everywhere after shrinking.
    """
    ink = digit[digit > min(0.1, float(digit.max()) / 2)]
    darkest = np.partition(ink, 9 * ink.size // 10)[9 * ink.size // 10]
    return np.asarray(np.minimum(digit / darkest, np.float32(1)))


def _center(digit: Ink) -> Ink:
    """Place the centre of mass in the pixel that MNIST places it in, as far as the frame allows."""
    frame = np.zeros((INPUT_SIDE, INPUT_SIDE), dtype=np.float32)
    corner = []
    for center, side in zip(center_of_mass(digit), digit.shape, strict=True):
        start = INPUT_SIDE // 2 - math.floor(center + 0.5)
        corner.append(min(max(start, 0), INPUT_SIDE - side))
    top, left = corner
    frame[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return frame
