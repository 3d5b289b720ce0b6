"""Scenes by the thousand, in squares of one size, for training."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scripts.synthesis.material import Material
from scripts.synthesis.parallel import draw_in_chunks
from scripts.synthesis.scenes.compose import SIDE, Scene, draw_scene

CHUNK = 250
OUTSIDE = -1
"""The truth of a pixel that is not in the scene."""


class Scenes(NamedTuple):
    """Scenes with their truth.

    Attributes
    ----------
    greys : ndarray of uint8, shape (N, SIDE, SIDE)
        A scene that is no square is continued by the pixels of its border.
    truths : ndarray of int8, shape (N, SIDE, SIDE)
        GROUND, WRITING or OTHER of `scripts.synthesis.scenes.board`, or OUTSIDE.
    """

    greys: np.ndarray
    truths: np.ndarray


def draw_scenes(count: int, seed: int, material: Material, workers: int = 2) -> Scenes:
    """Draw `count` scenes; the same seed gives the same ones, whatever `workers` is."""
    rng = np.random.default_rng(seed)
    return Scenes(*draw_in_chunks(_draw_chunk, count, rng, material, chunk=CHUNK, workers=workers))


def _draw_chunk(count: int, rng: np.random.Generator, material: Material) -> Scenes:
    squares = [squared(draw_scene(rng, material), rng) for _ in range(count)]
    return Scenes(*(np.stack(parts) for parts in zip(*squares, strict=True)))


def squared(scene: Scene, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Continue a scene to a square, on both sides."""
    before = [int(rng.integers(SIDE - side + 1)) for side in scene.grey.shape]
    margin = [
        (first, SIDE - side - first) for first, side in zip(before, scene.grey.shape, strict=True)
    ]
    truth = np.pad(scene.truth.astype(np.int8), margin, constant_values=OUTSIDE)
    return np.pad(scene.grey, margin, mode="edge"), truth
