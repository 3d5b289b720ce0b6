"""A small PNG reader: any kind of picture that is not interlaced, as greys on white.

PNG is a signature, then chunks (length, type, body, checksum). ``IHDR`` says how the picture is
stored; the ``IDAT`` bodies together are one zlib stream of rows. Each row starts with the number of
a *filter*: its bytes are stored as differences from their neighbours, which compress better.
(W3C, *Portable Network Graphics (PNG) Specification*, third edition.)
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

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # grey, RGB, palette, grey + alpha, RGB + alpha
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PALETTE = 3
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
LARGEST = 1 << 24  # pixels; a digit is far smaller, and a bomb is far larger


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
    def row_bytes(self) -> int:
        """Bytes that a row takes, the last one padded."""
        return (self.width * self.channels * self.bits + 7) // 8


def read(path: Path) -> Bytes:
    """Return the picture in a PNG file as greys, composed on white.

    Returns
    -------
    ndarray of uint8, shape (H, W)

    Raises
    ------
    DatasetError
        If the file is broken or interlaced.
    """
    try:
        return decode(path.read_bytes())
    except BrokenPng as error:
        raise DatasetError(path, str(error)) from error


def decode(data: bytes) -> Bytes:
    """Return the greys of a PNG file's bytes; see `read`. Raises `BrokenPng`."""
    if not data.startswith(SIGNATURE):
        raise BrokenPng("the file is empty" if not data else "no PNG signature")
    bodies: dict[bytes, bytes] = {}
    for kind, body in _chunks(data):
        bodies[kind] = bodies.get(kind, b"") + body if kind == b"IDAT" else body
    if missing := [kind.decode() for kind in (b"IHDR", b"IDAT") if kind not in bodies]:
        raise BrokenPng(f"no {missing[0]} chunk")
    header = _header(bodies[b"IHDR"])
    rows = _unfilter(header, _inflate(header, bodies[b"IDAT"]))
    samples = _samples(header, rows)
    if header.colour == PALETTE:
        colours, alpha = _look_up(samples[..., 0], bodies)
    else:
        colours, alpha = _split_alpha(header, samples, bodies.get(b"tRNS"))
    grey = colours @ LUMA if colours.shape[-1] == 3 else colours[..., 0]
    on_white: Bytes = np.rint(255 * (grey * alpha + 1 - alpha)).astype(np.uint8)
    return on_white


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
    if not 0 < width * height <= LARGEST:
        raise BrokenPng(f"expected 1 to {LARGEST} pixels, got {width} × {height}")
    return Header(width, height, bits, colour)


def _inflate(header: Header, stream: bytes) -> Bytes:
    """Return the filtered rows, shape (H, 1 + bytes of a row)."""
    size = header.height * (1 + header.row_bytes)
    try:
        data = zlib.decompressobj().decompress(stream, size + 1)
    except zlib.error as error:
        raise BrokenPng(f"broken image data: {error}") from error
    if len(data) != size:
        found = "more" if len(data) > size else str(len(data))
        raise BrokenPng(f"expected {size} bytes of image data, got {found}")
    return np.frombuffer(data, np.uint8).reshape(header.height, -1)


def _unfilter(header: Header, filtered: Bytes) -> Bytes:
    """Undo the filter of each row: add what was predicted from left, above and above left."""
    step = max(1, header.channels * header.bits // 8)  # bytes to the left neighbour
    rows = np.empty((header.height, header.row_bytes), np.uint8)
    above = np.zeros(header.row_bytes, np.uint8)
    for (kind, *_), stored, row in zip(filtered, filtered[:, 1:], rows, strict=True):
        if kind == 0:
            row[:] = stored
        elif kind == 1:
            lanes = stored.reshape(-1, step)
            np.add.accumulate(lanes, axis=0, dtype=np.uint8, out=row.reshape(-1, step))
        elif kind == 2:
            np.add(stored, above, out=row)
        elif kind in (3, 4):
            predict = _average if kind == 3 else _paeth
            row[:] = _sequential(stored.tolist(), above.tolist(), step, predict)
        else:
            raise BrokenPng(f"no such filter: {kind}")
        above = row
    return rows


def _sequential(stored: list[int], above: list[int], step: int, predict: Any) -> bytearray:
    """Undo a filter whose prediction needs the byte that was just found."""
    row = bytearray(step) + bytearray(len(stored))
    padded = bytes(step) + bytes(above)
    for i, value in enumerate(stored):
        row[i + step] = value + predict(row[i], padded[i + step], padded[i]) & 255
    return row[step:]


def _average(left: int, up: int, _: int) -> int:
    return (left + up) >> 1


def _paeth(left: int, up: int, corner: int) -> int:
    """Return the neighbour nearest to left + up - corner (A. W. Paeth, Graphics Gems II, 1991)."""
    from_left, from_up = abs(up - corner), abs(left - corner)
    from_corner = abs(left + up - 2 * corner)
    if from_left <= from_up and from_left <= from_corner:
        return left
    return up if from_up <= from_corner else corner


def _samples(header: Header, rows: Bytes) -> NDArray[np.integer[Any]]:
    """Return the numbers as stored, shape (H, W, channels)."""
    if header.bits == 16:
        values: NDArray[np.integer[Any]] = rows.view(">u2")
    elif header.bits == 8:
        values = rows
    else:  # several samples in a byte, the first in its high bits
        bits = np.unpackbits(rows, axis=1).reshape(header.height, -1, header.bits)
        values = (bits @ (1 << np.arange(header.bits)[::-1]))[:, : header.width]
    return values.reshape(header.height, header.width, header.channels)


def _look_up(indices: NDArray[np.integer[Any]], bodies: dict[bytes, bytes]) -> tuple[Any, Any]:
    body = bodies.get(b"PLTE", b"")
    if len(body) % 3 or indices.max() >= len(body) // 3:
        raise BrokenPng(f"colour {indices.max()} is not in the palette")
    palette = np.frombuffer(body, np.uint8).reshape(-1, 3) / 255
    alpha = np.ones(len(palette))
    transparency = np.frombuffer(bodies.get(b"tRNS", b""), np.uint8)[: len(palette)]
    alpha[: len(transparency)] = transparency / 255
    return palette[indices], alpha[indices]


def _split_alpha(
    header: Header, samples: NDArray[np.integer[Any]], transparent: bytes | None
) -> tuple[Any, Any]:
    """Return colours and alpha in 0..1; ``transparent`` is the one colour that is none."""
    top = (1 << header.bits) - 1
    if header.colour in (4, 6):
        return samples[..., :-1] / top, samples[..., -1] / top
    alpha = np.ones(samples.shape[:2])
    if transparent is not None and len(transparent) == 2 * header.channels:
        alpha[(samples == np.frombuffer(transparent, ">u2")).all(axis=-1)] = 0
    return samples / top, alpha
