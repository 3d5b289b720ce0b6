"""How a picture becomes an input of the network: in MNIST's form, or scaled and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from server.classes import Classes, shown
from server.finding.prepare import Located, locate
from server.images.greyscale import Colour, luminance, to_grey
from server.images.types import Grey

MNIST, PLAIN = "mnist", "plain"
MNIST_SHAPE = (28, 28, 1)
LONGEST_SIDE = 256


@dataclass(frozen=True)
class InputForm:
    """What the inputs of a network are made like.

    Attributes
    ----------
    name : str
        ``"mnist"``: the ink alone, cropped, scaled and centred as MNIST's digits are; ink 1,
        paper 0, whether it was drawn dark on light or light on dark. ``"plain"``: the picture on
        white, all of it, scaled to the network's size; black 0, white 1, as in the picture.
    shape : tuple of int
        Height, width and channels (1 grey, 3 red, green and blue) of an input.
    """

    name: str
    shape: tuple[int, int, int]

    @classmethod
    def read(cls, name: object, input_shape: tuple[int, ...], classes: Classes) -> InputForm:
        """Read ``metadata["input_form"]`` of a network.

        Without it, inputs of MNIST's shape with digits as classes are in MNIST's form, others
        plain.

        Raises
        ------
        ValueError
            If the network takes no pictures, too large ones, or its form does not fit its shape.
        """
        if len(input_shape) != 3 or input_shape[2] not in (1, 3):
            raise ValueError(
                "the network must take pictures of shape (height, width, 1) or (height, width, 3), "
                f"its input has shape {input_shape}"
            )
        height, width, channels = input_shape
        if not (1 <= height <= LONGEST_SIDE and 1 <= width <= LONGEST_SIDE):
            raise ValueError(
                f"the network must take pictures of 1 to {LONGEST_SIDE} pixels a side, "
                f"its input has shape {input_shape}"
            )
        shape = (height, width, channels)
        if name is None:
            name = MNIST if shape == MNIST_SHAPE and classes.are_digits else PLAIN
        if name not in (MNIST, PLAIN):
            raise ValueError(f'`input_form` must be "mnist" or "plain", got {shown(name)}')
        if name == MNIST and shape != MNIST_SHAPE:
            raise ValueError(
                f'`input_form` "mnist" needs an input of shape {MNIST_SHAPE}, got {shape}'
            )
        return cls(str(name), shape)

    @property
    def array_shape(self) -> tuple[int, ...]:
        """The shape of one input: (H, W) for grey, (H, W, 3) for colour."""
        return self.shape[:2] if self.shape[2] == 1 else self.shape

    @property
    def to_pixels(self) -> Callable[[Colour, Grey | None], Colour]:
        """What of a picture on white is kept for `prepare`.

        MNIST's form looks for the ink in all channels; the plain form takes what a viewer shows.
        """
        if self.name == MNIST:
            return to_grey
        return as_grey if self.shape[2] == 1 else as_colour

    def locate(self, pixels: Colour) -> Located | None:
        """Find the ink in the pixels of a picture; None if the form does not ask for any.

        Raises
        ------
        BlankImage
            If nothing is drawn.
        """
        return locate(pixels) if self.name == MNIST else None

    def prepare(self, pixels: Colour, located: Located | None = None) -> NDArray[np.float32]:
        """Turn the pixels of a picture, as from `to_pixels`, into one input.

        `located` is what `locate` returns for them, if that is known already.
        """
        located = located or self.locate(pixels)
        return located.digit if located else scaled(pixels, self.shape[0], self.shape[1])

    def cover(self, values: NDArray[np.float32]) -> Any:
        """Return what hides a part of an input: paper, or the mean colour of a plain picture."""
        return np.float32(0) if self.name == MNIST else values.mean(axis=(0, 1))


def as_grey(colour: Colour, _alpha: Grey | None = None) -> Colour:
    """Return the luminance (H, W) of a picture."""
    return colour if colour.ndim == 2 else luminance(colour)


def as_colour(colour: Colour, _alpha: Grey | None = None) -> Colour:
    """Return red, green and blue (H, W, 3) of a picture; grey is all three alike."""
    return colour if colour.ndim == 3 else np.repeat(colour[..., np.newaxis], 3, axis=2)


def scaled(pixels: Colour, height: int, width: int) -> NDArray[np.float32]:
    """Scale a picture to a size, without keeping its proportions; 0 black, 1 white.

    Shrinking averages over all pixels, weighted by a triangle (Pillow's BILINEAR), so that thin
    lines stay; a picture that has the size already is left as it is.
    """
    if pixels.shape[:2] != (height, width):
        image = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
        pixels = np.asarray(image)
    return pixels.astype(np.float32) / np.float32(255)


MNIST_FORM = InputForm(MNIST, MNIST_SHAPE)
"""The form of the shipped network."""
