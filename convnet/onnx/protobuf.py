"""Protocol Buffers, as far as ONNX needs them written.

A message is its fields one after the other, each a key and a value. The key is the number of the
field and how long its value is: a *varint* (seven bits to a byte, the lowest first), four bytes, or
as many bytes as a varint says before them: texts, arrays and messages within messages.
Source: protobuf.dev, "Encoding".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

VARINT, BYTES, FOUR_BYTES = 0, 2, 5

Value = int | float | str | bytes


def varint(value: int) -> bytes:
    """Return a whole number in 7 bits to a byte; a negative one as 64 bits in two's complement."""
    value &= (1 << 64) - 1
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def field(number: int, value: Value) -> bytes:
    """Return one field of a message; messages within it are given as their bytes."""
    if isinstance(value, int):
        return varint(number << 3 | VARINT) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | FOUR_BYTES) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | BYTES) + varint(len(data)) + data


def repeated(number: int, values: Iterable[Value]) -> bytes:
    """Return a field that there may be several of."""
    return b"".join(field(number, value) for value in values)
