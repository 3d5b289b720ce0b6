"""Files that the engine reads: weights, and data sets as .npz, IDX and CSV."""

import io
import json
import random
import struct
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import numpy as np

import convnet
from convnet.layers import Conv2D, Dense, Flatten, ReLU
from tests.support.fuzzing.pictures import damaged

DTYPES = (
    "<f4",
    ">f4",
    "<f8",
    "<f2",
    "<i8",
    "|u1",
    "|b1",
    "<c8",
    "<M8[s]",
    "|S0",
    "|V0",
    "<U1",
    "|O",
)
SHAPES = (
    (),
    (0,),
    (1,),
    (10,),
    (3, 3, 1, 2),
    (6, 6, 2),
    (128, 10),
    (-1,),
    (10**8,),
    (2**62,),
    (1,) * 33,
)


@cache
def weights() -> dict[str, bytes]:
    """Return the members of the file of a small network."""
    network = convnet.Sequential(
        [Conv2D(2, (3, 3)), ReLU(), Flatten(), Dense(10)], (6, 6, 1), rng=np.random.default_rng(0)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "n.npz"
        network.save(path)
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def array(rng: random.Random) -> bytes:
    """Write an array whose header may promise anything."""
    descr, shape = rng.choice(DTYPES), rng.choice(SHAPES)
    header = f"{{'descr': {descr!r}, 'fortran_order': {rng.random() < 0.2}, 'shape': {shape!r}, }}"
    text = (header + " " * (63 - (len(header) + 10) % 64) + "\n").encode()
    data = rng.choice((rng.randbytes(rng.choice((0, 1, 40, 800))), bytes(800), b"\xff" * 800))
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def strange_description(data: bytes, rng: random.Random) -> bytes:
    """Change what a file of weights says of its layers."""
    described = json.loads(bytes(np.load(io.BytesIO(data))))
    target = rng.choice((described, *described["layers"]))
    target[rng.choice([*target, "x"])] = rng.choice(
        (None, -1, 0, 2**40, 1.5, "", "Dense", [], [-1, 1.5], [10**6] * 3, {}, True, [[1]] * 50)
    )
    text = json.dumps(described).encode()
    file = io.BytesIO()
    np.save(file, np.frombuffer(damaged(text, rng) if rng.random() < 0.1 else text, np.uint8))
    return file.getvalue()


def fuzzed_weights(rng: random.Random) -> bytes:
    """Write a file of weights, with members changed, left out, and more of them."""
    members = dict(weights())
    for name in rng.sample(sorted(members), rng.randint(0, 2)):
        change = rng.randrange(4)
        if change == 0:
            members.pop(name)
        elif name == "network.npy" and change < 3:
            members[name] = strange_description(members[name], rng)
        elif change == 1:
            members[name] = damaged(members[name], rng)
        else:
            members[name] = array(rng)
    return archive(members, rng)


def archive(members: dict[str, bytes], rng: random.Random) -> bytes:
    """Put members into a zip file, some of them packed, now and then damaged or twice there."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for name, data in members.items():
            way = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
            zipped.writestr(zipfile.ZipInfo(name), data, way)
        if rng.random() < 0.1:
            zipped.writestr(rng.choice(("x.npy", "../x.npy", "x")), array(rng))
    return damaged(file.getvalue(), rng) if rng.random() < 0.15 else file.getvalue()


def fuzzed_npz(rng: random.Random) -> bytes:
    """Write a data set, its arrays of any type and shape."""
    members = {}
    for name in ("x.npy", "y.npy", "x_test.npy", "y_test.npy")[: rng.choice((1, 2, 2, 2, 4))]:
        if rng.random() < 0.4:
            members[name] = array(rng)
        else:
            shape = (12, 6, 6) if name.startswith("x") else (12,)
            file = io.BytesIO()
            np.save(file, np.arange(np.prod(shape)).reshape(shape).astype(np.uint8) % 3)
            members[name] = file.getvalue()
    return archive(members, rng)


def fuzzed_idx(rng: random.Random) -> bytes:
    """Write an IDX file whose header may promise anything."""
    sides = [rng.choice((0, 1, 2, 3, 28, 255, 2**16, 2**31, 2**32 - 1)) for _ in range(3)]
    if rng.random() < 0.5:
        sides = [rng.randint(0, 4) for _ in range(3)]
    count = min(int(np.prod(sides, dtype=object)), 3000) + rng.choice((0, 0, 0, -1, 1))
    magic = bytes(
        (0, 0, rng.choice((8, 8, 8, 9, 13, 14, 255)), rng.choice((3, 3, 3, 0, 1, 4, 255)))
    )
    data = magic + struct.pack(">3I", *sides) + rng.randbytes(max(0, count))
    return damaged(data, rng) if rng.random() < 0.2 else data


def fuzzed_csv(rng: random.Random) -> bytes:
    """Write a CSV file with strange cells, rows and line ends."""
    side = rng.choice((1, 2, 3))
    cells = ("0", "1", "255", "256", "-1", "1.5", "nan", "1e400", "", " ", '"', '"1"', "9" * 5000)
    cells += ("x", "\0", "é", "0x1", "1_0", "٣", "1e5", "+3", "255.0", '"a,b"', "=1")
    rows = []
    if rng.random() < 0.6:
        rows.append(["label", *(f"pixel{place}" for place in range(side * side))])
    for _ in range(rng.choice((0, 1, 3, 12))):
        row = [str(rng.randrange(3)), *(str(rng.randrange(256)) for _ in range(side * side))]
        if rng.random() < 0.15:
            row[rng.randrange(len(row))] = rng.choice(cells)
        if rng.random() < 0.03:
            row.append("1")
        rows.append(row)
    end = rng.choice(("\n", "\n", "\r\n", "\r", "\n\n"))
    data = (rng.choice(("", "", "\ufeff")) + end.join(map(",".join, rows))).encode()
    return damaged(data, rng) if rng.random() < 0.15 else data
