"""Layers lead to chapter, code and loops; chapters to where they are at work."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from convnet.layers import LAYERS, Layer
from server.learn import chapters, sources
from server.training_room import settings

ANCHOR = re.compile(r'id="([^"]+)"')


def first_line(address):
    """Return the first line that an address marks."""
    parts = urlsplit(address)
    file = parts.path.removeprefix("learn/code/")
    first, last = sources.place(file, parse_qs(parts.query)["show"][0])
    assert first < last
    text = (sources.ROOT / file).read_text()
    return text.splitlines()[first - 1]


@pytest.mark.parametrize("kind", LAYERS.values(), ids=LAYERS)
def test_a_layer_leads_to_its_chapter_and_its_code(kind):
    links = chapters.links_of(kind, kind.loops)
    assert links["chapter"] in {chapter.address for chapter in chapters.chapters().values()}
    assert first_line(links["code"]).startswith(f"class {kind.__name__}(")


@pytest.mark.parametrize("kind", [k for k in LAYERS.values() if k.loops], ids=lambda k: k.__name__)
def test_a_layer_leads_to_its_loops(kind):
    links = chapters.links_of(kind, kind.loops)
    assert first_line(links["loops"]).startswith(f"def {kind.loops}(")


def test_the_chapters_of_some_layers():
    found = {
        name: chapters.links_of(kind, "")["chapter"].split("#")[1] for name, kind in LAYERS.items()
    }
    starts = {"Dense": "6-", "ReLU": "7-", "Conv2D": "8-", "MaxPool2D": "9-", "Flatten": "10-"}
    starts |= {"BatchNorm": "11-", "Dropout": "12-", "Residual": "13-"}
    assert all(found[name].startswith(start) for name, start in starts.items())


def test_a_layer_of_ones_own_has_no_links_but_those_of_its_kind():
    class Mine(Layer):
        """Mine."""

    class Own(LAYERS["Dense"]):
        """Mine, too."""

    assert chapters.links_of(Mine, "") == {}
    assert "code" not in chapters.links_of(Own, "")
    assert chapters.links_of(Own, "")["chapter"].startswith("learn#6-")


def test_chapters_lead_to_the_layers_that_are_served():
    kinds = ["Conv2D", "ReLU", "Conv2D", "Flatten", "Dense"]
    seen = chapters.see([(kind, f"{kind}-{i}") for i, kind in enumerate(kinds)], room=False)
    assert seen[8] == ("Open Conv2D with your digit", "./#layer=Conv2D-0")
    assert seen[3][1] == seen[6][1] == "./#layer=Dense-4"
    assert seen[5][1] == "./#layer=Dense-4&back"
    assert first_line(seen[18][1]).startswith("def check(")
    assert 11 not in seen
    assert not [address for _, address in seen.values() if "train" in address]


def test_what_is_not_served_is_trained(tmp_path):
    seen = chapters.see([("Conv2D", "conv1")], room=True)
    for number, wanted in chapters.ROOM.items():
        text, address = seen[number]
        assert text == "Train it in front of you"
        assert settings.read(wanted).sizes(tmp_path)
        assert unquote(address).startswith("train#{")
    assert seen[12][1] != seen[13][1]
    page, _, part = seen[17][1].partition("#")
    assert page == "train"
    assert f'id="{part}"' in (sources.ROOT / "templates/train.html").read_text()


def test_a_file_leads_back_to_the_chapters_that_lead_to_it():
    numbers = [chapter.number for chapter in chapters.chapters_of_file("convnet/layers/conv.py")]
    assert 8 in numbers
    assert chapters.chapters_of_file("convnet/checks.py") == []


def test_only_what_is_explained_is_shown():
    assert all(name.startswith(tuple(sources.FOLDERS)) for name in sources.files())
    assert "convnet/reference.py" in sources.files()
    assert sources.address("server/config.py", "Config") is None
    for name in ("server/config.py", "convnet/../server/config.py", "/etc/passwd", "convnet"):
        with pytest.raises(KeyError):
            sources.lines(name)
