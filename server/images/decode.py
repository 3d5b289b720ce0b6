"""Hostile bytes in, a picture on white out: grey, or in colour where that is asked for.

Only here does Pillow read what a client sent. The order matters: the file's size, its signature and
container, the picture's size, and only then its pixels.
"""

import io
import math
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, PngImagePlugin

from server.budget import OverBudget, check
from server.config import Config
from server.images.compositing import composite_on_white
from server.images.containers import (
    check_container,
    complete_jpeg,
    container_format,
    decoder_bytes,
    foreign_format,
    png_bit_depth,
    webp_size,
)
from server.images.errors import DecoderBusy, NotAnImage, TooManyBytes, TooManyPixels
from server.images.greyscale import Colour, to_grey
from server.images.types import Grey

ToPixels = Callable[[Colour, Grey | None], Colour]

_ORIENTATION_TAG = 0x0112  # EXIF 2.32, table 4

# Decoding needs four bytes a pixel or more, so pictures above this size are decoded one at a time.
_LARGE_PIXELS = 1 << 20
_large_decode = threading.BoundedSemaphore(1)

# Frames of an animation that are looked through for one that shows something, the pixels of all
# together, and the largest GIF file: Pillow walks through its blocks in Python.
_MOST_FRAMES = 8
_MOST_FRAME_PIXELS = 8_000_000
_MOST_GIF_BYTES = 1 << 19

# Bytes of a file that are decoded between two looks at the time that is left. They may unpack to a
# thousand times as many.
_DECODED_AT_ONCE = 4096

# The longest side of a JPEG; others are as long only to be dear, as Pillow keeps a list of rows.
_LONGEST_FILE = 65_535

# What follows takes windows as wide as a part of the longer side: its square is to stay small.
_LONGEST_SIDE = 4096


def set_up_pillow(max_bytes: int) -> None:
    """Put the service's limits in the place of Pillow's own, for the whole process.

    Parameters
    ----------
    max_bytes : int
        How much the texts in a PNG file may unpack to. More than the file itself may have is only
        there to cost time and memory.
    """
    PngImagePlugin.MAX_TEXT_MEMORY = max_bytes
    Image.MAX_IMAGE_PIXELS = None  # `read_picture` compares the size with its own limit
    # Whatever is odd about a client's file would go to the log, and Python keeps every such text.
    warnings.filterwarnings("ignore", module=r"PIL\.")


