"""What a picture file is made of, checked before a decoder sees it.

Pillow tells a broken file from a whole one well, but not always: it skips the checksums of PNG
image data, and a file of a million empty segments keeps it busy for seconds. The walks below cost
milliseconds and refuse both.
"""

import struct
import zlib
from collections.abc import Iterator

from PIL import features

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Far above what cameras and editors write (a PNG of 8 MiB in 4 KiB pieces has 2,048), far below
# what would take a noticeable time to walk.
MAX_PARTS = 10_000

# A progressive JPEG has about ten scans; each costs a pass over the whole picture.
MAX_JPEG_SCANS = 30

_PNG_GREY, _PNG_PALETTE = 0, 3
_START_OF_SCAN = 0xDA
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))

# Pillow decodes run-length encoded BMP files byte by byte, in Python.
MAX_RUN_LENGTH_BMP = 512 * 1024


def container_format(data: bytes) -> str | None:
    """Name the picture format that `data` claims to be in, or None if it is not a known one."""
    if data.startswith(PNG_SIGNATURE):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith(b"BM"):
        return "BMP"
    return "AVIF" if foreign_format(data) == "AVIF" and features.check("avif") else None


_FOREIGN = (
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"%PDF", "PDF"),
    (b"\0\0\1\0", "ICO"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"8BPS", "Photoshop"),
    (b"<svg", "SVG"),
)
_HEIF_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC"}
_HEIF_BRANDS |= {b"hevc": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC"}


def foreign_format(data: bytes) -> str | None:
    """Name the picture format of `data` among those that are known but not read, or None."""
    if data[4:8] == b"ftyp":  # ISO base media file (ISO/IEC 14496-12, section 4.3)
        return _HEIF_BRANDS.get(data[8:12])
    start = data[:512].lstrip()
    if start.startswith(b"<?xml") and b"<svg" in start:
        return "SVG"
    return next((name for sign, name in _FOREIGN if start.startswith(sign)), None)


def check_container(data: bytes, name: str) -> None:
    """Raise ValueError if a file of the format `name` is damaged or built to exhaust a decoder."""
    if name == "PNG":
        _check_png(data)
    elif name == "JPEG":
        _check_jpeg(data)
    elif name == "GIF":
        _check_gif(data)
    elif name == "BMP":
        _check_bmp(data)


def png_bit_depth(data: bytes) -> int:
    """Bits per sample of a PNG file that `check_container` has passed."""
    return data[24]


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height as the header of a WebP file states them (RFC 9649, section 2)."""
    kind, header = data[12:16], data[20:30]
    if kind == b"VP8X" and len(header) == 10:
        width, height = header[4:7], header[7:10]
        return 1 + int.from_bytes(width, "little"), 1 + int.from_bytes(height, "little")
    if kind == b"VP8 " and header[3:6] == b"\x9d\x01\x2a" and len(header) == 10:
        sizes = int.from_bytes(header[6:10], "little")
        return sizes & 0x3FFF, sizes >> 16 & 0x3FFF
    if kind == b"VP8L" and header[:1] == b"\x2f":
        sizes = int.from_bytes(header[1:5], "little")
        return 1 + (sizes & 0x3FFF), 1 + (sizes >> 14 & 0x3FFF)
    raise ValueError("it has no header")


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, int]]:
    """Yield (type, type and body, stored checksum) of each chunk up to IEND (PNG, section 5.3)."""
    view, at = memoryview(data), len(PNG_SIGNATURE)
    for _ in range(MAX_PARTS):
        if at + 12 > len(data):
            raise ValueError("it ends before its last chunk")
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            raise ValueError("it ends within a chunk")
        yield kind, view[at + 4 : end], struct.unpack_from(">I", data, end)[0]
        if kind == b"IEND":
            return
        at = end + 4
    raise ValueError(f"it has more than {MAX_PARTS} chunks")


def _check_png(data: bytes) -> None:
    for index, (kind, body, checksum) in enumerate(_png_chunks(data)):
        if zlib.crc32(body) != checksum:
            raise ValueError("a checksum is wrong")
        if index == 0 and (kind != b"IHDR" or len(body) != 4 + 13):
            raise ValueError("it has no header")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (marker, body) of each segment up to the first start of a scan, as Pillow walks."""
    at = 2
    for _ in range(MAX_PARTS):
        at = data.find(b"\xff", at)
        marker = data[at + 1 : at + 2]
        if at < 0 or not marker:
            raise ValueError("it ends before its picture")
        if marker in (b"\x00", b"\xff") or 0xD0 <= marker[0] <= 0xD8:
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker[0], data[at + 4 : at + 2 + length]
        if marker[0] == _START_OF_SCAN:
            return
        at += 2 + length
    raise ValueError(f"it has more than {MAX_PARTS} segments")


def _check_jpeg(data: bytes) -> None:
    if data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise ValueError(f"it has more than {MAX_JPEG_SCANS} scans")
    for _ in _jpeg_segments(data):
        pass


def complete_jpeg(data: bytes) -> bytes:
    """Give a JPEG file that was cut off the end that it lacks; return a whole one as it is.

    The decoder then shows what there is and makes up the rest in grey, as viewers do.
    """
    whole = data.rfind(b"\xff\xd9") > data.find(b"\xff\xda")
    return data if whole else data + b"\xff\xd9"


def decoder_bytes(data: bytes, name: str) -> float:
    """Return the bytes a pixel that decoding a file takes; 0 if it does not need all at once.

    Of a file that `check_container` has passed; what WebP and AVIF take is not in their files.
    """
    if name == "PNG":
        depth, colour = data[24:26]
        if colour in (_PNG_GREY, _PNG_PALETTE):
            return max(1, depth // 8)
        return 4
    if name == "JPEG":
        return _coefficient_bytes(data)
    return 1 if name == "GIF" else 4


def _coefficient_bytes(data: bytes) -> float:
    """Return the bytes a pixel of a JPEG file whose scans only together make its pixels.

    That is so in progressive files, and in those whose scans have one component each (ITU-T T.81,
    sections B.2.2 and B.2.3); two bytes for each coefficient.
    """
    marker, frame, scan = 0, b"", b""
    for found, body in _jpeg_segments(data):
        if found in _START_OF_FRAME:
            marker, frame = found, body
        elif found == _START_OF_SCAN:
            scan = body
    components = frame[6:][: 3 * max(frame[5:6], default=0)][1::3]
    if not components or (marker not in _PROGRESSIVE and scan[:1] == frame[5:6]):
        return 0
    across, down = [sampling >> 4 for sampling in components], [s & 15 for s in components]
    samples = sum(a * d for a, d in zip(across, down, strict=True))
    return 2 * samples / max(1, max(across) * max(down))


def _check_gif(data: bytes) -> None:
    """Count the blocks before the first picture (GIF89a, sections 15 and 23 to 26)."""
    if len(data) < 13:
        raise ValueError("it has no header")
    has_palette, palette_bits = data[10] & 0x80, (data[10] & 7) + 1
    at, in_extension = 13 + (3 << palette_bits if has_palette else 0), False
    for _ in range(MAX_PARTS):
        if at >= len(data) or (data[at] == 0x3B and not in_extension):
            raise ValueError("it holds no picture")
        if in_extension:  # sub-blocks, each led by its length; the empty one is the last
            in_extension = data[at] > 0
            at += 1 + data[at]
        elif data[at] == 0x21:
            in_extension = True
            at += 2
        elif data[at] == 0x2C:
            return
        else:  # a stray byte, which decoders skip
            at += 1
    raise ValueError(f"it has more than {MAX_PARTS} blocks before its picture")


def _check_bmp(data: bytes) -> None:
    compression = int.from_bytes(data[30:34], "little")
    if compression in (1, 2) and len(data) > MAX_RUN_LENGTH_BMP:
        raise ValueError(f"it is run-length encoded and has more than {MAX_RUN_LENGTH_BMP} bytes")
