"""Pictures within all limits that take more time than they look like.

Each is a way to make some stage work hard: decoding, finding the ink, telling marks apart, looking
for writing, reading lines.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Grey = NDArray[np.uint8]

SIDE = 860  # as large as a picture may be without being averaged down
PAPER = 255


def file_of(pixels: Grey | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """Write a picture."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def bars(width: int, height: int, step: int, thickness: int = 1, joined: bool = False) -> Grey:
    """Draw upright bars, joined at their tops to a comb."""
    page = np.full((height, width), PAPER, np.uint8)
    for left in range(10, width - 10, step):
        page[10:-10, left : left + thickness] = 0
    if joined:
        page[10 : 10 + thickness, 10:-10] = 0
    return page


def lines(count: int, width: int = 760, step: int = 3) -> Grey:
    """Draw level lines."""
    return np.ascontiguousarray(bars(20 + count * step, width + 20, step).T)


def checkerboard(side: int, margin: int = 0) -> Grey:
    """Draw squares that touch at their corners, on paper."""
    y, x = np.mgrid[: SIDE - 2 * margin, : SIDE - 2 * margin] // side
    squares = (255 * ((x + y) % 2)).astype(np.uint8)
    return np.pad(squares, margin, constant_values=PAPER)


def spiral(step: int) -> Image.Image:
    """Draw one line that is as long as the picture allows."""
    image = Image.new("L", (SIDE, SIDE), PAPER)
    angle = np.linspace(0, (SIDE / 2 - 10) / step * 2 * np.pi, 20_000)
    radius = step * angle / (2 * np.pi)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1) + SIDE / 2
    ImageDraw.Draw(image).line([tuple(p) for p in points.tolist()], fill=0, width=step // 3 + 1)
    return image


def rings(step: int, shape: str = "ellipse") -> Image.Image:
    """Draw rings, or boxes, within each other."""
    image = Image.new("L", (SIDE, SIDE), PAPER)
    for inset in range(5, SIDE // 2 - 5, step):
        getattr(ImageDraw.Draw(image), shape)((inset, inset, SIDE - inset, SIDE - inset), outline=0)
    return image


def specks(across: int, down: int, size: int, width: int = SIDE, height: int = SIDE) -> Grey:
    """Draw squares on a grid."""
    page = np.full((height, width), PAPER, np.uint8)
    for row in range(down):
        for column in range(across):
            top, left = int((row + 0.5) * height / down), int((column + 0.5) * width / across)
            page[top : top + size, left : left + size] = 0
    return page


def noise(density: float, margin: int = 0) -> Grey:
    """Draw dots at random."""
    side = SIDE - 2 * margin
    dots = np.random.default_rng(0).random((side, side)) < density
    return np.pad(np.where(dots, 0, PAPER).astype(np.uint8), margin, constant_values=PAPER)


def grain(height: int, width: int, channels: int = 1) -> Grey:
    """Return pixels of any value."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def text(size: int, across: int, down: int, overlap: int = 0, shade: bool = False) -> Grey:
    """Write rows of digits, that may touch, or lie in the shade as on a photo."""
    step = size * 0.6 - overlap
    page = Image.new("L", (int(across * step + 30), int(down * size * 1.2 + 20)), PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for row in range(down):
        for column in range(across):
            digit = str((row * 7 + column * 3) % 10)
            pen.text((5 + column * step, 5 + row * size * 1.2), digit, fill=0, font=font)
    pixels = np.asarray(page)
    if shade:
        pixels = (pixels * np.linspace(0.4, 1, pixels.shape[1])).astype(np.uint8)
    return pixels


def gradient(width: int, height: int) -> Grey:
    """Draw paper in light that fades."""
    return np.linspace(0, 255, width * height).reshape(height, width).astype(np.uint8)


def raw_png(
    size: tuple[int, int], depth: int, colour: int, row: bytes, extra: bytes = b"", coding: int = 4
) -> bytes:
    """Write a PNG all of whose rows are the same bytes, predicted the dearest way (Paeth)."""
    width, height = size
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = zlib.compress((bytes([coding]) + row) * height, 1)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def chunk(kind: bytes, body: bytes) -> bytes:
    """Write a part of a PNG."""
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def palette_png(side: int) -> bytes:
    """Write a PNG of 256 colours, each of another opacity."""
    extra = chunk(b"PLTE", grain(1, 768).tobytes()) + chunk(b"tRNS", grain(1, 256).tobytes())
    return raw_png((side, side), 8, 3, grain(1, side).tobytes(), extra, coding=0)


def many_scans(side: int, scans: int = 29) -> bytes:
    """Write a progressive JPEG whose last scan comes over and over again."""
    data = file_of(np.full((side, side, 3), 200, np.uint8), "JPEG", quality=10, progressive=True)
    last = data.rfind(b"\xff\xda")
    return data[:last] + data[last:-2] * (scans - data.count(b"\xff\xda")) + b"\xff\xd9"


def frames(kind: str, side: int, count: int) -> bytes:
    """Write an animation whose frames are all empty."""
    empty = [Image.new("L", (side, side), PAPER - number) for number in range(count)]
    return file_of(empty[0], kind, save_all=True, append_images=empty[1:], duration=10)


def of_ink() -> dict[str, Callable[[], bytes]]:
    """Name pictures that are dear after they are decoded."""
    shapes: dict[str, Callable[[], Grey | Image.Image]] = {
        **{f"{n} lines": (lambda n=n: lines(n)) for n in (4, 8, 64, 250)},
        "250 lines of 4,060 pixels": lambda: lines(250, 4060),
        **{f"bars, {s} apart": (lambda s=s: bars(800, 800, s)) for s in (4, 8, 16)},
        **{f"a comb, {s} apart": (lambda s=s: bars(800, 800, s, 1, True)) for s in (4, 8, 16)},
        "a long comb": lambda: bars(4000, 190, 16, 4, joined=True),
        **{f"a checkerboard of {s}": (lambda s=s: checkerboard(s)) for s in (1, 3, 10, 40)},
        **{f"the same on paper, of {s}": (lambda s=s: checkerboard(s, 30)) for s in (1, 2, 5)},
        **{f"a spiral, {s} apart": (lambda s=s: spiral(s)) for s in (4, 8, 20)},
        **{f"rings, {s} apart": (lambda s=s: rings(s)) for s in (2, 4, 10)},
        **{f"boxes, {s} apart": (lambda s=s: rings(s, "rectangle")) for s in (2, 4, 10)},
        "256 specks": lambda: specks(16, 16, 4),
        "256 squares": lambda: specks(16, 16, 30),
        "256 specks in a column": lambda: specks(1, 256, 2),
        "256 specks in a row": lambda: specks(256, 1, 3, 4000, 190),
        "40,000 specks": lambda: specks(200, 200, 2),
        **{f"dots on {d:.1%}": (lambda d=d: noise(d)) for d in (0.005, 0.02, 0.1, 0.5)},
        **{f"the same on paper, {d:.0%}": (lambda d=d: noise(d, 30)) for d in (0.02, 0.3, 0.5)},
        "grain": lambda: grain(SIDE, SIDE),
        "a strip of grain": lambda: grain(180, 4096),
        "480 digits": lambda: text(40, 30, 16),
        "1,800 small digits": lambda: text(20, 60, 30),
        "1,800 small digits in the shade": lambda: text(20, 60, 30, shade=True),
        "touching digits": lambda: text(40, 30, 16, overlap=8),
        "touching digits in the shade": lambda: text(40, 30, 16, overlap=8, shade=True),
        "fading light": lambda: gradient(SIDE, SIDE),
        "one row": lambda: grain(1, 4096),
        "one column": lambda: grain(4096, 1),
    }
    return {name: (lambda make=make: file_of(make())) for name, make in shapes.items()}


def of_files() -> dict[str, Callable[[], bytes]]:
    """Name files that are dear to decode."""
    tile = np.tile
    return {
        "PNG, 244 × 65,535": lambda: raw_png((244, 65_535), 8, 0, grain(1, 244).tobytes()),
        "PNG, 65,535 × 244": lambda: raw_png((65_535, 244), 8, 0, bytes(range(255)) * 257),
        "PNG, grey, 16 megapixels": lambda: raw_png((4000, 4000), 8, 0, grain(1, 4000).tobytes()),
        "PNG, 16 bits, grey": lambda: raw_png((4000, 4000), 16, 0, grain(1, 8000).tobytes()),
        "PNG, RGBA": lambda: raw_png((3000, 3000), 8, 6, grain(1, 12_000).tobytes()),
        "PNG, RGBA, easily unpacked": lambda: raw_png(
            (3000, 3000), 8, 6, grain(1, 12_000).tobytes(), coding=0
        ),
        "PNG, 16 bits, RGBA": lambda: raw_png((3000, 3000), 16, 6, grain(1, 24_000).tobytes()),
        "PNG, palette with opacity": lambda: palette_png(4000),
        "PNG, 8 empty frames": lambda: frames("PNG", 1000, 8),
        "GIF, 8 empty frames": lambda: frames("GIF", 1000, 8),
        "GIF, 16 megapixels": lambda: file_of(tile(grain(250, 250), (16, 16)) // 8, "GIF"),
        "JPEG, 25 megapixels": lambda: file_of(
            tile(grain(250, 250, 3), (20, 20, 1)), "JPEG", quality=30
        ),
        "JPEG, progressive": lambda: file_of(
            tile(grain(500, 500), (8, 8)), "JPEG", quality=30, progressive=True
        ),
        "JPEG, progressive, in colour": lambda: file_of(
            tile(grain(250, 250, 3), (14, 14, 1)), "JPEG", quality=20, progressive=True
        ),
        "JPEG, 29 scans": lambda: many_scans(3500),
        "WebP, 2 megapixels": lambda: file_of(
            tile(grain(250, 250, 3), (6, 6, 1)), "WEBP", quality=60
        ),
        "BMP": lambda: file_of(grain(1600, 1600, 3), "BMP"),
    }


PICTURES = of_ink() | of_files()
