import io
import os
import subprocess
import sys

import pytest
from PIL import Image

from server import create_app
from server.classes import Classes
from server.self_test import KNOWN_DIGIT, known_picture
from tests.support.http import problem
from tests.support.live import ROOT


def test_the_process_lives_without_a_network(client, recognizer):
    recognizer.recognize = None
    response = client.get("/livez")
    assert (response.status_code, response.get_json()) == (200, {"status": "alive"})


def test_ready_once_the_known_picture_is_read_correctly(client, recognizer):
    recognizer.digit = 3
    response = client.get("/readyz")
    problem(response, 503, "not_ready")
    assert response.headers["Retry-After"] == "1"
    recognizer.digit = KNOWN_DIGIT
    assert client.get("/readyz").get_json() == {"status": "ready"}


def test_a_network_that_knows_other_digits_is_ready_once_it_answers(client, recognizer):
    recognizer.classes = Classes.read([3, 8], (2,))
    recognizer.digit = 3
    assert client.get("/readyz").get_json() == {"status": "ready"}


def test_readiness_is_proven_once(client, recognizer):
    client.get("/readyz")
    client.get("/readyz")
    assert recognizer.batches == [1]


def test_the_known_picture_is_ours_and_drawn():
    picture = Image.open(io.BytesIO(known_picture()))
    assert picture.size == (280, 280)
    assert picture.getextrema() == (0, 255)


def test_the_shipped_network_is_ready():
    response = create_app().test_client().get("/readyz")
    assert response.status_code == 200


# As small as settings can be: no picture of a client would pass.
TINY = {
    "MAX_BODY_BYTES": 1,
    "MAX_PIXELS": 1,
    "MAX_WEBP_PIXELS": 1,
    "MAX_DECODED_BYTES": 1,
    "MAX_TOTAL_PIXELS": 1,
    "MAX_IMAGES": 1,
    "MAX_MARKS": 1,
    "MAX_INPUTS": 1,
}


@pytest.mark.parametrize("limits", [{"MAX_PIXELS": 50_000}, TINY], ids=["MAX_PIXELS", "all"])
@pytest.mark.parametrize("path", ["/readyz", "/openapi.json", "/docs"])
def test_limits_of_clients_do_not_hold_for_pictures_of_the_service(limits, path):
    assert create_app(limits).test_client().get(path).status_code == 200


def test_a_picture_is_read_before_workers_are_made():
    code = "import wsgi; print(wsgi.app.extensions['services'].readiness.proven.is_set())"
    environ = os.environ | {"MAX_PIXELS": "1000"}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert run.stdout == "True\n"
