"""Pasted Python is taken apart, never run."""

import pytest

from convnet.layers import Conv2D, Dense, Residual
from server.training_room.building.network_text import layers_of


def test_networks_are_read_as_python_would():
    text = """net = convnet.Sequential([
        Conv2D(8, 5, padding=1, initializer="glorot_uniform"),  # a comment
        Residual([Conv2D(8, kernel_size=(3, 3), padding=1), BatchNorm()]),
        LeakyReLU(-0.5 ), Flatten(), Dense(10, use_bias=False),
    ], (28, 28, 1), rng=rng)"""
    layers = layers_of(text.replace("-0.5 ", "0.5"))
    assert [type(layer).__name__ for layer in layers] == [
        *("Conv2D", "Residual", "LeakyReLU", "Flatten", "Dense")
    ]
    assert isinstance(layers[0], Conv2D)
    assert (layers[0].filters, layers[0].initializer) == (8, "glorot_uniform")
    assert isinstance(layers[1], Residual)
    assert isinstance(layers[-1], Dense)
    assert not layers[-1].use_bias
    assert len(layers_of("[Flatten(), Dense(10)]")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch /tmp/hacked')",
        "[__import__('os').system('touch /tmp/hacked')]",
        "Sequential([Conv2D(open('/tmp/hacked', 'w'), 3)])",
        "Sequential([Dense(10 ** 10 ** 10)])",
        "Sequential([Dense(*[10])])",
        "Sequential([Dense(**{'units': 10})])",
        "Sequential([Dense(units=(lambda: 10)())])",
        "Sequential([Dense(f'{1}')])",
        "Sequential([Dense(10, initializer=print)])",
        "Sequential([Layer()])",
        "Sequential([convnet.layers.os.system('x')])",
        "Sequential([a.b.Dense(10)])",
        "Sequential([Dense(10)]); import os",
        "import os",
        "Sequential([x for x in ()])",
        "Sequential([])",
        "Sequential()",
        "",
        "Sequential([Dense(1j)])",
        "Sequential([Dense(b'x')])",
        "Sequential([Dense(...)])",
        "Sequential([Dense(-'a')])",
        "Sequential([Dense('ten')])",
        "Sequential([Dense()])",
        "Sequential([Dense(10, colour=3)])",
        "Sequential([Residual(3)])",
        "Sequential([Residual([3])])",
        "Sequential([Conv2D(8, [])])",
        "Sequential([Conv2D(8, [[3]])])",
        "Sequential([Reshape(-1)])",
        "Sequential([Dense(10)",
        "\0",
        "(" * 500,
        "[" * 9000,
        "-" * 9000 + "1",
        "[" + "Residual([" * 90 + "ReLU()" + "])" * 90 + "]",
        "[" + "ReLU()," * 65 + "]",
        "x" * 10_001,
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        layers_of(text)
