"""Files that are not quite right are read as viewers show them, and it is said so."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image, features

from server.images.decode import ImageLimits, read_picture
from server.images.errors import NotAnImage, TooManyPixels
from tests.support.pictures import drawing, encoded


def drawn() -> Image.Image:
    return Image.fromarray(drawing())


@pytest.mark.parametrize("missing", [2, 40, 200])
def test_a_jpeg_without_its_end_is_shown_as_far_as_it_goes(missing: int) -> None:
    data = encoded(drawn().resize((200, 200)), "JPEG", quality=90)
    whole, cut = read_picture(data), read_picture(data[:-missing])
    assert not whole.warnings
    assert "cut off" in cut.warnings[0]
    np.testing.assert_array_equal(cut.pixels[:80], whole.pixels[:80])


def test_a_jpeg_with_more_behind_its_end_is_whole() -> None:
    data = encoded(drawn(), "JPEG")
    assert not read_picture(data + bytes(50)).warnings


def test_the_end_of_a_thumbnail_is_not_that_of_the_picture() -> None:
    data = encoded(drawn(), "JPEG")
    thumbnail = b"\xff\xe1" + (40).to_bytes(2, "big") + b"\xff\xd9" + bytes(36)
    assert read_picture(data[:2] + thumbnail + data[2:-30]).warnings


def bmp(alpha: int) -> bytes:
    """A BMP file with an alpha channel that is the same everywhere (BITMAPV4HEADER)."""
    shades = np.asarray(drawn().convert("L"))[::-1]
    height, width = shades.shape
    pixels = np.dstack([shades, shades, shades, np.full_like(shades, alpha)]).tobytes()
    masks = b"".join(mask.to_bytes(4, "little") for mask in (0xFF0000, 0xFF00, 0xFF, 0xFF000000))
    header = b"".join(
        number.to_bytes(size, "little")
        for number, size in ((108, 4), (width, 4), (height, 4), (1, 2), (32, 2), (3, 4))
    )
    header += len(pixels).to_bytes(4, "little") + bytes(16) + masks
    header += bytes(108 - len(header))
    start = (
        b"BM" + (122 + len(pixels)).to_bytes(4, "little") + bytes(4) + (122).to_bytes(4, "little")
    )
    return start + header + pixels


def test_a_bmp_whose_alpha_is_nothing_is_opaque() -> None:
    picture, opaque = read_picture(bmp(0)), read_picture(bmp(255))
    assert "transparent" in picture.warnings[0]
    assert not opaque.warnings
    np.testing.assert_array_equal(picture.pixels, opaque.pixels)
    assert picture.pixels.min() < 128


@pytest.mark.parametrize("name", ["GIF", "PNG"])
def test_the_first_frame_that_shows_something_is_taken(name: str) -> None:
    empty = Image.new("L", drawn().size, 255)
    frames = {"save_all": True, "append_images": [empty, drawn()], "duration": [100, 100, 100]}
    if name == "PNG":
        frames |= {"default_image": False}
    else:  # frames that are alike would become one
        frames["append_images"] = [drawn()]
    picture = read_picture(encoded(empty, name, **frames))
    assert "the first frame is empty" in picture.warnings[0]
    assert (
        np.abs(picture.pixels.astype(int) - read_picture(encoded(drawn(), "PNG")).pixels).max() < 9
    )


@pytest.mark.parametrize("name", ["GIF", "PNG"])
def test_a_first_frame_with_something_on_it_is_kept(name: str) -> None:
    frames = {"save_all": True, "append_images": [Image.new("L", drawn().size, 255)]}
    picture = read_picture(encoded(drawn(), name, **frames))
    assert not picture.warnings
    assert picture.pixels.min() < 128


def test_an_animation_that_shows_nothing_stays_empty() -> None:
    frames = [Image.new("L", (20, 20), shade) for shade in (255, 250, 240)]
    picture = read_picture(encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    assert (picture.pixels == 255).all()
    assert not picture.warnings


def test_a_phone_photo_of_24_megapixels_is_read_within_little_memory() -> None:
    data = encoded(Image.new("L", (5712, 4284), 200), "JPEG")
    tracemalloc.start()
    try:
        picture = read_picture(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (picture.width, picture.height) == (5712, 4284)
    assert picture.pixels.size < 1_000_000
    assert peak < 30e6
    progressive = encoded(Image.new("L", (5712, 4284), 200), "JPEG", progressive=True)
    with pytest.raises(TooManyPixels, match="limit of 16000000"):
        read_picture(progressive)
    with pytest.raises(TooManyPixels, match="limit of 25000000"):
        read_picture(encoded(Image.new("L", (5100, 5000), 200), "JPEG"))


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif_is_read_where_pillow_can() -> None:
    picture = read_picture(encoded(drawn().convert("RGB"), "AVIF", quality=90))
    assert np.abs(picture.pixels.astype(int) - np.asarray(drawn().convert("L"))).mean() < 8
    with pytest.raises(TooManyPixels):
        read_picture(
            encoded(Image.new("RGB", (100, 50)), "AVIF"), ImageLimits(max_webp_pixels=4999)
        )


def test_avif_is_refused_by_name_where_pillow_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.images.containers.features.check", lambda _: False)
    with pytest.raises(NotAnImage, match=r"AVIF pictures are not read here: send .* PNG or JPEG"):
        read_picture(b"\0\0\0\x1cftypavif" + bytes(100))
