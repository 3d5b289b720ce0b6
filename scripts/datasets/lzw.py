"""Unpack what Unix' ``compress`` packed (``.Z``), as which UCI keeps the scans of optdigits.

A file is two magic bytes, a byte of settings, and codes of 9 bits or more, the lowest bit first. A
code below 256 is a byte; a higher one stands for what an earlier code stood for and the byte that
came after it. When codes become longer, and when the table is cleared, the rest of a group of eight
codes is filling. (T. Welch, "A Technique for High-Performance Data Compression", 1984.)
"""

from __future__ import annotations

from collections.abc import Iterator

MAGIC = b"\x1f\x9d"
CLEAR = 256
FIRST_BITS = 9


class BrokenLzw(ValueError):
    """The bytes are no whole ``.Z`` file."""


def unpack(data: bytes, limit: int) -> bytes:
    """Return the unpacked bytes.

    Raises
    ------
    BrokenLzw
        If `data` is no ``.Z`` file, is damaged, or unpacks to more than `limit` bytes.
    """
    if len(data) < 3 or data[:2] != MAGIC:
        raise BrokenLzw("no .Z file: it must begin with 1f 9d")
    most_bits, clears = data[2] & 0x1F, bool(data[2] & 0x80)
    if not FIRST_BITS <= most_bits <= 16:
        raise BrokenLzw(f"codes have 9 to 16 bits, got {most_bits}")
    out = bytearray()
    for text in _texts(data[3:], most_bits, clears):
        out += text
        if len(out) > limit:
            raise BrokenLzw(f"unpacks to more than {limit:,} bytes")
    return bytes(out)


def _texts(data: bytes, most_bits: int, clears: bool) -> Iterator[bytes]:
    """Yield what each code stands for."""
    first_free = CLEAR + 1 if clears else CLEAR
    table: list[bytes] = [bytes([value]) for value in range(256)] + [b""] * clears
    reader = _Codes(data)
    bits, before = FIRST_BITS, b""
    while (code := reader.next(bits)) is not None:
        if code == CLEAR and clears:
            del table[first_free:]
            reader.next_group(bits)
            bits, before = FIRST_BITS, b""
            continue
        if code > len(table) or (code == len(table) and not before):
            raise BrokenLzw(f"code {code} at byte {reader.at // 8 + 3} stands for nothing")
        text = table[code] if code < len(table) else before + before[:1]
        if before and len(table) < 1 << most_bits:
            table.append(before + text[:1])
            if len(table) == 1 << bits and bits < most_bits:
                reader.next_group(bits)
                bits += 1
        yield text
        before = text


class _Codes:
    """Reads numbers of some bits, the lowest bit first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._group = 0  # where the codes of the present length began, in bits
        self.at = 0

    def next(self, bits: int) -> int | None:
        """Return the next code; None at the end."""
        if self.at + bits > 8 * len(self._data):
            return None
        first = self.at // 8
        number = int.from_bytes(self._data[first : first + 4], "little")
        code = number >> self.at % 8 & (1 << bits) - 1
        self.at += bits
        return code

    def next_group(self, bits: int) -> None:
        """Go to where the next group of eight codes of this length would begin."""
        length = 8 * bits
        self.at = self._group + -(-(self.at - self._group) // length) * length
        self._group = self.at
