"""Recorded characters, written once more: few writers make many digits.

The shape stays that of the writer. What changes is what the same person changes from one digit to
the next: slant, width, a slight turn, some shaking, the speed of the tablet, and the pen.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from scripts.synthesis.pages.geometry import crop
from scripts.synthesis.print.printing import spread
from scripts.synthesis.recorded.collection import to_template_units
from scripts.synthesis.recorded.scans import Scans
from scripts.synthesis.recorded.unipen import Character
from server.handwriting.strokes import Hand, deform, even

INK_SIDE = 128
"""Pixels to which a scan is enlarged before it is inked anew."""


def rewrite(character: Character, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the strokes of a character, in units of its height, slightly changed."""
    hand = Hand(
        slant=float(rng.normal(0, 0.09)),
        stretch=float(np.exp(rng.normal(0, 0.12))),
        turn=float(rng.normal(0, 0.06)),
        bend=0.035 * rng.random(),
        squeeze=float(rng.normal(0, 0.04)),
        tremor=0.015 * rng.random() ** 3,
        spacing=rng.uniform(0.08, 0.3) if rng.random() < 0.15 else 0.0,
    )
    lines = deform([even(line) for line in to_template_units(character)], hand, rng)
    return [even(line, hand.spacing) for line in lines] if hand.spacing else lines


def choose_scan(scans: tuple[Scans, ...], rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Draw a collection, and from it a scan, uint8 (H, W), with its digit."""
    chosen = scans[rng.integers(len(scans))]
    index = int(rng.integers(len(chosen.labels)))
    return chosen.images[index], int(chosen.labels[index])


def ink_anew(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make a scan of few pixels a smooth shape: thinner or thicker, narrower or wider, cropped."""
    ink = crop(mask)
    ratio = ink.shape[1] / ink.shape[0]
    ratio *= np.exp(rng.normal(-0.2, 0.25)) if ratio > 0.85 else np.exp(rng.normal(0, 0.15))
    size = max(8, round(INK_SIDE * min(ratio, 1.5))), INK_SIDE
    pixel = INK_SIDE / ink.shape[0]
    smooth = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BICUBIC))
    padded = np.pad(smooth, round(2 * pixel))
    return crop(spread(padded, pixel * rng.uniform(0.4, 1.1), rng.uniform(0.25, 0.6), 0, rng))
