"""Picture files that are whole by their structure, with contents that no encoder would write.

Lengths and checksums are right, so that what is wrong reaches the decoder behind them.
"""

import random
import struct
from collections.abc import Callable

import numpy as np
from PIL import Image

from tests.support import png_kinds
from tests.support.pictures import drawing, encoded

# Sizes at which the parts of a file begin or end, or have one byte too many.
LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 26, 32, 255, 256, 257, 767, 768, 769, 1000)
PNG_CHUNKS = (
    *(b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"hIST"),
    *(b"pHYs", b"sPLT", b"tIME", b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"acTL", b"fcTL", b"fdAT"),
    *(b"IDAT", b"IEND", b"cICP", b"abCd", b"\0\xff\0\xff"),
)


def fuzzed_png(rng: random.Random) -> bytes:
    """Write a PNG of any kind, with strange chunks before its data, in it and behind it."""
    kind = rng.choice(list(png_kinds.DEPTHS))
    depth = rng.choice(png_kinds.DEPTHS[kind])
    channels = {png_kinds.RGB: 3, png_kinds.GREY_ALPHA: 2, png_kinds.RGB_ALPHA: 4}.get(kind, 1)
    height, width = rng.randint(1, 9), rng.randint(1, 9)
    samples = np.array(
        [rng.randrange(2**depth) for _ in range(height * width * channels)], int
    ).reshape(height, width, channels)
    palette = None
    if rng.random() < (0.9 if kind == png_kinds.PALETTE else 0.1):
        palette = np.frombuffer(rng.randbytes(3 * rng.choice((1, 2, 2**depth, 256, 257))), np.uint8)
    data = png_kinds.encode(samples, kind, depth, interlaced=rng.random() < 0.3, palette=palette)
    parts = chunks(data)
    for _ in range(rng.randint(0, 4)):
        parts.insert(rng.randint(1, len(parts)), (rng.choice(PNG_CHUNKS), content(rng)))
    if rng.random() < 0.2:
        at = rng.randrange(len(parts))
        parts[at] = (parts[at][0], damaged(parts[at][1], rng))
    return data[:8] + b"".join(png_kinds.chunk(*part) for part in parts)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Take a PNG apart."""
    parts, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        parts.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return parts


def content(rng: random.Random) -> bytes:
    """Return bytes that may mean something: noise, zeros, a text, an EXIF record."""
    length = rng.choice(LENGTHS)
    return rng.choice(
        (
            lambda: rng.randbytes(length),
            lambda: bytes(length),
            lambda: b"\xff" * length,
            lambda: b"name\0" + rng.randbytes(length),
            lambda: b"XML:com.adobe.xmp\0\0\0\0\0" + rng.randbytes(length),
            lambda: b"Raw profile type exif\0\nexif\n   9\n" + rng.randbytes(length),
            lambda: exif(rng),
        )
    )()


def exif(rng: random.Random) -> bytes:
    """Write an EXIF record (TIFF 6.0) whose entries say anything."""
    order = rng.choice("<>")
    entries = [
        struct.pack(
            f"{order}HHII",
            rng.choice((0x0112, 0x8769, 0x8825, rng.randrange(65536))),
            rng.choice((*range(14), 65535)),
            rng.choice((0, 1, 2, 2**16, 2**32 - 1)),
            rng.choice((0, 1, 6, 8, 9, 6 << 16, rng.randrange(2**32))),
        )
        for _ in range(rng.randint(0, 4))
    ]
    mark = b"II*\0" if order == "<" else b"MM\0*"
    start = struct.pack(f"{order}I", rng.choice((8, 8, 8, 0, 7, 2**31)))
    count = struct.pack(f"{order}H", rng.choice((len(entries), len(entries), 0, 65535)))
    return mark + start + count + b"".join(entries) + rng.randbytes(rng.randint(0, 8))


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Change a few bytes, or the length."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.choice((0, 1, 255, rng.randrange(256)))
    return bytes(changed[: rng.randint(0, len(changed))] if rng.random() < 0.3 else changed)


def fuzzed_jpeg(rng: random.Random) -> bytes:
    """Write a JPEG with strange segments."""
    mode = rng.choice(("L", "RGB", "CMYK"))
    image = Image.fromarray(drawing()).convert(mode)
    data = encoded(image, "JPEG", progressive=rng.random() < 0.3)
    parts, at = [], 2
    while data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        parts.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
    for _ in range(rng.randint(0, 4)):
        marker = rng.choice((*range(0xC0, 0xD0), 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE))
        prefix = rng.choice((b"", b"Exif\0\0", b"JFIF\0", b"Adobe\0", b"ICC_PROFILE\0", b"MPF\0"))
        parts.insert(rng.randint(0, len(parts)), (marker, prefix + content(rng)))
    if rng.random() < 0.3:
        index = rng.randrange(len(parts))
        parts[index] = (parts[index][0], damaged(parts[index][1], rng))
    head = b"".join(
        bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body for marker, body in parts
    )
    return data[:2] + head + data[at:]


def fuzzed_gif(rng: random.Random) -> bytes:
    """Write a GIF with strange blocks before its picture, and strange numbers in its header."""
    image = Image.fromarray(drawing()).convert(rng.choice(("L", "P", "1")))
    data = bytearray(encoded(image, "GIF"))
    at = bytes(data).index(b",", 13 + (3 << (data[10] & 7) + 1))
    blocks = b""
    for _ in range(rng.randint(0, 3)):
        body = content(rng)
        pieces = [body[i : i + 255] for i in range(0, len(body), 255)]
        label = rng.choice((0xF9, 0xFE, 0xFF, 0x01, rng.randrange(256)))
        blocks += bytes((0x21, label))
        blocks += b"".join(bytes((len(piece),)) + piece for piece in pieces if piece) + b"\0"
    for place in (10, 11, 12, at + 9, at + 1, at + 5, at + 10):
        if rng.random() < 0.1:
            data[place] = rng.randrange(256)
    return bytes(data[:at]) + blocks + bytes(data[at:])


def fuzzed_bmp(rng: random.Random) -> bytes:
    """Write a BMP with strange numbers in its header."""
    image = Image.fromarray(drawing()).convert(rng.choice(("1", "L", "P", "RGB", "RGBA")))
    data = bytearray(encoded(image, "BMP"))
    for _ in range(rng.randint(1, 3)):
        place = rng.choice((10, 14, 18, 22, 26, 28, 30, 34, 38, 42, 46, 50))
        value = rng.choice((0, 1, 2, 3, 4, 8, 12, 16, 24, 32, 40, 52, 56, 64, 108, 124, 2**31, -1))
        width = 2 if place in (26, 28) else 4
        data[place : place + width] = (value % 2 ** (8 * width)).to_bytes(width, "little")
    return bytes(data)


def fuzzed_webp(rng: random.Random) -> bytes:
    """Write a WebP with strange chunks."""
    image = Image.fromarray(drawing()).convert(rng.choice(("RGB", "RGBA")))
    data = encoded(image, "WEBP", lossless=rng.random() < 0.5, exif=b"Exif\0\0" + exif(rng))
    parts, at = [], 12
    while at < len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        parts.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    for _ in range(rng.randint(0, 3)):
        name = rng.choice((b"VP8X", b"ICCP", b"EXIF", b"XMP ", b"ALPH", b"ANIM", b"ANMF", b"abcd"))
        parts.insert(rng.randint(1, len(parts)), (name, content(rng)))
    if rng.random() < 0.3:
        index = rng.randrange(len(parts))
        parts[index] = (parts[index][0], damaged(parts[index][1], rng))
    body = b"".join(
        name + len(part).to_bytes(4, "little") + part + bytes(len(part) % 2) for name, part in parts
    )
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


FUZZED: dict[str, Callable[[random.Random], bytes]] = {
    "PNG": fuzzed_png,
    "JPEG": fuzzed_jpeg,
    "WEBP": fuzzed_webp,
    "GIF": fuzzed_gif,
    "BMP": fuzzed_bmp,
}
