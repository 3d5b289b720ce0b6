"""Every named network, in a few lines each; `build` makes one.

The layers are in `convnet/layers/`. How each network is trained (loss, optimizer, data) is in
`scripts/training/recipes.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from convnet.checks import require_positive_int
from convnet.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool2D,
    Layer,
    MaxPool2D,
    ReLU,
    Reshape,
    Residual,
    Sigmoid,
    Softmax,
)
from convnet.network import Sequential

IMAGE = (28, 28, 1)


def digits(classes: int = 10) -> list[Layer]:
    """Return the served network: three stages of 3×3 convolutions, each with BatchNorm and ReLU.

    About 330 thousand parameters and 19 million multiply-adds.
    """
    return [
        *_normalised(16),  # 26 × 26
        *_normalised(32),  # 24 × 24
        *_normalised(32),  # 22 × 22
        MaxPool2D(2),  # 11 × 11
        *_normalised(64, padding=1),
        *_normalised(64, padding=1),
        *_normalised(64, padding=1),
        MaxPool2D(2),  # 5 × 5
        *_normalised(128),  # 3 × 3
        Flatten(),
        Dense(128, use_bias=False),
        BatchNorm(),
        ReLU(),
        Dense(classes),
    ]


def _normalised(filters: int, padding: int = 0) -> list[Layer]:
    return [Conv2D(filters, 3, padding=padding, use_bias=False), BatchNorm(), ReLU()]


def resnet(classes: int = 10) -> list[Layer]:
    """Return a small residual network: three stages, each half as large and twice as deep.

    About 78 thousand parameters and 10 million multiply-adds (He et al., 2016, section 4.2, with
    one block a stage).
    """
    return [
        *_normalised(16, padding=1),
        *_block(16),
        *_block(32, stride=2),  # 14 × 14
        *_block(64, stride=2),  # 7 × 7
        GlobalAveragePool2D(),
        Dense(classes),
    ]


def _block(filters: int, stride: int = 1) -> list[Layer]:
    first = Conv2D(filters, 3, stride=stride, padding=1, use_bias=False)
    second = Conv2D(filters, 3, padding=1, use_bias=False)
    return [Residual([first, BatchNorm(), ReLU(), second, BatchNorm()]), ReLU()]


def torch_example(classes: int = 10) -> list[Layer]:
    """Return the network of PyTorch's MNIST example, without its dropout."""
    return [
        Conv2D(32, 3),
        ReLU(),
        Conv2D(64, 3),
        ReLU(),
        MaxPool2D(2),
        Flatten(),
        Dense(128),
        ReLU(),
        Dense(classes),
    ]


def live_app(classes: int = 10) -> list[Layer]:
    """Return two convolutions, a pooling and two dense layers: the usual live-demo network."""
    return [
        Conv2D(8, 5),
        ReLU(),
        Conv2D(8, 5),
        ReLU(),
        MaxPool2D(2),
        Flatten(),
        Dense(128),
        ReLU(),
        Dense(classes),
    ]


def cnn_from_scratch(classes: int = 10) -> list[Layer]:
    """Return one convolution, a pooling and a softmax layer: the pooling alone is not linear."""
    return [Conv2D(6, 5), MaxPool2D(2), Flatten(), Dense(classes), Softmax()]


def cnn_from_scratch_sigmoid(classes: int = 10) -> list[Layer]:
    """Return `cnn_from_scratch` with a sigmoid after its convolution."""
    return [Conv2D(6, 5), Sigmoid(), MaxPool2D(2), Flatten(), Dense(classes), Softmax()]


def cnn_numpy(classes: int = 10) -> list[Layer]:
    """Return one convolution with ReLU, a pooling and a dense layer."""
    return [Conv2D(8, 3), ReLU(), MaxPool2D(2), Flatten(), Dense(classes)]


def simple_conv_net(classes: int = 10) -> list[Layer]:
    """Return one convolution with ReLU and a softmax output layer: nothing is pooled."""
    return [Conv2D(8, 3), ReLU(), Flatten(), Dense(classes), Softmax()]


def zero_vs_one(classes: int = 2) -> list[Layer]:
    """Return a network of sigmoids that tells 0 from 1, one output for each."""
    return [
        Conv2D(5, 3, initializer="glorot_uniform"),
        Sigmoid(),
        Reshape((-1,)),  # 26 · 26 · 5 numbers
        Dense(100, initializer="glorot_uniform"),
        Sigmoid(),
        Dense(classes, initializer="glorot_uniform"),
        Sigmoid(),
    ]


ARCHITECTURES: dict[str, Callable[..., list[Layer]]] = {
    "digits": digits,
    "resnet": resnet,
    "torch-example": torch_example,
    "live-app": live_app,
    "cnn-from-scratch": cnn_from_scratch,
    "cnn-from-scratch-sigmoid": cnn_from_scratch_sigmoid,
    "cnn-numpy": cnn_numpy,
    "simple-conv-net": simple_conv_net,
    "zero-vs-one": zero_vs_one,
}


def build(
    name: str,
    *,
    rng: np.random.Generator,
    dtype: DTypeLike = np.float32,
    input_shape: tuple[int, int, int] = IMAGE,
    classes: int | None = None,
) -> Sequential:
    """Make a named network with fresh weights.

    Parameters
    ----------
    name : str
        One of `ARCHITECTURES`.
    rng : Generator
        Draws the weights.
    dtype : dtype
        Of the weights.
    input_shape : tuple of int
        Height, width and channels of a picture.
    classes : int, optional
        How many outputs there are; by default those of the digits that it was made for.

    Raises
    ------
    ValueError
        If no network has that name (it lists those that there are), or pictures are too small.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"`name` must be one of {sorted(ARCHITECTURES)}, got {name!r}")
    chosen = {} if classes is None else {"classes": require_positive_int("classes", classes)}
    layers = ARCHITECTURES[name](**chosen)
    return Sequential(layers, input_shape, rng=rng, name=name, dtype=dtype)
