"""A small data set that is quickly learnt: ten blurred blots, one for each digit, and noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convnet.datasets import Dataset, Split, idx


def tiny_digits(train: int = 240, test: int = 60, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    blots = np.kron(rng.random((10, 7, 7)) < 0.4, np.ones((4, 4))) * 200

    def split(count: int) -> Split:
        labels = rng.permutation(np.arange(count) % 10).astype(np.uint8)
        noise = rng.integers(0, 56, (count, 28, 28))
        return Split((blots[labels] + noise).astype(np.uint8), labels)

    return Dataset(split(train), split(test))


def write_idx(folder: Path, dataset: Dataset) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part, split in (("train", dataset.train), ("t10k", dataset.test)):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx.encode(split.images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx.encode(split.labels))
    return folder


def write_csv(folder: Path, dataset: Dataset) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, split in (("mnist_train", dataset.train), ("mnist_test", dataset.test)):
        rows = np.column_stack([split.labels, split.images.reshape(len(split), -1)])
        np.savetxt(folder / f"{name}.csv", rows, fmt="%d", delimiter=",")
    return folder
