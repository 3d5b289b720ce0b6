"""Files of weights from anywhere: refused with the reason, in little memory, nothing executed."""

import io
import pickle
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

import convnet
from convnet.weights import find

GIGABYTE = 1 << 30

WATCH = """
import pickle, sys
begun = []
def watch(event, arguments):
    if begun and event in ("pickle.find_class", "os.system", "subprocess.Popen"):
        print("EXECUTES", event, arguments, flush=True)
sys.addaudithook(watch)
import convnet
for file in sys.argv[1:]:
    begun.append(file)
    try:
        convnet.load(file)
        print("TAKEN", file)
    except ValueError as error:
        print("refused", file in str(error), error)
"""


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.mark,)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def shipped() -> bytes:
    return find("digits").read_bytes()


def refused(path: Path, data: bytes) -> bool:
    """Whether a file is refused by its name; if it is taken, its numbers are the shipped ones."""
    path.write_bytes(data)
    try:
        network = convnet.load(path)
    except ValueError as error:
        if str(path) in str(error):
            return True
        raise
    original = convnet.load(find("digits"))
    for name, array in network.arrays.items():
        np.testing.assert_array_equal(array, original.arrays[name])
    return False


def test_a_file_without_its_end_is_refused(tmp_path: Path, shipped: bytes) -> None:
    for end in [*range(0, len(shipped), len(shipped) // 40), len(shipped) - 1]:
        assert refused(tmp_path / "cut.npz", shipped[:end]), end


def test_a_flipped_bit_is_refused_or_changes_no_number(tmp_path: Path, shipped: bytes) -> None:
    rng = np.random.default_rng(0)
    found = []
    for place in rng.integers(0, len(shipped), 120):
        data = bytearray(shipped)
        data[place] ^= 1 << int(rng.integers(8))
        found.append(refused(tmp_path / "flipped.npz", bytes(data)))
    assert sum(found) > 100


def with_member(shipped: bytes, name: str, member: bytes) -> bytes:
    """Put another array into a file, or in the place of one."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(shipped)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info))
        new.writestr(name, member)
    return out.getvalue()


def header(shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"shape": shape, "fortran_order": False, "descr": "<f4"}
    )
    return file.getvalue()


def test_few_bytes_that_unpack_to_many_take_no_memory(tmp_path: Path, shipped: bytes) -> None:
    zeros = header((GIGABYTE // 16,)) + bytes(GIGABYTE // 4)
    bomb = with_member(shipped, "more.npy", zeros)
    assert len(bomb) < len(shipped) + 400_000
    del zeros
    claims = with_member(shipped, "conv1.w.npy", header((1 << 40,)))
    (tmp_path / "bomb.npz").write_bytes(bomb)
    (tmp_path / "claims.npz").write_bytes(claims)
    tracemalloc.start()
    for name in ("bomb.npz", "claims.npz"):
        with pytest.raises(ValueError, match=name):
            convnet.load(tmp_path / name)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 << 20


def test_pickles_are_refused_and_nothing_is_executed(
    tmp_path: Path, shipped: bytes, root: Path
) -> None:
    mark = tmp_path / "executed"
    objects = io.BytesIO()
    np.lib.format.write_array(objects, np.array([Bomb(mark)], object), allow_pickle=True)
    cases = {
        "pickle.npz": pickle.dumps(Bomb(mark)),
        "array.npz": objects.getvalue(),
        "member.npz": with_member(shipped, "conv1.w.npy", objects.getvalue()),
        "extra.npz": with_member(shipped, "extra.npy", objects.getvalue()),
        "description.npz": with_member(shipped, "network.npy", objects.getvalue()),
        "bare.npz": with_member(shipped, "conv1.w.npy", pickle.dumps(Bomb(mark))),
    }
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
    files = [str(tmp_path / name) for name in cases]
    command = [sys.executable, "-c", WATCH, *files]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert [line[:12] for line in done.stdout.splitlines()] == ["refused True"] * len(cases)
    assert not mark.exists()
    pickle.loads(pickle.dumps(Bomb(mark)))
    assert mark.exists()  # the bomb is one


def test_a_service_does_not_start_with_such_weights(tmp_path: Path, root: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"PK\\x03\\x04 and nothing more")
    done = subprocess.run(
        [sys.executable, "-c", "from server import create_app; create_app()"],
        cwd=root, env={"MODEL": str(tmp_path / "bad.npz")}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0
    assert "bad.npz" in done.stderr.splitlines()[-1]
