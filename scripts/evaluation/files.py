"""The sets of picture files that a network is measured on."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from convnet.datasets import Split
from scripts.synthesis.standins import NOT_A_DIGIT, StandIn, png, standin_sets

OTHERS = "none"


@dataclass(frozen=True)
class Folder:
    """The pictures of a folder, sorted by name.

    Attributes
    ----------
    paths : list of Path
    files : list of bytes
    labels : ndarray of int, shape (N,)
    """

    paths: list[Path]
    files: list[bytes]
    labels: np.ndarray

    def without(self, places: Container[int]) -> Folder:
        """Return the folder without the pictures at some indices."""
        kept = [place for place in range(len(self.files)) if place not in places]
        paths = [self.paths[place] for place in kept]
        return Folder(paths, [self.files[place] for place in kept], self.labels[kept])


def read_folder(folder: Path) -> Folder:
    """Read every file in the sub-folders 0 to 9, digits, and ``none``, what is no digit.

    Without any, files named by what they show are read: ``anything_7.png``, ``anything_none.jpg``.
    Hidden files are left out; it is not checked whether the others are pictures.

    Raises
    ------
    ValueError
        If there is no file in any of them.
    """
    labels = {str(digit): digit for digit in range(10)} | {OTHERS: NOT_A_DIGIT}
    found = [
        (path, label)
        for name, label in labels.items()
        for path in sorted((folder / name).glob("[!.]*"))
        if path.is_file()
    ]
    found = found or [
        (path, labels[name])
        for path in sorted(folder.glob("[!.]*_*.*"))
        if (name := path.stem.rpartition("_")[2]) in labels
    ]
    if not found:
        raise ValueError(
            f"{folder}: no pictures in sub-folders 0/ … 9/ or {OTHERS}/, and none called …_7.png"
        )
    paths = [path for path, _ in found]
    files = [path.read_bytes() for path in paths]
    return Folder(paths, files, np.array([label for _, label in found]))


def stand_ins(count: int, seed: int, test: Split) -> dict[str, StandIn]:
    """Draw the stand-in sets: `count` pictures in each, and all of `test` as PNG files.

    The corrupted digits are spread evenly over `test`, whose first half is easier than its second.
    """
    spread = np.linspace(0, len(test), min(count, len(test)), endpoint=False).astype(int)
    some = test.take(spread)
    sets = standin_sets(np.random.default_rng(seed), count, some.images, some.labels)
    whole = [png(Image.fromarray(image)) for image in test.images]
    return sets | {"mnist": StandIn("MNIST's test set", whole, test.labels.astype(np.int8))}
