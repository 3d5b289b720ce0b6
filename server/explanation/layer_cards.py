"""What a network is made of, layer by layer, in words and numbers."""

import inspect
from collections.abc import Callable
from typing import Any

from server.recognizer import Layer

SENTENCES = {
    "ReLU": "Sets every negative number to zero",
    "Sigmoid": "Squeezes every number to between 0 and 1",
    "Tanh": "Squeezes every number to between −1 and 1",
    "Softmax": "Turns scores into probabilities that add up to 1",
    "BatchNorm": "Brings every channel to a learned mean and spread",
    "Dropout": "Does nothing once the network is trained",
    "LayerNorm": "Brings the channels of every pixel to a learned mean and spread",
    "GELU": "Lets positive numbers pass and fades negative ones out, smoothly",
    "SiLU": "Lets positive numbers pass and fades negative ones out, smoothly",
    "GlobalAveragePool2D": "Takes the mean of every map",
}
POOLING = {"MaxPool2D": "largest number", "AveragePool2D": "mean"}


def describe(layer: Layer, index: int) -> dict[str, Any]:
    """Write one layer as `GET /model` and `POST /explain` do."""
    kind = type(layer).__name__
    return {
        "index": index,
        "name": layer.name,
        "kind": kind,
        "description": words(layer),
        "input_shape": list(layer.input_shape),
        "output_shape": list(layer.output_shape),
        "parameters": sum(value.size for value in layer.params.values()),
        "multiply_adds": layer.multiply_adds,
        **geometry(layer),
    }


def words(layer: Layer) -> str:
    """Say what a layer does; one without words here says it in its docstring's first sentence."""
    kind = type(layer).__name__
    if kind in WORDS:
        return WORDS[kind](layer)
    return SENTENCES.get(kind) or first_sentence(inspect.getdoc(layer) or kind)


def first_sentence(text: str) -> str:
    """Return the text up to the first full stop, on one line."""
    return " ".join(text.split("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def geometry(layer: Layer) -> dict[str, Any]:
    """Return size, stride and padding of a layer's windows; empty if it has none."""
    kind = type(layer).__name__
    if kind == "Dense":
        return {"kernel_shape": list(layer.params["w"].shape)}
    if kind in POOLING:
        size, stride = layer.config()["pool_size"], layer.config()["stride"]
        return {"pool": [size] * 2, "stride": [stride] * 2, "padding": [[0, 0], [0, 0]]}
    if kind == "Conv2D":
        conv: Any = layer
        return {
            "kernel_shape": list(layer.params["w"].shape),
            "stride": list(conv.geometry.stride),
            "padding": [
                [conv.geometry.top, conv.geometry.bottom],
                [conv.geometry.left, conv.geometry.right],
            ],
        }
    return {}


def conv_words(layer: Layer) -> str:
    """Describe a convolution."""
    height, width, channels, filters = layer.params["w"].shape
    over = "the input" if channels == 1 else f"all {channels} maps of its input"
    return f"{count(filters, 'filter')} of {height}×{width}, each slid over {over}"


def pool_words(layer: Layer) -> str:
    """Describe a pooling."""
    size = layer.config()["pool_size"]
    return f"Keeps the {POOLING[type(layer).__name__]} of every {size}×{size} window"


def dense_words(layer: Layer) -> str:
    """Describe a dense layer."""
    inputs, units = layer.params["w"].shape
    return f"{count(units, 'neuron')}, each a weighted sum of all {inputs} numbers before it"


def leaky_words(layer: Layer) -> str:
    """Describe a leaky ReLU."""
    return f"Multiplies every negative number by {layer.config()['negative_slope']}"


def shape_words(layer: Layer) -> str:
    """Describe a change of shape."""
    before, after = ("×".join(map(str, shape)) for shape in (layer.input_shape, layer.output_shape))
    return f"Lays out {before} numbers as {after}"


def upsample_words(layer: Layer) -> str:
    """Describe an upsampling."""
    config = layer.config()
    how = "blended with its neighbours" if config["interpolation"] == "bilinear" else "repeated"
    return f"Makes every pixel {config['factor']}×{config['factor']} pixels, {how}"


def residual_words(layer: Layer) -> str:
    """Describe a residual block."""
    main, shortcut = layer.branches
    through = f", which goes through {shortcut[0].name}" if shortcut else ""
    return f"Adds what {', '.join(part.name for part in main)} make of the input to it{through}"


def concatenate_words(layer: Layer) -> str:
    """Describe a concatenation."""
    names = (" → ".join(part.name for part in branch) or "the input" for branch in layer.branches)
    return f"Stacks the maps of {' and '.join(names)}"


def count(number: int, noun: str) -> str:
    """Say how many, in the right number."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


WORDS: dict[str, Callable[[Layer], str]] = {
    "Conv2D": conv_words,
    "MaxPool2D": pool_words,
    "AveragePool2D": pool_words,
    "Dense": dense_words,
    "LeakyReLU": leaky_words,
    "Flatten": shape_words,
    "Reshape": shape_words,
    "Upsample2D": upsample_words,
    "Residual": residual_words,
    "Concatenate": concatenate_words,
}