@dataclass(frozen=True)
class ImageLimits:
    """What `decode` accepts, and what it makes of it.

    Attributes
    ----------
    max_bytes : int
        Size of the file.
    max_pixels : int
        Width times height as the file states them.
    max_webp_pixels : int
        The same for WebP, whose decoder needs up to 30 bytes a pixel, others four; and for AVIF.
    max_jpeg_pixels : int
        The same for JPEG that is not progressive: it is decoded at a reduced scale.
    max_decoded_bytes : int
        Memory that the decoder may take for a picture; see `containers.decoder_bytes`.
    pixels_left : int
        Pixels that this picture and those after it may have together.
    working_pixels : int
        Larger pictures are averaged down by a whole factor to about this size.
    wait_seconds : float
        How long a large picture waits for its turn.
    """

    max_bytes: int = Config.max_body_bytes
    max_pixels: int = Config.max_pixels
    max_webp_pixels: int = Config.max_webp_pixels
    max_jpeg_pixels: int = Config.max_jpeg_pixels
    max_decoded_bytes: int = Config.max_decoded_bytes
    pixels_left: int = Config.max_total_pixels
    working_pixels: int = 750_000
    wait_seconds: float = 10.0

    def most_pixels(self, data: bytes, name: str) -> int:
        """Return how many pixels a picture of the format `name` may have."""
        if name in ("WEBP", "AVIF"):
            return min(self.max_pixels, self.max_webp_pixels)
        each = decoder_bytes(data, name)
        if not each:
            return max(self.max_pixels, self.max_jpeg_pixels)
        return min(self.max_pixels, int(self.max_decoded_bytes / each))


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        As a viewer shows it on white, upright; averaged down if it was large.
    width, height : int
        The size in pixels that a viewer shows, before any averaging.
    warnings : tuple of str
        What is not in the file as it is shown here.
    """

    pixels: Colour
    width: int
    height: int
    warnings: tuple[str, ...] = ()


def decode(data: bytes, limits: ImageLimits = ImageLimits()) -> Grey:
    """Decode a picture file to greyscale; `read_picture` tells its original size as well.

    Returns
    -------
    ndarray of uint8, shape (H, W)

    Raises
    ------
    ImageError
        `NotAnImage`, `TooManyPixels`, `TooManyBytes` or `DecoderBusy`; nothing else, for any bytes.
    """
    return read_picture(data, limits).pixels


def read_picture(
    data: bytes, limits: ImageLimits = ImageLimits(), to_pixels: ToPixels = to_grey
) -> Picture:
    """Decode the first frame of a PNG, JPEG, WebP, GIF or BMP file; see `decode`.

    `to_pixels` makes the pixels that are kept of the colour on white and, if there is one, the
    alpha channel.
    """
    if len(data) > limits.max_bytes:
        raise TooManyBytes(
            f"the picture has {len(data)} bytes, more than the limit of {limits.max_bytes}"
        )
    name = container_format(data)
    if name is None:
        raise NotAnImage(_why_not(data))
    try:
        check_container(data, name)
        # Opening reads the header alone, but a WebP then takes memory for all of its pixels.
        image = None if name == "WEBP" else _open(data, name)
        size = webp_size(data) if image is None else image.size
    except ValueError as error:
        raise NotAnImage(f"the {name} picture is damaged: {error}") from error
    warnings = []
    if name == "JPEG" and (whole := complete_jpeg(data)) is not data:
        image = _open(whole, name)
        warnings.append("the JPEG file is cut off: what is missing is shown in grey")
    _check_size(size, limits.most_pixels(data, name), limits.pixels_left)
    with _decoding_slot(size, limits):
        bit_depth = png_bit_depth(data) if name == "PNG" else 8
        image = image or _open(data, name)
        frames = _frames_to_look_at(data, name, size)
        return _read(image, name, bit_depth, limits, to_pixels, warnings, frames)


def _why_not(data: bytes) -> str:
    """Say why bytes in no format that is read are refused, and what to send instead."""
    foreign = foreign_format(data)
    if foreign is None:
        return "the bytes are not a PNG, JPEG, WebP, GIF or BMP picture"
    return f"{foreign} pictures are not read here: send it as a PNG or JPEG file"


class _Metered(io.BytesIO):
    """A file that a decoder gets no more of once the time is used up."""

    def read(self, size: int | None = -1) -> bytes:
        check()
        return super().read(size)


def _open(data: bytes, name: str) -> Image.Image:
    try:
        image = Image.open(_Metered(data), formats=[name])
        image.decodermaxblock = _DECODED_AT_ONCE
        return image
    except OverBudget:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixels("the picture has more pixels than are ever decoded") from error
    except Exception as error:  # Pillow raises whatever the bytes provoke, down to KeyError
        raise NotAnImage(f"the {name} picture is damaged") from error


def _check_size(size: tuple[int, int], max_pixels: int, pixels_left: int) -> None:
    width, height = size
    if max(size) > _LONGEST_FILE:
        raise TooManyPixels(
            f"the picture has {width} x {height} pixels; {_LONGEST_FILE} to a side are read"
        )
    if width * height > max_pixels:
        raise TooManyPixels(
            f"the picture has {width} x {height} pixels, more than the limit of {max_pixels}"
        )
    if width * height > pixels_left:
        raise TooManyPixels(
            f"the picture has {width} x {height} pixels, more than the {pixels_left} that are left "
            "after those before it"
        )


@contextmanager
def _decoding_slot(size: tuple[int, int], limits: ImageLimits) -> Iterator[None]:
    """Wait until no other large picture is being decoded; small ones need not."""
    if size[0] * size[1] <= _LARGE_PIXELS:
        yield
        return
    if not _large_decode.acquire(timeout=limits.wait_seconds):
        raise DecoderBusy("other large pictures are being decoded; try again in a moment")
    try:
        yield
    finally:
        _large_decode.release()


def _read(
    image: Image.Image,
    name: str,
    bit_depth: int,
    limits: ImageLimits,
    to_pixels: ToPixels,
    warnings: list[str],
    frames: int,
) -> Picture:
    """Decode the pixels, average them down and lay them on white."""
    width, height = image.size
    factor = averaging(width, height, limits.working_pixels)
    try:
        image.draft(None, (width // factor, height // factor))  # a JPEG then decodes less
        image.load()
        check()
        orientation = _orientation(image)
        factor = max(1, round(factor * image.width / width))
        image = _visible(image, name, warnings, frames)
        colour, alpha = composite_on_white(image, bit_depth, factor)
    except OverBudget:
        raise
    except Exception as error:  # Pillow raises whatever the bytes provoke, down to MemoryError
        raise NotAnImage(f"the {name} picture is damaged or cut off") from error
    pixels = _turn_upright(to_pixels(colour, alpha), orientation)
    if orientation >= 5:
        width, height = height, width
    return Picture(pixels, width, height, tuple(warnings))


def _frames_to_look_at(data: bytes, name: str, size: tuple[int, int]) -> int:
    """Return how many frames may be decoded in search of one that shows something."""
    if name != "PNG" and not (name == "GIF" and len(data) <= _MOST_GIF_BYTES):
        return 1
    return min(_MOST_FRAMES, _MOST_FRAME_PIXELS // (size[0] * size[1]))


def _visible(image: Image.Image, name: str, warnings: list[str], frames: int) -> Image.Image:
    """Return what a viewer would show of a picture that seems to show nothing."""
    if name == "BMP" and image.mode == "RGBA" and not np.asarray(image.getchannel("A")).any():
        warnings.append("the BMP file calls all of itself transparent: it is taken as opaque")
        return image.convert("RGB")
    if frames > 1 and _shows_nothing(image):
        for number in range(1, frames):
            check()
            try:
                image.seek(number)
            except EOFError:
                break
            if not _shows_nothing(image):
                warnings.append(f"the first frame is empty: frame {number + 1} is shown")
                return image
        image.seek(0)
    return image


def _shows_nothing(image: Image.Image) -> bool:
    """Tell whether a frame has one colour, or is all transparent."""
    if not getattr(image, "is_animated", False):
        return False
    pixels = np.asarray(image.convert("RGBA")).reshape(-1, 4)
    return not pixels[:, 3].any() or bool((pixels == pixels[0]).all())


def averaging(width: int, height: int, working_pixels: int) -> int:
    """Return the side of the squares that become one pixel, so that about so many are left.

    No side is left longer than `_LONGEST_SIDE`.
    """
    by_area = round(math.sqrt(width * height / working_pixels))
    return max(1, by_area, math.ceil(max(width, height) / _LONGEST_SIDE))


def _orientation(image: Image.Image) -> int:
    value = image.getexif().get(_ORIENTATION_TAG)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _turn_upright(pixels: Colour, orientation: int) -> Colour:
    """Undo what the camera did: values from 5 swap the axes, then one or both are reversed."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
