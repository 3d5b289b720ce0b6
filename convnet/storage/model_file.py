"""The file of a network: one array for each parameter, and what they are for, as JSON.

It is an .npz archive. One of its arrays, ``network``, holds the bytes of the JSON. This module
knows no network: `convnet.network` says what it is made of, `convnet.weights` makes it again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.arrays import Shape
from convnet.storage.npz import ArrayFile, save_arrays

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
        If the description holds what JSON cannot, such as NaN.
    """
    text = json.dumps({"format": _FORMAT, **description}, allow_nan=False)
    save_arrays(path, {_DESCRIPTION: np.frombuffer(text.encode(), np.uint8), **arrays})


class ModelFile:
    """A file that `save` wrote, opened: its arrays are read once they are known to be wanted.

    Attributes
    ----------
    description : dict
        As it was saved, less the format.
    shapes : dict of str to tuple of int
        The shape of every array.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        With the path, if the file is damaged, too large, or no such file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = ArrayFile(path)
        self.shapes: dict[str, Shape] = dict(self._file.shapes)
        if self.shapes.pop(_DESCRIPTION, None) is None:
            raise ValueError(f"{path}: no network that `Sequential.save` wrote")
        try:
            self.description = _unpack(self._file.read(_DESCRIPTION))
        except (AttributeError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error

    def read_all(self) -> dict[str, NDArray[Any]]:
        """Return every array by name."""
        return {name: self._file.read(name) for name in self.shapes}


def _unpack(packed: NDArray[Any]) -> dict[str, Any]:
    description = json.loads(packed.tobytes())
    if description.get("format") != _FORMAT:
        raise ValueError(f"format {description.get('format')!r} is not {_FORMAT}")
    return {key: value for key, value in description.items() if key != "format"}
