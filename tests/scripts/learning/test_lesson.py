"""What the lessons say happens, happens: their runs, trained by the room's own code."""

from urllib.parse import unquote

import numpy as np
import pytest

from convnet.datasets import Dataset, Split
from scripts.learning import lesson
from scripts.synthesis.dataset import training_set
from server.learn import chapters
from server.training_room import settings
from tests.conftest import missing_mnist
from tests.support.tiny_digits import write_idx

ENOUGH = 5000
FILES = {path.name[0]: path for path in lesson.lessons()}


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory):
    """MNIST if it is there; digits that the project writes if not."""
    if missing_mnist() is None:
        yield
        return
    drawn = training_set(3000, np.random.default_rng(0), {"handwriting": 1.0})
    parts = (slice(2400), slice(2400, None))
    splits = [Split(drawn.images[part], drawn.labels[part].astype(np.uint8)) for part in parts]
    folder = write_idx(tmp_path_factory.mktemp("written"), Dataset(*splits))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVNET_DATA_DIR", str(folder))
        yield


def train(number):
    """Train every run of a lesson, on few pictures."""
    return [
        lesson.train(wanted | {"pictures": min(wanted["pictures"], ENOUGH)})
        for wanted in lesson.runs(FILES[number]).values()
    ]


def test_a_linear_classifier_gets_far_and_no_further():
    (linear,) = train("1")
    assert 0.85 < linear.held_out < 0.94


def test_a_hidden_layer_adds_something_only_with_a_relu():
    with_relu, without = train("2")
    assert with_relu.held_out > without.held_out + 0.01
    assert without.held_out < 0.95


def test_convolution_makes_more_of_few_pictures():
    dense, convolution = train("3")
    assert min(dense.training, convolution.training) > 0.98
    assert 1 - convolution.held_out < 0.85 * (1 - dense.held_out)


def test_rates_may_be_too_small_and_too_large():
    small, right, large = train("4")
    assert right.held_out > 0.8
    assert small.held_out < 0.3
    assert large.held_out < 0.2
    assert large.held_loss == pytest.approx(2.3, abs=0.1)
    assert large.gradients[0] == 0 < right.gradients[0]


def test_ten_pictures_are_learnt_by_heart_and_more_pictures_help_most():
    alone, dropout, augmented, more = train("5")
    assert alone.training > 0.95
    assert alone.held_out < 0.6
    assert alone.held_loss > 10 * alone.training_loss
    assert abs(dropout.held_out - alone.held_out) < 0.1
    assert augmented.held_out > alone.held_out + 0.015
    assert augmented.training < alone.training
    assert more.held_out > augmented.held_out + 0.2


def test_ten_sigmoids_learn_only_with_batchnorm_or_skips():
    plain, normalised, skips = train("6")
    assert plain.held_out < 0.2
    assert plain.gradients[0] < 1e-5 * plain.gradients[-1]
    for mended in (normalised, skips):
        assert mended.held_out > 0.7
        assert mended.gradients[0] > 0.01 * mended.gradients[-1]


@pytest.mark.parametrize("number", FILES)
def test_a_lesson_says_what_to_predict_do_and_see_and_why(number, tmp_path):
    text = FILES[number].read_text()
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## Predict", "## Do", "## See", "## Why"]
    assert "how-it-works.md#" in text
    wanted = lesson.runs(FILES[number])
    assert text.count("/train#") == len(wanted)
    for one in wanted.values():
        assert settings.read(one).sizes(tmp_path)


def test_there_are_six_lessons_and_they_are_served():
    assert list(FILES) == list("123456")
    names = {name.removeprefix("learn/lessons/") for name in chapters.documents()}
    assert {f"{path.stem}.html" for path in FILES.values()} <= names


def test_the_command_says_how_each_run_ends(monkeypatch, capsys):
    ended = lesson.Outcome(0.9, 0.8, 0.3, 0.5, [0.1, 0.2])
    monkeypatch.setattr(lesson, "train", lambda wanted: ended)
    assert lesson.main(["2"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("hidden layer with ReLU: 90.0% of held-out pictures right (loss 0.3)")
    assert second.startswith("hidden layer without ReLU: ")


def test_without_data_the_command_says_so(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CONVNET_DATA_DIR", str(tmp_path))
    assert lesson.main(["1"]) == 1
    assert capsys.readouterr().err.startswith("lesson.py: ")


def test_the_links_are_those_that_the_page_makes():
    text = FILES["1"].read_text()
    assert unquote(lesson.ROOM.search(text)[2]).startswith('{"python": "[Flatten(), Dense(10)]"')
