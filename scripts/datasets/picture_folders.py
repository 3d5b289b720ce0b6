"""Folders of pictures of any size, PNG, JPEG and others: decoded and scaled as the service does it.

What a network learns from is then, number by number, what it is given when it is served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from convnet.datasets import DatasetError
from convnet.datasets.dataset import Bytes
from convnet.datasets.pictures.class_folders import SUFFIXES, PictureReader, read_png_digits
from convnet.training.progress_bar import counted
from server.finding.prepare import preprocess
from server.images.decode import ImageLimits, ToPixels, read_picture
from server.images.errors import ImageError
from server.images.greyscale import Colour, to_grey
from server.input_form import MNIST, MNIST_SHAPE, PLAIN, as_colour, scaled

LARGEST_SIDE = 64  # pictures of one size up to this are left as they are
USUAL_SIDE = 32  # to which others are scaled
LIMITS = ImageLimits(
    max_bytes=1 << 28,
    max_pixels=1 << 27,
    max_webp_pixels=1 << 25,
    max_decoded_bytes=1 << 30,
    pixels_left=1 << 27,
)


@dataclass(frozen=True)
class PictureOptions:
    """How pictures become inputs.

    Attributes
    ----------
    size : (int, int), optional
        Height and width; by default that of the pictures if all have one, of at most 64 pixels a
        side, otherwise 32 × 32.
    form : str, optional
        ``"mnist"`` or ``"plain"``, see `convnet.datasets.Dataset`. By default MNIST's for PNG
        digits of 28 × 28, otherwise plain.
    """

    size: tuple[int, int] | None = None
    form: str | None = None

    def reader(self) -> PictureReader:
        """Return what `convnet.datasets.load` reads folders of pictures with.

        Raises
        ------
        ValueError
            If MNIST's form is asked for in another size than 28 × 28.
        """
        if self.form == MNIST and self.size not in (None, MNIST_SHAPE[:2]):
            raise ValueError(f"MNIST's form is 28 × 28, got a size of {_times(self.size)}")
        return PictureReader(SUFFIXES, self._read)

    def _read(self, paths: Sequence[Path], digits: bool) -> tuple[Bytes, str]:
        own_size = _common_size(paths)
        may_be_mnist = self.form in (None, MNIST) and self.size in (None, MNIST_SHAPE[:2])
        if may_be_mnist and digits and own_size == MNIST_SHAPE[:2] and _are_png(paths):
            return read_png_digits(paths), MNIST
        if self.form == MNIST:
            return np.stack([_in_mnist_form(path) for path in _shown(paths)]), MNIST
        height, width = self.size or _usual(own_size)
        images = np.stack([_scaled(path, height, width) for path in _shown(paths)])
        grey = (images == images[..., :1]).all()
        return (np.ascontiguousarray(images[..., 0]) if grey else images), PLAIN


def _shown(paths: Sequence[Path]) -> Iterator[Path]:
    return counted(paths, "reading pictures", len(paths))


def _are_png(paths: Sequence[Path]) -> bool:
    return all(path.suffix.lower() == ".png" for path in paths)


def _common_size(paths: Sequence[Path]) -> tuple[int, int] | None:
    """Return height and width if all pictures have the same; only their headers are read."""
    sizes = set()
    for path in paths:
        try:
            with Image.open(path) as image:
                sizes.add((image.height, image.width))
        except Exception as error:  # Pillow raises whatever the bytes provoke
            raise DatasetError(path, "no picture that can be read") from error
        if len(sizes) > 1:
            return None
    return sizes.pop()


def _usual(size: tuple[int, int] | None) -> tuple[int, int]:
    return size if size and max(size) <= LARGEST_SIDE else (USUAL_SIDE, USUAL_SIDE)


def _scaled(path: Path, height: int, width: int) -> Bytes:
    """Return a picture as bytes (height, width, 3)."""
    pixels = _pixels(path, lambda colour, _: as_colour(colour))
    return np.rint(scaled(pixels, height, width) * 255).astype(np.uint8)


def _in_mnist_form(path: Path) -> Bytes:
    """Return the ink of a picture as bytes (28, 28)."""
    try:
        return np.rint(preprocess(_pixels(path, to_grey)) * 255).astype(np.uint8)
    except ImageError as error:  # nothing is drawn
        raise DatasetError(path, str(error)) from error


def _pixels(path: Path, to_pixels: ToPixels) -> Colour:
    try:
        return read_picture(path.read_bytes(), LIMITS, to_pixels).pixels
    except ImageError as error:
        raise DatasetError(path, str(error)) from error


def _times(size: tuple[int, int] | None) -> str:
    return " × ".join(map(str, size or ()))
