"""`Layer.config` makes the same layer again, here and from a file."""

import json
from functools import partial

import numpy as np
import pytest

import convnet
from convnet import initializers
from convnet.layers import Conv2D, Dense

WEIGHTED = [(partial(Conv2D, 4, 3), (6, 6, 2)), (partial(Dense, 4), (5,))]
with_weights = pytest.mark.parametrize(("make", "shape"), WEIGHTED)


def weights(layer, shape):
    layer.build(shape, np.random.default_rng(0))
    return layer.params["w"]


@with_weights
@pytest.mark.parametrize("initializer", ["glorot_uniform", initializers.glorot_uniform])
def test_the_same_weights_are_drawn_again(make, shape, initializer):
    layer = make(initializer=initializer)
    config = json.loads(json.dumps(layer.config()))
    assert config["initializer"] == "glorot_uniform"
    again = type(layer)(**config)
    np.testing.assert_array_equal(weights(again, shape), weights(layer, shape))
    assert not np.array_equal(weights(make(), shape), weights(layer, shape))
    assert "initializer='glorot_uniform'" in repr(layer)


@with_weights
def test_a_function_without_a_name_is_left_out(make, shape):
    """A file cannot hold it, and weights that are read do not depend on it."""
    layer = make(initializer=partial(initializers.normal, std=3.0))
    assert np.abs(weights(layer, shape)).max() > 2
    assert "initializer" not in json.loads(json.dumps(layer.config()))
    np.testing.assert_array_equal(
        weights(type(layer)(**layer.config()), shape), weights(make(), shape)
    )


def test_a_loaded_network_starts_again_as_it_did(tmp_path):
    rng = np.random.default_rng
    layers = [
        Conv2D(2, 3, initializer="he_uniform"),
        convnet.Flatten(),
        Dense(3, initializer=partial(initializers.normal, std=3.0)),
    ]
    network = convnet.Sequential(layers, (5, 5, 1), rng=rng(0))
    network.save(tmp_path / "network.npz")
    loaded = convnet.load(tmp_path / "network.npz")
    for name, value in network.params.items():
        np.testing.assert_array_equal(loaded.params[name], value)
    assert [layer.config() for layer in loaded.layers[:2]] == [
        layer.config() for layer in layers[:2]
    ]
    assert loaded.layers[2].config()["initializer"] == "he_normal"
