"""Layers of one network go on in another: with their weights, as copies, frozen or not."""

import numpy as np
import pytest

import convnet
from convnet import (
    Adam,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    ReLU,
    Residual,
    Sequential,
    Trainer,
)
from tests.support.numeric import check_gradient

SHAPE = (8, 8, 2)


@pytest.fixture
def base(rng: np.random.Generator) -> Sequential:
    """A network that was trained a little."""
    layers = [
        Conv2D(4, 3, use_bias=False),
        BatchNorm(),
        ReLU(),
        MaxPool2D(2),
        Residual([Conv2D(4, 3, padding=1), BatchNorm(), Dropout(0.1)]),
        Flatten(),
        Dense(3),
    ]
    network = Sequential(layers, SHAPE, rng=rng)
    train(network, rng, classes=3)
    return network


def train(network: Sequential, rng: np.random.Generator, classes: int, steps: int = 3) -> None:
    trainer = Trainer(network, optimizer=Adam(1e-2), clip_norm=1.0, average=0.9)
    for _ in range(steps):
        x = rng.random((12, *network.input_shape), np.float32)
        trainer.step(x, rng.integers(0, classes, 12))


def copies(network: Sequential) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in network.arrays.items()}


def changed(network: Sequential, before: dict[str, np.ndarray]) -> set[str]:
    return {name for name, a in network.arrays.items() if not np.array_equal(a, before[name])}


def test_layers_bring_their_weights_and_leave_their_network_alone(
    base: Sequential, rng: np.random.Generator
) -> None:
    before, names = copies(base), [layer.name for layer in base.layers]
    new = Sequential([*base.layers[:-1], Dense(5)], SHAPE, rng=rng)
    assert new.output_shape == (5,)
    for name, array in new.arrays.items():
        if not name.startswith("dense"):
            np.testing.assert_array_equal(array, before[name])
    train(new, rng, classes=5)
    assert changed(base, before) == set()
    assert [layer.name for layer in base.layers] == names
    x = rng.random((4, *SHAPE), np.float32)
    np.testing.assert_array_equal(
        base.forward(x), Sequential(base.layers, SHAPE, rng=rng).forward(x)
    )


def test_built_layers_go_into_a_residual_block(base: Sequential, rng: np.random.Generator) -> None:
    before = copies(base)
    new = Sequential([Residual([*base.layers[:1], Conv2D(4, 3, padding=2)])], SHAPE, rng=rng)
    np.testing.assert_array_equal(new.params["residual1.conv1.w"], before["conv1.w"])
    train(Sequential([*new.layers, Flatten(), Dense(2)], SHAPE, rng=rng), rng, classes=2)
    assert changed(base, before) == set()


def test_layers_without_weights_of_a_size_take_other_inputs(
    base: Sequential, rng: np.random.Generator
) -> None:
    new = Sequential([*base.layers[:-1], Dense(3)], (12, 10, 2), rng=rng)
    np.testing.assert_array_equal(new.params["conv1.w"], base.params["conv1.w"])
    reason = r"layer 6 \(dense1.*has weights w of shape \(36, 3\).*need \(80, 3\)"
    with pytest.raises(ValueError, match=reason):
        Sequential(base.layers, (12, 10, 2), rng=rng)
    assert base.layers[-1].input_shape == (36,)


def test_a_frozen_layer_stays_as_it_is(base: Sequential, rng: np.random.Generator) -> None:
    before = copies(base)
    base.layers[4].trainable = False
    train(base, rng, classes=3)
    frozen = {name for name in before if name.startswith("residual1")}
    assert changed(base, before) == before.keys() - frozen
    assert base.trainable_params.keys() == base.params.keys() - frozen
    assert "conv1: Conv2D(4, (3, 3), padding=1), frozen" in base.summary()
    base.layers[4].trainable = True
    train(base, rng, classes=3)
    assert changed(base, before) == before.keys()


def test_frozen_layers_at_the_front_are_not_run_back(
    base: Sequential, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = copies(base)
    for layer in base.layers[:-1]:
        layer.trainable = False

    def backward(self: object, dout: object) -> None:
        raise AssertionError("is not needed")

    monkeypatch.setattr(Conv2D, "backward", backward)
    train(base, rng, classes=3)
    assert changed(base, before) == {"dense1.w", "dense1.b"}
    with pytest.raises(RuntimeError, match="backward needs"):  # and their memory is free
        base.layers[2].backward(np.zeros((12, 6, 6, 4)))


def test_nothing_to_train_is_no_error(base: Sequential, rng: np.random.Generator) -> None:
    before = copies(base)
    for layer in base.layers:
        layer.trainable = False
    train(base, rng, classes=3)
    assert changed(base, before) == set()


def test_a_frozen_batch_norm_is_what_it_is_when_serving(rng: np.random.Generator) -> None:
    norm = BatchNorm()
    norm.build((3, 3, 2), rng, np.float64)
    for array in (*norm.params.values(), *norm.state.values()):
        array[...] = rng.uniform(0.5, 2, array.shape)
    norm.trainable = False
    x, dout = rng.normal(size=(4, 3, 3, 2)), rng.normal(size=(4, 3, 3, 2))
    np.testing.assert_array_equal(norm.forward(x, training=True), norm.forward(x))
    dx = norm.backward(dout)
    check_gradient(lambda x: float(np.vdot(norm.forward(x), dout)), x, dx, rng)


def test_a_network_for_digits_learns_other_classes(rng: np.random.Generator) -> None:
    base = convnet.load_pretrained("digits")
    reader = Sequential([*base.layers[:-1], Dense(26)], base.input_shape, rng=rng)
    assert reader.predict(np.zeros((1, 28, 28, 1), np.float32)).shape == (1, 26)
