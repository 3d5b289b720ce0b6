"""Pictures in zip and tar files."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator

from scripts.bulk.containers import (
    Container,
    Forward,
    Item,
    Options,
    Unreadable,
    is_picture,
    too_large,
)


class Zip(Container):
    """A zip file: any member can be had at once."""

    def __init__(self, path: str, options: Options) -> None:
        super().__init__(path, options)
        try:
            self._archive = zipfile.ZipFile(self.file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Unreadable(f"the zip file is damaged: {error}") from error
        self._members = [
            member
            for member in self._archive.infolist()
            if not member.is_dir() and is_picture(member.filename)
        ]

    def __len__(self) -> int:
        return len(self._members)

    def read(self, start: int, stop: int) -> Iterator[Item]:
        """Yield the members from `start` to `stop`."""
        for member in self._members[start:stop]:
            yield f"{self.path}/{member.filename}", self._read(member)

    def _read(self, member: zipfile.ZipInfo) -> bytes | Unreadable:
        if member.file_size > self.options.max_bytes:
            return too_large(member.file_size, self.options)
        try:
            with self._archive.open(member) as file:
                return file.read(self.options.max_bytes + 1)
        except (
            Exception
        ) as error:  # zlib, passwords, methods of packing: whatever the bytes provoke
            return Unreadable(f"the zip file is damaged here: {error}")


class Tar(Forward):
    """A tar file, compressed or not."""

    def entries(self) -> Iterator[tarfile.TarInfo | Unreadable]:
        """Yield the members that are pictures; where the file breaks off, why."""
        try:
            with tarfile.open(self.file) as self._archive:
                while (member := self._archive.next()) is not None:
                    self._archive.members = []  # tarfile would keep them all
                    if member.isfile() and is_picture(member.name):
                        yield member
        except FileNotFoundError:
            raise
        except Exception as error:  # tarfile, gzip, bz2 and lzma have errors of their own
            yield Unreadable(f"the tar file is damaged from here on: {error}")

    def read(self, start: int, stop: int) -> Iterator[Item]:
        """Yield the members from `start` to `stop`."""
        for member in self.forward(start, stop):
            if isinstance(member, Unreadable):
                yield self.path, member
            else:
                yield f"{self.path}/{member.name}", self._read(member)

    def _read(self, member: tarfile.TarInfo) -> bytes | Unreadable:
        if member.size > self.options.max_bytes:
            return too_large(member.size, self.options)
        try:
            file = self._archive.extractfile(member)
            return b"" if file is None else file.read()
        except Exception as error:
            return Unreadable(f"the tar file is damaged here: {error}")
