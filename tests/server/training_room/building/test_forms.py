"""Forms show what layers say of themselves."""

import pytest

from convnet.layers import LAYERS
from server.training_room.building import forms
from server.training_room.building.network_text import layers_of


def test_every_kind_is_offered_with_all_of_its_settings():
    kinds = {kind["kind"]: kind for kind in forms.kinds()}
    assert list(kinds) == list(LAYERS)
    settings = {one["name"]: one for one in kinds["Conv2D"]["settings"]}
    assert settings["filters"]["default"] is None
    assert settings["stride"]["default"] == settings["stride"]["start"] == "1"
    assert settings["padding"]["choices"] == ["'valid'", "'same'"]
    assert settings["padding"]["others"]
    assert (settings["use_bias"]["choices"], settings["use_bias"]["others"]) == (
        ["True", "False"],
        False,
    )
    assert "'he_normal'" in settings["initializer"]["choices"]
    assert all(one["about"] for kind in forms.kinds() for one in kind["settings"]), "no docstring"


@pytest.mark.parametrize("name", LAYERS)
def test_a_new_layer_and_its_settings_are_read_again(name):
    kind = next(kind for kind in forms.kinds() if kind["kind"] == name)
    starts = ", ".join(f"{one['name']}={one['start']}" for one in kind["settings"])
    (row,) = forms.rows(layers_of(f"[{name}({starts})]"))
    assert row["kind"] == name
    assert row["settings"].keys() == {one["name"] for one in kind["settings"]}
    values = ", ".join(f"{key}={value}" for key, value in row["settings"].items())
    assert repr(layers_of(f"[{name}({values})]")[0]) == row["layer"]


def test_shapes_are_known_as_far_as_layers_fit():
    rows = forms.rows(layers_of("[Conv2D(8, 5), Conv2D(8, 25), Flatten(), Dense(10)]"))
    assert [row["shape"] for row in rows] == [[24, 24, 8], None, None, None]
    assert [row["parameters"] for row in rows] == [208, 0, 0, 0]
