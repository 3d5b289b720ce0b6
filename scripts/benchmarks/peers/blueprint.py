"""A network as it travels between processes: layers by name, and weights from one source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerPlan:
    """One layer: its kind and arguments as in `convnet`, its shapes, and its arrays.

    Attributes
    ----------
    feature_map : (H, W, C) or None
        What was flattened into the input of a dense layer, if anything was.
    """

    name: str
    kind: str
    config: dict[str, Any]
    input_shape: Shape
    output_shape: Shape
    arrays: dict[str, Array]
    feature_map: Shape | None = None


@dataclass(frozen=True)
class Blueprint:
    """A network: enough to build it in any library."""

    name: str
    layers: list[LayerPlan]
    multiply_adds: int
    """For one image, forwards."""
    first_layer: int
    """Those of the first layer, which needs no gradient of its input."""


def channels_first(plan: LayerPlan, key: str, array: Array) -> Array:
    """Bring an array of a layer into the form of libraries that keep the channels first.

    Kernels (KH, KW, C_in, C_out) become (C_out, C_in, KH, KW), matrices (in, out) become
    (out, in). The inputs of a dense layer after a flattened picture are put in the order in which
    such a library flattens it, so that neither side has to transpose anything when it runs.
    """
    if key == "w" and plan.kind == "conv":
        return np.ascontiguousarray(array.transpose(3, 2, 0, 1))
    if key == "w" and plan.feature_map is not None:
        height, width, channels = plan.feature_map
        array = array.reshape(height, width, channels, -1).transpose(2, 0, 1, 3)
        array = array.reshape(height * width * channels, -1)
    return np.ascontiguousarray(array.T) if key == "w" else array


def channels_last(plan: LayerPlan, key: str, array: Array) -> Array:
    """Undo `channels_first`."""
    if key == "w" and plan.kind == "conv":
        return array.transpose(2, 3, 1, 0)
    if key != "w":
        return array
    array = array.T
    if plan.feature_map is not None:
        height, width, channels = plan.feature_map
        array = array.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
        array = array.reshape(height * width * channels, -1)
    return array


def pictures_last(plan: LayerPlan, array: Array) -> Array:
    """Bring what enters or leaves a layer, (N, C, H, W) or flattened, to channels last."""
    if array.ndim == 4:
        return array.transpose(0, 2, 3, 1)
    if array.ndim == 2 and plan.feature_map is not None:
        height, width, channels = plan.feature_map
        return array.reshape(-1, channels, height, width).transpose(0, 2, 3, 1).reshape(array.shape)
    return array


def named_arrays(plans: list[LayerPlan]) -> Iterator[tuple[LayerPlan, str, Array]]:
    """Yield every array of the layers with its layer and its key."""
    for plan in plans:
        for key, array in plan.arrays.items():
            yield plan, key, array
