"""What is too large, damaged or no picture at all is refused by name, at little cost."""

import random
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from server import create_app
from server.images.containers import decoder_bytes, webp_size
from server.images.decode import ImageLimits, decode
from server.images.errors import (
    DecoderBusy,
    ImageError,
    NotAnImage,
    TooManyBytes,
    TooManyPixels,
)
from tests.support import png_kinds
from tests.support.fuzzing.pictures import FUZZED
from tests.support.pictures import FORMATS, SIGNATURES, drawing, encoded

# Limits ----------------------------------------------------------------------------------------


def test_too_many_bytes_are_refused_with_the_limit() -> None:
    data = encoded(Image.fromarray(drawing()))
    with pytest.raises(TooManyBytes, match=rf"{len(data)} bytes.*limit of {len(data) - 1}") as info:
        decode(data, ImageLimits(max_bytes=len(data) - 1))
    assert info.value.code == "too_large"
    decode(data, ImageLimits(max_bytes=len(data)))


@pytest.mark.parametrize("name", FORMATS)
def test_too_many_pixels_are_refused_with_the_limit(name: str) -> None:
    data = encoded(Image.new("L", (100, 50), 255), name)
    limits = ImageLimits(max_pixels=4999, max_webp_pixels=4999, max_jpeg_pixels=4999)
    with pytest.raises(TooManyPixels, match=r"100 x 50 pixels.*limit of 4999") as info:
        decode(data, limits)
    assert info.value.code == "too_many_pixels"
    decode(data, ImageLimits(max_pixels=5000, max_webp_pixels=5000))


def test_a_webp_picture_has_a_limit_of_its_own_below_the_other() -> None:
    data = encoded(Image.new("L", (100, 50), 255), "WEBP")
    for limits in (ImageLimits(max_webp_pixels=4999), ImageLimits(max_pixels=4999)):
        with pytest.raises(TooManyPixels, match="limit of 4999"):
            decode(data, limits)


def jpeg(mode: str, **options: object) -> bytes:
    return encoded(Image.new(mode, (64, 64)), "JPEG", **options)


def scan_of_one_component(data: bytes) -> bytes:
    """Change the first scan of a JPEG to have one component, as if the others came later."""
    at = data.index(b"\xff\xda") + 4
    return data[:at] + b"\x01" + data[at + 1 :]


@pytest.mark.parametrize(
    ("data", "name", "each"),
    [
        (encoded(Image.new("L", (9, 9))), "PNG", 1),
        (encoded(Image.new("1", (9, 9))), "PNG", 1),
        (encoded(Image.new("I;16", (9, 9))), "PNG", 2),
        (encoded(Image.new("P", (9, 9))), "PNG", 1),
        (encoded(Image.new("RGB", (9, 9))), "PNG", 4),
        (encoded(Image.new("LA", (9, 9))), "PNG", 4),
        (jpeg("RGB"), "JPEG", 0),
        (jpeg("L"), "JPEG", 0),
        (jpeg("L", progressive=True), "JPEG", 2),
        (jpeg("RGB", progressive=True, subsampling=2), "JPEG", 3),
        (jpeg("RGB", progressive=True, subsampling=0), "JPEG", 6),
        (scan_of_one_component(jpeg("RGB", subsampling=2)), "JPEG", 3),
    ],
)
def test_what_a_decoder_takes_is_known_before(data: bytes, name: str, each: int) -> None:
    assert decoder_bytes(data, name) == each
    if each:
        limits = ImageLimits(max_decoded_bytes=8 * each)
        with pytest.raises(TooManyPixels, match="limit of 8"):
            decode(data, limits)


def test_a_size_in_a_thumbnail_hides_nothing() -> None:
    data = jpeg("RGB", progressive=True, subsampling=0)
    inner = jpeg("L", progressive=True)
    segment = b"\xff\xe1" + (len(inner) + 8).to_bytes(2, "big") + b"Exif\0\0" + inner
    assert decoder_bytes(data[:2] + segment + data[2:], "JPEG") == 6


