"""What a network is made of, layer by layer, in words and numbers.

What is said of a layer, the layer says itself (`convnet/layers/base.py`): no kind is known here.
"""

from typing import Any

from server.learn.chapters import links_of
from server.recognizer import Layer


def describe(layer: Layer, index: int) -> dict[str, Any]:
    """Write one layer as `GET /model` and `POST /explain` do."""
    return {
        "index": index,
        "name": layer.name,
        "kind": type(layer).__name__,
        "description": layer.does,
        "view": layer.view,
        "rule": layer.rule,
        "source": type(layer).__module__.replace(".", "/") + ".py",
        "links": links_of(type(layer), layer.loops),
        "input_shape": list(layer.input_shape),
        "output_shape": list(layer.output_shape),
        "parameters": sum(value.size for value in layer.params.values()),
        "multiply_adds": layer.multiply_adds,
        **layer.windows(),
    }
