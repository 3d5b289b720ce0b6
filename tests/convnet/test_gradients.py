"""The public check of gradients passes right layers and names what is wrong in others."""

import numpy as np
import pytest

import convnet
from convnet import gradients
from tests.support.layer_cases import CASES, RANDOM

FIRST_OF_KIND = list({type(case.make()): case for case in reversed([*CASES, *RANDOM])}.values())


@pytest.mark.parametrize("case", FIRST_OF_KIND, ids=lambda case: type(case.make()).__name__)
def test_every_kind_of_layer_passes(case):
    layer = case.make()
    errors = convnet.gradients.check(layer, case.shape)
    assert set(errors) == {"x", *case.build().params}
    assert max(errors.values()) < 1e-6
    assert not layer.built


def test_a_layer_of_a_network_is_checked_as_it_is_and_not_changed(rng):
    network = convnet.build("resnet", rng=rng, input_shape=(8, 8, 1))
    before = {name: array.copy() for name, array in network.arrays.items()}
    gradients.check(network.layers[5])
    for name, array in network.arrays.items():
        np.testing.assert_array_equal(array, before[name])


class Wrong(convnet.Dense):
    """A Dense with a mistake."""

    def __init__(self, units, mistake):
        super().__init__(units)
        self.mistake = mistake

    def backward(self, dout):
        dx = super().backward(dout)
        if self.mistake == "dw[2, 1]":
            self.grads["w"][2, 1] *= 1.001
        elif self.mistake == "db":
            self.grads["b"] = dout[0]
        elif self.mistake == "dx":
            dx = dx * np.nan
        elif self.mistake == "dw has shape":
            self.grads["w"] = self.grads["w"].T
        elif self.mistake == "`grads` has":
            del self.grads["b"]
        return dx


@pytest.mark.parametrize("mistake", ["dw[2, 1]", "db", "dx", "dw has shape", "`grads` has"])
def test_mistakes_are_named(mistake):
    with pytest.raises(AssertionError) as caught:
        gradients.check(Wrong(4, mistake), (3,))
    assert str(caught.value).startswith(f"dense: {mistake}")


def test_a_layer_that_was_not_built_needs_a_shape():
    with pytest.raises(ValueError, match="`input_shape` is needed"):
        gradients.check(convnet.Dense(3))


def test_a_gradient_of_nothing_has_no_error():
    """BatchNorm takes away what a bias before it adds: its derivative is 0, but for rounding."""
    layer = convnet.Residual([convnet.Conv2D(4, 3, padding=1), convnet.BatchNorm()])
    assert max(gradients.check(layer, (6, 6, 4)).values()) < 1e-5
