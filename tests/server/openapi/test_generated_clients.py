"""Clients that public generators make of /openapi.json work against the live service.

The generators are tools for developers. Where they are not installed they are fetched, each into a
folder of its own; where there is no network either, the tests are skipped with the reason.
"""

import base64
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib

import pytest
import requests

from tests.support.live import serve

PYTHON_PROGRAM = """
import base64, io, sys
from made import Client
from made.api.looking_inside import describe_the_network, explain_a_reading
from made.api.reading import read_a_digit, read_a_number
from made.models import (
    OnePicture, PictureOfNumber, PictureToExplain, Problem, ReadADigitDataBody, ReadADigitFilesBody,
    SeveralPictures,
)
from made.types import File

url, path = sys.argv[1:]
data = open(path, "rb").read()
text = base64.b64encode(data).decode()
client = Client(base_url=url)
for body in (
    OnePicture(image=text, top=2),
    File(payload=io.BytesIO(data), file_name="a.png", mime_type="image/png"),
    ReadADigitFilesBody(image=File(io.BytesIO(data), "a.png", "image/png"), top=2),
    ReadADigitDataBody(image=text),
):
    print("predict", read_a_digit.sync(client=client, body=body, top=2).digit)
several = read_a_digit.sync(client=client, body=SeveralPictures(images=[text, text]))
print("several", [prediction.digit for prediction in several.predictions])
print("read", read_a_number.sync(client=client, body=PictureOfNumber(image=text)).text)
explanation = explain_a_reading.sync(client=client, body=PictureToExplain(image=text, heatmap=True))
print("explain", explanation.digit, explanation.layers[0].name, explanation.heatmap.digit)
problem = read_a_digit.sync(client=client, body=OnePicture(image="!"))
print("problem", isinstance(problem, Problem), problem.code)
print("model", describe_the_network.sync(client=client).name)
"""

TYPESCRIPT_PROGRAM = """
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] };
const [, , baseUrl, image] = process.argv;
const client = createClient<paths>({ baseUrl });
const one: components["schemas"]["OnePicture"] = { image }; // `top` and `input` may be left out

const predicted = await client.POST("/predict", { body: one });
if (!predicted.data || !("digit" in predicted.data)) throw new Error(predicted.error?.detail);
console.log("predict", predicted.data.digit);
const bytes: string = Uint8Array.from(atob(image), (c) => c.charCodeAt(0)) as unknown as string;
const raw = await client.POST("/predict", {
  body: bytes,
  headers: { "Content-Type": "image/png" },
  bodySerializer: (body) => body,
});
console.log("raw", raw.data && "digit" in raw.data && raw.data.digit);
const read = await client.POST("/read", { body: { image } });
console.log("read", read.data?.text);
const explained = await client.POST("/explain", { body: { image, heatmap: true } });
console.log("explain", explained.data?.digit, explained.data?.layers[0]?.name);
const refused = await client.POST("/predict", { body: { image: "!" } });
console.log("problem", refused.error?.code);
"""


def run(*command, cwd, **environ):
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def fetched(*command, cwd):
    """Fetch a tool, or skip the test."""
    try:
        run(*command, cwd=cwd)
    except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
        reason = f"not installed, and cannot be fetched: {error}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason[-300:])


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("service"), WEB_CONCURRENCY=1) as running:
        yield running


@pytest.fixture
def document(service, tmp_path):
    """The description as the service sends it, in a file."""
    path = tmp_path / "openapi.json"
    path.write_text(requests.get(f"{service.url}/openapi.json", timeout=60).text)
    return path


@pytest.fixture(scope="module")
def generator(tmp_path_factory, root):
    """A Python that has openapi-python-client: this one, or one that the test makes."""
    if importlib.util.find_spec("openapi_python_client"):
        return sys.executable
    folder = tmp_path_factory.mktemp("generator")
    run(sys.executable, "-m", "venv", folder, cwd=root)
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = project["optional-dependencies"]["clients"]
    fetched(folder / "bin/python", "-m", "pip", "install", "-q", *wanted, cwd=root)
    return folder / "bin/python"


def test_openapi_python_client_makes_a_client_that_works(
    generator, service, document, tmp_path, seven
):
    (tmp_path / "digit.png").write_bytes(seven)
    path = f"{generator.parent}:{os.environ['PATH']}" if generator != sys.executable else None
    command = ["-m", "openapi_python_client", "generate", "--path", document, "--meta", "none"]
    environ = {"PATH": path} if path else {}
    made = run(generator, *command, "--output-path", "made", cwd=tmp_path, **environ)
    assert "ERROR" not in made
    printed = run(
        generator, "-c", PYTHON_PROGRAM, service.url, "digit.png", cwd=tmp_path, PYTHONPATH="."
    )
    assert printed.splitlines() == [
        *["predict 7"] * 4,
        "several [7, 7]",
        "read 7",
        f"explain 7 {first_layer(service)} 7",
        "problem True not_base64",
        "model digits",
    ]


def test_openapi_typescript_makes_types_that_work(service, document, tmp_path, seven):
    for tool in ("npm", "node"):
        if not shutil.which(tool):
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{tool} is not installed")
    packages = ["openapi-typescript@7.13", "openapi-fetch@0.17", "typescript@5.9"]
    (tmp_path / "package.json").write_text('{"type": "module", "private": true}')
    fetched("npm", "install", "--silent", "--no-audit", "--no-fund", *packages, cwd=tmp_path)
    tools = tmp_path / "node_modules/.bin"
    run(tools / "openapi-typescript", document, "-o", "api.ts", cwd=tmp_path)
    (tmp_path / "program.ts").write_text(TYPESCRIPT_PROGRAM)
    options = ["--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2023,dom"]
    run(tools / "tsc", *options, "--skipLibCheck", "program.ts", cwd=tmp_path)
    printed = run("node", "program.js", service.url, base64.b64encode(seven).decode(), cwd=tmp_path)
    assert printed.splitlines() == [
        *("predict 7", "raw 7", "read 7", f"explain 7 {first_layer(service)}"),
        "problem not_base64",
    ]


def first_layer(service):
    return requests.get(f"{service.url}/model", timeout=60).json()["layers"][0]["name"]
