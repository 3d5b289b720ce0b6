import json
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from server import create_app
from server.middleware import metrics
from tests.support.http import blank, problem
from tests.support.live import eventually, serve


def samples(text):
    """Name and labels (sorted, joined) → value."""
    return {
        (sample.name, " ".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def read(client, monkeypatch):
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    return lambda: samples(client.get("/metrics").text)


def test_requests_are_counted_by_route_and_status(client, read, seven):
    client.post("/predict", data=seven, content_type="image/png")
    client.post("/predict", data=b"x", content_type="image/png")
    client.get("/nowhere/at/all")
    client.open("/livez", method="BREW")
    numbers = read()
    name = "http_requests_total"
    assert numbers[name, "method=POST route=/predict status=200"] == 1
    assert numbers[name, "method=POST route=/predict status=422"] == 1
    assert numbers[name, "method=GET route=none status=404"] == 1
    assert numbers[name, "method=other route=none status=405"] == 1
    assert numbers["http_request_duration_seconds_count", "method=POST route=/predict"] == 2


def test_predictions_are_counted_by_digit_and_verdict(client, read, recognizer, seven):
    client.post("/predict", data=seven, content_type="image/png")
    recognizer.digit = None
    client.post("/predict", data=seven, content_type="image/png")
    numbers = read()
    assert numbers["predictions_total", "digit=7 verdict=digit"] == 1
    assert numbers["predictions_total", "digit=7 verdict=none"] == 1
    assert numbers["model_infer_request_success_total", ""] == 2
    assert numbers["prediction_stage_duration_seconds_count", "stage=preprocess"] == 2
    assert numbers["prediction_stage_duration_seconds_count", "stage=predict"] == 2


def test_refused_pictures_are_counted_by_reason(client, read):
    client.post("/predict", data=blank(), content_type="image/png")
    client.post("/read", data=b"no picture", content_type="image/png")
    client.get("/predict")
    numbers = read()
    assert numbers["pictures_refused_total", "reason=blank_image"] == 1
    assert numbers["pictures_refused_total", "reason=not_an_image"] == 1
    assert ("pictures_refused_total", "reason=method_not_allowed") not in numbers


def test_each_application_counts_for_itself(recognizer):
    first, second = (create_app(recognizer=recognizer) for _ in range(2))
    assert first.extensions["services"].metrics is not second.extensions["services"].metrics


def test_without_the_extra_the_route_says_so(recognizer, monkeypatch, seven):
    monkeypatch.setattr(metrics, "AVAILABLE", False)
    client = create_app(recognizer=recognizer).test_client()
    assert client.post("/predict", data=seven, content_type="image/png").status_code == 200
    assert client.post("/predict", data=b"x", content_type="image/png").status_code == 422
    body = problem(client.get("/metrics"), 404, "not_found")
    assert "prometheus-client" in body["detail"]


def test_the_client_library_is_not_needed(root):
    code = (
        "import sys; sys.modules['prometheus_client'] = None\n"
        "from server.middleware import metrics; assert not metrics.AVAILABLE\n"
        "from server import create_app; create_app()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)


def counted(service):
    numbers = samples(requests.get(f"{service.url}/metrics", timeout=20).text)
    return numbers.get(("http_requests_total", "method=POST route=/predict status=200"), 0)


def test_all_workers_are_counted_together_and_after_a_reload(tmp_path, seven):
    with serve(tmp_path, WEB_CONCURRENCY=2) as service:
        before = set(eventually(lambda: len(service.workers()) == 2 and service.workers()))

        def post(times):
            for _ in range(times):
                requests.post(
                    f"{service.url}/predict",
                    data=seven,
                    headers={"Content-Type": "image/png", "Connection": "close"},
                    timeout=20,
                )

        post(20)
        assert counted(service) == 20
        service.signal(signal.SIGHUP)
        eventually(lambda: len(service.workers()) == 2 and not before & set(service.workers()))
        post(5)
        assert counted(service) == 25
        folder = folder_of(service)
        assert folder.is_dir()
    assert not folder.exists()


def test_generations_of_workers_share_files_and_lose_no_count(tmp_path, seven):
    folder = tmp_path / "metrics"
    folder.mkdir()
    headers = {"Content-Type": "image/png", "Connection": "close"}
    with serve(tmp_path, WEB_CONCURRENCY=1, PROMETHEUS_MULTIPROC_DIR=folder) as service:
        files = None
        for generation in range(4):
            requests.post(f"{service.url}/predict", data=seven, headers=headers, timeout=20)
            assert counted(service) == generation + 1
            files = files or set(folder.glob("*.db"))
            assert set(folder.glob("*.db")) == files
            (worker,) = service.workers()
            os.kill(worker, signal.SIGKILL)
            eventually(lambda gone=worker: service.workers() not in ([gone], []))


START_THAT_FAILS = """
import os, sys
import server.gunicorn_conf
folder = os.environ["PROMETHEUS_MULTIPROC_DIR"]
print(folder, flush=True)
if os.fork() == 0:
    sys.exit()  # as a worker that is recycled does
os.wait()
assert os.path.isdir(folder)
sys.exit("no such network")
"""


def test_a_start_that_fails_leaves_no_folder_behind(root):
    environ = {key: value for key, value in os.environ.items() if "PROMETHEUS" not in key}
    command = [sys.executable, "-c", START_THAT_FAILS]
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True)
    assert done.stderr == "no such network\n"
    assert "digits-metrics-" in done.stdout
    assert not Path(done.stdout.strip()).exists()


def folder_of(service):
    environ = Path(f"/proc/{service.workers()[0]}/environ").read_bytes()
    assert b"PROMETHEUS_MULTIPROC_DIR" not in environ  # it is set after the start
    maps = Path(f"/proc/{service.workers()[0]}/maps").read_text()
    return Path(re.search(r"(/\S*digits-metrics-\w+)/", maps)[1])


def test_what_never_reaches_the_application_is_counted_too(tmp_path):
    with serve(tmp_path, WEB_CONCURRENCY=1, MAX_BODY_BYTES=100) as service:
        refused = requests.post(f"{service.url}/predict", data=b"x" * 101, timeout=20)
        assert refused.status_code == 413
        numbers = samples(requests.get(f"{service.url}/metrics", timeout=20).text)
        assert numbers["http_requests_total", "method=POST route=none status=413"] == 1
        assert numbers["pictures_refused_total", "reason=too_large"] == 1


def test_the_dashboard_shows_numbers_that_there_are(root, client, seven):
    client.post("/predict", data=seven, content_type="image/png")
    client.post("/predict", data=b"x", content_type="image/png")
    there = {name for name, _ in samples(client.get("/metrics").text)}
    dashboard = json.loads((root / "docs/grafana-dashboard.json").read_text())
    expressions = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    assert len(expressions) >= 6
    used = {
        name
        for expression in expressions
        for name in re.findall(r"\b(\w+_(?:total|bucket|count|sum))\b", expression)
    }
    assert used
    assert used <= there


def test_on_a_full_disk_requests_are_answered_though_not_counted(tmp_path, seven):
    with serve(tmp_path, WEB_CONCURRENCY=1) as service:
        for pid in (service.process.pid, *eventually(service.workers)):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))  # no file may grow any more
        for _ in range(3):
            answer = requests.post(f"{service.url}/predict", data=seven, timeout=20)
            assert (answer.status_code, answer.json()["digit"]) == (200, 7)
