"""The Python client, against the live service and installed by pip alone."""

import asyncio
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.clients.convnet_client import AsyncClient, Client, ServiceError
from scripts.clients.convnet_client import client as module
from tests.support.live import serve


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("service"), WEB_CONCURRENCY=1, MAX_IMAGES=3) as running:
        yield running


@pytest.fixture
def client(service):
    with Client(service.url) as client:
        yield client


def test_each_method_asks_its_route(client, seven):
    assert client.predict(seven, top=2)["digit"] == 7
    assert client.read(seven)["text"] == "7"
    explanation = client.explain(seven, maps=[0, 1], heatmap=True)
    assert [layer["maps"] is None for layer in explanation["layers"][:3]] == [False, False, True]
    assert explanation["heatmap"]["digit"] == 7
    assert client.model()["limits"]["max_images"] == 3


def test_many_pictures_go_in_as_many_requests_as_it_takes(client, seven):
    readings = client.predict_many(iter([seven] * 7), batch=3, top=1)
    assert [reading["digit"] for reading in readings] == [7] * 7
    assert all(len(reading["top"]) == 1 for reading in readings)
    with pytest.raises(ServiceError) as caught:
        client.predict_many([seven] * 7)
    assert caught.value.problem["code"] == "too_many_images"


def test_batches_are_bounded_by_number_and_by_bytes(monkeypatch):
    monkeypatch.setattr(module, "BATCH_BYTES", 10)
    sizes = [[len(picture) for picture in some] for some in module.batches([b"1234"] * 5, 9)]
    assert sizes == [[4, 4], [4, 4], [4]]
    assert [list(map(len, some)) for some in module.batches([b"x" * 99, b"y"], 9)] == [[99], [1]]
    assert list(module.batches([], 9)) == []
    with pytest.raises(ValueError, match="`batch` must be at least 1, got 0"):
        list(module.batches([b"x"], 0))


def test_asyncio_has_the_same_methods(service, seven):
    async def ask():
        async with AsyncClient(service.url, at_once=3) as client:
            readings = await asyncio.gather(*(client.predict(seven) for _ in range(6)))
            many = await client.predict_many([seven] * 4, batch=2)
            number, explanation = await client.read(seven), await client.explain(seven, maps=False)
            with pytest.raises(ServiceError, match="not a PNG"):
                await client.predict(b"text")
            name = (await client.model())["name"]
            return [*readings, *many, explanation], number["text"], name

    with ThreadPoolExecutor(1) as apart:  # other tests may have left a loop in this thread
        readings, text, name = apart.submit(asyncio.run, ask()).result()
    assert [reading["digit"] for reading in readings] == [7] * 11
    assert (text, name) == ("7", "digits")


def test_it_is_installed_by_pip_without_the_service(root, tmp_path, service, seven):
    source, place = tmp_path / "source", tmp_path / "place"
    shutil.copytree(root / "scripts/clients", source)
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", place]
    done = subprocess.run([*command, source], capture_output=True, text=True, timeout=120)
    if "setuptools" in done.stderr and done.returncode:  # which pip fetches to build anything
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"pip: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    (tmp_path / "digit.png").write_bytes(seven)
    program = (
        "import convnet_client, pathlib\n"
        f"with convnet_client.Client({service.url!r}) as client:\n"
        "    print(client.predict(pathlib.Path('digit.png').read_bytes())['digit'])\n"
        "print(pathlib.Path(convnet_client.__file__).with_name('py.typed').exists())\n"
    )
    environ = {"PYTHONPATH": str(place)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert done.stdout.split() == ["7", "True"], done.stderr


def test_its_types_are_sound(root, tmp_path):
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "-p", "convnet_client"]
    command += ["--cache-dir", str(tmp_path)]
    done = subprocess.run(
        command, cwd=root / "scripts/clients", capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout
