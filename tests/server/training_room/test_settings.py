"""Settings are checked, and what would take too much is refused before it is made."""

import base64
from pathlib import Path

import pytest

from server.training_room.settings import SettingError, Settings, read

INK = base64.b64encode(bytes(range(196)) * 4).decode()


def test_what_is_left_out_is_by_default():
    assert read({}) == Settings()
    some = Settings(rate=0.5, digits=(1, 7), drawings={"A": (INK, INK)}, base="digits")
    assert read(some.as_json()) == some


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("network", value) for value in ("none", 3, None, ["live-app"])],
        *[("rate", value) for value in (-1, "1", True, None, 1e9)],
        *[("batch", value) for value in (0, 1025, 2.0, True)],
        *[("digits", value) for value in ([], [1], [1, 1], [0, 10], "01", [0, True])],
        *[("optimizer", "lion"), ("loss", 1), ("schedule", ""), ("python", 7)],
        *[("base", value) for value in ("../runs", "0" * 11, 3)],
        *[("drawings", value) for value in ([], {"A": []}, {"A": ["AAAA"] * 2}, {"": [INK] * 2})],
        *[("drawings", value) for value in ({"A": INK}, {"A": [INK]}, {"A\n": [INK] * 2})],
        *[("augmentation", 1), ("seed", -1), ("minutes", 31), ("epochs", 101), ("colour", "red")],
    ],
)
def test_other_values_are_refused_by_name(name, value):
    with pytest.raises(SettingError) as caught:
        read({name: value})
    assert caught.value.field == name
    with pytest.raises(SettingError):
        read([name])


@pytest.mark.parametrize(
    ("python", "reason"),
    [
        ("[Flatten(), Dense(10000), Dense(10)]", "parameters"),
        ("[Conv2D(999999999999999999999, 3), Flatten(), Dense(10)]", "numbers here are at most"),
        ("[Conv2D(1, 3, dilation=-99999), Flatten(), Dense(10)]", "numbers here are at most"),
        ("[Residual([Upsample2D(700), MaxPool2D(700)]), Flatten(), Dense(10)]", "MB"),
        (f"[{7 * 'Residual(['}ReLU(){7 * '])'}, Flatten(), Dense(10)]", "6 deep"),
        ("[Upsample2D(1000), Upsample2D(1000), Flatten(), Dense(10)]", "parameters"),
        ("[Upsample2D(1000), GlobalAveragePool2D(), Dense(10)]", "MB"),
        ("[Conv2D(200, 5), Conv2D(200, 5), GlobalAveragePool2D(), Dense(10)]", "multiply-adds"),
        ("[Conv2D(8, 29), Flatten(), Dense(10)]", "layer 0"),
        ("[Dense(10)]", "layer 0"),
        ("[Conv2D(8, 5)]", "end in"),
    ],
)  # fmt: skip
def test_what_does_not_fit_or_takes_too_much_is_refused_with_the_reason(python, reason):
    with pytest.raises(SettingError, match=reason) as caught:
        Settings(python=python).sizes(Path())
    assert caught.value.field == "python"


def test_networks_must_suit_digits_and_loss():
    with pytest.raises(SettingError, match="outputs"):
        Settings(network="zero-vs-one").sizes(Path())
    assert Settings(network="zero-vs-one", digits=(0, 1), loss="mean-squared-error").sizes(Path())
    with pytest.raises(SettingError, match="Softmax"):
        Settings(network="cnn-from-scratch", loss="mean-squared-error").sizes(Path())
    with pytest.raises(SettingError, match="Sigmoid"):
        Settings(loss="binary-cross-entropy").sizes(Path())
    sizes = Settings().sizes(Path())
    assert [size.shape for size in sizes][-3:] == [(128,), (128,), (10,)]
    assert sum(size.parameters for size in sizes) == 105_634


def test_own_kinds_are_classes_beside_the_digits():
    drawings = {"A": [INK] * 2, "7": [INK] * 2}
    assert read({"drawings": drawings, "digits": [3, 7]}).classes == ("3", "7", "A")
    assert read({"drawings": drawings, "digits": []}).classes == ("A", "7")
    with pytest.raises(SettingError, match="two"):
        read({"drawings": {"A": [INK] * 2}, "digits": []})
    sizes = read({"drawings": drawings, "digits": [3, 7]}).sizes(Path())
    assert sizes[-1].shape == (3,)
    with pytest.raises(SettingError, match=r"end in Dense\(2\)"):
        read({"drawings": drawings, "digits": [], "python": "[Flatten(), Dense(10)]"}).sizes(Path())


def test_a_head_is_put_on_trained_layers():
    layers = read({"base": "digits", "drawings": {"A": [INK] * 2}}).layers(Path())
    assert [layer.trainable for layer in layers].count(True) == 1
    assert repr(layers[-1]) == "Dense(11)"
    with pytest.raises(SettingError, match="no such run"):
        read({"base": "0" * 12}).sizes(Path())
