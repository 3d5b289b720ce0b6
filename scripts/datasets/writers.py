"""From the archives of real writers' digits, the part that training may learn from.

What is left out was written by other people, and is for those who judge readers of digits: UNIPEN's
other contributors, Semeion's later blocks, the other files of optdigits.
"""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from convnet.storage.atomic_write import atomic_write
from scripts.datasets.lzw import BrokenLzw, unpack
from scripts.synthesis.recorded import unipen
from scripts.synthesis.recorded.scans import LARGEST_FILE, read_optdigits, read_semeion

SEMEION_BLOCKS = 4
OPTDIGITS = 1934  # digits of the file `tra`


class BrokenArchive(ValueError):
    """An archive does not hold what it should; the message says what is missing or wrong."""


def semeion(archive: Path, product: Path) -> str:
    """Write the first four blocks of ``semeion.data``; return what they are.

    The file runs through the digits eight times, with ten other writers each time.

    Raises
    ------
    BrokenArchive
        If the archive has no such file, or the file no such blocks.
    """
    lines = _member(archive, "semeion.data").decode("latin-1").splitlines()
    chosen, blocks, before = [], 1, 0
    for line in lines:
        digit = _semeion_digit(archive, line)
        blocks += digit < before
        if blocks > SEMEION_BLOCKS:
            break
        chosen.append(f"{line.strip()}\n")
        before = digit
    if blocks <= SEMEION_BLOCKS:
        raise BrokenArchive(f"{archive.name}: only {blocks} blocks in semeion.data")
    _write(product, "".join(chosen).encode())
    count = len(read_semeion(product).labels)
    return f"{count:,} scans, blocks 1 to {SEMEION_BLOCKS} of Semeion"


def _semeion_digit(archive: Path, line: str) -> int:
    marks = line.split()[-10:]
    if len(marks) != 10 or marks.count("1") != 1:
        raise BrokenArchive(f"{archive.name}: semeion.data has a line without a digit")
    return marks.index("1")


def optdigits(archive: Path, product: Path) -> str:
    """Write ``optdigits-orig.tra``, unpacked; return what it is.

    Raises
    ------
    BrokenArchive
        If the archive has no such file, or it does not hold 1,934 digits.
    """
    data = _member(archive, "optdigits-orig.tra.Z", "optdigits-orig.tra")
    try:
        _write(product, unpack(data, LARGEST_FILE) if data[:2] == b"\x1f\x9d" else data)
    except BrokenLzw as error:
        raise BrokenArchive(f"{archive.name}: optdigits-orig.tra.Z: {error}") from error
    count = len(read_optdigits(product).labels)
    if count != OPTDIGITS:
        product.unlink()
        raise BrokenArchive(f"{archive.name}: expected {OPTDIGITS} digits, got {count}")
    return f"{count:,} scans, the part `tra` of optdigits"


def collection(archive: Path, product: Path) -> str:
    """Write the isolated characters of UNIPEN's six `CONTRIBUTORS`; return what they are.

    Files of labels that the reader refuses are left out, and named in what is returned.

    Raises
    ------
    BrokenArchive
        If the archive is not whole, or a contributor is missing.
    """
    members = dict(_unipen_members(archive))
    _write_tar(product, members)
    try:
        refused = _refused(unipen.Archive(product))
        if refused:
            _write_tar(product, {name: members[name] for name in members if name not in refused})
        described = _described(unipen.Archive(product))
    except ValueError:
        product.unlink()
        raise
    left_out = "".join(f"\n  left out: {reason}" for reason in refused.values())
    return described + left_out


def _write_tar(path: Path, members: dict[str, bytes]) -> None:
    with atomic_write(path) as file, tarfile.open(fileobj=file, mode="w:gz") as out:
        for name in sorted(members):
            entry = tarfile.TarInfo(name)
            entry.size = len(members[name])
            out.addfile(entry, io.BytesIO(members[name]))


def _refused(archive: unipen.Archive) -> dict[str, str]:
    """Return the files of labels that cannot be read, with the reason."""
    refused = {}
    for kind in unipen.KINDS:
        for contributor in unipen.CONTRIBUTORS:
            for name in archive.names(f"data/{kind}/{contributor}"):
                try:
                    deque(unipen.read_labels(archive, name, contributor), maxlen=0)
                except unipen.UnipenError as error:
                    refused[name] = str(error)
    return refused


def _unipen_members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name, from ``data/`` or ``include/`` on, and contents of what is wanted."""
    contributors, kinds = "|".join(unipen.CONTRIBUTORS), "|".join(unipen.KINDS)
    wanted = re.compile(
        rf"(?:.*/)?((?:data/(?:{kinds})|include)/(?:{contributors})/.+|CDROM-README)"
    )
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                match = wanted.fullmatch(member.name)
                if match and member.isfile() and member.size <= unipen.LARGEST_FILE:
                    stream = packed.extractfile(member)
                    yield match[1], stream.read() if stream else b""
    except (OSError, EOFError, tarfile.TarError) as error:
        raise BrokenArchive(f"{archive.name}: not a whole tar file: {error}") from error


def _described(archive: unipen.Archive) -> str:
    """Read everything; return how much there is."""
    digits, others, writers = 0, 0, set()
    for kind in unipen.KINDS:
        for character in unipen.read(archive, kind):
            digits += kind == "1a"
            others += kind != "1a"
            writers |= {character.writer} if kind == "1a" else set()
    missing = set(unipen.CONTRIBUTORS) - {writer.partition("/")[0] for writer in writers}
    if missing:
        raise BrokenArchive(f"no digits of the contributors {', '.join(sorted(missing))}")
    return (
        f"{digits:,} digits of {len(writers)} writers and {others:,} letters and signs, "
        f"contributors {', '.join(unipen.CONTRIBUTORS)}"
    )


def _member(archive: Path, *names: str) -> bytes:
    """Return the contents of the first of these files that a zip file has, in any folder."""
    try:
        with zipfile.ZipFile(archive) as packed:
            for name in names:
                for info in packed.infolist():
                    if info.filename.rpartition("/")[2] == name:
                        if info.file_size > LARGEST_FILE:
                            raise BrokenArchive(f"{archive.name}: {name} is too large")
                        return packed.read(info)
    except (OSError, zipfile.BadZipFile) as error:
        raise BrokenArchive(f"{archive.name}: not a whole zip file: {error}") from error
    raise BrokenArchive(f"{archive.name} has no file {names[0]}")


def _write(path: Path, data: bytes) -> None:
    with atomic_write(path) as file:
        file.write(data)
