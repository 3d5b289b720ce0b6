"""Arrays in one block of memory that several processes see."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Form = tuple[tuple[int, ...], np.dtype[Any]]
"""Shape and dtype of an array."""

_ALIGNMENT = 64  # bytes: a line of the processor's cache, which no two arrays share
_FOLDER = Path("/dev/shm")  # noqa: S108 - where Linux keeps it; containers limit it


class SharedArrays:
    """Arrays by name, made in one process and opened in others.

    Parameters
    ----------
    forms : mapping of str to (shape, dtype)
        The same ones in every process.
    block : str, optional
        Name of the block of memory, from the process that made it; without it a new one is made.

    Attributes
    ----------
    arrays : dict of str to ndarray
        Views of the block: what one process writes, all can read.

    Raises
    ------
    OSError
        If the system has not as much shared memory.
    """

    def __init__(self, forms: Mapping[str, Form], block: str | None = None) -> None:
        places: dict[str, int] = {}
        size = 0
        for name, (shape, dtype) in forms.items():
            places[name] = size
            size += -(-math.prod(shape) * dtype.itemsize // _ALIGNMENT) * _ALIGNMENT
        if block is None:
            _require_free(size)
        self._memory = SharedMemory(block, create=block is None, size=max(size, 1))
        self.block = self._memory.name
        # Through `asarray`, by which NumPy holds the memory: it cannot be closed under an array.
        whole = np.asarray(self._memory.buf)
        self.arrays: dict[str, NDArray[Any]] = {
            name: np.ndarray(shape, dtype, whole, places[name])
            for name, (shape, dtype) in forms.items()
        }

    def group(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays whose names begin with `prefix`, by the rest of the name."""
        return {
            name.removeprefix(prefix): array
            for name, array in self.arrays.items()
            if name.startswith(prefix)
        }

    def forget_name(self) -> None:
        """Take the name away: no process can open the block any more.

        The system frees it when the last one that has it ends, however that happens.
        """
        self._memory.unlink()

    def close(self) -> None:
        """Give the memory back, once nobody holds any of the arrays."""
        self.arrays.clear()
        with suppress(BufferError):  # the traceback of an error may hold one for a while
            self._memory.close()


def _require_free(size: int) -> None:
    """Refuse what does not fit: the system would end a process that writes beyond the limit."""
    if _FOLDER.is_dir() and size > (free := shutil.disk_usage(_FOLDER).free):
        raise OSError(
            f"workers need {size / 2**20:.0f} MiB of shared memory, and {_FOLDER} has "
            f"{free / 2**20:.0f} free (Docker: --shm-size)"
        )
