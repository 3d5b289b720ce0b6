"""What the served network learns from, and what it is chosen by."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convnet import datasets
from convnet.storage.npz import ArrayFile, save_arrays
from scripts.synthesis.dataset import training_set
from scripts.synthesis.material import Material


@dataclass(frozen=True)
class Pictures:
    """Network inputs and what they show.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, 28, 28)
        Ink 255, paper 0.
    labels : ndarray of int8, shape (N,)
        0 to 9, or -1 for what is no digit.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int8]

    def __add__(self, other: Pictures) -> Pictures:
        return Pictures(
            np.concatenate([self.images, other.images]),
            np.concatenate([self.labels, other.labels]),
        )

    def only(self, chosen: NDArray[np.bool_]) -> Pictures:
        """Return the pictures that a mask chooses."""
        return Pictures(self.images[chosen], self.labels[chosen])


def from_mnist(split: datasets.Split) -> Pictures:
    """Return a split of MNIST as pictures."""
    return Pictures(split.images, split.labels.astype(np.int8))


def synthetic(
    kinds: Mapping[str, int], seed: int, material: Material, folder: Path, workers: int = 2
) -> dict[str, Pictures]:
    """Draw pictures of each kind, or read those that an earlier run left in `folder`.

    Parameters
    ----------
    kinds : mapping of str to int
        How many of each kind of `scripts.synthesis.dataset.KINDS`.
    seed : int
        The same seed gives the same pictures.
    material : Material
        What some kinds start from: pictures made from other material are not read.
    """
    drawn = {}
    for kind, count in kinds.items():
        file = folder / f"{kind}-{count}-{seed}-{material.fingerprint(kind):08x}.npz"
        if not file.exists():
            print(f"drawing {count:,} pictures: {kind} …", flush=True)
            # A stream of its own for each kind, so that one can be changed without the others.
            rng = np.random.default_rng((seed, zlib.crc32(kind.encode())))
            samples = training_set(count, rng, {kind: 1.0}, material, workers)
            save_arrays(file, {"images": samples.images, "labels": samples.labels})
        arrays = ArrayFile(file).read_all()
        drawn[kind] = Pictures(arrays["images"], arrays["labels"])
    return drawn
