""".npz files are the same bytes each time, and read with care."""

import io
import struct
import zipfile
from functools import reduce
from pathlib import Path

import numpy as np
import pytest

from convnet.storage.npz import MOST_ARRAYS, ArrayFile, save_arrays
from tests.support.memory import memory_limit

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


def claiming(shape: object, dtype: str, values: bytes = b"") -> bytes:
    """An .npy file that claims anything."""
    header = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values


def test_what_takes_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "large.npz"
    save_arrays(path, {"w": np.random.default_rng(0).random(1 << 18)})
    with pytest.raises(ValueError, match=r"large.npz: unpacks to 2,097,.* limit 1,048,576"):
        ArrayFile(path, limit=1 << 20)


def test_what_unpacks_to_far_more_than_its_size_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    zeros = io.BytesIO()
    with (
        zipfile.ZipFile(zeros, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("w.npy", "w") as member,
    ):
        member.write(claiming((235 << 20,), "|u1"))
        for _ in range(235):
            member.write(bytes(1 << 20))
    path.write_bytes(zeros.getvalue())
    assert path.stat().st_size < 250_000
    with memory_limit(64 << 20), pytest.raises(ValueError, match=r"bomb.npz: unpacks to 246,"):
        ArrayFile(path)


def test_zeros_that_we_wrote_ourselves_come_back(tmp_path: Path) -> None:
    zeros = {"w": np.zeros(1 << 20), "b": np.ones(3)}
    save_arrays(tmp_path / "zeros.npz", zeros)
    for name, array in ArrayFile(tmp_path / "zeros.npz").read_all().items():
        np.testing.assert_array_equal(array, zeros[name], strict=True)


def test_many_members_are_refused_before_any_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "many.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(MOST_ARRAYS + 1):
            archive.writestr(f"{number}.npy", b"")
    with pytest.raises(ValueError, match=r"many.npz: holds 65,537 arrays, limit 65,536"):
        ArrayFile(path)


def test_many_arrays_are_read_in_one_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory is as long as there are arrays: not to be read again for each of them."""
    save_arrays(tmp_path / "a.npz", {str(number): np.zeros(1) for number in range(50)})
    file, opened = ArrayFile(tmp_path / "a.npz"), []
    zip_file = zipfile.ZipFile
    monkeypatch.setattr(zipfile, "ZipFile", lambda path: opened.append(path) or zip_file(path))
    assert len(file.read_all()) == 50
    assert len(opened) == 1


HOSTILE = {
    "no bytes, S0": (claiming((10**8,), "|S0"), r"w.npy must hold numbers, not \|S"),
    "no bytes, V0": (claiming((10**8,), "|V0"), r"w.npy must hold numbers, not \|V"),
    "no bytes, U0": (claiming((10**8,), "<U0"), "w.npy must hold numbers"),
    "records": (claiming((1,), "i4,f4", bytes(8)), "w.npy|descr"),
    "dates": (npy(np.array(["2026-11-26"], "datetime64[D]")), "must hold numbers, not datetime64"),
    "complex": (npy(np.zeros(3, np.complex64)), "must hold numbers, not complex64"),
    "more than there is": (claiming((2**40,), "<f4", bytes(8)), "promises 4,398,.* holds 8"),
    "less than there is": (claiming((1,), "<f4", bytes(8)), "promises 4 bytes .* holds 8"),
    "negative sides": (claiming((-1, -2), "<f4", bytes(8)), "promises 8"),
    "huge and empty": (claiming((0, 10**30), "<f4"), ""),
    "shape that is none": (claiming("ab", "<f4"), "shape"),
    "deep header": (claiming(reduce(lambda inner, _: (inner,), range(90), 1), "<f4"), ""),
    "version 3": (claiming((1,), "<f4", bytes(4)).replace(b"Y\x01", b"Y\x03"), "version"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_arrays_are_refused(tmp_path: Path, case: str) -> None:
    data, reason = HOSTILE[case]
    path = tmp_path / "hostile.npz"
    path.write_bytes(npz({"w": data}))
    with memory_limit(64 << 20), pytest.raises(ValueError, match=rf"hostile\.npz: .*{reason}"):
        ArrayFile(path).read_all()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "packed.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("w.npy", npy(np.arange(9)))
    with pytest.raises(ValueError, match="packed in a way that NumPy does not use"):
        ArrayFile(path)


def test_two_arrays_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w.npy", npy(np.zeros(1)))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("w.npy", npy(np.zeros(2)))
    with pytest.raises(ValueError, match=r"twice\.npz: two arrays have the same name"):
        ArrayFile(path)


def test_a_file_that_was_replaced_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_arrays(path, ARRAYS)
    file = ArrayFile(path)
    path.write_bytes(npz({"w": claiming((10**8,), "|V0")}))
    with pytest.raises(ValueError, match="must hold numbers"):
        file.read("w")


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
