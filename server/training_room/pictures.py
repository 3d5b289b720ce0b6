"""The pictures of a run: those trained on, and those held out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convnet.arrays import Array
from convnet.datasets.dataset import Dataset, Split, with_test_set
from convnet.datasets.folder import default_folder, load
from convnet.training.batches import to_float
from server.training_room import drawings
from server.training_room.building.sizes import INPUT
from server.training_room.settings import DIGITS, Settings
from server.training_room.written import write_digits

WATCHED = 300
"""Held-out pictures that are looked at again and again while the network trains."""

FEWEST_OF_A_KIND = 100
"""Drawings are repeated until an epoch has so many of a kind, or as many as of a digit."""


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
    """Gather the pictures that the settings want, in an order that the seed alone decides.

    Raises
    ------
    ValueError
        If there is no data set (`DatasetError` says how to get one), or it has other pictures.
    """
    parts = [of_digits(settings)] if settings.digits else []
    parts += of_drawings(settings, parts)
    train = [part.train for part in parts]
    held = [part.test for part in parts]
    held_labels = np.concatenate([part.labels for part in held])
    order = np.random.default_rng(0).permutation(len(held_labels))
    return Pictures(
        np.concatenate([part.images for part in train]),
        np.concatenate([part.labels for part in train]),
        np.concatenate([part.images for part in held])[order],
        held_labels[order],
    )


def of_digits(settings: Settings) -> Dataset:
    """Return the wanted part of the data set; each label is the place of its class."""
    written = settings.data == "written"
    dataset: Dataset = (
        write_digits(settings.digits, settings.pictures) if written else load(default_folder())
    )
    if dataset.train.input_shape != INPUT:
        raise ValueError(f"the pictures must be of shape {INPUT}, got {dataset.train.input_shape}")
    train = dataset.train.subset(settings.digits, settings.pictures)
    held = dataset.test.subset(settings.digits)
    names = settings.classes or tuple(map(str, DIGITS))
    places = np.array(
        [names.index(str(d)) if d in settings.digits else 0 for d in DIGITS], np.uint8
    )
    return Dataset(
        Split(train.images, places[train.labels], names),
        Split(held.images, places[held.labels], names),
    )


def of_drawings(settings: Settings, others: list[Dataset]) -> list[Dataset]:
    """Return what was drawn, each kind repeated until it counts as much as a digit."""
    names = settings.classes or ()
    enough = FEWEST_OF_A_KIND
    if others:
        enough = max(enough, len(others[0].train) // len(settings.digits))
    found = []
    for name, pictures in settings.drawings.items():
        images = drawings.images(pictures)
        labels = np.full(len(images), names.index(name), np.uint8)
        whole = with_test_set(Split(images, labels, names))
        repeated = np.resize(np.arange(len(whole.train)), max(enough, len(whole.train)))
        found.append(Dataset(whole.train.take(repeated), whole.test))
    return found
