""".npz files are the same bytes each time, and read with care."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from convnet.storage.npz import ArrayFile, save_arrays

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