@pytest.mark.parametrize("size", [(1, 65_536), (65_536, 1)])
def test_no_side_is_longer_than_a_jpeg_has(size: tuple[int, int]) -> None:
    with pytest.raises(TooManyPixels, match="65535 to a side"):
        decode(encoded(Image.new("L", size)))


@pytest.fixture
def pillow() -> Iterator[None]:
    """Put Pillow's settings, which are those of the whole process, back after the test."""
    kept = PngImagePlugin.MAX_TEXT_MEMORY, Image.MAX_IMAGE_PIXELS
    yield
    PngImagePlugin.MAX_TEXT_MEMORY, Image.MAX_IMAGE_PIXELS = kept


@pytest.mark.usefixtures("pillow")
@pytest.mark.parametrize("megabytes", [3, 8])
def test_texts_may_unpack_to_as_much_as_the_setting_lets_a_file_have(
    megabytes: int, recognizer: object
) -> None:
    whole = encoded(Image.fromarray(drawing()))
    text = png_kinds.chunk(b"zTXt", b"note\0\0" + zlib.compress(b"x" * 1_000_000))
    settings = {"MAX_BODY_BYTES": megabytes * 1024 * 1024}
    client = create_app(settings, recognizer=recognizer).test_client()
    for count, status in ((megabytes, 200), (megabytes + 1, 422)):
        data = whole[:33] + text * count + whole[33:]
        assert client.post("/predict", data=data, content_type="image/png").status_code == status


@pytest.mark.usefixtures("pillow")
def test_the_setting_says_how_many_pixels_are_too_many_also_beyond_pillows_own_limit(
    recognizer: object,
) -> None:
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    whole = png_kinds.encode(np.zeros((1, 1, 1), int), png_kinds.GREY, 8)
    data = whole[:8] + png_kinds.chunk(b"IHDR", header) + whole[33:]
    settings = {"MAX_PIXELS": 300_000_000, "MAX_DECODED_BYTES": 300_000_000}
    client = create_app(settings, recognizer=recognizer).test_client()
    answer = client.post("/predict", data=data, content_type="image/png").get_json()
    assert answer["detail"].endswith("20000 x 20000 pixels, more than the limit of 300000000")


@pytest.mark.usefixtures("pillow")
def test_an_odd_file_is_read_without_a_warning_that_would_be_kept(recognizer: object) -> None:
    entry = struct.pack("<HHII", 0x0112, 3, 65535, 6)  # 65,535 numbers, which are not there
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry
    data = encoded(Image.fromarray(drawing()), "JPEG", exif=exif)
    client = create_app(recognizer=recognizer).test_client()
    assert client.post("/predict", data=data, content_type="image/jpeg").status_code == 200


def test_a_bomb_is_refused_before_its_pixels_are_decoded() -> None:
    claims = png_kinds.encode(np.zeros((1, 1, 1), int), png_kinds.GREY, 8)
    for width, height in ((20_000, 20_000), (10_000, 10_000), (2**31 - 1, 2**31 - 1)):
        header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
        bomb = claims[:8] + png_kinds.chunk(b"IHDR", header) + claims[33:]
        with pytest.raises((TooManyPixels, NotAnImage), match=r"pixels|damaged"):
            decode(bomb)


