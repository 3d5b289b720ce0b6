"""What /docs offers to copy works as it stands there; its pictures are shown."""

import base64
import html
import io
import re
import shutil
import subprocess
import sys

import pytest
import requests
from PIL import Image

from server.routes.api_docs import shown_json
from server.routes.code_samples import ADDRESS
from tests.support.live import serve

CODE = re.compile(
    r'<figure class="code"><figcaption>(\w+)</figcaption><pre[^>]*><code>(.*?)</code>', re.DOTALL
)

ALL_OF_THEM = """
import io, sys
from contextlib import redirect_stdout
for source in sys.stdin.read().split("\\0"):
    with redirect_stdout(io.StringIO()) as said:
        exec(source, {})
    assert said.getvalue().strip(), source
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("service"), WEB_CONCURRENCY=1) as running:
        yield running


@pytest.fixture(scope="module")
def samples(service):
    """The sources that the page shows, by language."""
    page = requests.get(f"{service.url}/docs", timeout=60).text
    found: dict[str, list[str]] = {}
    for language, source in CODE.findall(page):
        found.setdefault(language, []).append(html.unescape(source).replace(ADDRESS, service.url))
    return found


@pytest.fixture
def folder(tmp_path, seven):
    (tmp_path / "digit.png").write_bytes(seven)
    return tmp_path


def test_each_operation_has_the_same_languages(samples, service):
    paths = requests.get(f"{service.url}/openapi.json", timeout=60).json()["paths"]
    count = sum(len(item) for item in paths.values())
    assert {language: len(sources) for language, sources in samples.items()} == {
        "curl": count,
        "Python": count,
        "JavaScript": count,
    }


def test_the_commands_work(samples, folder):
    for command in samples["curl"]:
        done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, command
        assert done.stdout


def test_the_python_works(samples, folder):
    sources = "\0".join(samples["Python"])
    command = [sys.executable, "-c", ALL_OF_THEM]
    subprocess.run(command, cwd=folder, input=sources, text=True, check=True)


def test_the_javascript_works(samples, folder):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    imports = 'import { readFile } from "node:fs/promises";\n'
    bodies = [source.replace(imports, "") for source in samples["JavaScript"]]
    whole = imports + "\n".join(f"{{\n{body}\n}}" for body in bodies)
    (folder / "all.mjs").write_text(whole)
    done = subprocess.run([node, "all.mjs"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "digit: 7" in done.stdout


def test_pictures_in_examples_are_shown_whole(service):
    page = requests.get(f"{service.url}/docs", timeout=60).text
    shown = re.findall(r'<img src="data:image/png;base64,([^"]+)"', page)
    assert len(shown) > 12
    for data in shown:
        Image.open(io.BytesIO(base64.b64decode(data, validate=True))).verify()
    assert "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAA…" not in page


def test_what_is_no_picture_is_text():
    text = shown_json({"a": "<b>", "long": "x" * 100, "list": list(range(20))})
    assert "&lt;b&gt;" in text
    assert "x" * 48 + "…" in text
    assert text.count("\n") == 16
