"""Networks as files: what is saved comes back, what does not fit is refused by file and reason."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convnet
from convnet.layers import LAYERS, Layer, chain
from convnet.storage.npz import ArrayFile, save_arrays
from tests.support.memory import memory_limit

EVERY_LAYER: list[Layer] = [
    convnet.Conv2D(4, 3, padding=1, stride=(2, 1), mode="convolution"),
    convnet.BatchNorm(momentum=0.8, epsilon=1e-3),
    convnet.LeakyReLU(0.2),
    convnet.MaxPool2D(2, 1),
    convnet.Conv2D(3, (2, 3), padding="same", use_bias=False),
    convnet.Residual([convnet.Conv2D(7, 3, padding=1), convnet.BatchNorm(), convnet.GELU()]),
    convnet.Concatenate([[], [convnet.Upsample2D(2), convnet.SiLU(), convnet.MaxPool2D(2)]]),
    convnet.Concatenate([[convnet.Residual([convnet.LayerNorm()])], [convnet.Tanh()]]),
    convnet.Conv2D(3, 1),
    convnet.AveragePool2D(2),
    convnet.ReLU(),
    convnet.Reshape((3, 9)),
    convnet.Dropout(0.25),
    convnet.Flatten(),
    convnet.Sigmoid(),
    convnet.Reshape((3, 3, 3)),
    convnet.GlobalAveragePool2D(),
    convnet.Dense(10, use_bias=False),
    convnet.Softmax(),
]


@pytest.fixture
def network(rng: np.random.Generator) -> convnet.Sequential:
    layers = [type(layer)(**layer.config()) for layer in EVERY_LAYER]
    network = convnet.Sequential(layers, (14, 7, 2), rng=rng, name="every-layer")
    network.metadata = {"accuracy": 0.5, "training": {"seed": 0, "digits": None}}
    for norm in network.layers[1:2]:
        norm.state["mean"][...] = rng.normal(size=4)
        norm.state["var"][...] = rng.random(4) + 0.5
    return network


def test_every_layer_is_in_it(network: convnet.Sequential) -> None:
    assert {type(layer).__name__ for _, layer in chain.walk(network.layers)} == set(LAYERS)


def test_a_network_comes_back(
    network: convnet.Sequential, tmp_path: Path, rng: np.random.Generator
) -> None:
    network.save(tmp_path / "network.npz")
    loaded = convnet.load(tmp_path / "network.npz")
    x = rng.random((5, 14, 7, 2), np.float32)
    np.testing.assert_array_equal(loaded.predict(x), network.predict(x))
    assert [repr(layer) for layer in loaded.layers] == [repr(layer) for layer in network.layers]
    assert (loaded.name, loaded.input_shape) == ("every-layer", (14, 7, 2))
    assert loaded.metadata == network.metadata
    for name, array in network.arrays.items():
        np.testing.assert_array_equal(loaded.arrays[name], array, strict=True)


@pytest.mark.parametrize("name", convnet.ARCHITECTURES)
def test_every_architecture_comes_back(name: str, tmp_path: Path, rng: np.random.Generator) -> None:
    network = convnet.build(name, rng=rng)
    network.save(tmp_path / "network.npz")
    loaded = convnet.load(tmp_path / "network.npz")
    assert loaded.name == name
    assert loaded.summary() == network.summary()


def test_loaded_networks_can_be_trained(network: convnet.Sequential, tmp_path: Path) -> None:
    network.save(tmp_path / "network.npz")
    loaded = convnet.load(tmp_path / "network.npz")
    x, labels = np.zeros((3, 14, 7, 2), np.float32), np.arange(3)
    assert convnet.Trainer(loaded).step(x, labels) > 0


def test_half_precision_halves_the_file(network: convnet.Sequential, tmp_path: Path) -> None:
    network.save(tmp_path / "half.npz", dtype=np.float16)
    loaded = convnet.load(tmp_path / "half.npz")
    for name, array in network.arrays.items():
        assert loaded.arrays[name].dtype == np.float32
        np.testing.assert_array_equal(loaded.arrays[name], array.astype(np.float16))


def test_metadata_must_be_json(network: convnet.Sequential, tmp_path: Path) -> None:
    network.metadata["accuracy"] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        network.save(tmp_path / "network.npz")
    assert not list(tmp_path.iterdir())


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        convnet.load(tmp_path / "none.npz")


def nested(levels: int) -> list[Any]:
    return [nested(levels - 1)] if levels else []


Change = Callable[[dict[str, Any], dict[str, np.ndarray]], None]

REFUSED: dict[str, tuple[Change, str]] = {
    "another format": (lambda d, a: d.update(format=99), "format 99 is not 1"),
    "no format": (lambda d, a: d.pop("format"), "format None"),
    "unknown layer": (lambda d, a: d["layers"][0].update(type="Attention"), "'Attention'"),
    "unknown argument": (lambda d, a: d["layers"][0].update(flavour=2), "flavour"),
    "bad argument": (lambda d, a: d["layers"][0].update(filters=0), "filters"),
    "no layers": (lambda d, a: d.update(layers=[]), r"holds \d+ arrays, its layers need 0"),
    "layers of text": (lambda d, a: d.update(layers=["Dense"]), "items"),
    "no metadata": (lambda d, a: d.pop("metadata"), "metadata"),
    "metadata of text": (lambda d, a: d.update(metadata="good"), "dictionary"),
    "other input": (lambda d, a: d.update(input_shape=[14, 7, 3]), "do not fit"),
    "flat input": (lambda d, a: d.update(input_shape=[98]), "expects images"),
    "input of text": (lambda d, a: d.update(input_shape=["a", "b", "c"]), "positive int, got 'a'"),
    "input of -1": (lambda d, a: d.update(input_shape=[-1, 1.5]), "positive int, got -1"),
    "input of parts": (lambda d, a: d.update(input_shape=[14, 7.5, 2]), "positive int, got 7.5"),
    "input of truth": (lambda d, a: d.update(input_shape=[14, 7, True]), "positive int, got True"),
    "input without end": (lambda d, a: d.update(input_shape=[9] * 40), "must be 1 to 3"),
    "input of text alone": (lambda d, a: d.update(input_shape="abc"), "must be 1 to 3"),
    "huge input": (lambda d, a: d.update(input_shape=[9**5, 9**5, 2]), "too much to be run"),
    "huge output": (lambda d, a: d["layers"][0].update(padding=10**9), "too much to be run"),
    "many layers": (lambda d, a: d.update(layers=[{"type": "ReLU"}] * 10_001), "10,001 layers"),
    "layer without type": (lambda d, a: d["layers"][0].pop("type"), "type"),
    "layer of a list": (lambda d, a: d["layers"][0].update(type=["Dense"]), "unknown layer"),
    "deep metadata": (lambda d, a: d["metadata"].update(x=nested(100)), "more than 64 deep"),
    "NaN in it": (lambda d, a: d["metadata"].update(x=math.nan), "NaN, which is no finite"),
    "weights of NaN": (lambda d, a: a["conv2.w"].fill(math.nan), "conv2.w holds .* not finite"),
    "weights too large": (lambda d, a: a.update({"conv1.b": np.full(4, 1e300)}), "not finite"),
    "complex weights": (lambda d, a: a.update({"conv1.b": np.zeros(4, "c8")}), "hold numbers"),
    "dates as weights": (lambda d, a: a.update({"conv1.b": np.zeros(4, "M8[D]")}), "hold numbers"),
    "weights of ints": (lambda d, a: a.update({"conv1.b": np.zeros(4, int)}), "floating-point"),
    "array left out": (lambda d, a: a.pop("conv1.b"), r"holds \d+ arrays, its layers need"),
    "array too many": (lambda d, a: a.update(v=np.zeros(4)), r"holds \d+ arrays, its layers need"),
    "array renamed": (lambda d, a: a.update(v=a.pop("conv1.b")), "conv1.b"),
    "other shape": (lambda d, a: a.update({"conv1.b": np.zeros(5)}), r"conv1.b \(5,\)"),
    "shapes swapped": (
        lambda d, a: a.update({"conv1.b": a["conv2.w"], "conv2.w": a["conv1.b"]}),
        "conv1.b has shape",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(
    case: str, network: convnet.Sequential, tmp_path: Path
) -> None:
    change, reason = REFUSED[case]
    path = tmp_path / "changed.npz"
    network.save(path)
    arrays = ArrayFile(path).read_all()
    description = json.loads(arrays.pop("network").tobytes())
    change(description, arrays)
    packed = np.frombuffer(json.dumps(description).encode(), np.uint8)
    save_arrays(path, {"network": packed} | arrays)
    with pytest.raises(ValueError, match=rf"changed\.npz: .*{reason}"):
        convnet.load(path)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b"\xff", b"1e999", b"[" * 200_000, b'{"a":' * 200_000, b"9" * 9999],
)
def test_a_description_that_is_none_is_refused(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "described.npz"
    save_arrays(path, {"network": np.frombuffer(text, np.uint8)})
    with pytest.raises(ValueError, match=r"described\.npz"):
        convnet.load(path)


@pytest.mark.parametrize("packed", [np.zeros(9), np.full(5 << 20, ord(" "), np.uint8)])
def test_a_description_of_other_numbers_is_refused(packed: np.ndarray, tmp_path: Path) -> None:
    save_arrays(tmp_path / "described.npz", {"network": packed})
    with pytest.raises(ValueError, match=r"described\.npz: expected at most 4,194,304 bytes"):
        convnet.load(tmp_path / "described.npz")


def test_what_could_not_be_read_again_is_not_written(
    network: convnet.Sequential, tmp_path: Path
) -> None:
    network.metadata["diary"] = "a" * (5 << 20)
    with pytest.raises(ValueError, match=r"as JSON it takes 5,24.* bytes, limit 4,194,304"):
        network.save(tmp_path / "network.npz")
    assert not list(tmp_path.iterdir())


def test_absurd_sizes_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    layers = [{"type": "Dense", "units": 10**7}]  # 4 TB of weights
    description = {"format": 1, "name": "huge", "input_shape": [10**5], "layers": layers}
    packed = np.frombuffer(json.dumps(description | {"metadata": {}}).encode(), np.uint8)
    save_arrays(tmp_path / "huge.npz", {"network": packed, "w": np.zeros(1), "b": np.zeros(1)})
    with memory_limit(1 << 24), pytest.raises(ValueError, match="do not fit"):
        convnet.load(tmp_path / "huge.npz")


def test_an_archive_of_something_else_is_no_network(tmp_path: Path) -> None:
    save_arrays(tmp_path / "other.npz", {"a": np.zeros(3)})
    with pytest.raises(
        ValueError, match=r"^\S+other\.npz: no network that `Sequential.save` wrote$"
    ):
        convnet.load(tmp_path / "other.npz")


def test_the_shipped_network_is_found_by_name() -> None:
    network = convnet.load_pretrained("digits")
    assert network.name == "digits"
    assert network.output_shape == (10,)


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"`name` must be one of \['digits'\], got 'letters'"):
        convnet.load_pretrained("letters")


def test_convolutions_alone_take_pictures_of_another_size(rng: np.random.Generator) -> None:
    layers = [convnet.Conv2D(3, 3), convnet.BatchNorm(), convnet.Reshape((-1, 3))]
    network = convnet.Sequential(layers, (6, 6, 1), rng=rng)
    network.metadata = {"accuracy": 0.5}
    larger = convnet.with_input_shape(network, (6, 11, 1))
    x = rng.random((2, 6, 11, 1), np.float32)
    out = larger.forward(x).reshape(2, 4, 9, 3)
    for left in range(6):  # what it does at a place does not depend on the rest
        part = network.forward(x[:, :, left : left + 6]).reshape(2, 4, 4, 3)
        np.testing.assert_allclose(out[:, :, left : left + 4], part, rtol=1e-5, atol=1e-6)
    assert larger.metadata == network.metadata
    larger.set_arrays({name: array + 1 for name, array in larger.arrays.items()})
    assert not np.array_equal(network.arrays["conv1.w"], larger.arrays["conv1.w"])


def test_weights_that_depend_on_the_size_are_refused(rng: np.random.Generator) -> None:
    network = convnet.Sequential([convnet.Flatten(), convnet.Dense(3)], (4, 4, 1), rng=rng)
    with pytest.raises(ValueError, match=r"dense1.w has shape \(16, 3\), expected \(20, 3\)"):
        convnet.with_input_shape(network, (4, 5, 1))