def test_large_pictures_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(Image.new("L", (1100, 1000), 255))
    turn = threading.BoundedSemaphore(1)
    monkeypatch.setattr("server.images.decode._large_decode", turn)
    with turn, pytest.raises(DecoderBusy) as info:
        decode(data, ImageLimits(wait_seconds=0.01))
    assert info.value.code == "busy"
    with turn:
        decode(encoded(Image.new("L", (100, 100), 255)))  # small ones do not wait
    decode(data)
    with pytest.raises(NotAnImage):
        decode(data[: len(data) // 2] + data[-12:])
    assert turn.acquire(blocking=False)  # given back after success and after failure


EIGHT_AT_ONCE = """
import io, sys, threading
from PIL import Image
from server.images.decode import ImageLimits, decode
from server.malloc import set_up_malloc

set_up_malloc()  # as the service does
file = io.BytesIO()
Image.new("RGBA", (4000, 4000), (9, 9, 9, 200)).save(file, sys.argv[1], compress_level=1)
open("/proc/self/clear_refs", "w").write("5")  # forget the peak of making the picture
wait = ImageLimits(wait_seconds=600)
threads = [threading.Thread(target=decode, args=(file.getvalue(), wait)) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
status = open("/proc/self/status").read()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="asks Linux for the peak")
def test_eight_large_pictures_at_once_need_the_memory_of_one(root: Path) -> None:
    command = [sys.executable, "-c", EIGHT_AT_ONCE, "PNG"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200  # MB: 61 for the pixels of one, the rest for Python


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0"}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_size_of_a_webp_is_known_before_it_is_opened(
    options: dict[str, object], mode: str
) -> None:
    data = encoded(Image.new(mode, (123, 45), 7), "WEBP", **options)
    assert webp_size(data) == (123, 45)


# Damage ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [*SIGNATURES, b"", b"hello", b"%PDF-1.7", b"II*\0" + bytes(100), b"<svg xmlns='...'/>"],
)
def test_what_is_no_picture_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NotAnImage) as info:
        decode(data)
    assert info.value.code == "not_an_image"
    assert info.value.detail


def test_other_formats_are_refused_although_pillow_reads_them() -> None:
    for name in ("TIFF", "PPM", "ICO", "TGA"):
        with pytest.raises(NotAnImage):
            decode(encoded(Image.new("RGB", (32, 32)), name))


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"JPEG"}))
def test_a_cut_off_file_is_damaged(name: str, rng: np.random.Generator) -> None:
    noise = Image.fromarray(rng.integers(0, 256, (64, 64), dtype=np.uint8))
    data = encoded(noise, name)
    for part in (0.1, 0.5, 0.9):
        with pytest.raises(NotAnImage):
            decode(data[: int(part * len(data))])


def test_a_jpeg_without_its_picture_is_damaged(rng: np.random.Generator) -> None:
    noise = Image.fromarray(rng.integers(0, 256, (64, 64), dtype=np.uint8))
    data = encoded(noise, "JPEG")
    for length in (3, 20, data.index(b"\xff\xda")):
        with pytest.raises(NotAnImage):
            decode(data[:length])


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\0\0\0\x1cftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "HEIC"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\n<svg/>", "SVG"),
        (b"\0\0\1\0\1\0", "ICO"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_formats_that_are_not_read_are_refused_by_name(start: bytes, name: str) -> None:
    with pytest.raises(NotAnImage, match=rf"{name} pictures are not read .* PNG or JPEG"):
        decode(start + bytes(100))


@pytest.mark.parametrize("name", [b"IHDR", b"IDAT", b"IEND", b"tEXt"])
def test_a_wrong_checksum_is_noticed(name: bytes) -> None:
    text = [(b"tEXt", b"Title\0digit")]
    data = png_kinds.encode(drawing()[..., None].astype(int), 0, 8, before_data=text)
    decode(data)
    at = data.index(name) - 4
    end = at + 8 + struct.unpack(">I", data[at : at + 4])[0]
    with pytest.raises(NotAnImage, match="checksum"):
        decode(data[:end] + bytes([data[end] ^ 1]) + data[end + 1 :])


def test_wrong_data_behind_right_checksums_is_damage() -> None:
    good = png_kinds.encode(drawing()[..., None].astype(int), 0, 8)
    rows = zlib.compress(b"\0" * 100)  # too few
    head, tail = good[:33], png_kinds.chunk(b"IEND", b"")
    for body in (rows, b"no zlib stream", b""):
        with pytest.raises(NotAnImage):
            decode(head + png_kinds.chunk(b"IDAT", body) + tail)


def test_files_of_endless_parts_are_refused() -> None:
    png = png_kinds.encode(drawing()[..., None].astype(int), 0, 8)
    flood = png[:33] + png_kinds.chunk(b"teXt", b"") * 20_000 + png[33:]
    jpeg = encoded(Image.fromarray(drawing()), "JPEG")
    gif = encoded(Image.fromarray(drawing()), "GIF")
    at = gif.index(b",")
    for data in (
        flood,
        jpeg[:2] + b"\xff\xfe\0\2" * 20_000 + jpeg[2:],
        jpeg[:2] + b"\xff\xda" * 200 + jpeg[2:],
        gif[:at] + b"!\xfe" + b"\1a" * 20_000 + b"\0" + gif[at:],
        gif[:at] + b"!\xfe\0" * 20_000 + gif[at:],
        b"BM" + bytes(28) + b"\1\0\0\0" + bytes(600_000),
    ):
        with pytest.raises(NotAnImage, match="more than"):
            decode(data)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60)
@given(data=st.data())
def test_mutated_files_decode_or_are_image_errors(name: str, data: st.DataObject) -> None:
    original = bytearray(encoded(Image.fromarray(drawing()).convert("RGB"), name))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(original) - 1))
        action = data.draw(st.sampled_from(["set", "cut", "insert", "repeat"]))
        if action == "set":
            original[at] = data.draw(st.integers(0, 255))
        elif action == "cut":
            del original[at : at + data.draw(st.integers(1, 40))]
        elif action == "insert":
            original[at:at] = data.draw(st.binary(max_size=20))
        else:
            original[at:at] = original[at : at + 30]
        if not original:
            break
    repaired = repair(bytes(original)) if name == "PNG" else bytes(original)
    for candidate in (bytes(original), repaired):
        try:
            grey = decode(candidate, ImageLimits(max_pixels=100_000, max_webp_pixels=100_000))
        except ImageError:
            continue
        assert grey.dtype == np.uint8
        assert grey.ndim == 2
        assert grey.size > 0


def repair(data: bytes) -> bytes:
    """Put right the checksums of a PNG, so that what is wrong with it reaches the decoder."""
    out, at = data[:8], 8
    while at + 12 <= len(data):
        length = min(struct.unpack(">I", data[at : at + 4])[0], len(data) - at - 12)
        out += png_kinds.chunk(data[at + 4 : at + 8], data[at + 8 : at + 8 + length])
        at += 12 + length
    return out


@given(st.binary(max_size=200), st.sampled_from(SIGNATURES))
def test_noise_is_no_picture(noise: bytes, signature: bytes) -> None:
    with pytest.raises(ImageError):
        decode(signature + noise, ImageLimits(max_pixels=100_000))


def test_transparency_for_more_colours_than_there_are_is_damage() -> None:
    """Pillow finds that out when it converts, not when it loads."""
    samples = np.zeros((4, 4, 1), int)
    palette = np.zeros((2, 3), np.uint8)
    data = png_kinds.encode(
        samples, png_kinds.PALETTE, 8, palette=palette, before_data=[(b"tRNS", bytes(257))]
    )
    with pytest.raises(NotAnImage):
        decode(data)


@pytest.mark.parametrize("name", FORMATS)
def test_files_of_right_form_and_strange_contents_decode_or_are_image_errors(name: str) -> None:
    limits = ImageLimits(max_pixels=100_000, max_webp_pixels=100_000)
    decoded = 0
    for seed in range(600):
        try:
            grey = decode(FUZZED[name](random.Random(seed)), limits)
        except ImageError:
            continue
        assert (grey.dtype, grey.ndim) == (np.uint8, 2)
        decoded += grey.size > 0
    assert decoded > 30  # they reach the code behind the checks of their form


def test_nothing_but_one_file_lets_pillow_read_what_a_client_sent(root: Path) -> None:
    opens = {
        path.relative_to(root).as_posix()
        for path in (root / "server").rglob("*.py")
        if "Image.open(" in path.read_text()
    }
    # The second draws the examples of the API anew from the service's own picture.
    assert opens == {"server/images/decode.py", "server/openapi/example_requests.py"}
