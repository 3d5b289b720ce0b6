"""MNIST itself: the four files, known to the byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from convnet.datasets import idx
from convnet.datasets.dataset import Dataset, DatasetError
from convnet.datasets.download import NewBar, fetch, has_digest
from convnet.datasets.folder import default_folder, load

# SHA-256 of each file as unpacked.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)


def load_mnist(folder: str | Path | None = None) -> Dataset:
    """Read MNIST, in any of the known formats, and make sure that it is MNIST.

    Parameters
    ----------
    folder : path, optional
        By default the one that ``CONVNET_DATA_DIR`` names, or ``data``.

    Raises
    ------
    DatasetError
        If a file is missing or broken, or holds anything else.
    """
    folder = default_folder() if folder is None else Path(folder)
    dataset = load(folder)
    if differing := [name for name, digest in digests(dataset).items() if digest != SHA256[name]]:
        raise DatasetError(folder, f"a data set, but not MNIST: {', '.join(differing)} differ(s)")
    return dataset


def download(folder: Path, new_bar: NewBar, mirrors: Iterable[str] | None = None) -> None:
    """Make `folder` hold the four files, gzipped; those that are there and right are left alone.

    Raises
    ------
    DownloadError
        If no mirror gives a file; the message says what each of them did.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, digest in SHA256.items():
        path = folder / f"{name}.gz"
        is_right = partial(has_digest, digest=f"sha256:{digest}", gunzipped=True)
        if not path.exists() or not is_right(path):
            fetch(path, MIRRORS if mirrors is None else mirrors, is_right, digest, new_bar)


def digests(dataset: Dataset) -> dict[str, str]:
    """Return the SHA-256 of the four IDX files that ``dataset`` would make, by file name."""
    return {
        f"{part}-{kind}": hashlib.sha256(idx.encode(values)).hexdigest()
        for split, part in ((dataset.train, "train"), (dataset.test, "t10k"))
        for kind, values in (
            ("images-idx3-ubyte", split.images),
            ("labels-idx1-ubyte", split.labels),
        )
    }
