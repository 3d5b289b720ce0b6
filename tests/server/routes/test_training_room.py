"""The training room over HTTP."""

import gzip
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import jsonschema
import numpy as np
import onnxruntime
import pytest

import convnet
from convnet.datasets import mnist
from server import create_app
from server.routes import training_room
from server.training_room.room import folder_of
from tests.support.live import eventually
from tests.support.tiny_digits import tiny_digits, write_idx

QUICK = {"python": "[Conv2D(4, 5), ReLU(), Flatten(), Dense(10)]", "batch": 16, "epochs": 5}


@pytest.fixture(scope="module")
def app():
    return create_app({"TRAINING_ROOM": 1})


@pytest.fixture
def client(app, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVNET_DATA_DIR", str(write_idx(tmp_path / "data", tiny_digits())))
    return app.test_client()


@pytest.fixture(scope="module")
def api(app):
    return app.test_client().get("/openapi.json").get_json()


def described(api, path, method, response):
    """Check an answer against the description of the API."""
    content = api["paths"][path][method]["responses"]["200"]["content"][response.mimetype]
    schema = {**content["schema"], "components": api["components"]}
    jsonschema.Draft202012Validator(schema).validate(response.get_json())
    return response.get_json()


def test_it_is_off_by_default_and_says_so(recognizer):
    client = create_app(recognizer=recognizer).test_client()
    for path in ("/train", "/train/runs/0123456789ab", "/train/anything"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "TRAINING_ROOM=1" in answer.get_json()["detail"]
    assert client.post("/train/runs", json={}).status_code == 404
    assert "off here" not in client.get("/trains").get_json()["detail"]
    assert 'href="train"' not in client.get("/").text


def test_where_it_is_on_the_page_leads_to_it(client):
    assert 'href="train"' in client.get("/").text
    assert client.get("/train").mimetype == "text/html"


def test_every_route_is_described_and_nothing_else(app, api):
    routes = {
        (rule.rule.replace("<run>", "{run}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/train")
    }
    found = {(path, method) for path, item in api["paths"].items() for method in item}
    assert {pair for pair in found if pair[0].startswith("/train")} == routes
    assert app.test_client().get("/docs").status_code == 200


def test_a_run_from_start_to_what_is_taken_along(client, api, seven, tmp_path):
    started = client.post("/train/runs", json=QUICK)
    run = described(api, "/train/runs", "post", started)["run"]
    url = f"/train/runs/{run}"

    def ended():
        answer = client.get(url)
        found = described(api, "/train/runs/{run}", "get", answer)
        return found if found["status"]["state"] == "ended" else None

    whole = eventually(ended)
    assert whole["status"]["test"]["accuracy"] > 0.9
    assert {"answers", "inside"} <= whole.keys()
    later = client.get(f"{url}?since={whole['next']}&seen={whole['seen']}").get_json()
    assert later["progress"] == []
    assert not {"answers", "inside"} & later.keys()
    assert client.get(f"{url}?since=3").status_code == 422
    assert client.get(f"{url}?since=x").status_code == 422
    read = client.post(f"{url}/predict", data=seven, content_type="image/png")
    answer = described(api, "/train/runs/{run}/predict", "post", read)
    assert answer["step"] == whole["status"]["steps"]
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-3)
    sent = client.post("/train/inputs", data=seven, content_type="image/png")
    picture = described(api, "/train/inputs", "post", sent)["picture"]
    settings = {"drawings": {"seven": [picture] * 2}, "base": run}
    measured = client.post("/train/networks", json=settings).get_json()
    assert measured["layers"][-1]["layer"] == "Dense(11)"
    assert "drawings" not in measured["settings"]
    assert client.get(f"{url}/weights.npz").data[:2] == b"PK"
    (tmp_path / "that.npz").write_bytes(client.get(f"{url}/weights.npz").data)
    served = create_app({"MODEL": str(tmp_path / "that.npz")}).test_client()
    reading = served.post("/predict", data=seven, content_type="image/png").get_json()
    assert reading["probabilities"] == pytest.approx(answer["probabilities"], abs=1e-3)
    ours = convnet.load(tmp_path / "that.npz")
    x = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    session = onnxruntime.InferenceSession(
        client.get(f"{url}/network.onnx").data, providers=["CPUExecutionProvider"]
    )
    assert np.allclose(session.run(None, {"images": x})[0], ours.predict(x), atol=1e-5)
    told = client.post(f"{url}/commands", json={"command": "pause"})
    described(api, "/train/runs/{run}/commands", "post", told)
    assert client.post(f"{url}/commands", json={"command": "explode"}).status_code == 422
    described(api, "/train/runs/{run}", "delete", client.delete(url))
    assert client.get(url).status_code == 404


def test_networks_are_measured(client, api):
    answer = client.post("/train/networks", json={"network": "live-app"})
    found = described(api, "/train/networks", "post", answer)
    assert found["parameters"] == 105_634
    assert found["layers"][0]["shape"] == [24, 24, 8]
    refused = client.post("/train/networks", json={"python": "[Dense(10)]"})
    assert refused.status_code == 422
    assert refused.get_json()["field"] == "python"
    assert "layer 0" in refused.get_json()["detail"]
    python = "[Conv2D(8, 5), Dense(10)]"
    refused = client.post("/train/networks", json={"python": python}).get_json()
    assert [layer["shape"] for layer in refused["layers"]] == [[24, 24, 8], None]
    offered = described(api, "/train/layers", "get", client.get("/train/layers"))
    assert {"kind", "about", "settings"} == offered["layers"][0].keys()


def test_pages_of_other_sites_cannot_start_anything(client):
    """A form or a fetch that asks nobody first cannot have this type."""
    for path in ("/train/runs", "/train/networks"):
        answer = client.post(path, data=json.dumps(QUICK), content_type="text/plain")
        assert answer.status_code == 415


def test_no_name_of_a_run_leads_elsewhere(client):
    for name in ("..", "lock", "current", "0123456789ab", "%2e%2e", "..%2f..%2fetc"):
        assert client.get(f"/train/runs/{name}").status_code in (404, 308)


def test_the_folder_is_one_for_each_service(app):
    room = app.extensions["services"].room
    assert folder_of(room.service) == room.folder
    assert room.folder.stat().st_mode & 0o777 == 0o700


def test_commands_do_not_fill_the_memory(client, monkeypatch):
    monkeypatch.setattr(training_room, "MOST_COMMANDS", 100)
    run = client.post("/train/runs", json=QUICK).get_json()["run"]
    look = {"command": "look", "layer": 1}
    told = [client.post(f"/train/runs/{run}/commands", json=look).status_code for _ in range(9)]
    assert (told[0], told[-1]) == (200, 429)
    client.delete(f"/train/runs/{run}")


class Mirror(BaseHTTPRequestHandler):
    """Sends the files of a tiny data set."""

    files: ClassVar[dict[str, bytes]] = {}

    def do_GET(self):
        data = self.files.get(self.path.removeprefix("/"))
        self.send_response(200 if data else 404)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *_):
        pass


def test_the_data_set_is_fetched_once(client, api, tmp_path, monkeypatch):
    def status():
        return described(api, "/train/data", "get", client.get("/train/data"))

    assert status()["state"] == "here"
    made = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    Mirror.files = {f"{name}.gz": gzip.compress(data) for name, data in made.items()}
    for name, data in made.items():
        monkeypatch.setitem(mnist.SHA256, name, hashlib.sha256(data).hexdigest())
    monkeypatch.setenv("CONVNET_DATA_DIR", str(tmp_path / "new"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"

    assert "no such folder" in status()["reason"]
    monkeypatch.setattr(mnist, "MIRRORS", (f"{address}/nowhere",))
    client.post("/train/data", json={})
    failed = eventually(
        lambda: (s := status())["state"] == "missing" and "404" in s["reason"] and s
    )
    assert "Could not download train-images-idx3-ubyte.gz" in failed["reason"]
    monkeypatch.setattr(mnist, "MIRRORS", (address,))
    described(api, "/train/data", "post", client.post("/train/data", json={}))
    eventually(lambda: status()["state"] == "here")
    assert {path.name for path in (tmp_path / "new").iterdir()} == Mirror.files.keys()
    server.shutdown()
    server.server_close()
    assert client.post("/train/data", json={}).get_json()["state"] == "here"
