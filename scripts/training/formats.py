"""Write a data set in the formats that it is passed around in."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from convnet.datasets import Dataset, csv, idx


def write_idx(folder: Path, dataset: Dataset) -> None:
    """Write MNIST's four IDX files."""
    for name, data in _idx_files(dataset).items():
        (folder / name).write_bytes(data)


def write_gzipped_idx(folder: Path, dataset: Dataset) -> None:
    """Write MNIST's four IDX files as they are downloaded, gzipped."""
    for name, data in _idx_files(dataset).items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(data, compresslevel=1, mtime=0))


def write_archive(folder: Path, dataset: Dataset) -> None:
    """Write IDX files into ``archive/``, where the data-science sites' download has them."""
    (folder / "archive").mkdir()
    write_idx(folder / "archive", dataset)


def write_csv(folder: Path, dataset: Dataset) -> None:
    """Write ``mnist_train.csv`` and ``mnist_test.csv``: a label, then 784 pixels a row."""
    for split, name in csv.FILES.items():
        part = getattr(dataset, split)
        rows = np.column_stack([part.labels, part.images.reshape(len(part), -1)])
        lines = [",".join(map(str, row)) for row in rows.tolist()]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="ascii")


def _idx_files(dataset: Dataset) -> dict[str, bytes]:
    return {
        f"{part}-{kind}": idx.encode(values)
        for part, split in (("train", dataset.train), ("t10k", dataset.test))
        for kind, values in (
            ("images-idx3-ubyte", split.images),
            ("labels-idx1-ubyte", split.labels),
        )
    }
