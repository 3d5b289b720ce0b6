"""ONNX files give the network's own answers in ONNX Runtime."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import convnet
from convnet import (
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
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
    Upsample2D,
)
from convnet.layers import LAYERS
from convnet.onnx import CONVERTERS, to_onnx
from convnet.training.weight_average import measure_statistics
from scripts import export_onnx


def run(data: bytes, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(["probabilities"], {"images": x})
    return probabilities


def unsettle(network: Sequential, rng: np.random.Generator) -> None:
    """Give biases and BatchNorm values that a mistake would show in."""
    for value in network.params.values():
        value += rng.normal(0, 0.1, value.shape)
    measure_statistics(network, [rng.random((50, *network.input_shape), np.float32)])


def check(network: Sequential, rng: np.random.Generator) -> None:
    unsettle(network, rng)
    data = to_onnx(network)
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    for count in (1, 3, 17):  # the batch axis is free
        x = rng.random((count, *network.input_shape), np.float32)
        np.testing.assert_allclose(run(data, x), network.predict(x), rtol=0, atol=1e-5)


def test_every_layer_has_a_converter() -> None:
    assert set(CONVERTERS) == set(LAYERS.values())


@pytest.mark.parametrize("name", convnet.ARCHITECTURES)
def test_every_architecture(name: str, rng: np.random.Generator) -> None:
    check(convnet.build(name, rng=rng), rng)


def test_the_shipped_network_on_digits(rng: np.random.Generator) -> None:
    network = convnet.load_pretrained("digits")
    x = rng.random((20, 28, 28, 1), np.float32)
    np.testing.assert_allclose(run(to_onnx(network), x), network.predict(x), rtol=0, atol=1e-5)


IMAGES: dict[str, list[Layer]] = {
    "padding same": [Conv2D(4, 3, padding="same")],
    "odd padding": [Conv2D(4, (2, 4), padding="same")],
    "padding of two": [Conv2D(4, 3, padding=2)],
    "strides": [Conv2D(4, 3, stride=(2, 3))],
    "strides and padding": [Conv2D(4, (3, 2), stride=2, padding="same")],
    "kernels that are not square": [Conv2D(4, (1, 5))],
    "kernels with gaps": [Conv2D(4, 3, dilation=(2, 3), padding="same")],
    "groups": [Conv2D(6, 3, groups=3), Conv2D(4, 3, groups=2)],
    "true convolution": [Conv2D(4, 3, mode="convolution")],
    "no bias, then normalised": [Conv2D(4, 3, use_bias=False), BatchNorm(epsilon=0.1)],
    "normalised input": [BatchNorm()],
    "overlapping pools": [MaxPool2D(3, 2)],
    "pools that leave a rest": [MaxPool2D(2, 3), AveragePool2D(2, 1)],
    "mean pools": [AveragePool2D(3)],
    "activations": [Conv2D(4, 3), LeakyReLU(0.3), Tanh(), Sigmoid(), ReLU()],
    "dropout": [Dropout(0.9), Conv2D(4, 3), Dropout(0.5)],
    "softmax over channels": [Conv2D(4, 3), Softmax(), Conv2D(3, 2)],
    "another shape": [Conv2D(4, 3), Reshape((4, 14, 4)), Conv2D(3, 2)],
    "residuals": [
        Residual([Conv2D(4, 3, padding=1, use_bias=False), BatchNorm(), ReLU(), Conv2D(4, 1)]),
        Residual([Conv2D(6, 3, stride=2, padding=1), GELU()]),
    ],
    "branches": [
        Concatenate([[], [Conv2D(2, 3, padding=1), Softmax()], [MaxPool2D(1), SiLU()]]),
        Conv2D(4, 3),
    ],
    "branches within branches": [Concatenate([[Residual([Tanh()])], [Concatenate([[], []])]])],
    "branches of other shapes": [Concatenate([[Flatten()], [GlobalAveragePool2D()]])],
    "residual of rows": [Reshape((30, 9)), Residual([Tanh()]), LayerNorm()],
    "repeated pixels": [Conv2D(4, 3), Upsample2D(3), Conv2D(2, 3)],
    "blended pixels": [Conv2D(4, 3), Upsample2D(2, "bilinear"), Upsample2D(3, "bilinear")],
    "normalised pixels": [Conv2D(4, 3), LayerNorm(0.1), GELU(), Conv2D(4, 3), SiLU()],
    "vectors of channels": [Conv2D(4, 3), Reshape((28, 8)), BatchNorm(), Tanh()],
}


@pytest.mark.parametrize("case", IMAGES)
def test_layers_on_images(case: str, rng: np.random.Generator) -> None:
    layers = [*IMAGES[case], Flatten(), Dense(5)]
    check(Sequential(layers, (10, 9, 3), rng=rng), rng)


ENDS: dict[str, list[Layer]] = {
    "logits": [Dense(4)],
    "softmax": [Dense(4), Softmax()],
    "sigmoid": [Dense(4), Sigmoid()],
    "no bias": [Dense(4, use_bias=False)],
    "normalised vectors": [Dense(6), BatchNorm(), ReLU(), Dense(4), BatchNorm()],
    "residual vectors": [Residual([Dense(6), ReLU()]), LayerNorm(), Dense(4)],
    "mean of a row of pixels": [Reshape((7, 1, 1)), Conv2D(4, 1), GlobalAveragePool2D()],
    "dropout last": [Dense(4), Dropout(0.5)],
}


@pytest.mark.parametrize("case", ENDS)
def test_ends(case: str, rng: np.random.Generator) -> None:
    check(Sequential(ENDS[case], (7,), rng=rng), rng)


def test_a_network_that_ends_in_images(rng: np.random.Generator) -> None:
    network = Sequential([Conv2D(4, 3), ReLU(), Conv2D(2, 3)], (6, 6, 1), rng=rng)
    check(network, rng)


def test_names_shapes_and_metadata(rng: np.random.Generator) -> None:
    network = convnet.build("live-app", rng=rng)
    network.metadata["accuracy"] = 0.5
    model = onnx.load_from_string(to_onnx(network))
    onnx.checker.check_model(model, full_check=True)
    (images,), (probabilities,) = model.graph.input, model.graph.output
    shapes = [
        [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (images, probabilities)
    ]
    assert (images.name, probabilities.name) == ("images", "probabilities")
    assert shapes == [["N", 28, 28, 1], ["N", 10]]
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(properties["metadata"]) == {"accuracy": 0.5}


def test_no_transposes_between_convolutions(rng: np.random.Generator) -> None:
    model = onnx.load_from_string(to_onnx(convnet.build("digits", rng=rng)))
    assert sum(node.op_type == "Transpose" for node in model.graph.node) == 2


def test_a_layer_without_converter_is_named(rng: np.random.Generator) -> None:
    class Swish(ReLU):
        kind = "swish"

    with pytest.raises(ValueError, match="swish1: Swish has no converter to ONNX"):
        to_onnx(Sequential([Swish()], (4,), rng=rng))


# The command


def test_the_command_writes_and_checks(
    tmp_path: Path, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]
) -> None:
    convnet.build("cnn-numpy", rng=rng).save(tmp_path / "n.npz")
    out = tmp_path / "n.onnx"
    assert export_onnx.main(["--model", str(tmp_path / "n.npz"), "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{out}: cnn-numpy, {out.stat().st_size:,} bytes; at most ")
    assert float(shown.split("at most ")[1].split(" ")[0]) < 1e-5


def test_it_needs_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("onnx", "onnxruntime"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    assert export_onnx.main(["--out", str(tmp_path / "n.onnx")]) == 0
    assert "at most" not in capsys.readouterr().out


def test_a_missing_model_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export_onnx.main(["--model", str(tmp_path / "none.npz")]) == 1
    assert "none.npz" in capsys.readouterr().err
