"""What there is of a job: a folder beside the output, with the parts that are done.

A part's name says which chunk it is of, and what was in it. So a job that was killed goes on where
it was, and a chunk whose pictures have changed since is read again: no row is lost or doubled.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from convnet.storage.atomic_write import atomic_write, remove_unfinished
from scripts.bulk.chunks import Chunk
from scripts.bulk.output import join

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class State:
    """The parts of the job that writes `file`.

    Parameters
    ----------
    file : Path
    settings : dict
        What decides the rows, besides the inputs.

    Raises
    ------
    FileExistsError
        If `file` is there already, or another process is at it.
    ValueError
        If the job was begun with other settings.
    """

    def __init__(self, file: Path, settings: dict[str, Any]) -> None:
        self.file = file
        self.folder = file.with_name(f"{file.name}.parts")
        self._record = self.folder / "job.json"
        if not self._record.exists():
            if file.exists():
                shutil.rmtree(self.folder, ignore_errors=True)  # killed while it was removed
                raise FileExistsError(f"{file} is there already: delete it, or name another file")
            with atomic_write(self._record) as stream:
                stream.write(json.dumps(settings, indent=1).encode())
        self._compare(settings)
        remove_unfinished(file)
        self._done = {entry.name for entry in os.scandir(self.folder)}

    def _compare(self, settings: dict[str, Any]) -> None:
        begun = json.loads(self._record.read_text())
        other = [name for name in settings if begun.get(name) != settings[name]]
        if other:
            changed = "; ".join(f"{n}: {begun.get(n)}, now {settings[n]}" for n in other)
            raise ValueError(
                f"{self.folder} holds a job that was begun otherwise ({changed}): "
                "go on as it was begun, or delete that folder"
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from the same job."""
        with (self.folder / "lock").open("w") as lock:
            try:
                if fcntl is not None:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise FileExistsError(f"another process is writing {self.file}") from None
            yield

    def part(self, number: int, chunk: Chunk) -> Path:
        """Return where the part of a chunk is, or goes."""
        return self.folder / f"{number:09}-{chunk.digest}"

    def has(self, number: int, chunk: Chunk) -> bool:
        """Whether the part of a chunk is done."""
        return self.part(number, chunk).name in self._done

    def add(self, number: int, chunk: Chunk, data: bytes) -> None:
        """Write the part of a chunk, whole or not at all."""
        with atomic_write(self.part(number, chunk)) as stream:
            stream.write(data)

    def finish(self, parts: Iterable[Path], head: tuple[str, ...]) -> None:
        """Join the parts to the file, and remove them."""
        join(parts, self.file, head)
        self._record.unlink()  # first, so that what a kill leaves is known to be left over
        shutil.rmtree(self.folder, ignore_errors=True)
