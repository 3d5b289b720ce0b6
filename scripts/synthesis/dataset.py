"""The training set: every source, drawn as pictures and read through the service's preprocessing.

`training_set` is what a training recipe calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from scripts.synthesis.fidelity import survives
from scripts.synthesis.material import Material
from scripts.synthesis.parallel import draw_in_chunks
from scripts.synthesis.sources import SOURCES, Picture
from scripts.synthesis.standins import StandIn, standin_sets
from server.finding.prepare import preprocess
from server.images.errors import ImageError

__all__ = ["KINDS", "Material", "Samples", "StandIn", "standin_sets", "training_set"]

CHUNK = 512
KINDS = tuple(SOURCES)


class Samples(NamedTuple):
    """Network inputs with what they show.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, 28, 28)
        Ink 255, paper 0.
    labels : ndarray of int8, shape (N,)
        The digit, or -1 for what is no digit.
    kinds : ndarray of uint8, shape (N,)
        Index into `KINDS`.
    """

    images: np.ndarray
    labels: np.ndarray
    kinds: np.ndarray


def training_set(
    count: int,
    rng: np.random.Generator,
    kinds: Mapping[str, float] | None = None,
    material: Material | None = None,
    workers: int = 1,
) -> Samples:
    """Draw `count` training samples.

    Parameters
    ----------
    count : int
    rng : Generator
        The same generator state gives the same samples, whatever `workers` is.
    kinds : mapping of kind to share, optional
        How often each source is asked; the shares need not sum to one. Default: all of them
        that `material` allows, equally.
    material : Material, optional
        MNIST training digits for the kinds ``restroked``, ``rescanned`` and ``cutouts``.
    workers : int
        Processes that share the work.
    """
    material = material or Material()
    shares = _shares(kinds, material)
    draw = partial(_draw_chunk, shares=shares)
    return Samples(*draw_in_chunks(draw, count, rng, material, chunk=CHUNK, workers=workers))


def _shares(kinds: Mapping[str, float] | None, material: Material) -> np.ndarray:
    if kinds is None:
        kinds = {name: 1.0 for name in KINDS if material.allows(name)}
    unknown = [name for name in kinds if name not in KINDS or not material.allows(name)]
    if unknown:
        raise ValueError(f"`kinds` must be among {KINDS}, with MNIST where needed, got {unknown}")
    shares = np.array([kinds.get(name, 0.0) for name in KINDS])
    return shares / shares.sum()


def _draw_chunk(
    count: int, rng: np.random.Generator, material: Material, shares: np.ndarray
) -> Samples:
    streams = [source(rng, material) for source in SOURCES.values()]
    kinds = rng.choice(len(shares), size=count, p=shares).astype(np.uint8)
    pairs = [_readable(streams[kind]) for kind in kinds]
    images = np.stack([image for image, _ in pairs])
    return Samples(images, np.array([label for _, label in pairs], np.int8), kinds)


def _readable(stream: Iterator[Picture]) -> tuple[np.ndarray, int]:
    """The next picture of a stream that can be read, as network input with its label."""
    for picture in stream:
        try:
            image = np.rint(preprocess(picture.grey) * 255).astype(np.uint8)
        except ImageError:  # drawn too faint: nothing is there, so nothing is to be learnt
            continue
        if picture.ink is None or survives(image, picture.ink):
            return image, picture.label
    raise RuntimeError("a source ended; sources must be endless")
