"""A small PNG reader: any kind of picture that is not interlaced, as greys or colours on white.

PNG is a signature, then chunks (length, type, body, checksum). ``IHDR`` says how the picture is
stored; the ``IDAT`` bodies together are one zlib stream of rows, each stored as differences from
what a filter predicts (`convnet.datasets.pictures.png_filters`).
(W3C, *Portable Network Graphics (PNG) Specification*, third edition.)

A picture is read some rows at a time, so that a small file cannot take much more memory than the
picture that is returned.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.datasets.dataset import Bytes, DatasetError
from convnet.datasets.pictures.png_filters import UnknownFilter, unfilter

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # grey, RGB, palette, grey + alpha, RGB + alpha
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PALETTE = 3
MOST_PIXELS = 1 << 24
LONGEST_SIDE = 1 << 13
BAND = 1 << 23  # bytes of rows that are undone together
SLICE = 1 << 16  # pixels whose colours are worked out together


class BrokenPng(ValueError):
    """The bytes are no PNG file that this reader understands."""


@dataclass(frozen=True)
class Header:
    """The fields of ``IHDR`` that matter here."""

    width: int
    height: int
    bits: int
    colour: int

    @property
    def channels(self) -> int:
        """Samples in a pixel."""
        return CHANNELS[self.colour]

    @property
    def grey(self) -> bool:
        """Whether pixels are stored as greys."""
        return self.colour in (0, 4)

    @property
    def row_bytes(self) -> int:
        """Bytes that a row takes, the last one padded."""
        return (self.width * self.channels * self.bits + 7) // 8

    @property
    def pixel_bytes(self) -> int:
        """Bytes from a pixel to the next, at least 1: how far filters look to the left."""
        return max(1, self.channels * self.bits // 8)


def read(path: Path) -> Bytes:
    """Return the picture in a PNG file, composed on white.

    Returns
    -------
    ndarray of uint8, shape (H, W) or (H, W, 3)
        Greys where the file stores greys, else red, green and blue.

    Raises
    ------
    DatasetError
        If the file is broken or interlaced, or has more than 8192 pixels in a row or column or
        16,777,216 altogether.
    """
    try:
        return decode(path.read_bytes())
    except BrokenPng as error:
        raise DatasetError(path, str(error)) from error


def decode(data: bytes) -> Bytes:
    """Return the picture in a PNG file's bytes; see `read`. Raises `BrokenPng`."""
    if not data.startswith(SIGNATURE):
        raise BrokenPng("the file is empty" if not data else "no PNG signature")
    bodies: dict[bytes, bytes] = {}
    pixels = []
    for kind, body in _chunks(data):
        if kind == b"IDAT":
            pixels.append(body)
        else:
            bodies[kind] = body
    if b"IHDR" not in bodies or not pixels:
        raise BrokenPng(f"no {'IDAT' if b'IHDR' in bodies else 'IHDR'} chunk")
    header = _header(bodies[b"IHDR"])
    return _compose(header, _bands(header, b"".join(pixels)), bodies)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        check = data[at + 8 + length : at + 12 + length]
        if len(check) < 4:
            break
        if zlib.crc32(kind + body) != int.from_bytes(check, "big"):
            raise BrokenPng(f"wrong checksum of the chunk at byte {at}")
        if kind == b"IEND":
            return
        yield kind, body
        at += 12 + length
    raise BrokenPng(f"truncated: no whole chunk at byte {at} of {len(data)}")


def _header(body: bytes) -> Header:
    if len(body) != 13:
        raise BrokenPng(f"IHDR must have 13 bytes, got {len(body)}")
    width, height, bits, colour, compression, filtering, interlaced = struct.unpack(
        ">IIBBBBB", body
    )
    if interlaced:
        raise BrokenPng("interlaced PNG is not read here: save it without interlacing")
    if bits not in DEPTHS.get(colour, ()) or compression or filtering:
        raise BrokenPng(f"no such kind of PNG: colour type {colour} with {bits} bits")
    if not 0 < width * height <= MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise BrokenPng(
            f"expected 1 to {MOST_PIXELS} pixels, at most {LONGEST_SIDE} in a row or column, "
            f"got {width} × {height}"
        )
    return Header(width, height, bits, colour)


