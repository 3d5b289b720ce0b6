"""Bend pictures: random affine maps and elastic distortion, sampled bilinearly.

For every pixel of the new picture, its place in the old one is computed, and the four pixels around
that place are interpolated. Rotation, scale, shear, shift and the elastic field only change the
place, so a picture is resampled, and thereby blurred, only once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from convnet.arrays import Array
from convnet.checks import require_non_negative, require_positive, require_probability


@dataclass(frozen=True)
class Warp:
    """A random affine map and a random elastic field for each picture.

    Parameters
    ----------
    rotation : float
        Degrees: the angle is uniform in ±`rotation`.
    shift : float
        Pixels: both shifts are uniform in ±`shift`.
    scale : tuple of float
        Smallest and largest factor of the size; uniform on a logarithmic scale.
    stretch : float
        At most so many times wider than high, or higher than wide; at least 1.
    shear : float
        Degrees: upright lines lean by an angle that is uniform in ±`shear`.
    elastic : float
        Pixels: standard deviation of the elastic displacement along each axis, at every pixel.
    smoothness : float
        Pixels: the standard deviation σ of the Gaussian that smooths the elastic field.
    elastic_probability : float
        The share of pictures that are bent elastically.

    References
    ----------
    Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to
    visual document analysis", 2003: affine maps and smoothed random displacement on MNIST.
    """

    rotation: float = 15.0
    shift: float = 3.0
    scale: tuple[float, float] = (0.85, 1.15)
    stretch: float = 1.1
    shear: float = 10.0
    elastic: float = 0.8
    smoothness: float = 4.0
    elastic_probability: float = 0.5

    def __post_init__(self) -> None:
        for name in ("rotation", "shift", "shear", "elastic"):
            require_non_negative(name, getattr(self, name))
        if self.shear >= 90:
            raise ValueError(f"`shear` must be below 90 degrees, got {self.shear}")
        if not 0 < self.scale[0] <= self.scale[1] < math.inf:
            raise ValueError(
                f"`scale` must be (smallest, largest), both positive, got {self.scale}"
            )
        if not 1 <= self.stretch < math.inf:
            raise ValueError(f"`stretch` must be at least 1, got {self.stretch}")
        require_positive("smoothness", self.smoothness)
        require_probability("elastic_probability", self.elastic_probability)

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """Return a bent copy of each picture.

        Parameters
        ----------
        images : ndarray of float32, shape (N, H, W)
            Ink on paper 0; what comes from outside of a picture is paper.
        rng : Generator

        Returns
        -------
        ndarray of float32, shape (N, H, W)
        """
        count, height, width = images.shape
        y, x = affine_places(self.matrices(count, rng), self.shifts(count, rng), height, width)
        if self.elastic and self.elastic_probability:
            field = elastic_field(count, height, width, self.smoothness, rng)
            bent = rng.random((count, 1, 1), np.float32) < self.elastic_probability
            field *= self.elastic * bent
            y += field[0]
            x += field[1]
        return sample(images, y, x)

    def matrices(self, count: int, rng: np.random.Generator) -> Array:
        """Draw the matrix M of each map ``(y, x) → M (y, x)``, with y down and x to the right.

        A picture is scaled, then sheared, then turned counterclockwise: M = R S D with
        R = [[cos, -sin], [sin, cos]], S = [[1, 0], [lean, 1]], D = diag(size_y, size_x).

        Returns
        -------
        ndarray of float64, shape (N, 2, 2)
        """
        angle = np.radians(rng.uniform(-self.rotation, self.rotation, count))
        lean = np.tan(np.radians(rng.uniform(-self.shear, self.shear, count)))
        low, high = self.scale
        size = np.exp(rng.uniform(math.log(low), math.log(high), count))
        aspect = np.exp(rng.uniform(-0.5, 0.5, count) * math.log(self.stretch))
        size_y, size_x = size * aspect, size / aspect
        cos, sin = np.cos(angle), np.sin(angle)
        matrix = np.array(
            [
                [(cos - sin * lean) * size_y, -sin * size_x],
                [(sin + cos * lean) * size_y, cos * size_x],
            ]
        )
        return np.moveaxis(matrix, -1, 0)

    def shifts(self, count: int, rng: np.random.Generator) -> Array:
        """Draw how many pixels each picture moves down and right, shape (N, 2)."""
        return rng.uniform(-self.shift, self.shift, (count, 2))


def affine_places(matrices: Array, shifts: Array, height: int, width: int) -> tuple[Array, Array]:
    """Find where each pixel comes from when pictures go through an affine map about their middle.

    Parameters
    ----------
    matrices : ndarray, shape (N, 2, 2)
        On (y, x), relative to the middle of the picture.
    shifts : ndarray, shape (N, 2)
        In pixels, down and right, after the matrix.
    height, width : int

    Returns
    -------
    y, x : ndarray of float32, shape (N, H, W)
        Row and column in the old picture; pixel (0, 0) has its centre at 0, 0.
    """
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    back = np.linalg.inv(matrices)  # (N, 2, 2)
    rows = np.arange(height) - middle_y - shifts[:, :1]  # (N, H)
    columns = np.arange(width) - middle_x - shifts[:, 1:]  # (N, W)
    y, x = (
        (back[:, axis, :1] * rows + middle).astype(np.float32)[:, :, None]
        + (back[:, axis, 1:] * columns).astype(np.float32)[:, None, :]
        for axis, middle in ((0, middle_y), (1, middle_x))
    )
    return y, x


def elastic_field(
    count: int, height: int, width: int, smoothness: float, rng: np.random.Generator
) -> Array:
    """Draw smooth random displacements: white noise through a Gaussian, scaled to deviation 1.

    The noise is drawn on a grid as coarse as the Gaussian is wide; a finer grid would change
    nothing. The Gaussian is applied to one axis after the other: two small matrix products instead
    of a filter over every pixel.

    Returns
    -------
    ndarray of float32, shape (2, N, H, W)
        Displacements along y and x: normal numbers of deviation 1 at every pixel.
    """
    down, across = (_gaussians(length, smoothness) for length in (height, width))
    knots_y, knots_x = down.shape[1], across.shape[1]
    noise = rng.standard_normal((knots_y, 2 * count * knots_x), np.float32)
    field = (down @ noise).reshape(-1, knots_x) @ across.T  # (H * 2 * N, W)
    return np.moveaxis(field.reshape(height, 2, count, width), 0, 2)


@cache
def _gaussians(length: int, sigma: float) -> Array:
    """Return the weight of each knot, one sigma apart, at each pixel; squares of a row add to 1."""
    knots = np.arange(-sigma, length + 2 * sigma, sigma)
    distance = np.arange(length)[:, None] - knots
    weights = np.exp(-0.5 * np.square(distance / sigma))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    weights = weights.astype(np.float32)
    weights.flags.writeable = False  # all calls share it
    return weights


def sample(images: Array, y: Array, x: Array) -> Array:
    """Read pictures at places between their pixels, bilinearly; outside of them is paper, 0.

    Parameters
    ----------
    images : ndarray of float32, shape (N, H, W)
    y, x : ndarray of float32, shape (N, H', W')
        Row and column of each new pixel in its old picture.

    Returns
    -------
    ndarray of float32, shape (N, H', W')
    """
    count, height, width = images.shape
    pitch = width + 3  # a margin before and two after: neighbours of a clipped place stay inside
    padded = np.zeros((count, height + 3, pitch), np.float32)
    padded[:, 1:-2, 1:-2] = images
    y = np.clip(y, -1, height) + np.float32(1)
    x = np.clip(x, -1, width) + np.float32(1)
    top, left = np.floor(y), np.floor(x)
    y -= top
    x -= left
    corner = (top * pitch + left).astype(np.intp)  # exact: a picture has fewer than 2**24 pixels
    corner += (np.arange(count) * padded[0].size)[:, None, None]
    pixels = padded.reshape(-1)

    def row_at(offset: int) -> Array:
        left, right = (pixels[start:].take(corner) for start in (offset, offset + 1))
        return _mix(left, right, x)

    return _mix(row_at(0), row_at(pitch), y)


def _mix(start: Array, end: Array, share: Array) -> Array:
    """Go from `start` to `end` by `share`; both are overwritten."""
    end -= start
    end *= share
    start += end
    return start
