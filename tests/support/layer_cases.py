"""Every layer with all arguments and shapes that could go wrong, and what it must compute."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from convnet import reference
from convnet.layers import (
    GELU,
    AveragePool2D,
    BatchNorm,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool2D,
    LayerNorm,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Reshape,
    Residual,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
    Upsample2D,
)

FILTERS = 3


@dataclass(frozen=True)
class Case:
    """A layer, an input shape (H, W, C) or (F,), and what it must compute of (x, params)."""

    name: str
    make: Callable
    shape: tuple[int, ...]
    expected: Callable
    batch: int = 3

    def build(self, dtype=np.float64):
        layer = self.make()
        layer.build(self.shape, np.random.default_rng(1), dtype)
        for param in (
            layer.params.values()
        ):  # not zeros and ones: they would hide errors in what they are multiplied with
            param[...] = np.random.default_rng(2).normal(0, 0.5, param.shape)
        return layer

    def x(self, dtype=np.float64):
        """Distinct numbers in -2..2, none near 0: no tie and no kink within a step of 1e-5."""
        count = self.batch * math.prod(self.shape)
        order = np.random.default_rng(3).permutation(count)
        return (((order + 0.25) / count - 0.5) * 4).reshape(self.batch, *self.shape).astype(dtype)

    def dout(self, layer, dtype=np.float64):
        size = (self.batch, *layer.output_shape)
        return np.random.default_rng(4).normal(size=size).astype(dtype)


def conv(kernel, shape, batch=3, filters=FILTERS, **settings):
    plain = {k: v for k, v in settings.items() if k in ("padding", "mode", "groups")}
    for name in ("stride", "dilation"):
        value = settings.get(name, 1)
        plain[name] = value if isinstance(value, tuple) else (value, value)

    def expected(x, params):
        return reference.convolution(x, params["w"], params.get("b"), **plain)

    name = f"conv {filters}@{kernel} on {shape} x {batch} {settings or ''}"
    return Case(name, lambda: Conv2D(filters, kernel, **settings), shape, expected, batch)


def pool(layer, size, stride, shape, batch=3):
    mean = layer is AveragePool2D
    return Case(
        f"{layer.kind} {size}/{stride} on {shape} x {batch}",
        lambda: layer(size, stride),
        shape,
        lambda x, _: reference.pool(x, size, stride or size, mean=mean),
        batch,
    )


def dense(features, batch, **settings):
    return Case(
        f"dense {features} x {batch} {settings or ''}",
        lambda: Dense(4, **settings),
        (features,),
        lambda x, params: reference.dense(x, params["w"], params.get("b")),
        batch,
    )


def activation(layer, function, shape=(3, 4, 2)):
    return Case(
        f"{type(layer()).kind} on {shape}", layer, shape, lambda x, _: reference.each(function, x)
    )


def norm(shape, batch):
    return Case(
        f"batch norm on {shape} x {batch}",
        lambda: BatchNorm(epsilon=1e-2),
        shape,
        lambda x, params: reference.batch_norm(x, params["gamma"], params["beta"], 1e-2),
        batch,
    )


def layer_norm(shape, batch=3):
    return Case(
        f"layer norm on {shape} x {batch}",
        lambda: LayerNorm(epsilon=1e-2),
        shape,
        lambda x, params: reference.layer_norm(x, params["gamma"], params["beta"], 1e-2),
        batch,
    )


def upsample(factor, interpolation, shape, batch=3):
    return Case(
        f"upsample {factor} {interpolation} on {shape} x {batch}",
        lambda: Upsample2D(factor, interpolation),
        shape,
        lambda x, _: reference.upsample(x, factor, bilinear=interpolation == "bilinear"),
        batch,
    )


def convolved(x, params, name, **settings):
    """The output of a layer within another one."""
    return reference.convolution(x, params[f"{name}.w"], params.get(f"{name}.b"), **settings)


def rectified(x):
    return np.maximum(x, 0)


CONVOLUTIONS = [
    conv(3, (6, 7, 2)),
    conv((3, 2), (6, 7, 2)),
    conv((1, 4), (6, 7, 2)),
    conv(1, (4, 5, 3)),
    conv(1, (1, 1, 1), batch=1),
    conv(5, (5, 5, 2)),  # kernel as large as the input
    conv((6, 7), (6, 7, 1), batch=1),
    conv(3, (6, 7, 1), use_bias=False),
    conv(3, (6, 7, 2), mode="convolution"),
    conv((3, 2), (6, 7, 2), mode="convolution", padding="same", stride=2),
    conv(3, (6, 7, 2), padding="same"),
    conv(2, (6, 7, 2), padding="same"),  # even kernels: one zero more after than before
    conv((4, 2), (5, 6, 1), padding="same"),
    conv(5, (3, 4, 2), padding="same"),  # kernel larger than the input
    conv(3, (7, 8, 2), padding="same", stride=2),
    conv(2, (7, 8, 2), padding="same", stride=3),
    conv(1, (7, 8, 2), padding="same", stride=2),
    conv(3, (6, 7, 2), padding=1),
    conv(3, (6, 7, 2), padding=2),
    conv(2, (4, 3, 2), padding=3),  # more padding than kernel: outputs that see only zeros
    conv(1, (4, 3, 2), padding=1),
    conv(7, (4, 3, 2), padding=2),  # fits only because of the padding
    conv(3, (7, 7, 2), stride=2),
    conv(3, (8, 8, 2), stride=2),  # strides that do not divide the size
    conv(2, (9, 8, 1), stride=(3, 2)),
    conv(2, (9, 8, 2), stride=3, padding=1),
    conv(2, (9, 8, 2), stride=4),  # gaps between windows
    conv((5, 3), (8, 9, 2), stride=(1, 3), padding=2),
    # Batch sizes on both sides of where the engine changes its algorithm.
    *(conv(3, (6, 7, 2), batch=n, padding="same") for n in (1, 2, 8, 9, 17, 65, 131)),
    *(conv((3, 2), (7, 8, 2), batch=n, stride=2) for n in (1, 8, 9, 131)),
    *(conv((2, 3), (5, 4, 2), batch=n, mode="convolution", padding=2) for n in (1, 9, 131)),
    conv(3, (28, 5, 1), batch=67),
    conv(2, (3, 3, 1), batch=300),
    # Kernels with gaps: few images and many, outputs fewer than the gap, strides, paddings.
    *(conv(3, (9, 8, 2), n, dilation=2) for n in (1, 9, 131)),
    *(conv((2, 3), (7, 9, 2), n, dilation=(4, 2), padding=2) for n in (3, 9)),
    *(conv(3, (7, 8, 2), n, dilation=(3, 1), padding="same") for n in (3, 9)),
    *(conv(2, (9, 8, 2), n, dilation=3, stride=2, padding=1) for n in (3, 9)),
    conv(3, (9, 9, 2), 9, dilation=4, mode="convolution", use_bias=False),  # one output
    conv(1, (4, 3, 2), 9, dilation=5),
    conv(2, (3, 4, 2), 9, dilation=2, padding=4),
    # Channels in groups, and each by itself.
    *(conv(3, (6, 7, 4), n, filters=6, groups=2) for n in (3, 9, 131)),
    conv((3, 2), (7, 6, 6), 9, filters=3, groups=3, stride=2, padding="same", mode="convolution"),
    conv(3, (9, 8, 4), 9, filters=4, groups=2, dilation=2),
    *(conv(3, (6, 7, 4), n, filters=4, groups=4, padding=1) for n in (1, 9, 131)),
    *(conv(3, (6, 7, 2), n, filters=6, groups=2, use_bias=False) for n in (3, 9)),
    conv(2, (9, 8, 3), 9, filters=3, groups=3, stride=(2, 3), dilation=2, mode="convolution"),
]
# Where float32 takes Winograd's way: 3 × 3, many channels, many images; whole tiles of 4 × 4 and
# outputs that end within one, and paddings that leave whole tiles empty.
WINOGRAD = [
    conv(3, (10, 14, 16), 33, 17, padding="valid"),
    conv(3, (12, 11, 17), 40, 16, padding="same"),
    conv(3, (7, 8, 16), 65, 16, padding="same", mode="convolution"),
    conv(3, (6, 6, 16), 131, 16, use_bias=False),
    conv(3, (14, 14, 18), 32, 20, padding=1),
    conv(3, (5, 4, 16), 33, 16, padding=9),
    conv(3, (14, 15, 16), 33, 17, dilation=2, padding=1),
    conv(3, (9, 10, 32), 33, 32, groups=2),
]
POOLINGS = [
    pool(layer, size, stride, shape, batch)
    for layer in (MaxPool2D, AveragePool2D)
    for size, stride, shape, batch in [
        (2, None, (6, 8, 2), 3),
        (2, None, (7, 9, 3), 1),  # a part that no window covers
        (3, None, (6, 6, 1), 2),
        (3, 2, (7, 8, 2), 3),  # windows that overlap
        (2, 1, (4, 5, 2), 9),
        (2, 3, (8, 9, 2), 3),  # windows with gaps
        (1, None, (3, 4, 2), 3),
        (1, 2, (5, 4, 2), 3),
        (4, None, (4, 4, 1), 1),  # one window
        (17, None, (18, 17, 1), 2),  # more places than a byte counts
        (2, None, (24, 24, 3), 130),
        (3, 2, (13, 13, 3), 131),
    ]
]
UPSAMPLINGS = [
    upsample(factor, interpolation, shape, batch)
    for interpolation in ("nearest", "bilinear")
    for factor, shape, batch in [
        (2, (3, 4, 2), 3),
        (3, (4, 3, 2), 1),
        (4, (1, 2, 3), 9),
        (1, (3, 2, 2), 2),
        (2, (9, 8, 5), 66),
    ]
]
BRANCHES = [
    Case(
        "residual of the same shape",
        lambda: Residual([ReLU(), Conv2D(2, 3, padding=1)]),
        (5, 6, 2),
        lambda x, p: x + convolved(rectified(x), p, "conv1", padding=1),
    ),
    Case(
        "residual with a shortcut",
        lambda: Residual([Conv2D(3, 3, padding=1, stride=2), ReLU(), MaxPool2D(2)]),
        (9, 8, 2),
        lambda x, p: (
            reference.pool(
                rectified(convolved(x, p, "conv1", padding=1, stride=(2, 2))), 2, 2, mean=False
            )
            + convolved(x, p, "conv2", stride=(5, 4))
        ),
        9,
    ),
    Case(
        "residual of vectors",
        lambda: Residual([Dense(4), Tanh()]),
        (5,),
        lambda x, p: (
            np.tanh(reference.dense(x, p["dense1.w"], p["dense1.b"]))
            + reference.dense(x, p["dense2.w"])
        ),
    ),
    Case("residual of one layer", lambda: Residual([Tanh()]), (3, 2), lambda x, _: x + np.tanh(x)),
    Case(
        "concatenate",
        lambda: Concatenate([[], [Conv2D(3, 3, padding=1), ReLU()], [Conv2D(1, 1)]]),
        (5, 4, 2),
        lambda x, p: np.concatenate(
            [
                x,
                rectified(convolved(x, p, "conv1", padding=1)),
                convolved(x, p, "conv2"),
            ],
            axis=-1,
        ),
        9,
    ),
    Case(
        "concatenate vectors",
        lambda: Concatenate([[Tanh()], []]),
        (5,),
        lambda x, _: np.hstack([np.tanh(x), x]),
    ),
    Case(
        "branches within branches",
        lambda: Concatenate(
            [[Residual([Tanh()]), Residual([ReLU()])], [MaxPool2D(2), Upsample2D()]]
        ),
        (4, 6, 2),
        lambda x, _: np.concatenate(
            [
                x + np.tanh(x) + rectified(x + np.tanh(x)),
                reference.upsample(reference.pool(x, 2, 2, mean=False), 2, bilinear=False),
            ],
            axis=-1,
        ),
    ),
]
OTHERS = [
    dense(5, 3),
    dense(5, 1),
    dense(1, 7),
    dense(5, 3, use_bias=False),
    dense(200, 130),
    activation(ReLU, lambda z: max(z, 0.0)),
    activation(LeakyReLU, lambda z: z if z > 0 else 0.01 * z),
    activation(lambda: LeakyReLU(0.3), lambda z: z if z > 0 else 0.3 * z),
    activation(Sigmoid, lambda z: 1 / (1 + math.exp(-z))),
    activation(Tanh, math.tanh),
    activation(ReLU, lambda z: max(z, 0.0), (7,)),
    activation(SiLU, lambda z: z / (1 + math.exp(-z))),
    activation(
        GELU, lambda z: z / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
    ),
    layer_norm((3, 4, 5)),
    layer_norm((6,), 4),
    layer_norm((5, 6, 3), 66),
    Case("global average", GlobalAveragePool2D, (3, 4, 2), lambda x, _: x.mean(axis=(1, 2))),
    Case("global average x 66", GlobalAveragePool2D, (7, 7, 3), lambda x, _: x.mean((1, 2)), 66),
    Case("softmax on (5,)", Softmax, (5,), lambda x, _: reference.softmax(x)),
    Case("softmax on (2, 3, 4)", Softmax, (2, 3, 4), lambda x, _: reference.softmax(x)),
    Case("flatten", Flatten, (2, 3, 4), lambda x, _: x.reshape(len(x), 24)),
    Case("flatten (7,)", Flatten, (7,), lambda x, _: x),
    Case("reshape", lambda: Reshape((4, 3, 2)), (24,), lambda x, _: x.reshape(-1, 4, 3, 2)),
    Case("reshape 2", lambda: Reshape((6, 4)), (2, 3, 4), lambda x, _: x.reshape(-1, 6, 4)),
    norm((3, 4, 2), 3),
    norm((5,), 4),
    norm((5, 6, 3), 1),
    norm((7, 7, 5), 66),
    Case("dropout 0", lambda: Dropout(0.0), (3, 4, 2), lambda x, _: x),
]
# Layers whose output in training is another one, or drawn at random.
RANDOM = [
    Case("dropout 0.4", lambda: Dropout(0.4), (3, 4, 2), None),
    Case(
        "residual with batch norm and dropout",
        lambda: Residual([Conv2D(3, 3, padding=1, use_bias=False), BatchNorm(), Dropout(0.4)]),
        (4, 5, 2),
        None,
    ),
]
CASES = CONVOLUTIONS + WINOGRAD + POOLINGS + UPSAMPLINGS + BRANCHES + OTHERS
