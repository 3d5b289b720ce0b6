"""The pictures of a run: those trained on, and those held out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convnet.arrays import Array
from convnet.datasets.dataset import Dataset
from convnet.datasets.folder import default_folder, load
from convnet.training.batches import to_float
from server.training_room.building.sizes import INPUT
from server.training_room.settings import Settings

WATCHED = 300
"""Held-out pictures that are looked at again and again while the network trains."""


@dataclass(frozen=True)
class Pictures:
    """Pictures (N, 28, 28) of uint8 with their labels (N,); the last ones are never trained on."""

    images: Array
    labels: NDArray[np.integer]
    held_images: Array
    held_labels: NDArray[np.integer]

    @property
    def watched(self) -> tuple[NDArray[np.float32], NDArray[np.integer]]:
        """Some held-out pictures as the network takes them, with their labels."""
        images = to_float(self.held_images[:WATCHED])
        return images[..., None], self.held_labels[:WATCHED]


def choose(settings: Settings) -> Pictures:
    """Read the data set and take what the settings want, in an order that the seed alone decides.

    Raises
    ------
    ValueError
        If there is no data set (`DatasetError` says how to get one), or it has other pictures.
    """
    dataset: Dataset = load(default_folder())
    if dataset.train.input_shape != INPUT:
        raise ValueError(f"the pictures must be of shape {INPUT}, got {dataset.train.input_shape}")
    train = dataset.train.subset(settings.digits, settings.pictures)
    held = dataset.test.subset(settings.digits)
    order = np.random.default_rng(0).permutation(len(held))
    images: tuple[Array, Array] = (train.images, held.images[order])  # type: ignore[assignment]
    return Pictures(images[0], train.labels, images[1], held.labels[order])
