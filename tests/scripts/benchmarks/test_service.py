"""The load generator counts rightly, and the four services answer what they should."""

import io
import pickle
import socketserver
import threading
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

import convnet
from scripts.benchmarks.peers.ours import blueprint
from scripts.benchmarks.service import load, section
from scripts.benchmarks.service.pictures import canvas_pictures
from scripts.benchmarks.service.running import Application, running
from server.finding.prepare import preprocess
from server.images.decode import decode


class Echo(socketserver.BaseRequestHandler):
    """Answers every picture in two pieces, every third one with 503; keeps connections alive."""

    asked = 0
    pictures: ClassVar[set[bytes]] = set()

    def handle(self):
        while head := self.request.recv(65536):
            Echo.asked += 1
            Echo.pictures.add(head.partition(b"\r\n\r\n")[2])
            status = b"503 Busy" if Echo.asked % 3 == 0 else b"200 OK"
            self.request.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 4\r\n\r\nab")
            self.request.sendall(b"cd")


def test_the_load_generator_counts_every_answer():
    with socketserver.ThreadingTCPServer((load.HOST, 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        report = load.run(server.server_address[1], 0.3, 2, [b"one", b"two"])
        server.shutdown()
    answered = sum(report["statuses"].values())
    assert Echo.asked - 2 <= answered <= Echo.asked  # the last of each client are cut off
    assert abs(report["statuses"][503] - answered / 3) <= 2
    assert Echo.pictures == {b"one", b"two"}
    assert 0 < report["p50"] <= report["p99"] < 0.3
    assert report["requests_per_second"] == pytest.approx(answered / 0.3, rel=0.5)


def test_an_answer_is_complete_by_its_length():
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"
    assert [load.complete(answer[:n]) for n in (10, len(answer) - 1)] == [False, False]
    assert load.complete(answer)
    assert load.status(answer) == 200
    with pytest.raises(ValueError, match="without Content-Length"):
        load.complete(b"HTTP/1.1 200 OK\r\n\r\nabc")


def test_pictures_are_canvas_drawings_that_the_service_can_use():
    pictures = canvas_pictures(20)
    assert len(set(pictures)) == 20
    assert pictures == canvas_pictures(20)
    for data in pictures:
        picture = Image.open(io.BytesIO(data))
        assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (280, 280))
        assert 0.2 < preprocess(np.asarray(picture)).max() <= 1


def test_the_stub_answers_in_the_networks_place_and_nothing_else_changes():
    from scripts.benchmarks.service import stubbed

    answers = [
        stubbed.app.test_client().post("/predict", data=picture, content_type="image/png").json
        for picture in canvas_pictures(5)
    ]
    assert {answer["digit"] for answer in answers} == {7}
    assert set(answers[0]) > {"digit", "confidence", "probabilities", "model", "request_id"}


@pytest.fixture
def network(tmp_path, monkeypatch, rng):
    """Lay out an untrained network where the services with PyTorch look for one."""
    pytest.importorskip("torch", reason="torch is not installed: pip install -e '.[bench]'")
    network = convnet.build("live-app", rng=rng)
    file = tmp_path / "blueprint"
    file.write_bytes(pickle.dumps(blueprint(network)))
    monkeypatch.setenv("BLUEPRINT", str(file))
    return network


def test_pytorch_takes_the_networks_place_and_nothing_else_changes(network):
    from scripts.benchmarks.service import with_pytorch

    picture = canvas_pictures(1)[0]
    answer = with_pytorch.app.test_client().post("/predict", data=picture, content_type="image/png")
    calibration = with_pytorch.recognizer.calibration
    scores = network.forward(preprocess(decode(picture))[None, ..., None]).astype(np.float64)
    expected = calibration.readings(scores)[0].probabilities
    np.testing.assert_allclose(answer.json["probabilities"], expected, atol=1e-5)
    assert set(answer.json) > {"digit", "confidence", "probabilities", "model", "request_id"}


def test_the_plain_service_with_pytorch_gives_the_networks_probabilities(network, rng):
    from scripts.benchmarks.service import flask_pytorch

    digit = rng.integers(0, 256, (28, 28), np.uint8)
    png = io.BytesIO()
    Image.fromarray(255 - digit).save(png, "PNG")
    client = flask_pytorch.app.test_client()
    answer = client.post("/predict", data=png.getvalue(), content_type="image/png").json
    expected = network.predict((digit / np.float32(255))[None, ..., None])[0]
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-5)
    assert answer["digit"] == expected.argmax()


@pytest.fixture
def folder(tmp_path):
    for index, picture in enumerate(canvas_pictures(3)):
        (tmp_path / f"{index}.png").write_bytes(picture)
    return tmp_path


def test_a_service_is_started_asked_weighed_and_stopped(folder, monkeypatch):
    monkeypatch.setattr(section, "SECONDS_A_ROUND", 0.3)
    program = section.applications(folder / "none")[1]
    picture = (folder / "0.png").read_bytes()
    with running(program, picture, folder / "log") as service:
        memory = service.worker_memory()
    assert service.process.poll() is not None
    assert 1 <= len(memory) <= section.WORKERS  # a worker may still be on its way
    assert all(5 < mebibytes < 500 for mebibytes in memory)
    record = section._run(program, picture, folder)
    assert record["first_answer"] > 0
    assert program.name in section.show([section._medians(program.name, [record])])


def test_a_service_that_does_not_start_says_why(tmp_path):
    broken = Application("broken", ("--no-control-socket", "no_such_module:app"))
    with (
        pytest.raises(RuntimeError, match="no_such_module"),
        running(broken, b"", tmp_path / "log"),
    ):
        pass
