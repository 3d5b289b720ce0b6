"""Fetch files that are right, or not there: resumed, compared by digest, renamed at the end."""

from __future__ import annotations

import gzip
import hashlib
import os
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterable
from http.client import HTTPException
from pathlib import Path
from typing import Protocol

TIMEOUT = 30  # seconds without an answer, or without a byte
ROUNDS = 2  # how often each mirror gets its turn
BLOCK = 1 << 16

UNREACHED = (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError)
"""What goes wrong on the way; a full disk is none of it."""


class DownloadError(Exception):
    """No mirror gave the file."""


class Bar(Protocol):
    """Is told how far a download is, as tqdm's bars are."""

    def update(self, count: int, /) -> object: ...  # noqa: D102

    def close(self) -> object: ...  # noqa: D102


NewBar = Callable[[str, int, int | None], Bar]
"""Makes a bar for a file: its name, the bytes that are there, and all of them, if known."""


def fetch(
    path: Path,
    mirrors: Iterable[str],
    is_right: Callable[[Path], bool],
    wanted: str,
    new_bar: NewBar,
) -> None:
    """Make `path` hold the file of its name, from the first mirror that has the right one.

    Parameters
    ----------
    path : path
        Where the file is to be. What is there of it, as ``name.partial``, is gone on with.
    mirrors : iterable of str
        Addresses that the name is appended to.
    is_right : callable
        Tells whether a file is the right one.
    wanted : str
        What the right one has, for the message.

    Raises
    ------
    DownloadError
        If no mirror gives it; the message says what each of them did.
    """
    failures = {}
    for mirror in tuple(mirrors) * ROUNDS:
        url = f"{mirror.rstrip('/')}/{path.name}"
        try:
            _from_one(url, path, is_right, wanted, new_bar)
        except (DownloadError, *UNREACHED) as error:
            failures[url] = f"  {url}: {error}"
        else:
            return
    raise DownloadError("\n".join([f"Could not download {path.name}:", *failures.values()]))


def _from_one(
    url: str, path: Path, is_right: Callable[[Path], bool], wanted: str, new_bar: NewBar
) -> None:
    """Fetch ``url`` into a sibling of ``path``, and move it there if it is the right file."""
    partial = path.with_name(f"{path.name}.partial")
    resumed = partial.exists()
    _append(url, partial, new_bar)
    if not is_right(partial) and resumed:
        partial.unlink()  # the beginning may be another mirror's, packed differently
        _append(url, partial, new_bar)
    if not is_right(partial):
        partial.unlink()
        raise DownloadError(f"this is another file (it should have {wanted})")
    replace(partial, path)


def _append(url: str, partial: Path, new_bar: NewBar) -> None:
    """Append to ``partial`` what it lacks of ``url``."""
    if not url.startswith(("http://", "https://")):
        raise DownloadError("a mirror's address begins with http:// or https://")
    at = partial.stat().st_size if partial.exists() else 0
    headers = {"Accept-Encoding": "identity", "User-Agent": "convnet"}
    headers |= {"Range": f"bytes={at}-"} if at else {}
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - checked above
        response = urllib.request.urlopen(request, timeout=TIMEOUT)  # noqa: S310
    except urllib.error.HTTPError as error:
        if at and error.code == 416:  # nothing lies beyond: the file is complete, or another
            return
        raise
    with response:
        resumed = response.status == 206
        length = int(response.headers.get("Content-Length", 0))
        total = length + at * resumed if length else None
        bar = new_bar(partial.stem, at * resumed, total)
        with partial.open("ab" if resumed else "wb") as file:
            while block := response.read(BLOCK):
                file.write(block)
                bar.update(len(block))
        bar.close()
    if total and (size := partial.stat().st_size) != total:
        raise DownloadError(f"the connection broke after {size} of {total} bytes")


def has_digest(path: Path, digest: str, gunzipped: bool) -> bool:
    """Compare a file, or what it unpacks to, with ``sha256:…`` or ``md5:…``."""
    algorithm, _, wanted = digest.partition(":")
    found = hashlib.new(algorithm, usedforsecurity=False)
    try:
        with gzip.open(path) if gunzipped else path.open("rb") as stream:
            while block := stream.read(BLOCK):
                found.update(block)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return False
    return found.hexdigest() == wanted


def replace(partial: Path, path: Path) -> None:
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
