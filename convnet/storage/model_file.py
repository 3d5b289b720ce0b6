"""The file of a network: one array for each parameter, and what they are for, as JSON.

It is an .npz archive. One of its arrays, ``network``, holds the bytes of the JSON. This module
knows no network: `convnet.network` says what it is made of, `convnet.weights` makes it again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from convnet.storage.npz import ArrayFile, naming, save_arrays
from convnet.storage.packed_json import pack, unpack

_DESCRIPTION = "network"
_FORMAT = 1


def save(
    path: str | os.PathLike[str],
    description: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
) -> None:
    """Write arrays and what they are for, atomically: same contents, same bytes.

    Parameters
    ----------
    path : path
        An older file is replaced only once the new one is complete.
    description : mapping
        Anything that JSON can hold.
    arrays : mapping of str to ndarray
        Under any name but ``network``.

    Raises
    ------
    ValueError
        If the description holds what JSON cannot, such as NaN, or is longer than 4 MiB.
    """
    packed = pack({"format": _FORMAT, **description})
    save_arrays(path, {_DESCRIPTION: packed, **arrays})


class ModelFile:
    """A file that `save` wrote, opened: its arrays are read once they are known to be wanted.

    Attributes
    ----------
    description : dict
        As it was saved, less the format.
    headers : dict of str to Header
        Shape and dtype of every array.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        With the path, if the file is damaged, too large, or no such file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = ArrayFile(path)
        self.headers = dict(self._file.headers)
        if self.headers.pop(_DESCRIPTION, None) is None:
            raise ValueError(f"{path}: no network that `Sequential.save` wrote")
        packed = self._file.read(_DESCRIPTION)
        with naming(path):
            self.description = unpack(packed)
            if (found := self.description.pop("format", None)) != _FORMAT:
                raise ValueError(f"format {found!s:.40} is not {_FORMAT}")

    def read_all(self) -> dict[str, NDArray[Any]]:
        """Return every array by name."""
        arrays = self._file.read_all()
        del arrays[_DESCRIPTION]
        return arrays
