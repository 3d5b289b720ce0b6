"""Make a network again from its file, and find the files that are shipped.

A file (`convnet.storage.model_file`) holds one array for each parameter (``conv1.w`` …), and name,
input shape, layers with their arguments, metadata. So it needs no code beside it, and any network
can be saved, named or not.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from convnet.arrays import Array, Shape
from convnet.checks import require_positive_int
from convnet.layers import LAYERS, Layer, chain
from convnet.network import Sequential, describe
from convnet.storage.model_file import ModelFile
from convnet.storage.npz import Header, naming

PRETRAINED = Path(__file__).parent / "pretrained"

_MOST_LAYERS = 10_000
_LARGEST_OUTPUT = 1 << 26  # numbers in one input, or that a layer makes of it: 256 MiB


def load(path: str | os.PathLike[str]) -> Sequential:
    """Read a network that `Sequential.save` wrote.

    Names, shapes and dtypes are compared with what the layers expect before any weight is read.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        With the path, if the file is damaged, too large, its arrays do not fit its layers, or a
        weight is no finite number.
    """
    file = ModelFile(path)
    with naming(path):
        description = file.description
        input_shape = _input_shape(description["input_shape"])
        if (count := _count_layers(description["layers"])) > _MOST_LAYERS:
            raise ValueError(f"has {count:,} layers, limit {_MOST_LAYERS:,}")
        layers = [_make_layer(entry) for entry in description["layers"]]
        _compare(file.headers, _expected_shapes(layers, input_shape))
        name, metadata = str(description["name"]), dict(description["metadata"])
        network = Sequential(layers, input_shape, rng=np.random.default_rng(0), name=name)
    arrays = file.read_all()
    # A weight too large for float32 becomes infinite, and is refused by name.
    with naming(path), np.errstate(over="ignore"):
        network.set_arrays(arrays)
        _require_finite(network.arrays)
    network.metadata = metadata
    return network


def with_input_shape(network: Sequential, input_shape: Shape) -> Sequential:
    """Return a network with the same layers and weights for inputs of another shape.

    A network of convolutions alone takes pictures of any size: what it learnt on small ones, it
    does on larger ones.

    Parameters
    ----------
    network : Sequential
        It is not changed.
    input_shape : tuple of int
        Without the batch axis.

    Raises
    ------
    ValueError
        If a layer does not take that shape, or has weights that depend on it, as Dense does.
    """
    layers = [_make_layer(entry) for entry in describe(network)["layers"]]
    other = Sequential(layers, input_shape, rng=np.random.default_rng(0), name=network.name)
    other.set_arrays(network.arrays)
    other.metadata = dict(network.metadata)
    return other


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


def _input_shape(sides: object) -> Shape:
    if not isinstance(sides, list) or not 1 <= len(sides) <= 3:
        raise ValueError(f"`input_shape` must be 1 to 3 positive ints, got {sides}")
    shape = tuple(require_positive_int("input_shape", side) for side in sides)
    if math.prod(shape) > _LARGEST_OUTPUT:
        raise ValueError(f"`input_shape` {shape} is too much to be run")
    return shape


def _count_layers(value: object) -> int:
    """Return how many layers are described, those within others too."""
    if isinstance(value, dict):
        return ("type" in value) + sum(map(_count_layers, value.values()))
    return sum(map(_count_layers, value)) if isinstance(value, list) else 0


def _make_layer(entry: dict[str, Any]) -> Layer:
    arguments = {name: _read_argument(value) for name, value in entry.items()}
    kind = arguments.pop("type")
    if kind not in LAYERS:
        raise ValueError(f"unknown layer {kind!r}; known are {', '.join(LAYERS)}")
    return LAYERS[kind](**arguments)


def _read_argument(value: Any) -> Any:
    """Read what a layer is made with: lists are tuples again, descriptions of layers are layers."""
    if isinstance(value, dict):
        return _make_layer(value)
    return tuple(map(_read_argument, value)) if isinstance(value, list) else value


def _expected_shapes(layers: list[Layer], input_shape: Shape) -> list[Shape]:
    """Shapes of all arrays in order, without making any: a file may claim absurd sizes."""
    _require_runnable(layers, input_shape)
    return [
        array
        for layer, shape in chain.inputs(layers, input_shape)
        for array in layer.array_shapes(shape).values()
    ]


def _require_runnable(layers: list[Layer], input_shape: Shape) -> None:
    shape = input_shape
    for layer in layers:
        next_shape = layer.infer_shape(shape)  # first: it refuses a shape that does not fit
        if math.prod(next_shape) > _LARGEST_OUTPUT:
            raise ValueError(f"{layer!r} makes {next_shape} of {shape}: too much to be run")
        for branch in layer.branches:
            _require_runnable(branch, shape)
        shape = next_shape


def _compare(found: Mapping[str, Header], expected: list[Shape]) -> None:
    if len(found) != len(expected):
        raise ValueError(f"holds {len(found)} arrays, its layers need {len(expected)}")
    shapes = sorted(header.shape for header in found.values())
    if shapes != sorted(expected):
        wrong = [f"{name} {h.shape}" for name, h in found.items() if h.shape not in expected]
        raise ValueError(f"arrays do not fit the layers: {', '.join(wrong) or 'sizes mixed up'}")
    for name, header in found.items():
        if header.dtype.kind != "f":
            raise ValueError(f"{name} must hold floating-point numbers, not {header.dtype}")


def _require_finite(arrays: Mapping[str, Array]) -> None:
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds numbers that are not finite in {array.dtype}")
