"""Change the ink of pictures: its width, sharpness, darkness and grain, and what is hidden of it.

Each transform is a small class: settings in the constructor, then
``transform(images, rng) -> images`` on float32 pictures ``(N, H, W)`` with ink 1 on paper 0. A
random share of the pictures goes through it, and the input is left as it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from convnet.arrays import Array
from convnet.checks import require_non_negative, require_probability


@dataclass(frozen=True, kw_only=True)
class Sometimes(ABC):
    """A transform that only a random share of the pictures goes through.

    Parameters
    ----------
    probability : float
        That share.
    """

    probability: float = 0.5

    def __post_init__(self) -> None:
        """Refuse settings out of range: all of them are numbers of at least 0."""
        require_probability("probability", self.probability)
        for field in fields(self):
            require_non_negative(field.name, getattr(self, field.name))

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """Return a copy of the pictures (N, H, W) in which the chosen ones are changed."""
        images = images.copy()
        chosen = np.flatnonzero(rng.random(len(images)) < self.probability)
        if chosen.size:
            images[chosen] = self.change(images[chosen], rng)
        return images

    @abstractmethod
    def change(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the changed pictures; `images` may be overwritten."""


@dataclass(frozen=True, kw_only=True)
class Pen(Sometimes):
    """Make strokes thicker or thinner, by fractions of a pixel.

    Parameters
    ----------
    thinner, thicker : float
        The most pixels taken off, or added to, each side of a stroke. Each picture's own number is
        uniform between the two.
    """

    thinner: float = 0.5
    thicker: float = 1.0

    def change(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the pictures as another pen would have written them."""
        return thicken(images, rng.uniform(-self.thinner, self.thicker, len(images)))


@dataclass(frozen=True, kw_only=True)
class Blur(Sometimes):
    """Blur like a camera out of focus: mix each pixel with the mean of its neighbourhood.

    Parameters
    ----------
    amount : float
        The largest share of the mean; 1 is the 3 × 3 binomial filter, [1 2 1] / 4 along each axis.
    """

    amount: float = 1.0

    def change(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the pictures, each blurred by its own amount."""
        share = _per_picture(rng.uniform(0, self.amount, len(images)))
        return images + share * (_binomial(images) - images)


@dataclass(frozen=True, kw_only=True)
class Contrast(Sometimes):
    """Make the ink paler, and the greys in its edges darker or lighter.

    Parameters
    ----------
    paler : float
        The largest share of the ink that is lost, up to 1.
    bend : float
        The largest bend of the grey curve ``p + bend · p (1 - p)``, up to 1: the curve then still
        rises everywhere, and black and white stay.
    """

    paler: float = 0.4
    bend: float = 0.8

    def __post_init__(self) -> None:
        super().__post_init__()
        require_probability("paler", self.paler)
        require_probability("bend", self.bend)

    def change(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the pictures, each with its own ink and curve."""
        bend = _per_picture(rng.uniform(-self.bend, self.bend, len(images)))
        ink = _per_picture(1 - rng.uniform(0, self.paler, len(images)))
        return (images + bend * images * (1 - images)) * ink


@dataclass(frozen=True, kw_only=True)
class Noise(Sometimes):
    """Add grain: independent normal numbers at every pixel, cut off at white and black.

    Parameters
    ----------
    deviation : float
        The largest standard deviation; a picture's own is uniform between 0 and this.
    """

    deviation: float = 0.1

    def change(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the pictures with grain."""
        grain = rng.standard_normal(images.shape, np.float32)
        grain *= _per_picture(rng.uniform(0, self.deviation, len(images)))
        grain += images
        return grain.clip(0, 1, out=grain)


@dataclass(frozen=True, kw_only=True)
class Erase(Sometimes):
    """Paint a rectangle of paper over some place (DeVries and Taylor, "Cutout", 2017).

    Parameters
    ----------
    size : float
        Pixels: the longest side. Sides are uniform between 1 and this, and the middle of the
        rectangle is anywhere in the picture.
    """

    size: float = 8.0

    def change(self, images: Array, rng: np.random.Generator) -> Array:
        """Return the pictures, each with its own rectangle missing."""
        count, height, width = images.shape
        rows, columns = (self._stripe(count, length, rng) for length in (height, width))
        images[rows[:, :, None] & columns[:, None, :]] = 0
        return images

    def _stripe(self, count: int, length: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
        """Mark the pixels of one axis that lie within half a side of a random middle."""
        middle = rng.uniform(-0.5, length - 0.5, (count, 1))
        half = rng.uniform(1, max(self.size, 1), (count, 1)) / 2
        stripe: npt.NDArray[np.bool_] = np.abs(np.arange(length) - middle) <= half
        return stripe


def thicken(images: Array, pixels: Array) -> Array:
    """Add so many pixels to each side of every stroke, or take them off.

    Grey dilation and erosion: a whole pixel replaces each pixel by the darkest (or palest) of
    itself and its four neighbours, and a fraction goes that part of the way.

    Parameters
    ----------
    images : ndarray of float32, shape (N, H, W)
    pixels : ndarray, shape (N,)
        Negative to take off.

    Returns
    -------
    ndarray of float32, shape (N, H, W)
    """
    images = images.copy()
    for pick, left in ((np.maximum, pixels), (np.minimum, -pixels)):
        while (chosen := np.flatnonzero(left > 0)).size:
            before = images[chosen]
            share = _per_picture(np.minimum(left[chosen], 1))
            images[chosen] = before + share * (_of_neighbours(pick, before) - before)
            left = left - 1
    return images


def _of_neighbours(pick: Callable[[Array, Array], Array], images: Array) -> Array:
    """Pick, with maximum or minimum, from each pixel and its four neighbours; outside is paper."""
    padded = _on_paper(images)
    vertical = pick(padded[:, :-2, 1:-1], padded[:, 2:, 1:-1])
    horizontal = pick(padded[:, 1:-1, :-2], padded[:, 1:-1, 2:])
    return pick(images, pick(vertical, horizontal))


def _binomial(images: Array) -> Array:
    """Filter with [1 2 1] / 4 along both axes; outside is paper."""
    padded = _on_paper(images)
    rows = (padded[:, :-2] + padded[:, 2:]) * np.float32(0.25) + padded[:, 1:-1] * np.float32(0.5)
    mean: Array = (rows[..., :-2] + rows[..., 2:]) * np.float32(0.25)
    mean += rows[..., 1:-1] * np.float32(0.5)
    return mean


def _on_paper(images: Array) -> Array:
    """Put a margin of one pixel of paper around pictures (N, H, W)."""
    count, height, width = images.shape
    paper = np.zeros((count, height + 2, width + 2), images.dtype)
    paper[:, 1:-1, 1:-1] = images
    return paper


def _per_picture(numbers: Array) -> Array:
    """Shape one number for each picture so that it goes with all of its pixels."""
    return numbers.astype(np.float32)[:, None, None]
