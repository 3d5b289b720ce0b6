"""Fetch a data set: its files one by one, unpacked, each right or not there.

How a file is fetched is in `convnet/datasets/download.py`.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import requests

from convnet.datasets.download import TIMEOUT, DownloadError, fetch, has_digest
from convnet.datasets.download import replace as replace_file
from convnet.storage.atomic_write import atomic_write
from scripts.training.sources import RemoteFile, Source


def download(source: Source, folder: Path, mirrors: Iterable[str] = ()) -> None:
    """Make `folder`, that of all data, hold a data set.

    Parameters
    ----------
    source : Source
        A row of the table.
    folder : path
        The data set goes into ``folder / source.folder``.
    mirrors : iterable of str
        Instead of those in the table.

    Raises
    ------
    DownloadError
        If no mirror gives a file; the message says what each of them did.
    """
    place = folder / source.folder
    place.mkdir(parents=True, exist_ok=True)
    if source.found is not None and source.found(folder):
        print(f"{folder}: there already")
        return
    for file in source.files:
        if _is_there(file, place):
            print(f"{place / (file.product or file.name)}: there already")
        else:
            file = _with_digest(file, source.record)
            wanted = file.digest or "packed contents"
            chosen = tuple(mirrors) or source.mirrors
            fetch(place / file.name, chosen, partial(_is_right, file), wanted, _bar)
            _unpack(file, place)
            _prepare(file, place)
    if source.classes:
        _write_lines(place / "classes.txt", source.classes)
    if source.credit:
        _write_lines(place / "SOURCE.txt", [source.credit])
        print(source.credit)


def _is_there(file: RemoteFile, place: Path) -> bool:
    if file.product:
        return (place / file.product).exists()
    if file.members:
        return all((place / path).exists() for path in file.members.values())
    return (place / file.name).exists() and _is_right(file, place / file.name)


def _with_digest(file: RemoteFile, record: str) -> RemoteFile:
    """Return the file with the digest that Zenodo's record gives, if it has none yet."""
    if file.digest or not record:
        return file
    try:
        with requests.get(record, timeout=TIMEOUT) as response:
            response.raise_for_status()
            listed = {entry["key"]: str(entry["checksum"]) for entry in response.json()["files"]}
        digest = listed[file.name]
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        print(f"{record} gives no digest ({error}): {file.name} is checked by reading all of it")
        return file
    if digest.partition(":")[0] not in ("md5", "sha256"):
        print(f"{record} gives {digest[:40]!r}: {file.name} is checked by reading all of it")
        return file
    return replace(file, digest=digest)


def _bar(name: str, done: int, total: int | None) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return _PlainBar(name, done, total)
    return tqdm(desc=name, initial=done, total=total, unit="B", unit_scale=True)


class _PlainBar:
    """What is used of tqdm, in a line that rewrites itself."""

    def __init__(self, name: str, done: int, total: int | None) -> None:
        self.name, self.done, self.total = name, done, total

    def update(self, count: int) -> None:
        self.done += count
        share = f" ({self.done / self.total:4.0%})" if self.total else ""
        print(f"\r{self.name}: {self.done / 1e6:6.2f} MB{share}", end="", file=sys.stderr)

    def close(self) -> None:
        print(file=sys.stderr)


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) in (b"\x1f\x8b", b"PK")


def _is_right(file: RemoteFile, path: Path) -> bool:
    """Compare the digest; what does not unpack is not right."""
    if not file.digest:
        return _is_packed(path)  # and `_prepare` reads all of it
    return has_digest(path, file.digest, file.gunzipped)


def _unpack(file: RemoteFile, place: Path) -> None:
    """Take the wanted members out of an archive, each of them whole, and delete the archive."""
    if not file.members:
        return
    archive = place / file.name
    with _opened(archive) as packed:
        for member, name in file.members.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            begun = path.with_name(f"{path.name}.partial")
            with _member(packed, member) as stream, begun.open("wb") as out:
                shutil.copyfileobj(stream, out)
            replace_file(begun, path)
    archive.unlink()


def _prepare(file: RemoteFile, place: Path) -> None:
    """Make the product of a file, and delete the file; one that is broken is deleted, too."""
    if file.prepare is None:
        return
    archive, product = place / file.name, place / file.product
    print(f"reading {archive.name} …", flush=True)
    try:
        print(f"{product}: {file.prepare(archive, product)}")
    except ValueError as error:
        raise DownloadError(f"{archive.name} is not what it should be: {error}") from error
    finally:
        archive.unlink()


def _opened(archive: Path) -> zipfile.ZipFile | tarfile.TarFile:
    return zipfile.ZipFile(archive) if archive.suffix == ".zip" else tarfile.open(archive)


def _member(packed: zipfile.ZipFile | tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        if isinstance(packed, zipfile.ZipFile):
            return packed.open(name)
        stream = packed.extractfile(name)
    except KeyError:
        stream = None
    if stream is None:
        raise DownloadError(f"the archive has no file {name}")
    return stream


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with atomic_write(path) as file:
        file.write("".join(f"{line}\n" for line in lines).encode())
