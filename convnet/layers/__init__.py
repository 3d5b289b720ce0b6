"""The layers, by name. What all share is in `base.py`; the simplest whole one is `dense.py`."""

from convnet.layers.activations import GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softmax, Tanh
from convnet.layers.base import Layer
from convnet.layers.branches import Concatenate, Residual
from convnet.layers.conv import Conv2D
from convnet.layers.dense import Dense
from convnet.layers.dropout import Dropout
from convnet.layers.layer_norm import LayerNorm
from convnet.layers.normalization import BatchNorm
from convnet.layers.pooling import AveragePool2D, GlobalAveragePool2D, MaxPool2D
from convnet.layers.reshape import Flatten, Reshape
from convnet.layers.upsample import Upsample2D

#: What a saved network may be made of: class name → class.
LAYERS: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Conv2D,
        MaxPool2D,
        AveragePool2D,
        GlobalAveragePool2D,
        Upsample2D,
        Residual,
        Concatenate,
        Dense,
        Flatten,
        Reshape,
        ReLU,
        LeakyReLU,
        GELU,
        SiLU,
        Sigmoid,
        Tanh,
        Softmax,
        BatchNorm,
        LayerNorm,
        Dropout,
    )
}

__all__ = [
    "GELU",
    "LAYERS",
    "AveragePool2D",
    "BatchNorm",
    "Concatenate",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePool2D",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "MaxPool2D",
    "ReLU",
    "Reshape",
    "Residual",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "Upsample2D",
]
