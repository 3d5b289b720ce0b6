"""Small networks with random weights that know other things than digits in MNIST's form."""

import numpy as np

import convnet
from convnet import layers

LETTERS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
COLOURS = ["red", "green", "blue"]
SIGNS = [f"sign {number}" for number in range(12)]


def make(input_shape, classes, last=(), **metadata):
    """Make a network of one convolution and one dense layer."""
    network = convnet.Sequential(
        [
            layers.Conv2D(4, 3),
            layers.ReLU(),
            layers.MaxPool2D(2),
            layers.Flatten(),
            layers.Dense(len(classes)),
            *last,
        ],
        input_shape,
        rng=np.random.default_rng(5),
        name="other",
    )
    network.metadata = {"classes": list(classes), **metadata}
    return network


KINDS = {
    "letters": ((28, 28, 1), LETTERS),
    "colours": ((32, 32, 3), COLOURS),
    "signs": ((20, 24, 1), SIGNS),
}
"""Input shape and classes of each kind."""


def of_kind(kind):
    return make(*KINDS[kind])
