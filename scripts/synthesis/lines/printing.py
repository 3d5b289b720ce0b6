"""A line as a font prints it, or as a display shows it."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image

from scripts.synthesis.lines.texts import UNKNOWN
from scripts.synthesis.print import displays, fonts
from scripts.synthesis.print.printing import SIZES, vary_ink

_LETTERS = "ABCDEFGHKLMNPQRTUVWXYabcdefghjkmnpqrtuvwxyz€$#=*"

_DISPLAY_HEIGHT = 48


def print_line(text: str, rng: np.random.Generator) -> np.ndarray:
    """Print `text` in a font kept for training: coverage, uint8 (H, W)."""
    face = fonts.choose_face("train", rng)
    while not _has_signs(face):
        face = fonts.choose_face("train", rng)
    shown = "".join(
        _LETTERS[rng.integers(len(_LETTERS))] if character == UNKNOWN else character
        for character in text
    )
    shape = face.glyph(shown, int(rng.choice(SIZES[1:5])))
    return vary_ink(shape, rng) if rng.random() < 0.3 else np.pad(shape, 2)


@cache
def _has_signs(face: fonts.Face) -> bool:
    """Tell whether a font draws all signs, and letters."""
    return all(face.has(character) for character in ".,-+/:()%AMe")


def display_line(digits: str, rng: np.random.Generator) -> np.ndarray:
    """Show digits on a display of seven segments or of dots: coverage, uint8 (H, W)."""
    state = rng.integers(2**32)
    make = displays.seven_segments if rng.random() < 0.8 else displays.dot_matrix
    # The same generator for each digit: all have bars of one width.
    tiles = [make(int(d), _DISPLAY_HEIGHT, np.random.default_rng(state)) for d in digits]
    widest = max(tile.shape[1] for tile in tiles)
    pitch = widest + int(rng.integers(3, 18))
    picture = Image.new("L", (pitch * len(digits) + 8, _DISPLAY_HEIGHT + 8))
    for i, (digit, tile) in enumerate(zip(digits, tiles, strict=True)):
        right = 4 + i * pitch + widest
        top = 4 + (_DISPLAY_HEIGHT - tile.shape[0]) // 2
        left = right - tile.shape[1] if digit == "1" else right - widest
        picture.paste(Image.fromarray(tile), (left, top))
    lean = rng.uniform(0, 0.2) if rng.random() < 0.5 else 0.0
    size = picture.width + int(lean * picture.height), picture.height
    terms = (1, lean, -lean * picture.height, 0, 1, 0)
    return np.asarray(
        picture.transform(size, Image.Transform.AFFINE, terms, Image.Resampling.BILINEAR)
    )
