#!/usr/bin/env python3
"""Download MNIST: four files, from public mirrors in turn, verified to the byte.

    python scripts/download_data.py                      # into ./data, or $CONVNET_DATA_DIR
    python scripts/download_data.py --out elsewhere
    python scripts/download_data.py --mirror https://mirror.example/mnist

A download that was cut short goes on where it stopped; a file appears under its name only when its
contents are MNIST's. Files that are already there and right are left alone.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import requests
import urllib3

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from convnet import datasets
from convnet.datasets.mnist import SHA256

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)
TIMEOUT = 30  # seconds without an answer, or without a byte
ROUNDS = 2  # how often each mirror gets its turn
BLOCK = 1 << 16


class DownloadError(Exception):
    """One mirror did not give the file."""


def main(argv: list[str] | None = None) -> int:
    """Download what is missing; return 0 when all four files are there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=datasets.default_folder(), help="folder")
    parser.add_argument("--mirror", action="append", metavar="URL", help="instead of the two known")
    args = parser.parse_args(argv)
    try:
        download(args.out, args.mirror or MIRRORS)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    except (DownloadError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def download(folder: Path, mirrors: Iterable[str] = MIRRORS) -> None:
    """Make ``folder`` hold MNIST's four gzipped files.

    Raises
    ------
    DownloadError
        If no mirror gives a file; the message says what each of them did.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if _is_mnist(folder):
        print(f"{folder}: MNIST is there already")
        return
    for name in SHA256:
        path = folder / f"{name}.gz"
        if path.exists() and _digest(path) == SHA256[name]:
            print(f"{path}: there already")
        else:
            _from_any(path, tuple(mirrors))


def _is_mnist(folder: Path) -> bool:
    try:
        datasets.load_mnist(folder)
    except datasets.DatasetError:
        return False
    return True


def _from_any(path: Path, mirrors: tuple[str, ...]) -> None:
    failures = {}
    for mirror in mirrors * ROUNDS:
        url = f"{mirror.rstrip('/')}/{path.name}"
        try:
            _from_one(url, path)
        except (DownloadError, requests.RequestException, urllib3.exceptions.HTTPError) as error:
            failures[url] = f"  {url}: {error}"
        else:
            return
    raise DownloadError("\n".join([f"Could not download {path.name}:", *failures.values()]))


def _from_one(url: str, path: Path) -> None:
    """Fetch ``url`` into a sibling of ``path``, and move it there if it is the right file."""
    partial = path.with_suffix(".gz.partial")
    resumed = partial.exists()
    _fetch(url, partial)
    if _digest(partial) != SHA256[path.stem] and resumed:
        partial.unlink()  # the beginning may be another mirror's, packed differently
        _fetch(url, partial)
    if _digest(partial) != SHA256[path.stem]:
        partial.unlink()
        raise DownloadError("this is not MNIST's file (its unpacked bytes have another SHA-256)")
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


def _digest(path: Path) -> str | None:
    """Return the SHA-256 of the unpacked contents, or `None` if they do not unpack."""
    digest = hashlib.sha256()
    try:
        with gzip.open(path) as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return None
    return digest.hexdigest()


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


if __name__ == "__main__":
    sys.exit(main())
