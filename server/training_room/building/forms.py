"""What a form needs to lay layers in a row: each kind with its settings, and each layer's values.

All of it is read from the layers: names and defaults from their signatures, choices from their
types, what a setting means from their docstrings.
"""

import math
import re
from collections.abc import Sequence
from functools import cache
from inspect import Parameter, getdoc, signature
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from convnet import Layer
from convnet.initializers import INITIALIZERS
from convnet.layers import LAYERS, chain
from server.training_room.building.sizes import INPUT

STARTS = {
    "filters": "8",
    "kernel_size": "3",
    "units": "10",
    "shape": "(-1,)",
    "layers": "[Conv2D(8, 3, padding='same'), ReLU()]",
    "branches": "[[], [Conv2D(8, 3, padding='same'), ReLU()]]",
}
"""What a new layer begins with where it has no default."""

PARAMETERS = re.compile(r"^Parameters\n-+\n(.*?)(?=\n\n\w+\n-+\n|\Z)", re.DOTALL | re.MULTILINE)
"""The section of a docstring that tells what each parameter means."""


@cache
def kinds() -> list[dict[str, Any]]:
    """Return every kind of layer: its name, what it does, and its settings."""
    return [
        {
            "kind": name,
            "about": _first_sentence(getdoc(layer) or ""),
            "settings": [_setting(layer, one) for one in signature(layer).parameters.values()],
        }
        for name, layer in LAYERS.items()
    ]


def rows(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Return every layer as a form shows it, with its shape as far as the layers fit together."""
    found: list[dict[str, Any]] = []
    shape: tuple[int, ...] | None = INPUT
    for layer in layers:
        given, shape = shape, _given(layer, shape)
        arrays = {} if given is None or shape is None else layer.array_shapes(given)
        found.append(
            {
                "layer": repr(layer),
                "kind": type(layer).__name__,
                "settings": {name: repr(value) for name, value in layer.config().items()},
                "shape": None if shape is None else list(shape),
                "parameters": sum(map(math.prod, arrays.values())),
            }
        )
    return found


def _given(layer: Layer, shape: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """Return what a layer gives; None if it does not fit, or one before it did not."""
    if shape is None:
        return None
    try:
        return chain.infer_shape([layer], shape)
    except (ValueError, ArithmeticError, MemoryError):
        return None


def _setting(layer: type[Layer], parameter: Parameter) -> dict[str, Any]:
    """Describe a setting; its values are written as Python writes them."""
    required = parameter.default is Parameter.empty
    hint = get_type_hints(layer.__init__)[parameter.name]
    choices, others = _choices(parameter.name, hint)
    return {
        "name": parameter.name,
        "about": _meanings(layer).get(parameter.name, ""),
        "default": None if required else repr(parameter.default),
        "start": STARTS[parameter.name] if required else repr(parameter.default),
        "choices": choices,
        "others": others,
    }


def _choices(name: str, hint: Any) -> tuple[list[str], bool]:
    """Return the values to choose from, and whether there are others."""
    if name == "initializer":
        return [repr(one) for one in INITIALIZERS], False
    if hint is bool:
        return ["True", "False"], False
    if get_origin(hint) is Literal:
        return [repr(one) for one in get_args(hint)], False
    if get_origin(hint) in (Union, UnionType):
        parts = [_choices(name, part) for part in get_args(hint) if part is not type(None)]
        optional = ["None"] if type(None) in get_args(hint) else []
        words = [word for choices, _ in parts for word in choices]
        return optional + words, any(others for _, others in parts)
    return [], True


def _meanings(layer: type[Layer]) -> dict[str, str]:
    """Read what the docstring says of each parameter; that of a base, where it says nothing."""
    sections = (PARAMETERS.search(getdoc(one) or "") for one in layer.__mro__)
    section = next(filter(None, sections), None)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section[1].splitlines() if section else []:
        if line and not line.startswith(" "):
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
        elif line.strip():
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())
