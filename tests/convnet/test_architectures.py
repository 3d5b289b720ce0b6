"""Every named network is exactly what its name promises, and learns."""

import numpy as np
import pytest

import convnet
from scripts.training.recipes import RECIPES
from tests.support.tiny_digits import tiny_digits

# What each is made of, in the words of those who first wrote it; and the count of its parameters.
CLASSIC = {
    "cnn-from-scratch": ("conv 6@5×5, pool 2/2, dense 10, softmax", 156 + 8_650),
    "cnn-from-scratch-sigmoid": ("conv 6@5×5, sigmoid, pool 2/2, dense 10, softmax", 156 + 8_650),
    "cnn-numpy": ("conv 8@3×3, relu, pool 2/2, dense 10", 80 + 13_530),
    "simple-conv-net": ("conv 8@3×3, relu, dense 10, softmax", 80 + 54_090),
    "zero-vs-one": (
        "conv 5@3×3, sigmoid, reshape 3380, dense 100, sigmoid, dense 2, sigmoid",
        50 + 338_100 + 202,
    ),
    "live-app": (
        "conv 8@5×5, relu, conv 8@5×5, relu, pool 2/2, dense 128, relu, dense 10",
        208 + 1_608 + 102_528 + 1_290,
    ),
    "torch-example": (
        "conv 32@3×3, relu, conv 64@3×3, relu, pool 2/2, dense 128, relu, dense 10",
        320 + 18_496 + 1_179_776 + 1_290,
    ),
}


def in_words(layer: convnet.Layer) -> str | None:
    match layer:
        case convnet.Conv2D(padding="valid", stride=(1, 1), use_bias=True):
            height, width = layer.kernel_size
            return f"conv {layer.filters}@{height}×{width}"
        case convnet.MaxPool2D():
            return f"pool {layer.pool_size}/{layer.stride}"
        case convnet.Dense(use_bias=True):
            return f"dense {layer.units}"
        case convnet.Flatten():
            return None
        case convnet.Reshape():
            return f"reshape {layer.output_shape[0]}"
    return layer.kind


def describe(network: convnet.Sequential) -> str:
    words = (in_words(layer) for layer in network.layers)
    return ", ".join(word for word in words if word)


@pytest.mark.parametrize("name", CLASSIC)
def test_a_classic_is_what_it_was(name: str, rng: np.random.Generator) -> None:
    network = convnet.build(name, rng=rng)
    assert (describe(network), network.parameter_count) == CLASSIC[name]
    assert (network.name, network.input_shape) == (name, (28, 28, 1))


def test_resnet_has_three_stages_of_residual_blocks(rng: np.random.Generator) -> None:
    network = convnet.build("resnet", rng=rng)
    blocks = [layer for layer in network.layers if isinstance(layer, convnet.Residual)]
    assert [block.output_shape for block in blocks] == [(28, 28, 16), (14, 14, 32), (7, 7, 64)]
    assert network.parameter_count < 80_000
    assert network.multiply_adds < 10_000_000


def test_the_served_network_stays_within_its_cost(rng: np.random.Generator) -> None:
    network = convnet.build("digits", rng=rng)
    assert network.output_shape == (10,)
    assert network.multiply_adds <= 40_000_000
    assert network.parameter_count * 4 <= 2_000_000


def test_every_architecture_has_a_recipe() -> None:
    assert RECIPES.keys() == convnet.ARCHITECTURES.keys()


def test_an_unknown_name_is_refused_with_those_that_there_are(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=r"`name` must be one of \['cnn-.*got 'lenet'"):
        convnet.build("lenet", rng=rng)


def test_the_dtype_can_be_chosen(rng: np.random.Generator) -> None:
    network = convnet.build("live-app", rng=rng, dtype=np.float64)
    assert {value.dtype for value in network.arrays.values()} == {np.dtype(np.float64)}


@pytest.mark.parametrize("name", convnet.ARCHITECTURES)
def test_every_architecture_learns_by_its_recipe(name: str) -> None:
    recipe = RECIPES[name]
    network = convnet.build(name, rng=np.random.default_rng(0))
    data = tiny_digits(train=120).train.subset(recipe.digits)
    trainer = recipe.trainer(network, len(data))
    outputs = network.output_shape[0]
    x, labels = data.inputs()[:32], recipe.targets(data.labels[:32], outputs)
    losses = [trainer.step(x, labels) for _ in range(20)]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.9 * losses[0]
