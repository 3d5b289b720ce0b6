"""Make a network again from its file, and find the files that are shipped.

A file (`convnet.storage.model_file`) holds one array for each parameter (``conv1.w`` …), and name,
input shape, layers with their arguments, metadata. So it needs no code beside it, and any network
can be saved, named or not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from convnet.arrays import Shape
from convnet.layers import LAYERS, Layer
from convnet.network import Sequential
from convnet.storage.model_file import ModelFile

PRETRAINED = Path(__file__).parent / "pretrained"


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
    file = ModelFile(path)
    with _naming(path):
        layers = [_make_layer(entry) for entry in file.description["layers"]]
        input_shape = tuple(file.description["input_shape"])
        _compare(file.shapes, _expected_shapes(layers, input_shape))
        name, metadata = str(file.description["name"]), dict(file.description["metadata"])
        network = Sequential(layers, input_shape, rng=np.random.default_rng(0), name=name)
    arrays = file.read_all()
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
    if len(found) != len(expected):
        raise ValueError(f"holds {len(found)} arrays, its layers need {len(expected)}")
    if sorted(found.values()) != sorted(expected):
        wrong = [f"{name} {shape}" for name, shape in found.items() if shape not in expected]
        raise ValueError(f"arrays do not fit the layers: {', '.join(wrong) or 'sizes mixed up'}")
