"""Stand-ins for the pictures that people send: for measuring, never for training.

A test set made by the code that made the training set shows only that the code was learnt. So
everything here is separate: strokes put down point by point, drawn by Pillow's own lines; font
designs kept from training; another lamp, another paper, another camera. Pictures are files (PNG,
JPEG), so that a measurement runs through decoding and preprocessing as the service does.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops

from scripts.synthesis.mnist import corruptions
from scripts.synthesis.print import fonts
from scripts.synthesis.standins import refused, snapshots, writers

NOT_A_DIGIT = -1
_ENLARGING = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)


@dataclass(frozen=True)
class StandIn:
    """A labelled set of picture files.

    Attributes
    ----------
    description : str
    files : list of bytes
        PNG or JPEG.
    labels : ndarray of int8, shape (N,)
        The digit, or -1 for what must be refused.
    """

    description: str
    files: list[bytes]
    labels: np.ndarray


Write = Callable[[int, np.random.Generator], writers.Lines]
Draw = Callable[[int, np.random.Generator], bytes]  # a label and a generator to a file


def png(image: Image.Image) -> bytes:
    """Encode a picture as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _drawing(widths: tuple[float, float], write: Write = writers.write) -> Draw:
    def draw(label: int, rng: np.random.Generator) -> bytes:
        look = writers.draw_look(rng, widths, (0.15, 0.95))
        return png(writers.show(write(label, rng), look, rng))

    return draw


def _written_ink(label: int, rng: np.random.Generator) -> Image.Image:
    """A large written digit, white on black, with nothing around it."""
    look = writers.Look(320, 0.98, rng.uniform(0.07, 0.17))
    large = writers.show(writers.write(label, rng), look, rng).convert("L")
    ink = Image.eval(large, lambda v: 255 - v)
    return ink.crop(ink.getbbox())


def _either_polarity(page: Image.Image, rng: np.random.Generator) -> bytes:
    return png(page if rng.random() < 0.5 else Image.eval(page, lambda v: 255 - v))


def scan(label: int, rng: np.random.Generator) -> bytes:
    """A postal scanner's digit: 12 to 20 pixels high, stretched to a square, then enlarged."""
    ink = _written_ink(label, rng)
    tall = int(rng.integers(12, 21))
    wide = min(max(round(tall * ink.width / ink.height), 3), 20)
    small = ink.resize((wide, tall), Image.Resampling.BOX)
    page = Image.new("L", (wide + 4, tall + 4))
    page.paste(small, (2, 2))
    factor = int(rng.integers(1, 12))
    size = page.width * factor, page.height * factor
    page = page.resize(size, _ENLARGING[rng.integers(3)])
    return _either_polarity(page, rng)