def _bands(header: Header, stream: bytes) -> Iterator[Bytes]:
    """Yield the bytes of some rows at a time, shape (rows, bytes of a row), filters undone."""
    inflater = zlib.decompressobj()
    size = 1 + header.row_bytes
    above = np.zeros(header.row_bytes, np.uint8)
    at_once = max(1, BAND // size)
    for top in range(0, header.height, at_once):
        wanted = size * min(at_once, header.height - top)
        data = _inflate(inflater, stream, wanted)
        if len(data) < wanted:
            found, expected = top * size + len(data), size * header.height
            raise BrokenPng(f"expected {expected} bytes of image data, got {found}")
        stream = inflater.unconsumed_tail
        try:
            rows = unfilter(
                np.frombuffer(data, np.uint8).reshape(-1, size), above, header.pixel_bytes
            )
        except UnknownFilter as error:
            raise BrokenPng(str(error)) from error
        above = rows[-1]
        yield rows
    if _inflate(inflater, stream, 1):
        raise BrokenPng(f"expected {size * header.height} bytes of image data, got more")


def _inflate(inflater: zlib._Decompress, stream: bytes, size: int) -> bytes:
    try:
        return inflater.decompress(stream, size)
    except zlib.error as error:
        raise BrokenPng(f"broken image data: {error}") from error


def _compose(header: Header, bands: Iterator[Bytes], bodies: dict[bytes, bytes]) -> Bytes:
    """Return the picture on white, shape (H, W) or (H, W, 3)."""
    shape = (header.height, header.width)
    picture = np.empty(shape if header.grey else (*shape, 3), np.uint8)
    at_once = max(1, SLICE // header.width)
    top = 0
    for band in bands:
        for first in range(0, len(band), at_once):
            samples = _samples(header, band[first : first + at_once])
            if header.colour == PALETTE:
                colours, alpha = _look_up(samples[..., 0], bodies)
            else:
                colours, alpha = _split_alpha(header, samples, bodies.get(b"tRNS"))
            on_white = np.rint(255 * (colours * alpha + 1 - alpha))
            picture[top : top + len(samples)] = on_white[..., 0] if header.grey else on_white
            top += len(samples)
    return picture


def _samples(header: Header, rows: Bytes) -> NDArray[np.integer[Any]]:
    """Return the numbers as stored, shape (rows, W, channels)."""
    if header.bits == 16:
        values: NDArray[np.integer[Any]] = rows.view(">u2")
    elif header.bits == 8:
        values = rows
    else:  # several samples in a byte, the first in its high bits
        bits = np.unpackbits(rows, axis=1).reshape(len(rows), -1, header.bits)
        values = (bits @ (1 << np.arange(header.bits)[::-1]))[:, : header.width]
    return values.reshape(len(rows), header.width, header.channels)


def _look_up(indices: NDArray[np.integer[Any]], bodies: dict[bytes, bytes]) -> tuple[Any, Any]:
    body = bodies.get(b"PLTE", b"")
    if len(body) % 3 or len(body) > 3 * 256 or indices.max() >= len(body) // 3:
        raise BrokenPng(f"colour {indices.max()} is not in the palette")
    palette = np.frombuffer(body, np.uint8).reshape(-1, 3) / 255
    alpha = np.ones((len(palette), 1))
    transparency = np.frombuffer(bodies.get(b"tRNS", b""), np.uint8)[: len(palette)]
    alpha[: len(transparency), 0] = transparency / 255
    return palette[indices], alpha[indices]


def _split_alpha(
    header: Header, samples: NDArray[np.integer[Any]], transparent: bytes | None
) -> tuple[Any, Any]:
    """Return colours and alpha in 0..1; ``transparent`` is the one colour that is none."""
    top = (1 << header.bits) - 1
    if header.colour in (4, 6):
        return samples[..., :-1] / top, samples[..., -1:] / top
    alpha = np.ones((*samples.shape[:2], 1))
    if transparent is not None and len(transparent) == 2 * header.channels:
        alpha[(samples == np.frombuffer(transparent, ">u2")).all(axis=-1)] = 0
    return samples / top, alpha
