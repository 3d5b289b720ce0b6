"""What `download_data.py` leaves in the folder of all data is what `train.py --data` reads."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convnet import datasets
from convnet.datasets import idx
from scripts import download_data
from scripts.training.sources import SOURCES
from tests.scripts.test_download_data import Mirror, serve
from tests.support.tiny_digits import tiny_digits

IDX = ("images-idx3-ubyte", "labels-idx1-ubyte")


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    yield from serve(Mirror({}))


def digits(part: str, kind: str) -> bytes:
    split = tiny_digits().train if part == "train" else tiny_digits().test
    values = split.images if kind.startswith("images") else split.labels + 1
    return gzip.compress(idx.encode(values))


def fashion() -> dict[str, bytes]:
    def zero_based(part: str, kind: str) -> bytes:
        data = bytearray(gzip.decompress(digits(part, kind)))
        if kind.startswith("labels"):
            data[8:] = bytes(label - 1 for label in data[8:])
        return gzip.compress(bytes(data))

    return {
        f"{name}-{kind}.gz": zero_based(part, kind)
        for part, name in (("train", "train"), ("test", "t10k"))
        for kind in IDX
    }


def emnist() -> dict[str, bytes]:
    buffer = io.BytesIO()
    names = ("balanced", "byclass", "bymerge", "digits", "letters", "mnist")
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            for part in ("train", "test"):
                for kind in IDX:
                    path = f"gzip/emnist-{name}-{part}-{kind}.gz"
                    archive.writestr(path, digits(part, kind))
    return {"gzip.zip": buffer.getvalue()}


def cifar10() -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        names = [f"data_batch_{number}.bin" for number in range(1, 6)]
        for name in (*names, "test_batch.bin", "batches.meta.txt"):
            records = rng.integers(0, 256, (20, 3073), dtype=np.uint8)
            records[:, 0] = np.arange(20) % 10
            data = "\n".join("abcdefghij").encode() if "meta" in name else records.tobytes()
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return {"cifar-10-binary.tar.gz": buffer.getvalue()}


@pytest.mark.parametrize(
    ("name", "make", "folder", "classes", "shape", "count"),
    [
        ("fashion-mnist", fashion, "fashion-mnist", "T-shirt/top", (28, 28, 1), 240),
        ("emnist", emnist, "emnist/letters", "A", (28, 28, 1), 240),
        ("cifar10", cifar10, "cifar10", "a", (32, 32, 3), 100),
    ],
)
def test_it_is_read(
    mirror: Mirror,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    make: Callable[[], dict[str, bytes]],
    folder: str,
    classes: str,
    shape: tuple[int, ...],
    count: int,
) -> None:
    mirror.files = make()
    source = SOURCES[name]
    digests = {file: f"sha256:{hashlib.sha256(data).hexdigest()}" for file, data in
               mirror.files.items()}  # fmt: skip
    files = tuple(replace(file, digest=digests[file.name]) for file in source.files)
    monkeypatch.setitem(SOURCES, name, replace(source, files=files, mirrors=(mirror.url,)))
    assert download_data.main(["--set", name, "--out", str(tmp_path)]) == 0
    dataset = datasets.load(tmp_path / folder)
    assert dataset.train.classes[0] == classes
    assert (dataset.train.input_shape, len(dataset.train)) == (shape, count)