def tiny_scan(label: int, rng: np.random.Generator) -> bytes:
    """A digit that fills 8x8, 12x12 or 16x16 pixels from top to bottom, as it is or enlarged.

    Half of them are counted from a bitmap four times as fine, as in optical recognition of the
    1990s, which left 17 greys.
    """
    ink, side = _written_ink(label, rng), int(rng.choice((8, 12, 16)))
    fine = Image.new("L", (4 * side, 4 * side))
    wide = min(max(round(fine.height * ink.width / ink.height), 4), fine.width)
    small = ink.resize((wide, fine.height), Image.Resampling.BILINEAR)
    fine.paste(small, ((fine.width - wide) // 2, 0))
    if rng.random() < 0.5:
        fine = Image.eval(fine, lambda v: 255 if v > 110 else 0)
    page = fine.reduce(4)
    if rng.random() < 0.7:
        large = int(rng.integers(28, 320))
        page = page.resize((large, large), _ENLARGING[rng.integers(3)])
    return _either_polarity(page, rng)


def printed(label: int, rng: np.random.Generator) -> bytes:
    """A digit set in a face that training never sees."""
    face = fonts.choose_face("test", rng)
    return png(refused.type_text(chr(face.zero + label), face, rng))


def small_print(label: int, rng: np.random.Generator) -> bytes:
    """A digit of small type as a screenshot or a scan has it."""
    face = fonts.choose_face("test", rng)
    page = refused.type_text(chr(face.zero + label), face, rng)
    box = ImageChops.difference(page, Image.new("L", page.size, page.getpixel((0, 0)))).getbbox()
    factor = rng.uniform(12, 24) / (box[3] - box[1] if box else page.height)
    size = round(page.width * factor), round(page.height * factor)
    small = page.resize(size, Image.Resampling.BOX)
    low = int(rng.integers(0, 110))
    faint = Image.eval(small, lambda v: low + v * (250 - low) // 255)
    buffer = io.BytesIO()
    faint.save(buffer, "JPEG", quality=int(rng.integers(35, 85)))
    return buffer.getvalue()


def photo(label: int, rng: np.random.Generator) -> bytes:
    """A photo of a written digit."""
    return snapshots.snapshot(writers.write(label, rng), rng)


def outsider(label: int, rng: np.random.Generator) -> bytes:
    """A picture of what is no digit."""
    if rng.random() < 0.5:
        return png(refused.letter(rng))
    lines = refused.DRAWN[rng.integers(len(refused.DRAWN))](rng)
    return png(writers.show(lines, writers.draw_look(rng, (0.03, 0.09), (0.2, 0.95)), rng))


KINDS: dict[str, tuple[str, Draw]] = {
    "drawn": (
        "drawn on a canvas, stroke 4 % to 14 % of the height",
        _drawing((0.04, 0.14)),
    ),
    "drawn-thick": ("the same, stroke 14 % to 25 %", _drawing((0.14, 0.25))),
    "drawn-hasty": ("the same in haste, stroke 4 % to 20 %", _drawing((0.04, 0.2), writers.scrawl)),
    "scans": ("scanned at 12 to 20 pixels and enlarged", scan),
    "printed": ("printed in designs of type that training never sees", printed),
    "printed-small": ("the same at 12 to 24 pixels, grey, blurred, as poor JPEG", small_print),
    "photos": ("photos: lamp, shadow, grain, thin pen, EXIF orientation", photo),
    "non-digits": ("letters, signs, scribbles, drawings, two digits at once", outsider),
    "scans-tiny": (
        "cut out at 8, 12 or 16 pixels, as they are or enlarged",
        tiny_scan,
    ),
}


def standin_sets(
    rng: np.random.Generator,
    count: int = 1000,
    images: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> dict[str, StandIn]:
    """Make every stand-in set.

    Parameters
    ----------
    count : int
        Pictures in each set, digits in equal numbers.
    images, labels : ndarray of uint8, shapes (N, 28, 28) and (N,), optional
        MNIST digits; with them there is a set ``corrupted-…`` for every corruption, and ``mnist``.

    Returns
    -------
    dict of str to StandIn
    """
    sets = {name: make_set(name, count, rng.spawn(1)[0]) for name in KINDS}
    if images is not None and labels is not None:
        sets |= corrupted_sets(images[:count], labels[:count], rng)
    return sets


def make_set(name: str, count: int, rng: np.random.Generator) -> StandIn:
    """Make the set called `name`, one of `KINDS`."""
    description, draw = KINDS[name]
    digits = np.arange(count, dtype=np.int8) % 10
    wanted = np.full_like(digits, NOT_A_DIGIT) if draw is outsider else digits
    return StandIn(description, [draw(int(label), rng) for label in wanted], wanted)


def corrupted_sets(
    images: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> dict[str, StandIn]:
    """MNIST digits as files, as they are and corrupted in every way."""
    pictures = {"mnist": images} | {
        f"corrupted-{name}": corruptions.corrupt(images, name, rng)
        for name in corruptions.CORRUPTIONS
    }
    return {
        name: StandIn(
            name.replace("-", " ").replace("_", " "),
            [png(Image.fromarray(picture)) for picture in stack],
            labels.astype(np.int8),
        )
        for name, stack in pictures.items()
    }
