"""Decoded pixels of every kind to 8 bits on white, in strips, so that memory stays small."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from server.budget import check
from server.images.greyscale import Colour
from server.images.types import Grey

_STRIP_PIXELS = 1 << 18

# What screens do with samples (about sRGB), and how far a file may differ without a correction.
_DISPLAY_GAMMA = 2.2
_GAMMA_TOLERANCE = 0.05


def composite_on_white(
    image: Image.Image, bit_depth: int, factor: int
) -> tuple[Colour, Grey | None]:
    """Lay a decoded picture on white and average it down.

    Parameters
    ----------
    image : PIL.Image.Image
        Loaded; any mode that PNG, JPEG, WebP, GIF and BMP files decode to.
    bit_depth : int
        Bits per sample in the file: Pillow widens samples, but not the transparent value.
    factor : int
        Side of the square blocks of pixels that become one.

    Returns
    -------
    colour : ndarray of uint8, shape (H, W) or (H, W, 3)
    alpha : ndarray of uint8, shape (H, W), or None
        None where every pixel is opaque by the kind of file.
    """
    _widen_transparent_value(image, bit_depth)
    strips = [_on_white(strip, factor) for strip in _strips(image, factor)]
    colour = np.concatenate([colour for colour, _ in strips])
    alphas = [alpha for _, alpha in strips if alpha is not None]
    return colour, np.concatenate(alphas) if alphas else None


def _strips(image: Image.Image, factor: int) -> Iterator[Image.Image]:
    """Cut into strips of mode L, RGB or RGBA, whole blocks high."""
    table = _gamma_table(image)
    rows = max(1, _STRIP_PIXELS // (image.width * factor)) * factor
    for top in range(0, image.height, rows):
        check()
        strip = _eight_bits(image.crop((0, top, image.width, min(image.height, top + rows))))
        if table is not None:
            opacity = list(range(256)) if strip.mode == "RGBA" else []
            strip = strip.point(table * (len(strip.getbands()) - bool(opacity)) + opacity)
        yield strip


def _eight_bits(strip: Image.Image) -> Image.Image:
    """Bring a strip of any mode to L, RGB or, if it is not all opaque, RGBA."""
    if strip.mode.startswith("I"):
        return _eight_bits_of_sixteen(strip)
    if strip.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in strip.info:
        return strip.convert("RGBA")
    return strip.convert("L" if strip.mode in ("1", "L") else "RGB")


def _eight_bits_of_sixteen(strip: Image.Image) -> Image.Image:
    """Scale 16-bit grey; `convert` would saturate it to white."""
    samples = np.asarray(strip).astype(np.float32)
    grey = Image.fromarray(np.rint(samples / 257).clip(0, 255).astype(np.uint8))
    transparent = strip.info.get("transparency")
    if transparent is None:
        return grey
    opacity = np.where(samples == transparent, 0, 255).astype(np.uint8)
    return Image.merge("LA", (grey, Image.fromarray(opacity))).convert("RGBA")


def _widen_transparent_value(image: Image.Image, bit_depth: int) -> None:
    """Bring the one transparent value of a grey or RGB PNG to the width of the pixels."""
    value = image.info.get("transparency")
    if image.mode == "L" and isinstance(value, int) and bit_depth < 8:
        image.info["transparency"] = value * 255 // (2**bit_depth - 1)
    elif image.mode == "RGB" and isinstance(value, tuple) and bit_depth == 16:
        image.info["transparency"] = tuple(sample >> 8 for sample in value)


def _gamma_table(image: Image.Image) -> list[int] | None:
    """Look-up table for a PNG made for another display gamma (PNG, section 13.13)."""
    gamma = image.info.get("gamma")
    if not gamma or "srgb" in image.info or "icc_profile" in image.info:
        return None
    exponent = 1 / (gamma * _DISPLAY_GAMMA)
    if abs(exponent - 1) < _GAMMA_TOLERANCE:
        return None
    return [round(255 * (value / 255) ** exponent) for value in range(256)]


def _on_white(strip: Image.Image, factor: int) -> tuple[Colour, Grey | None]:
    if strip.mode != "RGBA":
        return np.asarray(_reduce(strip, factor)), None
    if strip.getchannel("A").getextrema()[0] == 255:
        opaque = np.asarray(_reduce(strip, factor))
        return opaque[..., :3], opaque[..., 3]
    premultiplied = np.asarray(_reduce(strip.convert("RGBa"), factor))
    alpha = premultiplied[..., 3]
    return premultiplied[..., :3] + (255 - alpha)[..., np.newaxis], alpha


def _reduce(strip: Image.Image, factor: int) -> Image.Image:
    return strip if factor == 1 else strip.reduce(factor)
