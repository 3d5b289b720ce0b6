"""Every kind of picture decodes to what a viewer shows; every other file to an `ImageError`."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from server.images.decode import ImageLimits, decode, read_picture
from tests.support import png_kinds
from tests.support.pictures import drawing, encoded

# What a viewer shows --------------------------------------------------------------------------


def on_white(colour: np.ndarray, opacity: np.ndarray | float) -> np.ndarray:
    """Luminance of colours 0..1 (H, W, 1 or 3) on white, in levels of grey."""
    opacity = np.broadcast_to(np.asarray(opacity, float), colour.shape[:2])[..., None]
    shown = np.broadcast_to(colour * opacity + 1 - opacity, (*colour.shape[:2], 3))
    return 255 * shown @ np.array([0.299, 0.587, 0.114])


KINDS = [
    (kind, depth, interlaced)
    for kind, depths in png_kinds.DEPTHS.items()
    for depth in depths
    for interlaced in (False, True)
]


@pytest.mark.parametrize(("kind", "depth", "interlaced"), KINDS)
@pytest.mark.parametrize("transparent", [False, True])
def test_each_kind_of_png_is_shown_on_white(
    rng: np.random.Generator, kind: int, depth: int, interlaced: bool, transparent: bool
) -> None:
    top = 2**depth - 1
    channels = {png_kinds.RGB: 3, png_kinds.GREY_ALPHA: 2, png_kinds.RGB_ALPHA: 4}.get(kind, 1)
    samples = rng.integers(0, top + 1, (13, 21, channels))
    palette, colour, opacity = None, samples / top, np.ones(samples.shape[:2])
    chunks = []
    if kind == png_kinds.PALETTE:
        palette = rng.integers(0, 256, (top + 1, 3))
        palette[0], palette[-1] = 255, 0  # in luminance there is contrast enough
        colour = palette[samples[..., 0]] / 255
        if transparent:
            alphas = rng.integers(0, 256, top + 1)
            chunks = [(b"tRNS", alphas.astype(np.uint8).tobytes())]
            opacity = alphas[samples[..., 0]] / 255
    elif kind in (png_kinds.GREY, png_kinds.RGB):
        if transparent:
            samples[3:6, 4:9] = samples[0, 0]
            colour = samples / top
            chunks = [(b"tRNS", samples[0, 0].astype(">u2").tobytes())]
            opacity = (samples != samples[0, 0]).any(axis=2).astype(float)
    else:
        colour, opacity = samples[..., :-1] / top, samples[..., -1] / top
    data = png_kinds.encode(
        samples, kind, depth, interlaced=interlaced, palette=palette, before_data=chunks
    )
    assert np.abs(decode(data) - on_white(colour, opacity)).max() <= 3


@pytest.mark.parametrize("gamma", [0.35, 0.45455, 0.55, 1.0])
def test_the_gamma_of_a_png_counts(gamma: float) -> None:
    samples = np.arange(256).reshape(16, 16, 1)
    chunk = (b"gAMA", struct.pack(">I", round(gamma * 100_000)))
    for kind, values in ((0, samples), (2, samples.repeat(3, axis=2))):
        got = decode(png_kinds.encode(values, kind, 8, before_data=[chunk]))
        wanted = 255 * (samples[..., 0] / 255) ** (1 / (2.2 * gamma))
        assert np.abs(got - wanted).max() <= 3


def test_the_gamma_of_a_png_leaves_opacity_alone() -> None:
    samples = np.zeros((16, 16, 2), int)
    samples[..., 1] = np.arange(256).reshape(16, 16)
    chunk = (b"gAMA", struct.pack(">I", 100_000))
    got = decode(png_kinds.encode(samples, png_kinds.GREY_ALPHA, 8, before_data=[chunk]))
    assert np.abs(got - (255.0 - samples[..., 1])).max() <= 3


MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("L", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "RGB", "RGBA"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
}


@pytest.mark.parametrize(("name", "mode"), [(n, mode) for n in MODES for mode in MODES[n]])
def test_each_format_and_mode(name: str, mode: str) -> None:
    image = Image.fromarray(drawing()).convert(mode)
    options: dict[str, object] = {"quality": 95} if name in ("JPEG", "WEBP") else {}
    got = decode(encoded(image, name, **options)).astype(int)
    difference = np.abs(got - np.asarray(image.convert("L"), int))
    assert difference.max() <= (20 if name in ("JPEG", "WEBP") else 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP"])
def test_the_camera_is_held_upright(name: str, orientation: int) -> None:
    image = Image.fromarray(drawing()).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(image, name, exif=exif, quality=95)
    picture = read_picture(data)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L")
    assert (picture.width, picture.height) == upright.size
    assert np.abs(picture.pixels.astype(int) - np.asarray(upright, int)).max() <= 3


def test_an_orientation_out_of_range_is_ignored() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(drawing()), exif=exif)), drawing())


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_is_the_picture(name: str) -> None:
    first, second = (Image.fromarray(grey) for grey in (drawing(), 255 - drawing()))
    options = {"lossless": True} if name == "WEBP" else {}
    data = encoded(first, name, save_all=True, append_images=[second], duration=100, **options)
    assert np.abs(decode(data).astype(int) - drawing()).max() <= 3


def test_a_photo_with_a_second_picture_in_it_is_a_jpeg() -> None:
    first, second = (Image.fromarray(grey) for grey in (drawing(), 255 - drawing()))
    data = encoded(first, "MPO", save_all=True, append_images=[second], quality=95)
    assert np.abs(decode(data).astype(int) - drawing()).max() <= 20


# Ink that luminance alone would lose ----------------------------------------------------------


def shape_of(alpha: int = 255) -> np.ndarray:
    shape = np.zeros((40, 60), np.uint8)
    shape[5:30, 10:18] = alpha
    return shape


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((255, 255, 0), (255, 255, 255)),
        ((0, 255, 255), (255, 255, 255)),
        ((230, 60, 60), (60, 60, 255)),
        ((255, 0, 0), (0, 130, 0)),
    ],
)
def test_colours_of_like_luminance_are_told_apart(
    ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    colour = np.where(shape_of()[..., None] > 0, ink, paper).astype(np.uint8)
    grey = decode(encoded(Image.fromarray(colour))).astype(int)
    on_paper, in_ink = grey[shape_of() == 0], grey[shape_of() > 0]
    assert np.ptp(on_paper) <= 1
    assert on_paper.min() - in_ink.max() >= 100  # and the ink is dark


@pytest.mark.parametrize("ink", [(0, 0, 255), (200, 0, 0), (0, 100, 0), (90, 60, 30)])
def test_ordinary_ink_is_shown_by_luminance(ink: tuple[int, int, int]) -> None:
    colour = np.where(shape_of()[..., None] > 0, ink, (255, 255, 255)).astype(np.uint8)
    wanted = on_white(colour / 255, 1)
    assert np.abs(decode(encoded(Image.fromarray(colour))) - wanted).max() <= 3


@pytest.mark.parametrize("level", [255, 250])
def test_white_ink_on_a_transparent_ground_is_read_from_its_opacity(level: int) -> None:
    shape = Image.fromarray(shape_of())
    image = Image.merge("LA", (Image.new("L", shape.size, level), shape))
    np.testing.assert_array_equal(decode(encoded(image)), 255 - shape_of())


def test_black_ink_on_a_transparent_ground_is_dark_on_white() -> None:
    shape = Image.fromarray(shape_of(200))
    image = Image.merge("RGBA", [Image.new("L", shape.size, 0)] * 3 + [shape])
    np.testing.assert_array_equal(decode(encoded(image)), 255 - shape_of(200))


def test_a_wholly_transparent_picture_is_white() -> None:
    assert (decode(encoded(Image.new("RGBA", (9, 9), (10, 20, 30, 0)))) == 255).all()


# Large pictures --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "mode"), [*((n, mode) for n in MODES for mode in MODES[n]), ("PNG", "I;16")]
)
def test_large_pictures_are_averaged_down(name: str, mode: str) -> None:
    grey = np.full((1600, 1000), 255, np.uint8)
    grey[400:1200, 300:340] = 0
    sixteen_bits = Image.fromarray(grey.astype(np.uint16) * 257)
    image = sixteen_bits if mode == "I;16" else Image.fromarray(grey).convert(mode)
    data = encoded(image, name)
    small = ImageLimits(working_pixels=100_000)  # 1.6 million pixels are 4 x 4 times as many
    picture = read_picture(data, small)
    assert (picture.width, picture.height) == (1000, 1600)
    assert picture.pixels.shape == (400, 250)
    wanted = grey.reshape(400, 4, 250, 4).mean(axis=(1, 3))
    assert np.abs(picture.pixels - wanted).max() <= (12 if name in ("JPEG", "WEBP") else 3)


def test_a_strip_is_no_taller_than_the_last_rows() -> None:
    grey = np.tile(np.arange(1201, dtype=np.uint16)[:, None] % 256, (1, 1000)).astype(np.uint8)
    picture = decode(encoded(Image.fromarray(grey)), ImageLimits(working_pixels=75_000))
    assert picture.shape == (301, 250)  # blocks of 4; the last has one row
    assert picture[-1, 0] == grey[-1, 0]
    assert abs(picture[10, 7] - grey[40:44].mean()) <= 1


@pytest.mark.parametrize("size", [(65_535, 13), (13, 65_535), (60_000, 20)])
def test_thin_pictures_are_averaged_down_further(size: tuple[int, int]) -> None:
    """What looks for ink takes windows as wide as a part of the longer side."""
    picture = read_picture(encoded(Image.new("L", size, 7)), ImageLimits(working_pixels=75_000))
    assert (picture.width, picture.height) == size
    assert picture.pixels.size <= 2.25 * 75_000
    assert 1_000 <= max(picture.pixels.shape) <= 4096


def test_long_and_thin_pictures_decode() -> None:
    for size in ((1, 5000), (5000, 1), (60_000, 3)):
        assert decode(encoded(Image.new("L", size, 7))).max() == 7
