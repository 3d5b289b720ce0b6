"""ONNX Runtime: predicts, with its graph optimizations on, as they are by default."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from scripts.benchmarks.clock import stopwatch
from scripts.benchmarks.peers.blueprint import Array, Blueprint, LayerPlan, channels_first
from scripts.benchmarks.peers.peer import Images, Peer

OPERATORS = {
    "conv": "Conv",
    "batch_norm": "BatchNormalization",
    "max_pool": "MaxPool",
    "dense": "Gemm",
    "relu": "Relu",
    "flatten": "Flatten",
}
# The order in which an operator takes its arrays.
ORDER = ("w", "b", "gamma", "beta", "mean", "var")
OPSET, IR_VERSION = 17, 8


class OnnxRuntime(Peer):
    """An `onnxruntime.InferenceSession` on the CPU."""

    def __init__(self, threads: int) -> None:
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads

    def about(self) -> dict[str, Any]:
        """Return what is being measured."""
        return {
            "version": onnxruntime.__version__,
            "threads": self.options.intra_op_num_threads,
        }

    def open(self, plan: Blueprint) -> None:
        """Build the network of a blueprint."""
        self.session = onnxruntime.InferenceSession(
            model(plan), self.options, providers=["CPUExecutionProvider"]
        )

    def probabilities(self, images: Images) -> Array:
        """Predict."""
        return self._predict(inputs(images))

    def _predict(self, x: Array) -> Array:
        (probabilities,) = self.session.run(None, {"images": x})
        return np.asarray(probabilities)

    def time_predict(self, images: Images, seconds: float) -> list[float]:
        """Predict the same batch again and again; return the seconds that each time takes."""
        x = inputs(images)
        return stopwatch(lambda: self._predict(x), seconds)


def model(plan: Blueprint) -> bytes:
    """Write the network as an ONNX file, channels first throughout, softmax at the end."""
    nodes, weights, value = [], [], "images"
    for layer in plan.layers:
        names = [f"{layer.name}.{key}" for key in ORDER if key in layer.arrays]
        weights += [numpy_helper.from_array(_array(layer, name), name) for name in names]
        operator = OPERATORS[layer.kind]
        nodes.append(
            helper.make_node(operator, [value, *names], [layer.name], **_attributes(layer))
        )
        value = layer.name
    nodes.append(helper.make_node("Softmax", [value], ["probabilities"], axis=-1))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ("N", *shape))
        for name, shape in (("images", (1, 28, 28)), ("probabilities", (10,)))
    ]
    made = helper.make_model(
        helper.make_graph(nodes, plan.name, ends[:1], ends[1:], weights),
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString()


def _array(layer: LayerPlan, name: str) -> Array:
    key = name.removeprefix(f"{layer.name}.")
    array = channels_first(layer, key, layer.arrays[key])
    return np.ascontiguousarray(array.T) if layer.kind == "dense" and key == "w" else array


def _attributes(layer: LayerPlan) -> dict[str, Any]:
    config = layer.config
    match layer.kind:
        case "conv":
            side = 0 if config["padding"] == "valid" else config["padding"]
            return {"kernel_shape": config["kernel_size"], "pads": [side] * 4}
        case "max_pool":
            return {"kernel_shape": [config["pool_size"]] * 2, "strides": [config["stride"]] * 2}
        case "batch_norm":
            return {"epsilon": config["epsilon"]}
    return {}


def inputs(images: Images) -> Array:
    """Return uint8 (N, 28, 28) as float32 (N, 1, 28, 28)."""
    return images[:, None].astype(np.float32) * np.float32(1 / 255)
