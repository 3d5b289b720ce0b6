"""Files that are damaged at random places are read or refused by name, never anything else."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convnet import datasets
from convnet.datasets import DatasetError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 6, 6), dtype=np.uint8)
LABELS = (np.arange(30) % 3).astype(np.uint8)
ROUNDS = 150


def archive(save: Callable[..., None]) -> bytes:
    buffer = io.BytesIO()
    save(buffer, x=IMAGES, y=LABELS)
    return buffer.getvalue()


def array(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def csv(names: str) -> bytes:
    head = ",".join(["label", *(f"p{number}" for number in range(36))])
    rows = [
        ",".join([names[label], *map(str, image.ravel().tolist())])
        for image, label in zip(IMAGES, LABELS, strict=True)
    ]
    return "\n".join([head, *rows]).encode()


def cifar() -> bytes:
    return np.column_stack([LABELS, RNG.integers(0, 256, (30, 3072))]).astype(np.uint8).tobytes()


KINDS = {
    "npz": {"a.npz": archive(np.savez)},
    "compressed npz": {"a.npz": archive(np.savez_compressed)},
    "npy": {"images.npy": array(IMAGES), "labels.npy": array(LABELS)},
    "csv with numbers": {"a.csv": csv("012")},
    "csv with words": {"a.csv": csv("xyz"), "classes.txt": b"x\ny\nz\n"},
    "cifar": {"data_batch_1.bin": cifar(), "test_batch.bin": cifar()},
}


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Cut off the end, or change, insert or garble a few bytes."""
    changed, how = bytearray(data), rng.integers(4)
    if how == 0:
        return bytes(changed[: rng.integers(len(changed))])
    for _ in range(rng.integers(1, 6)):
        place = int(rng.integers(len(changed)))
        if how == 1:
            changed[place] = rng.integers(256)
        elif how == 2:
            changed[place:place] = rng.bytes(rng.integers(1, 5))
        else:
            changed[place] = b",\n\"'9-. x\x00"[rng.integers(10)]
    return bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_refused_by_name(kind: str, tmp_path: Path, rng: np.random.Generator) -> None:
    files = KINDS[kind]
    refusals = []
    for _ in range(ROUNDS):
        for name, data in files.items():
            (tmp_path / name).write_bytes(damaged(data, rng) if rng.random() < 0.7 else data)
        try:
            datasets.load(tmp_path / next(iter(files)))
        except DatasetError as error:
            refusals.append(str(error))
    assert len(refusals) > ROUNDS // 4
    assert all(str(tmp_path) in refusal for refusal in refusals)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert datasets.load(tmp_path / next(iter(files))).train.images.size
