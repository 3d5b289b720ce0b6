"""Networks as files: what they are made of, their weights, and what is known of them.

A file is an .npz archive with one array per parameter (``conv1.w`` …) and one, ``network``, that
holds JSON: name, input shape, layers with their arguments, metadata. So a file needs no code
beside it, and any network can be saved, named or not.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from convnet.arrays import Shape
from convnet.layers import LAYERS, Layer
from convnet.network import Sequential
from convnet.storage.npz import ArrayFile, save_arrays

PRETRAINED = Path(__file__).parent / "pretrained"

_DESCRIPTION = "network"
_FORMAT = 1


def save(network: Sequential, path: Path, dtype: DTypeLike | None = None) -> None:
    """Write `network` to `path`; see `Sequential.save`."""
    arrays: dict[str, NDArray[Any]] = {
        _DESCRIPTION: _pack(describe(network) | {"metadata": network.metadata})
    }
    arrays |= {
        name: value if dtype is None else value.astype(dtype)
        for name, value in network.arrays.items()
    }
    save_arrays(path, arrays)


def describe(network: Sequential) -> dict[str, Any]:
    """Return name, input shape and layers as JSON can hold them."""
    return {
        "format": _FORMAT,
        "name": network.name,
        "input_shape": list(network.input_shape),
        "layers": [{"type": type(layer).__name__, **layer.config()} for layer in network.layers],
    }


def load(path: str | os.PathLike[str]) -> Sequential:
    """Read a network that `Sequential.save` wrote.

    Names and shapes are compared with what the layers expect before any weight is read.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        With the path, if the file is damaged, too large, or its arrays do not fit its layers.
    """
    file = ArrayFile(path)
    if _DESCRIPTION not in file.shapes:
        raise ValueError(f"{path}: no network that `Sequential.save` wrote")
    packed = file.read(_DESCRIPTION)
    with _naming(path):
        description = _unpack(packed)
        layers = [_make_layer(entry) for entry in description["layers"]]
        input_shape = tuple(description["input_shape"])
        _compare(file.shapes, _expected_shapes(layers, input_shape))
        name, metadata = str(description["name"]), dict(description["metadata"])
        network = Sequential(layers, input_shape, rng=np.random.default_rng(0), name=name)
    arrays = {name: file.read(name) for name in file.shapes if name != _DESCRIPTION}
    with _naming(path):
        network.set_arrays(arrays)
    network.metadata = metadata
    return network


@contextmanager
def _naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Let whatever a strange description sets off say which file it stands in."""
    try:
        yield
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def pretrained_path(name: str) -> Path:
    """Return where the weights shipped under `name` lie.

    Raises
    ------
    ValueError
        If there are none; it names those that there are.
    """
    path = PRETRAINED / f"{name}.npz"
    if not path.is_file():
        raise ValueError(f"`name` must be one of {shipped()}, got {name!r}")
    return path


def find(model: str) -> Path:
    """Return the file that is meant by the name of shipped weights, or by a path.

    Raises
    ------
    ValueError
        If there is neither; it names the shipped ones.
    """
    if model in shipped():
        return pretrained_path(model)
    if not Path(model).is_file():
        known = ", ".join(shipped())
        raise ValueError(f"no such network: {model!r} (shipped: {known}; else the path of a file)")
    return Path(model)


def shipped() -> list[str]:
    """Return the names of all weights that this project ships."""
    return sorted(file.stem for file in PRETRAINED.glob("*.npz"))


def load_pretrained(name: str) -> Sequential:
    """Return a network that this project trained and ships."""
    return load(pretrained_path(name))


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _pack(description: dict[str, Any]) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(description, allow_nan=False).encode(), np.uint8)


def _unpack(packed: NDArray[Any]) -> dict[str, Any]:
    description = json.loads(packed.tobytes())
    if description.get("format") != _FORMAT:
        raise ValueError(f"format {description.get('format')!r} is not {_FORMAT}")
    return dict(description)


def _make_layer(entry: dict[str, Any]) -> Layer:
    arguments = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    kind = arguments.pop("type")
    if kind not in LAYERS:
        raise ValueError(f"unknown layer {kind!r}; known are {', '.join(LAYERS)}")
    return LAYERS[kind](**arguments)


def _expected_shapes(layers: list[Layer], input_shape: Shape) -> list[Shape]:
    """Shapes of all arrays in order, without making any: a file may claim absurd sizes."""
    shapes: list[Shape] = []
    shape = input_shape
    for layer in layers:
        next_shape = layer.infer_shape(shape)  # first: it refuses a shape that does not fit
        shapes += layer.array_shapes(shape).values()
        shape = next_shape
    return shapes


def _compare(found: dict[str, Shape], expected: list[Shape]) -> None:
    arrays = [(name, shape) for name, shape in found.items() if name != _DESCRIPTION]
    if len(arrays) != len(expected):
        raise ValueError(f"holds {len(arrays)} arrays, its layers need {len(expected)}")
    if sorted(shape for _, shape in arrays) != sorted(expected):
        wrong = [f"{name} {shape}" for name, shape in arrays if shape not in expected]
        raise ValueError(f"arrays do not fit the layers: {', '.join(wrong) or 'sizes mixed up'}")
