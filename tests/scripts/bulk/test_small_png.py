"""The short way through small PNG files gives what the long way gives, or nothing."""

import random
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from scripts.bulk.small_png import pixels_of
from server.images.decode import decode
from server.images.errors import ImageError


def encoded(pixels, **options):
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (28, 20), dtype=np.uint8)


def test_a_plain_picture_is_decoded(pixels):
    np.testing.assert_array_equal(pixels_of(encoded(pixels)), pixels)


def test_what_needs_more_is_left_alone(pixels):
    colour = np.stack([pixels] * 3, axis=2)
    others = [
        encoded(colour),
        encoded(pixels > 99),
        encoded(pixels, transparency=7),
        encoded(np.zeros((65, 2), np.uint8)),
        encoded(pixels) + b"more",
        b"",
        b"GIF89a",
    ]
    assert [pixels_of(data) for data in others] == [None] * len(others)


def chunk(kind, contents):
    body = kind + contents
    return len(contents).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def damaged(data, chance):
    """Return a file with wrong bytes, of which a part is right by the check sums of its chunks."""
    begin, packed = data[:33], data[41:-16]
    inside = chance.random() < 0.5  # rows, or what they are packed in
    wrong = bytearray(zlib.decompress(packed) if inside else packed)
    for _ in range(chance.randint(1, 3)):
        wrong[chance.randrange(len(wrong))] = chance.randrange(256)
    if chance.random() < 0.3:
        del wrong[chance.randrange(len(wrong)) :]
    contents = zlib.compress(bytes(wrong)) if inside else bytes(wrong)
    header = b"".join(chance.choice((20, 20, 28, 0, 64)).to_bytes(4, "big") for _ in range(2))
    if chance.random() < 0.3:
        begin = data[:8] + chunk(b"IHDR", header + data[24:29])
    whole = begin + chunk(b"IDAT", contents) + data[-12:]
    return whole if chance.random() < 0.8 else whole[: chance.randrange(len(whole))]


def test_damaged_files_are_decoded_as_the_service_decodes_them_or_not_at_all(pixels):
    chance, taken = random.Random(0), 0
    pixels[5:] = 0
    for _ in range(600):
        data = damaged(encoded(pixels), chance)
        if (found := pixels_of(data)) is not None:
            taken += 1
            try:
                np.testing.assert_array_equal(found, decode(data))
            except ImageError as error:
                pytest.fail(f"the service refuses it: {error.detail}")
    assert taken > 20
