"""Colours to greyscale: as a viewer shows them on white, but never so that the ink disappears."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.images.types import Grey

# Shape (H, W) or (H, W, 3).
Colour = NDArray[np.uint8]

Vectors = NDArray[np.float32]

# Weights of red, green and blue in the luminance Y' (ITU-R BT.601).
LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)

# Luminance is left only when another mixture of the channels shows this many times its contrast:
# yellow or cyan ink on white, red on blue.
GAIN_TO_LEAVE_LUMINANCE = 2.0

# White ink on a transparent ground leaves no trace on white; its shape is in the alpha channel.
# Alpha is taken for the picture when it shows this many times the contrast.
GAIN_TO_READ_ALPHA = 8.0

_SAMPLES_PER_SIDE = 128


def to_grey(colour: Colour, alpha: Grey | None = None) -> Grey:
    """Reduce a picture that has been composited on white to one channel.

    Parameters
    ----------
    colour : ndarray of uint8, shape (H, W) or (H, W, 3)
        Grey or red, green and blue, already on white.
    alpha : ndarray of uint8, shape (H, W), optional
        Opacity before compositing.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Luminance, where it shows the ink. Otherwise the mixture of channels that sets off the
        picture best from the colour of its border, or the opacity, drawn dark on white.
    """
    grey = colour if colour.ndim == 2 else _project(colour)
    if alpha is not None and _spread(alpha) > GAIN_TO_READ_ALPHA * _spread(grey):
        return np.subtract(255, alpha)
    return grey


def luminance(colour: Colour) -> Grey:
    """Return the luminance Y' (H, W) of red, green and blue (H, W, 3)."""
    return _round(colour @ LUMINANCE)


def _spread(channel: Grey) -> int:
    return int(channel.max()) - int(channel.min())


def _project(colour: Colour) -> Grey:
    """Take the luminance of (H, W, 3), or a mixture with much more contrast if there is one."""
    red, green, blue = (colour[..., channel] for channel in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return np.ascontiguousarray(red)
    ground = _border_colour(colour)
    mixture = _strongest_mixture(_sample(colour) - ground)
    if mixture is None:
        return luminance(colour)
    shown = (colour - ground) @ mixture  # 0 on the ground, between -255 and 255
    return _round(shown + (255 - max(float(shown.max()), 0.0)))


def _strongest_mixture(deviation: Vectors) -> Vectors | None:
    """Weights (3,) of the channels that show `deviation` (N, 3) best; None to keep luminance.

    The mixture is the first principal axis of the deviations from the ground, scaled so that its
    weights add up to 1 in size, as those of luminance do; its sign draws the ink dark.
    """
    moment = deviation.T @ deviation
    axis = np.linalg.eigh(moment)[1][:, -1]
    axis /= np.abs(axis).sum()
    if axis @ moment @ axis <= GAIN_TO_LEAVE_LUMINANCE**2 * (LUMINANCE @ moment @ LUMINANCE):
        return None
    return axis if ((deviation @ axis) ** 3).sum() < 0 else -axis


def _border_colour(colour: Colour) -> Vectors:
    edges = (colour[0], colour[-1], colour[:, 0], colour[:, -1])
    return np.asarray(np.median(np.concatenate(edges), axis=0), dtype=np.float32)


def _sample(colour: Colour) -> Vectors:
    """Pick pixels on a coarse grid, as float32 of shape (N, 3)."""
    rows, columns = (max(1, side // _SAMPLES_PER_SIDE) for side in colour.shape[:2])
    return colour[::rows, ::columns].reshape(-1, 3).astype(np.float32)


def _round(values: NDArray[Any]) -> Grey:
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)
