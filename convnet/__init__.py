"""convnet: convolutional networks written from scratch in NumPy.

Define, train, predict::

    network = convnet.build("live-app", rng=np.random.default_rng(0))
    trainer = convnet.Trainer(network, convnet.CrossEntropy(), convnet.Adam(1e-3))
    trainer.fit(images, labels, epochs=3, rng=np.random.default_rng(1))
    probabilities = network.predict(images)
"""

# ruff: noqa: E402 - BLAS must be told how many threads it has before NumPy is first imported.
from convnet.runtime.blas import use_one_thread

use_one_thread()

from importlib import import_module
from typing import TYPE_CHECKING

# Each part of the engine is loaded when one of its names is first used: importing the package
# takes no time, and those who only predict never load what trains. (SciPy does the same.)
_PARTS = {
    "architectures": ("ARCHITECTURES", "build"),
    "augmentation.augmenter": ("Augmenter",),
    "ctc.loss": ("CTC",),
    "inference.served_network": ("InferenceNetwork",),
    "layers": (
        *("Conv2D", "Dense", "Flatten", "Reshape", "MaxPool2D", "AveragePool2D", "BatchNorm"),
        *("LayerNorm", "Dropout", "ReLU", "LeakyReLU", "GELU", "SiLU", "Sigmoid", "Softmax"),
        *("Tanh", "GlobalAveragePool2D", "Upsample2D", "Residual", "Concatenate", "Layer"),
    ),
    "losses": (
        *("BinaryCrossEntropy", "CrossEntropy", "MeanSquaredError"),
        "PixelCrossEntropy",
    ),
    "network": ("Sequential",),
    "optimizers": ("SGD", "Adam", "AdamW", "RMSprop", "schedules"),
    "optimizers.schedules": ("Constant", "Cosine", "OneCycle", "Step"),
    "runtime.threads": ("get_threads", "set_threads"),
    "training.early_stopping": ("EarlyStopping",),
    "training.history": ("History",),
    "training.trainer": ("Trainer",),
    "weights": ("load", "load_pretrained", "pretrained_path", "with_input_shape"),
}
_HOME = {name: part for part, names in _PARTS.items() for name in names}

if TYPE_CHECKING:  # the same for type checkers and editors, which do not run `__getattr__`
    from convnet import datasets, gradients, layers, losses, optimizers
    from convnet.architectures import ARCHITECTURES, build
    from convnet.augmentation.augmenter import Augmenter
    from convnet.ctc.loss import CTC
    from convnet.inference.served_network import InferenceNetwork
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
        Layer,
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
    from convnet.losses import (
        BinaryCrossEntropy,
        CrossEntropy,
        MeanSquaredError,
        PixelCrossEntropy,
    )
    from convnet.network import Sequential
    from convnet.optimizers import SGD, Adam, AdamW, RMSprop, schedules
    from convnet.optimizers.schedules import Constant, Cosine, OneCycle, Step
    from convnet.runtime.threads import get_threads, set_threads
    from convnet.training.early_stopping import EarlyStopping
    from convnet.training.history import History
    from convnet.training.trainer import Trainer
    from convnet.weights import load, load_pretrained, pretrained_path, with_input_shape
else:

    def __getattr__(name: str) -> object:
        """Load the part that has `name`, or that is called so."""
        where = f"{__name__}.{_HOME.get(name, name)}"
        try:
            part = import_module(where)
        except ModuleNotFoundError as error:
            if error.name != where:
                raise
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
        value = getattr(part, name) if name in _HOME else part
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """List the names that are not loaded yet, too."""
        return sorted({*globals(), *__all__})


__all__ = [
    "ARCHITECTURES",
    "CTC",
    "GELU",
    "SGD",
    "Adam",
    "AdamW",
    "Augmenter",
    "AveragePool2D",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Concatenate",
    "Constant",
    "Conv2D",
    "Cosine",
    "CrossEntropy",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Flatten",
    "GlobalAveragePool2D",
    "History",
    "InferenceNetwork",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "MaxPool2D",
    "MeanSquaredError",
    "OneCycle",
    "PixelCrossEntropy",
    "RMSprop",
    "ReLU",
    "Reshape",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Step",
    "Tanh",
    "Trainer",
    "Upsample2D",
    "build",
    "datasets",
    "get_threads",
    "gradients",
    "layers",
    "load",
    "load_pretrained",
    "losses",
    "optimizers",
    "pretrained_path",
    "schedules",
    "set_threads",
    "with_input_shape",
]
