"""Every example of docs/api.md is run against a live service."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests.support.live import serve

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "127.0.0.1:8000"
BLOCKS = re.findall(
    r"^```(sh|python|js)\n(.*?)^```$", (ROOT / "docs/api.md").read_text(), re.M | re.S
)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("service"), WEB_CONCURRENCY=1) as running:
        yield running


@pytest.fixture
def folder(tmp_path, seven):
    """A folder with the pictures that the examples name."""
    digit = Image.open(io.BytesIO(seven))
    digit.save(tmp_path / "digit.png")
    number = Image.new("L", (560, 280), 255)
    number.paste(digit, (0, 0))
    number.paste(digit, (280, 0))
    number.save(tmp_path / "number.png")
    return tmp_path


def run(language, code, service, folder):
    """Run an example; return what it prints."""
    code = code.replace(ADDRESS, f"127.0.0.1:{service.port}")
    if language == "js":
        (folder / "example.mjs").write_text(code)
        shutil.copy(ROOT / "static/js/service/client.js", folder / "client.mjs")
        command = ["node", "example.mjs"]
    elif language == "python":
        command = [sys.executable, "-W", "ignore", "-c", code]
    else:
        command = ["sh", "-ec", code.replace("curl ", "curl --silent --show-error --fail ")]
    if not shutil.which(command[0]) or (language == "sh" and not shutil.which("curl")):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{command[0]} is not installed")
    environ = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'scripts/clients'}"}
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def expected(code):
    """Something that only the right answer prints."""
    if "client.mjs" in code:
        return "^7 100 7 7$"
    if "raise_for_status" in code:
        return r"^7 0\.\d+\n7 0\.\d+\n$"
    if "number.png" in code:
        return r"\b7 ?7\b"
    if "/v2/" in code or "triton" in code:
        return r'^1$|^\[ 1 \]$|"FP32"'
    if "array(detail" in code:
        return "^True$"
    if "heatmap" in code:
        return r"^7 -?[\d.e-]+ [\d.]+ \["
    if "my.npz" in code:
        return r"^\['cat', 'dog', 'hamster'\]$"
    if "AsyncClient" in code:
        return r"^\[7, 7, 7\]$"
    if "predict_many" in code:
        return r"^7\n100 7$"
    if "convnet_client" in code:
        return r"^\[\{'digit': 7, "
    for mark, pattern in (
        ("/model", "digits|conv1"),
        ("/openapi.json", '"openapi": "3.1.0"'),
        ("/livez", "alive"),
        ("my-trace-1", "X-Request-Id: my-trace-1"),
        ("/explain", '"window"'),
        ("/predict", r'"digit":7|^7 \['),
    ):
        if mark in code:
            return pattern
    raise AssertionError("say what this example prints")


@pytest.mark.parametrize(("language", "code"), BLOCKS, ids=range(len(BLOCKS)))
def test_examples_run_and_answer(language, code, service, folder):
    printed = run(language, code, service, folder)
    assert re.search(expected(code), printed, re.MULTILINE), printed


ANSWERS = {  # section: request
    "POST /predict": "/predict?input=true",
    "POST /read": "/read",
    "POST /explain": "/explain?heatmap=true&layer=0&channel=0",
    "GET /model": "/model",
    "Errors": "/predict?top=11",
}


def keys(value):
    """Return all names in a JSON value, however deep."""
    if isinstance(value, list):
        return set().union(*map(keys, value))
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set()


@pytest.mark.parametrize("section", ANSWERS)
def test_answers_have_the_fields_that_are_shown(section, service, folder):
    text = (ROOT / "docs/api.md").read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```json\n(.*?)^```$", text, re.M | re.S)
    block = next(block for block in blocks if re.search(r'"(model|sha256|error)":', block))
    shown = set(re.findall(r'"(\w+)":', block))
    url = service.url + ANSWERS[section]
    if section.startswith("GET"):
        answer = requests.get(url, timeout=60).json()
    else:
        picture = (folder / "digit.png").read_bytes()
        headers = {"Content-Type": "image/png"}
        answer = requests.post(url, data=picture, headers=headers, timeout=60).json()
    assert shown <= keys(answer)
    assert set(answer) - {"field"} <= shown


def test_there_are_examples_in_every_language_for_every_route():
    for route in ("/predict", "/read", "/explain", "/model", "/v2/models/digits"):
        assert {
            language
            for language, code in BLOCKS
            if route in code or (route.startswith("/v2") and "tritonclient" in code)
        } == {"sh", "python", "js"}


def test_all_three_ways_to_send_a_picture_give_the_same(service, folder):
    (code,) = [code for _, code in BLOCKS if "base64 -w0" in code]
    printed = run("sh", code, service, folder)
    answers = [json.loads(part) for part in printed.replace("}{", "}\n{").splitlines()]
    assert [answer["probabilities"] for answer in answers] == [answers[0]["probabilities"]] * 3


def test_every_route_of_the_application_is_in_the_text():
    text = (ROOT / "docs/api.md").read_text()
    for route in ("/predict", "/read", "/explain", "/model", "/livez", "/readyz", "/metrics"):
        assert f"{route}`" in text
    for route in ("/openapi.json", "/docs", "/v2/health/live", "/v2/health/ready"):
        assert f"{route}`" in text
