"""Files are whole or not there; .npz files are the same bytes each time, and read with care."""

import io
import os
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from convnet.storage.npz import ArrayFile, atomic_write, remove_unfinished, save_arrays

ARRAYS = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "steps": np.array(7)}


def test_arrays_come_back(tmp_path: Path) -> None:
    save_arrays(tmp_path / "a.npz", ARRAYS)
    file = ArrayFile(tmp_path / "a.npz")
    assert file.shapes == {"w": (2, 3), "steps": ()}
    for name, array in file.read_all().items():
        np.testing.assert_array_equal(array, ARRAYS[name], strict=True)


def test_numpy_reads_them_too(tmp_path: Path) -> None:
    save_arrays(tmp_path / "a.npz", ARRAYS)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["w"], ARRAYS["w"], strict=True)


def test_same_arrays_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_arrays(tmp_path / "a.npz", ARRAYS)
    monkeypatch.setattr("time.time", lambda: 2e9)  # another day
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 0, 0, 0, 0, 0, 0))
    save_arrays(tmp_path / "b.npz", ARRAYS)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_folders_are_made(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a" / "b" / "file") as stream:
        stream.write(b"new")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"new"


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail() -> None:
        with atomic_write(path) as stream:
            stream.write(b"half of the n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_contents_reach_the_disk_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noting_fsync(handle: int) -> None:
        done.append("fsync folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "fsync file")
        fsync(handle)

    def noting_replace(self: Path, target: Path) -> Path:
        done.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(Path, "replace", noting_replace)
    with atomic_write(tmp_path / "file") as stream:
        stream.write(b"new")
    assert done == ["fsync file", "rename", "fsync folder"]


KILLED = """
import os, signal
from pathlib import Path
from convnet.storage.npz import atomic_write

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

with atomic_write({path!r}) as stream:
    stream.write(b"n" * 100_000)
    stream.flush()
    {where} = die
"""


@pytest.mark.parametrize(
    ("where", "expected"), [("os.fsync", b"old"), ("Path.replace", b"old"), ("Path.unlink", None)]
)
def test_kill_within_a_write(tmp_path: Path, root: Path, where: str, expected: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    code = KILLED.format(path=str(path), where=where)
    killed = subprocess.run([sys.executable, "-c", code], cwd=root, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == (expected or b"n" * 100_000)
    remove_unfinished(path)
    assert list(tmp_path.iterdir()) == [path]


def test_only_its_own_leftovers_are_removed(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in (".b[1].npz.12.part", "b[1].npz", ".b[1].npz.12", "b.part")]
    for path in (*kept, tmp_path / ".b[1].npz.3.part"):
        path.touch()
    remove_unfinished(tmp_path / "b[1].npz.3.part")  # another file's name
    remove_unfinished(tmp_path / "b1.npz")
    assert (tmp_path / ".b[1].npz.3.part").exists()
    remove_unfinished(tmp_path / "b[1].npz")
    assert sorted(tmp_path.iterdir()) == sorted(kept[1:])


def npz(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return buffer.getvalue()


def npy(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    path.write_bytes(npz({"w": npy(np.zeros(1 << 20))}))  # 8 MB in a few KB
    assert path.stat().st_size < 1 << 16
    with pytest.raises(ValueError, match=r"bomb.npz: unpacks to 8,388,.* limit 1,048,576"):
        ArrayFile(path, limit=1 << 20)


def test_pickles_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pickle.npz"
    path.write_bytes(npz({"w": npy(np.array([object()]), allow_pickle=True)}))
    with pytest.raises(ValueError, match="object"):
        ArrayFile(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zip archive",
        npz({"w": b""}),
        npz({"w": b"no npy"}),
        npz({"w": npy(np.zeros(1000))[:200]}),
        npz({"w": npy(np.arange(1000.0))})[:300],
        npz({"w": npy(np.zeros(10)).replace(b"(10,)", b"(99,)")}),
        npz({"w": npy(np.zeros(10)).replace(b"<f8", b"<q9")}),
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "damaged.npz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"damaged\.npz"):
        ArrayFile(path)


@pytest.mark.parametrize("seed", range(5))
def test_a_flipped_byte_is_refused_or_harmless(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = tmp_path / "flipped.npz"
    save_arrays(path, {"w": rng.normal(size=200)})
    good, whole = ArrayFile(path).read("w"), bytearray(path.read_bytes())
    for place in rng.integers(0, len(whole), 40):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:
            read = ArrayFile(path).read_all()
        except ValueError:
            continue
        # The flip was in a date or a name.
        assert all(np.array_equal(array, good) for array in read.values())


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    save_arrays(tmp_path / "a.npz", ARRAYS)
    with pytest.raises(ValueError, match=r"a\.npz: .*'v.npy'"):
        ArrayFile(tmp_path / "a.npz").read("v")


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ArrayFile(tmp_path / "none.npz")
