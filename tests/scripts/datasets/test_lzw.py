"""`.Z` files: what gzip, another reader, unpacks is what ours unpacks."""

import shutil
import subprocess

import numpy as np
import pytest

from scripts.datasets.lzw import BrokenLzw, unpack


class Packer:
    """Packs as `compress` does: codes of one length go in groups of eight."""

    def __init__(self, most_bits: int) -> None:
        self.most_bits, self.out = most_bits, bytearray([0x1F, 0x9D, 0x80 | most_bits])
        self.codes: list[int] = []

    def flush(self, bits: int, filled: bool) -> None:
        if filled:
            self.codes += [0] * (-len(self.codes) % 8)
        number = sum(code << bits * i for i, code in enumerate(self.codes))
        self.out += number.to_bytes(-(-bits * len(self.codes) // 8), "little")
        self.codes = []

    def pack(self, data: bytes, clear_every: int = 0) -> bytes:
        table = {bytes([value]): value for value in range(256)}
        bits, text, known, free = 9, b"", dict(table), 257
        emitted = 0
        for value in data:
            longer = text + bytes([value])
            if longer in known:
                text = longer
                continue
            self.codes.append(known[text])
            emitted += 1
            if free < 1 << self.most_bits:
                known[longer] = free
                free += 1
            # The reader is one entry behind, and longer codes begin when its table is full.
            if free - 1 == 1 << bits and bits < self.most_bits:
                self.flush(bits, filled=True)
                bits += 1
            if clear_every and emitted % clear_every == 0:
                self.codes.append(256)
                self.flush(bits, filled=True)
                bits, known, free = 9, dict(table), 257
            text = bytes([value])
        self.codes.append(known[text])
        self.flush(bits, filled=False)
        return bytes(self.out)


def scans(count: int) -> bytes:
    rng = np.random.default_rng(0)
    lines = ["".join("01"[int(bit)] for bit in row) for row in rng.random((count, 32)) < 0.3]
    return ("\n".join(lines) + "\n").encode()


CASES = [
    (b"a", 9, 0),
    (b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 12, 0),
    (scans(3000), 16, 0),
    (scans(3000), 10, 0),
    (scans(3000), 12, 700),
    (bytes(np.random.default_rng(1).integers(0, 256, 30_000, dtype=np.uint8)), 14, 5000),
]


@pytest.mark.parametrize(("data", "bits", "clear_every"), CASES)
def test_what_is_packed_is_unpacked(data: bytes, bits: int, clear_every: int) -> None:
    packed = Packer(bits).pack(data, clear_every)
    assert unpack(packed, len(data)) == data
    if shutil.which("gzip"):
        done = subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True)
        assert done.stdout == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no .Z file"),
        (b"\x1f\x8b\x08", "no .Z file"),
        (b"\x1f\x9d\x9f", "codes have 9 to 16 bits, got 31"),
        (b"\x1f\x9d\x90\xff\xff\xff", "code 511 at byte 4 stands for nothing"),
        (Packer(12).pack(b"a" * 1000), "unpacks to more than 999 bytes"),
    ],
)
def test_what_is_broken_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(BrokenLzw, match=message):
        unpack(data, 999)
