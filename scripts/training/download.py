"""Fetch files that are right, or not there: resumed, compared by digest, renamed at the end."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import requests
import urllib3

from convnet.storage.atomic_write import atomic_write
from scripts.training.sources import RemoteFile, Source

TIMEOUT = 30  # seconds without an answer, or without a byte
ROUNDS = 2  # how often each mirror gets its turn
BLOCK = 1 << 16


class DownloadError(Exception):
    """One mirror did not give the file."""


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
            _from_any(file, place / file.name, tuple(mirrors) or source.mirrors)
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


def _from_any(file: RemoteFile, path: Path, mirrors: tuple[str, ...]) -> None:
    failures = {}
    for mirror in mirrors * ROUNDS:
        url = f"{mirror.rstrip('/')}/{path.name}"
        try:
            _from_one(file, url, path)
        except (DownloadError, requests.RequestException, urllib3.exceptions.HTTPError) as error:
            failures[url] = f"  {url}: {error}"
        else:
            return
    raise DownloadError("\n".join([f"Could not download {path.name}:", *failures.values()]))


def _from_one(file: RemoteFile, url: str, path: Path) -> None:
    """Fetch ``url`` into a sibling of ``path``, and move it there if it is the right file."""
    partial = path.with_name(f"{path.name}.partial")
    resumed = partial.exists()
    _fetch(url, partial)
    if not _is_right(file, partial) and resumed:
        partial.unlink()  # the beginning may be another mirror's, packed differently
        _fetch(url, partial)
    if not _is_right(file, partial):
        partial.unlink()
        wanted = file.digest or "packed contents"
        raise DownloadError(f"this is another file (it should have {wanted})")
    _replace(partial, path)


def _fetch(url: str, partial: Path) -> None:
    """Append to ``partial`` what it lacks of ``url``."""
    at = partial.stat().st_size if partial.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={at}-"} if at else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if (
            at and response.status_code == 416
        ):  # nothing lies beyond: the file is complete, or another
            return
        response.raise_for_status()
        resumed = response.status_code == 206
        length = int(response.headers.get("Content-Length", 0))
        total = length + at * resumed if length else None
        with partial.open("ab" if resumed else "wb") as file:
            for block in _progress(_blocks(response), partial.stem, at * resumed, total):
                file.write(block)
    if total and (size := partial.stat().st_size) != total:
        raise DownloadError(f"the connection broke after {size} of {total} bytes")


def _blocks(response: requests.Response) -> Iterator[bytes]:
    # The raw stream: no decoding, whatever the server says about the gzipped file.
    while block := response.raw.read(BLOCK, decode_content=False):
        yield block


def _progress(blocks: Iterator[bytes], name: str, done: int, total: int | None) -> Iterator[bytes]:
    """Pass the blocks on while showing how far they are: with tqdm where it is installed."""
    bar = _bar(name, done, total)
    for block in blocks:
        yield block
        bar.update(len(block))
    bar.close()


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
    algorithm, _, wanted = file.digest.partition(":")
    digest = hashlib.new(algorithm, usedforsecurity=False)
    try:
        with gzip.open(path) if file.gunzipped else path.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return False
    return digest.hexdigest() == wanted


def _unpack(file: RemoteFile, place: Path) -> None:
    """Take the wanted members out of an archive, each of them whole, and delete the archive."""
    if not file.members:
        return
    archive = place / file.name
    with _opened(archive) as packed:
        for member, name in file.members.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f"{path.name}.partial")
            with _member(packed, member) as stream, partial.open("wb") as out:
                shutil.copyfileobj(stream, out)
            _replace(partial, path)
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


def _replace(partial: Path, path: Path) -> None:
    """Rename so that a crash leaves no half: contents, then name, then folder reach the disk."""
    _sync(partial)
    partial.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
