"""Reloads and recycling under load: nothing is lost, and new weights are taken up."""

import contextlib
import http.client
import json
import signal
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import convnet
from convnet.weights import find
from tests.support.live import PATIENCE, eventually, serve


class Load:
    """Clients that ask without pause, on kept connections, until they are told to stop."""

    def __init__(self, service, picture, clients=4):
        self.service, self.picture = service, picture
        self.stopping = threading.Event()
        self.pool = ThreadPoolExecutor(clients)
        self.clients = [self.pool.submit(self.ask) for _ in range(clients)]

    def ask(self):
        statuses = []
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            while not self.stopping.is_set():
                connection.request("POST", "/predict", self.picture, {"Content-Type": "image/png"})
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
        return statuses

    def stop(self):
        self.stopping.set()
        return [status for client in self.clients for status in client.result(PATIENCE)]


def test_sighup_replaces_the_workers_and_loses_nothing(tmp_path, seven):
    with serve(tmp_path, WEB_CONCURRENCY=2) as service:
        before = set(eventually(lambda: len(service.workers()) == 2 and service.workers()))
        load = Load(service, seven)
        service.signal(signal.SIGHUP)
        eventually(lambda: len(service.workers()) == 2 and not before & set(service.workers()))
        statuses = load.stop()
        assert set(statuses) == {200}


def version(service):
    with urllib.request.urlopen(f"{service.url}/model", timeout=PATIENCE) as answer:
        return json.load(answer)["version"]


def test_a_reload_takes_up_new_weights_loses_nothing_and_takes_no_broken_ones(tmp_path, seven):
    network = convnet.load(find("digits"))
    network.metadata["version"] = "98"
    network.save(tmp_path / "weights.npz")
    with serve(tmp_path, MODEL=tmp_path / "weights.npz", WEB_CONCURRENCY=2) as service:
        assert version(service) == "98"
        load = Load(service, seven)
        network.metadata["version"] = "99"
        network.save(tmp_path / "weights.npz")
        service.signal(signal.SIGHUP)
        eventually(lambda: version(service) == "99")
        (tmp_path / "weights.npz").write_bytes(b"PK no weights")
        before = set(service.workers())
        service.signal(signal.SIGHUP)
        eventually(lambda: len(service.workers()) == 2 and not before & set(service.workers()))
        assert version(service) == "99"
        assert set(load.stop()) == {200}
    assert "go on with the old one" in service.log.read_text()


def test_recycling_workers_loses_nothing(tmp_path, seven):
    settings = {"WEB_CONCURRENCY": 2, "MAX_REQUESTS": 40, "MAX_REQUESTS_JITTER": 20}
    with serve(tmp_path, **settings) as service:
        before = set(eventually(lambda: len(service.workers()) == 2 and service.workers()))
        load = Load(service, seven)
        eventually(lambda: len(set(service.workers()) - before) == 2)
        assert set(load.stop()) == {200}
