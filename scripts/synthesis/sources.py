"""The sources of training pictures, each an endless stream of labelled pictures.

A source takes a generator and the `Material` it may draw on; its name is its kind in the training
set. Labels are digits, or -1 for what is no digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from scripts.synthesis.material import Material
from scripts.synthesis.mnist import restroke
from scripts.synthesis.others.empty import empty_place
from scripts.synthesis.others.nondigits import draw_nondigit
from scripts.synthesis.pages.canvas import page, place, place_mask
from scripts.synthesis.pages.clutter import clutter
from scripts.synthesis.pages.cutouts import cut_out
from scripts.synthesis.pages.geometry import crop
from scripts.synthesis.pages.photos import photograph
from scripts.synthesis.print.printing import printed_digit, set_on_page
from scripts.synthesis.recorded.rewriting import choose_scan, ink_anew, rewrite
from scripts.synthesis.scenes.compose import draw_scene
from server.handwriting.pens import draw_pen
from server.handwriting.strokes import Hand, write
from server.handwriting.templates import choose_template

NOT_A_DIGIT = -1


class Picture(NamedTuple):
    """One training picture.

    Attributes
    ----------
    grey : ndarray of uint8, shape (H, W)
        As seen on white.
    label : int
        The digit, or -1.
    ink : ndarray of uint8, shape (h, w), optional
        A digit's coverage, before the page and the camera did anything to it.
    """

    grey: np.ndarray
    label: int
    ink: np.ndarray | None = None


Source = Callable[[np.random.Generator, Material], Iterator[Picture]]


def handwritten_coverage(digit: int, rng: np.random.Generator) -> np.ndarray:
    """Write `digit` once, in some style, by some hand, with some pen, on a page: coverage."""
    hand = Hand.draw(rng)
    if digit == 7:  # a narrow seven is a one
        hand = replace(hand, stretch=max(hand.stretch, 0.9))
    return place(write(choose_template(digit, rng), hand, rng), draw_pen(rng), rng)


def handwriting(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """Digits written stroke by stroke from templates."""
    while True:
        digit = int(rng.integers(10))
        yield _digit_on_page(handwritten_coverage(digit, rng), digit, 0.05, rng)


def printed(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """Digits of fonts, those kept for testing excepted, and of displays."""
    while True:
        digit = int(rng.integers(10))
        yield _digit_on_page(set_on_page(printed_digit(digit, "train", rng), rng), digit, 0.0, rng)


def nondigits(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """Letters, signs, scribbles, several digits at once."""
    while True:
        yield Picture(page(draw_nondigit(rng), rng), NOT_A_DIGIT)


def photos(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """Photos of written digits, of printed ones, and of what is no digit."""
    while True:
        kind, digit = rng.random(), int(rng.integers(10))
        if kind < 0.7:
            ink = crop(handwritten_coverage(digit, rng))
        elif kind < 0.85:
            ink = printed_digit(digit, "train", rng)
        else:
            ink, digit = crop(draw_nondigit(rng)), NOT_A_DIGIT
        if ink.any():
            yield Picture(photograph(ink, rng), digit, None if digit == NOT_A_DIGIT else ink)


def restroked(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """MNIST digits inked anew."""
    if material.images is None or material.labels is None:
        return
    for lines, digit in restroke.digits(material.images, material.labels, rng):
        yield _digit_on_page(place(lines, draw_pen(rng), rng), digit, 0.0, rng)


def rescanned(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """MNIST digits as they are, on other pages: enlarged, inverted, faint, soiled."""
    if material.images is None or material.labels is None:
        return
    while True:
        index = int(rng.integers(len(material.images)))
        coverage = place_mask(crop(material.images[index]), rng)
        yield _digit_on_page(coverage, int(material.labels[index]), 0.4, rng)


def cutouts(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """Digits of MNIST (if there) and others, and what is none, at few pixels, without a margin."""
    while True:
        kind, digit = rng.random(), int(rng.integers(10))
        if kind < 0.45 and material.images is not None and material.labels is not None:
            index = int(rng.integers(len(material.images)))
            ink, digit = crop(material.images[index]), int(material.labels[index])
        elif kind < 0.82:
            ink = crop(handwritten_coverage(digit, rng))
        elif kind < 0.88:
            ink = crop(printed_digit(digit, "train", rng))
        else:
            ink, digit = crop(draw_nondigit(rng)), NOT_A_DIGIT
        if ink.any():
            yield Picture(cut_out(ink, rng), digit, None if digit == NOT_A_DIGIT else ink)


def recorded(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """Digits as real writers moved the pen, with other pens, on other pages."""
    if material.recorded is None:
        return
    while True:
        digit = int(rng.integers(10))
        writers = material.recorded.digits[digit]
        lines = rewrite(writers[rng.integers(len(writers))], rng)
        coverage = place(lines, draw_pen(rng), rng)
        yield _in_the_world(coverage, digit, rng)


def letters(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """Letters and signs as real writers moved the pen: no digits."""
    if material.recorded is None:
        return
    while True:
        others = material.recorded.others
        lines = rewrite(others[rng.integers(len(others))], rng)
        yield _in_the_world(place(lines, draw_pen(rng), rng), NOT_A_DIGIT, rng)


def scans(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """Digits of old collections: as they are, or inked anew."""
    if material.recorded is None:
        return
    while True:
        mask, digit = choose_scan(material.recorded.scans, rng)
        kind = rng.random()
        if kind < 0.3:
            yield Picture(cut_out(crop(mask), rng), digit, crop(mask))
            continue
        ink = ink_anew(mask, rng)
        if kind < 0.5:
            yield Picture(cut_out(ink, rng), digit, ink)
        else:
            yield _in_the_world(place_mask(ink, rng), digit, rng)


def empties(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """Places where nobody wrote: paper, edges of cells, rulings, textures."""
    while True:
        yield Picture(empty_place(rng), NOT_A_DIGIT)


def scenes(rng: np.random.Generator, material: Material) -> Iterator[Picture]:
    """One digit among all that papers, forms, plates and displays have beside it; or none."""
    while True:
        if rng.random() < 0.85:
            digit = int(rng.integers(10))
            scene = draw_scene(rng, material, digit=digit)
            yield Picture(scene.grey, digit, scene.digit)
        else:
            scene = draw_scene(rng, material, empty=True)
            yield Picture(scene.grey, NOT_A_DIGIT)


def _in_the_world(coverage: np.ndarray, digit: int, rng: np.random.Generator) -> Picture:
    """Show coverage on a page, mostly; in a photo, or as a little scan."""
    kind = rng.random()
    if kind < 0.3 and coverage.any():
        ink = crop(coverage)
        picture = Picture((photograph if kind < 0.15 else cut_out)(ink, rng), digit, ink)
    else:
        picture = _digit_on_page(coverage, digit, 0.05, rng)
    return picture if digit != NOT_A_DIGIT else picture._replace(ink=None)


def _digit_on_page(ink: np.ndarray, digit: int, soiled: float, rng: np.random.Generator) -> Picture:
    """Give coverage its tones and faults; `soiled` is the chance of clutter."""
    coverage = clutter(ink, rng) if rng.random() < soiled else ink
    return Picture(page(coverage, rng), digit, ink)


SOURCES: dict[str, Source] = {
    "handwriting": handwriting,
    "printed": printed,
    "nondigits": nondigits,
    "photos": photos,
    "restroked": restroked,
    "rescanned": rescanned,
    "cutouts": cutouts,
    "recorded": recorded,
    "letters": letters,
    "scans": scans,
    "empties": empties,
    "scenes": scenes,
}
