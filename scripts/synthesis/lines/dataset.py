"""Lines by the thousand, with what they read: what the line reader learns from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convnet.datasets import Split
from scripts.synthesis.lines.form import to_frame
from scripts.synthesis.lines.printing import display_line, print_line
from scripts.synthesis.lines.texts import choose_text, classes_of, digits
from scripts.synthesis.lines.writing import write_line
from scripts.synthesis.material import Material
from scripts.synthesis.mnist.numbers import compose
from scripts.synthesis.parallel import draw_in_chunks

CHUNK = 500

LONGEST = 18
"""Characters of a line, at most."""

NOTHING = -1
"""What fills the rows of labels after the last character."""

SHARES = {"real": 0.45, "invented": 0.18, "mnist": 0.13, "print": 0.15, "display": 0.09}
"""How often a line is written by a real hand, by an invented one, put together from MNIST's digits,
printed, or shown on a display."""


class LineSet(NamedTuple):
    """Lines with their texts.

    Attributes
    ----------
    frames : ndarray of uint8, shape (N, HEIGHT, WIDTH)
        Ink 255, paper 0.
    labels : ndarray of int8, shape (N, LONGEST)
        Classes of the characters, then NOTHING.
    """

    frames: np.ndarray
    labels: np.ndarray


def draw_lines(count: int, seed: int, material: Material, workers: int = 2) -> LineSet:
    """Draw `count` lines; the same seed gives the same ones, whatever `workers` is."""
    rng = np.random.default_rng(seed)
    return LineSet(*draw_in_chunks(_draw_chunk, count, rng, material, chunk=CHUNK, workers=workers))


def _draw_chunk(count: int, rng: np.random.Generator, material: Material) -> LineSet:
    frames, labels = [], []
    while len(frames) < count:
        text, coverage = draw_line(rng, material)
        frame = to_frame(coverage, rng)
        if frame is not None and len(text) <= LONGEST:
            classes = classes_of(text)
            frames.append(frame)
            labels.append(classes + [NOTHING] * (LONGEST - len(classes)))
    return LineSet(np.stack(frames), np.array(labels, np.int8))


def draw_line(rng: np.random.Generator, material: Material) -> tuple[str, np.ndarray]:
    """Draw a line: what it reads, and its coverage, uint8 (H, W)."""
    shares = np.array(list(SHARES.values()))
    kind = list(SHARES)[rng.choice(len(SHARES), p=shares / shares.sum())]
    if kind == "mnist" and material.images is not None and material.labels is not None:
        split = Split(material.images, material.labels)
        number = compose(split, int(rng.integers(0, 5)), rng, int(rng.integers(1, 9)))
        dark = number.grey[0].mean() > 127
        return number.text, 255 - number.grey if dark else number.grey
    if kind == "display":
        text = digits(rng)
        return text, display_line(text, rng)
    text = choose_text(rng)
    if kind == "print":
        return text, print_line(text, rng)
    return text, write_line(text, rng, material.recorded if kind == "real" else None)
