"""The layers, by name. What all share is in `base.py`; the simplest whole one is `dense.py`."""

from convnet.layers.activations import LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from convnet.layers.base import Layer
from convnet.layers.conv import Conv2D
from convnet.layers.dense import Dense
from convnet.layers.dropout import Dropout
from convnet.layers.normalization import BatchNorm
from convnet.layers.pooling import AveragePool2D, MaxPool2D
from convnet.layers.reshape import Flatten, Reshape

#: What a saved network may be made of: class name → class.
LAYERS: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Conv2D,
        MaxPool2D,
        AveragePool2D,
        Dense,
        Flatten,
        Reshape,
        ReLU,
        LeakyReLU,
        Sigmoid,
        Tanh,
        Softmax,
        BatchNorm,
        Dropout,
    )
}

__all__ = [
    "LAYERS",
    "AveragePool2D",
    "BatchNorm",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "MaxPool2D",
    "ReLU",
    "Reshape",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
