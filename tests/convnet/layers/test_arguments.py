"""Layers refuse what they cannot do, and say what they expected and what they got."""

import math

import pytest

import convnet
from convnet.layers import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    LeakyReLU,
    MaxPool2D,
    Reshape,
)

REFUSED = [
    (lambda: Conv2D(0, 3), r"`filters` must be a positive int, got 0"),
    (lambda: Conv2D(8, 0), r"`kernel_size` must be a positive int, got 0"),
    (lambda: Conv2D(8, (3,)), r"`kernel_size` .*pair.* got \(3,\)"),
    (lambda: Conv2D(8, 2.5), r"`kernel_size` must be a positive int, got 2.5"),
    (lambda: Conv2D(8, 3, stride=0), r"`stride` must be a positive int, got 0"),
    (lambda: Conv2D(8, 3, stride=(1, -1)), r"`stride` must be a positive int, got -1"),
    (lambda: Conv2D(8, 3, padding=-1), r"`padding` must be .* got -1"),
    (lambda: Conv2D(8, 3, padding="full"), r"`padding` must be .* got 'full'"),
    (lambda: Conv2D(8, 3, padding=True), r"`padding` must be .* got True"),
    (lambda: Conv2D(8, 3, mode="other"), r"`mode` must be .* got 'other'"),
    (lambda: Conv2D(8, 3, dilation=0), r"`dilation` must be a positive int, got 0"),
    (lambda: Conv2D(8, 3, groups=3), r"`groups` must divide `filters` \(8\), got 3"),
    (lambda: Conv2D(8, 3, initializer="xavier"), r"`initializer` must be one of .* got 'xavier'"),
    (lambda: MaxPool2D(0), r"`pool_size` must be a positive int, got 0"),
    (lambda: MaxPool2D(2, stride=0), r"`stride` must be a positive int, got 0"),
    (lambda: AveragePool2D(1.5), r"`pool_size` must be a positive int, got 1.5"),
    (lambda: AveragePool2D(2, stride=-2), r"`stride` must be a positive int, got -2"),
    (lambda: Dense(0), r"`units` must be a positive int, got 0"),
    (lambda: Dense(True), r"`units` must be a positive int, got True"),
    (lambda: Dense(3, initializer="he"), r"`initializer` must be one of .* got 'he'"),
    (lambda: Reshape(()), r"`shape` must .* got \(\)"),
    (lambda: Reshape((2, 0)), r"`shape` must be a positive int, got 0"),
    (lambda: Reshape((-1, 3, -1)), r"`shape` may hold -1 once, got \(-1, 3, -1\)"),
    (lambda: LeakyReLU(1.0), r"`negative_slope` must be in \[0, 1\), got 1.0"),
    (lambda: LeakyReLU(-0.1), r"`negative_slope` .* got -0.1"),
    (lambda: BatchNorm(momentum=1.0), r"`momentum` must be in \[0, 1\), got 1.0"),
    (lambda: BatchNorm(epsilon=0.0), r"`epsilon` must be a positive number, got 0.0"),
    (lambda: Dropout(1.0), r"`rate` must be in \[0, 1\), got 1.0"),
    (lambda: Dropout(math.nan), r"`rate` must be in \[0, 1\), got nan"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


MISFITS = [
    (Conv2D(8, 3), (784,), r"expects images \(H, W, C\), got inputs of shape \(784,\)"),
    (Conv2D(8, 5), (4, 9, 1), r"kernel \(5, 5\) is larger than the padded input of 4x9"),
    (Conv2D(8, 5, padding=1), (2, 9, 1), r"kernel \(5, 5\) is larger than the padded input"),
    (Conv2D(8, 3, dilation=3), (6, 9, 1), r"with dilation \(3, 3\) is larger than the padded"),
    (Conv2D(8, 3, groups=4), (9, 9, 6), r"`groups` must divide the 6 channels, got 4"),
    (MaxPool2D(2), (10,), r"expects images \(H, W, C\), got inputs of shape \(10,\)"),
    (MaxPool2D(3), (2, 9, 1), r"window 3 is larger than the 2x9 input"),
    (Dense(10), (28, 28, 1), r"expects vectors \(F,\), got .* add Flatten\(\)"),
    (Reshape((5, 5)), (24,), r"cannot reshape \(24,\) into \(5, 5\)"),
    (Reshape((-1, 5)), (24,), r"cannot reshape \(24,\) into \(-1, 5\)"),
    (BatchNorm(), (), r"expects inputs with a channel axis"),
]


@pytest.mark.parametrize(("layer", "shape", "message"), MISFITS, ids=lambda v: repr(v)[:40])
def test_inputs_that_cannot_fit_are_refused_when_building(layer, shape, message, rng):
    with pytest.raises(ValueError, match=message):
        layer.build(shape, rng)


def test_a_layer_is_no_branch() -> None:
    for wrong in (
        lambda: convnet.Residual(convnet.ReLU()),
        lambda: convnet.Concatenate([convnet.ReLU()]),
    ):
        with pytest.raises(ValueError, match=r"a branch must be a list of layers, got ReLU\(\)"):
            wrong()
