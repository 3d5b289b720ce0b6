"""What the tests need from outside: MNIST, a browser, fonts.

If one of them is missing, tests that need it are skipped with the reason. With ``CI=true`` they
fail instead, so that a green run has run all tests.
"""

import os
import shutil
from pathlib import Path
from typing import ClassVar

import hypothesis
import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from convnet import datasets
from scripts.clients import gunicorn_process
from server import create_app
from server.classes import DIGITS
from server.input_form import MNIST_FORM
from server.recognizer import Reading
from server.self_test import known_picture
from tests.support.page import browser, desk, open_desk, service, window  # noqa: F401 - fixtures

# No test measures time, so Hypothesis gets no deadline; and it tries the same inputs everywhere.
hypothesis.settings.register_profile(
    "here", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("here")

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI") == "true"
FONTS = {  # folder: Debian package
    "dejavu": "fonts-dejavu",
    "liberation": "fonts-liberation",
    "freefont": "fonts-freefont-ttf",
    "noto": "fonts-noto-core",
}


def find_chromium() -> str | None:
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def missing_mnist() -> str | None:
    try:
        datasets.find(datasets.default_folder())
    except (FileNotFoundError, datasets.DatasetError) as error:
        return f"no MNIST: {error}"
    return None


def missing_browser() -> str | None:
    return None if find_chromium() else "no Chromium: apt install chromium, or set CHROMIUM"


def missing_fonts() -> str | None:
    missing = [name for name in FONTS if not (Path("/usr/share/fonts/truetype") / name).is_dir()]
    return f"no fonts: apt install {' '.join(map(FONTS.get, missing))}" if missing else None


MARKERS = {"mnist": missing_mnist, "browser": missing_browser, "fonts": missing_fonts}


@pytest.hookimpl(tryfirst=True)  # before fixtures need what may be missing
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, missing in MARKERS.items():
        if item.get_closest_marker(marker) and (reason := missing()):
            (pytest.fail if IN_CI else pytest.skip)(reason)


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder that the project was cloned into."""
    return ROOT


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def mnist() -> datasets.Dataset:
    """All of MNIST; for tests marked `mnist`."""
    return datasets.load_mnist()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's executable; for tests marked `browser`."""
    path = find_chromium()
    if path is None:
        pytest.fail("mark a test that drives a browser with `browser`")
    return path


@pytest.fixture
def free_port() -> int:
    """A port of the loopback interface that is free at the moment of the call."""
    return gunicorn_process.free_port()


class ScriptedRecognizer:
    """Takes the place of the network: gives the answer that the test sets, for any input.

    With it, tests of the service need no weights and can see the network's inputs.
    """

    name, version, sha256, file_bytes = "scripted", "1.2.3", "0" * 64, 0
    metadata: ClassVar[dict[str, object]] = {}
    layers: ClassVar[list[object]] = [None]
    classes, form, reads_numbers = DIGITS, MNIST_FORM, True

    def __init__(self, digit: int | None = 7) -> None:
        self.digit = digit
        self.batches: list[int] = []

    def logits(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.tile(np.eye(10)[7 if self.digit is None else self.digit] * 9, (len(inputs), 1))

    def recognize(self, inputs: list[np.ndarray]) -> list[Reading]:
        self.batches.append(len(inputs))
        return self.readings(self.logits(inputs))

    def readings(self, logits: np.ndarray, prior: float = 0.0) -> list[Reading]:
        probabilities = [0.01] * 10
        probabilities[7 if self.digit is None else self.digit] = 0.91
        return [Reading(self.digit, 0.91, probabilities) for _ in logits]


@pytest.fixture
def recognizer() -> ScriptedRecognizer:
    return ScriptedRecognizer()


@pytest.fixture
def app(recognizer: ScriptedRecognizer) -> Flask:
    return create_app({"TESTING": False}, recognizer=recognizer)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def seven() -> bytes:
    """A drawn seven, as a PNG file."""
    return known_picture()
