"""The PNG reader of `convnet.datasets`, compared with Pillow and fed with broken files."""

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from convnet.datasets import DatasetError
from convnet.datasets.pictures import png, png_filters
from tests.support.memory import memory_limit


def saved(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png_of_each_kind_agrees_with_pillow(mode: str, rng: np.random.Generator) -> None:
    noise = rng.integers(0, 256, (23, 31, 4), dtype=np.uint8)
    smooth = np.linspace(0, 255, 23 * 31 * 4).reshape(23, 31, 4).astype(np.uint8)
    for pixels in (noise, smooth):  # smooth pictures use the predicting filters
        image = Image.fromarray(pixels).convert(mode)
        white = Image.new("RGBA", image.size, "white")
        wanted = Image.alpha_composite(white, image.convert("RGBA"))
        wanted = wanted.convert("L" if mode in ("1", "L", "LA") else "RGB")
        got = png.decode(saved(image)).astype(int)
        assert np.abs(got - np.asarray(wanted, int)).max() <= 1


def png_file(header: tuple[int, ...], rows: bytes, *others: tuple[bytes, bytes]) -> bytes:
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", *header)), *others, (b"IDAT", zlib.compress(rows))]
    return png.SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in [*chunks, (b"IEND", b"")]
    )


@given(
    pixels=arrays.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3))),
    filters=st.lists(st.integers(0, 4), min_size=6, max_size=6),
)
def test_png_filters_agree_with_pillow(pixels: np.ndarray, filters: list[int]) -> None:
    height, width, _ = pixels.shape
    rows = b"".join(bytes([filters[y]]) + pixels[y].tobytes() for y in range(height))
    data = png_file((width, height, 8, 2, 0, 0, 0), rows)  # any bytes are valid filtered rows
    np.testing.assert_array_equal(png.decode(data), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize(("bits", "colour", "size"), [
    (8, 0, (90, 70)), (8, 2, (70, 90)), (8, 4, (1, 300)), (8, 6, (300, 1)), (16, 6, (60, 60)),
    (2, 0, (301, 99)),
])  # fmt: skip
def test_png_by_diagonals_is_png_by_rows(
    bits: int, colour: int, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(bits + colour)
    header = png.Header(*size, bits, colour)
    rows = rng.integers(0, 256, (header.height, 1 + header.row_bytes), dtype=np.uint8)
    rows[:, 0] = rng.choice([0, 1, 2, 3, 4, 4, 4], header.height)
    data = png_file((*size, bits, colour, 0, 0, 0), rows.tobytes())
    monkeypatch.setattr(png_filters, "DIAGONAL", 0)
    monkeypatch.setattr(png, "BAND", 20 * header.row_bytes)  # in several bands
    by_diagonals = png.decode(data)
    monkeypatch.setattr(png_filters, "DIAGONAL", 1 << 30)
    np.testing.assert_array_equal(by_diagonals, png.decode(data))


def hostile(width: int, height: int, bits: int, colour: int, kind: int) -> bytes:
    """A large picture of zeros in a small file, with the filter that takes longest."""
    size = (width * png.CHANNELS[colour] * bits + 7) // 8
    return png_file((width, height, bits, colour, 0, 0, 0), (bytes([kind]) + bytes(size)) * height)


@pytest.mark.parametrize(("width", "height"), [(1024, 1024), (8192, 50), (50, 8192), (8192, 1)])
@pytest.mark.parametrize("kind", [3, 4])
def test_png_is_worked_on_as_long_as_its_sides_are(
    width: int, height: int, kind: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as long as it has pixels: a 32 KB file with 4096 × 4096 took more than a minute."""
    steps = []
    for name in ("_paeth", "_average", "_predict"):
        function = getattr(png_filters, name)
        counted = lambda *args, function=function: steps.append(1) or function(*args)  # noqa: E731
        monkeypatch.setattr(png_filters, name, counted)
    with memory_limit(128 << 20):
        assert (png.decode(hostile(width, height, 8, 0, kind)) == 0).all()
    assert len(steps) <= png_filters.DIAGONAL * (width + height)


def test_png_of_many_bytes_takes_little_more_than_the_picture() -> None:
    data = hostile(2048, 2048, 16, 6, 0)  # 34 MB of rows
    with memory_limit(64 << 20):
        assert (png.decode(data) == 255).all()  # transparent on white


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_png_of_each_depth(bits: int) -> None:
    top = (1 << bits) - 1
    samples = np.array([[0, top, top // 2 + 1], [top, 0, 0]])
    packed = [
        int("".join(f"{v:0{bits}b}" for v in row).ljust(48, "0"), 2).to_bytes(6, "big")
        for row in samples
    ]
    size = (3 * bits + 7) // 8
    rows = b"".join(b"\0" + row[:size] for row in packed)
    got = png.decode(png_file((3, 2, bits, 0, 0, 0, 0), rows))
    np.testing.assert_array_equal(got, np.rint(samples * 255 / top))


def test_png_with_a_transparent_colour() -> None:
    grey = png_file((2, 1, 8, 0, 0, 0, 0), b"\0\x07\x09", (b"tRNS", b"\0\x07"))
    assert png.decode(grey).tolist() == [[255, 9]]
    others = (b"PLTE", bytes([0, 0, 0, 9, 9, 9])), (b"tRNS", b"\0")
    palette = png_file((2, 1, 8, 3, 0, 0, 0), b"\0\x00\x01", *others)
    assert png.decode(palette).tolist() == [[[255] * 3, [9] * 3]]


GOOD = png_file((2, 1, 8, 0, 0, 0, 0), b"\0\x01\x02")
BROKEN_PNG = {
    "empty": (b"", "the file is empty"),
    "signature": (b"GIF89a", "no PNG signature"),
    "truncated": (GOOD[:-20], "truncated: no whole chunk at byte 33 of"),
    "checksum": (GOOD[:-17] + b"!" + GOOD[-16:], "wrong checksum of the chunk at byte 33"),
    "no picture": (png.SIGNATURE + GOOD[-12:], "no IHDR chunk"),
    "interlaced": (png_file((2, 1, 8, 0, 0, 0, 1), b""), "interlaced"),
    "kind": (png_file((2, 1, 16, 3, 0, 0, 0), b""), "colour type 3 with 16 bits"),
    "no pixels": (png_file((0, 1, 8, 0, 0, 0, 0), b""), "got 0 × 1"),
    "bomb": (png_file((1 << 30, 1 << 30, 8, 0, 0, 0, 0), b""), "expected 1 to 16777216 pixels"),
    "long": (png_file((1 << 24, 1, 8, 0, 0, 0, 0), b""), "at most 8192 in a row or column"),
    "tall": (png_file((1, 1 << 24, 8, 0, 0, 0, 0), b""), "at most 8192 in a row or column"),
    "long palette": (png_file((1, 1, 8, 3, 0, 0, 0), b"\0\0", (b"PLTE", bytes(771))), "palette"),
    "few rows": (png_file((2, 2, 8, 0, 0, 0, 0), b"\0\x01\x02"), "expected 6 bytes .* got 3"),
    "many rows": (png_file((2, 1, 8, 0, 0, 0, 0), bytes(9)), "expected 3 bytes .* got more"),
    "filter": (png_file((2, 1, 8, 0, 0, 0, 0), b"\x05\x01\x02"), "no such filter: 5"),
    "palette": (png_file((2, 1, 8, 3, 0, 0, 0), b"\0\x01\x02"), "colour 2 is not in the palette"),
    "header": (GOOD.replace(b"IHDR", b"iHDR"), "wrong checksum"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN_PNG)
def test_png_refuses(tmp_path: Path, case: str) -> None:
    data, message = BROKEN_PNG[case]
    path = tmp_path / "digit.png"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=rf"digit\.png: .*{message}"):
        png.read(path)


@given(st.binary(max_size=60), st.integers(0, len(GOOD)))
def test_png_never_fails_otherwise(noise: bytes, at: int) -> None:
    for data in (png.SIGNATURE + noise, GOOD[:at] + noise + GOOD[at:]):
        with contextlib.suppress(png.BrokenPng):
            png.decode(data)
