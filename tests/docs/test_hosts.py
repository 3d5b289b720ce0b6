"""The ways to a host in docs/deploy.md, each tried as far as it goes without that host."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import tomllib
from itertools import count

import kubernetes_validate
import pytest
import requests

from server.config import Config
from tests.support.live import nginx, serve

MEGABYTE = 1 << 20

WSGI_HOST = """
import io, os, runpy, sys, threading
from wsgiref.util import setup_testing_defaults

application = runpy.run_path(sys.argv[1])["application"]
for method, path, body in (("GET", "/", b""), ("POST", "/predict", open(sys.argv[2], "rb").read())):
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body)),
               "HTTP_X_FORWARDED_PROTO": "https", "wsgi.input": io.BytesIO(body)}
    setup_testing_defaults(environ)
    said = []
    answer = application(environ, lambda status, headers, error=None: said.append(status))
    content = b"".join(answer)
    getattr(answer, "close", int)()
    print(said, content[:40], b'"digit":7' in content.replace(b" ", b""))
print(threading.active_count(), open(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read())
"""


@pytest.fixture(scope="module")
def clean(tmp_path_factory, root):
    """A checkout of its own with a virtual environment that has what the lock names."""
    folder = tmp_path_factory.mktemp("clean") / "digits"
    files = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True
    )
    wanted = ("convnet/", "server/", "static/", "templates/")
    for name in files.stdout.splitlines():
        if (name.startswith(wanted) or "/" not in name) and (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, folder / name)
    subprocess.run([sys.executable, "-m", "venv", folder / ".venv"], check=True)
    docker = (root / "Dockerfile").read_text()
    install = shlex.split(re.search(r"^RUN (pip install .*)$", docker, re.MULTILINE)[1])
    done = subprocess.run(
        [folder / ".venv/bin/python", "-m", *install], cwd=folder, capture_output=True, text=True
    )
    if "No matching distribution" in done.stderr and not os.environ.get("CI"):
        pytest.skip(f"the packages cannot be had: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    return folder


def test_pythonanywhere_imports_the_application(clean, root, tmp_path, seven):
    recipe = (root / "docs/deploy/pythonanywhere_wsgi.py").read_text()
    assert recipe.count("/home/NAME/digits") == 1
    (tmp_path / "wsgi_file.py").write_text(recipe.replace("/home/NAME/digits", str(clean)))
    (tmp_path / "seven.png").write_bytes(seven)
    command = [clean / ".venv/bin/python", "-c", WSGI_HOST, "wsgi_file.py", "seven.png"]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True)
    said = [line for line in done.stdout.splitlines() if "server.requests" not in line]
    page, reading, threads = said
    assert "['200 OK'] b'<!doctype html>" in page.lower().replace("ok", "OK")
    assert "['200 OK']" in reading
    assert reading.endswith("True")
    assert threads.split() == ["1"]  # no threads and no processes of its own


def test_it_takes_less_than_200_megabytes(clean):
    used = sum(path.lstat().st_size for path in clean.rglob("*") if not path.is_symlink())
    assert used < 200 * MEGABYTE


def test_the_commands_of_the_image_serve_with_metrics(clean, root, tmp_path, seven):
    compiled = re.search(
        r"^RUN python (-m compileall.*)$", (root / "Dockerfile").read_text(), re.M
    )[1]
    python = str(clean / ".venv/bin/python")
    subprocess.run([python, *shlex.split(compiled)], cwd=clean, check=True)
    with serve(tmp_path, python=python, root=clean, WEB_CONCURRENCY=1) as service:
        assert requests.post(f"{service.url}/predict", data=seven, timeout=60).json()["digit"] == 7
        shown = requests.get(f"{service.url}/metrics", timeout=60).text
        assert 'predictions_total{digit="7",verdict="digit"} 1.0' in shown


BUILD = """
import setuptools.build_meta as backend
print(getattr(backend, sys.argv[1])(sys.argv[2]))
"""

USE = """
import convnet, numpy as np, pathlib
from importlib.metadata import version
package = pathlib.Path(convnet.__file__).parent
assert package.parent.name == "installed" and (package / "py.typed").exists()
network = convnet.load(package / "pretrained" / "digits.npz")
print(version("convnet"), network.predict(np.zeros((1, 28, 28, 1), np.float32)).shape)
"""


def test_the_engine_is_installed_from_a_wheel_and_from_an_sdist(clean, tmp_path):
    """Both are built by setuptools alone, and used where there is nothing else of the project."""
    python = clean / ".venv/bin/python"

    def run(*command, where=tmp_path):
        done = subprocess.run([python, *command], cwd=where, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("-m", "pip", "install", "--target", tmp_path / "backend", "setuptools>=77")
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'backend')!r})\n{BUILD}"

    def build(kind, source, name):
        *_, file = run("-c", code, kind, tmp_path / name, where=source).splitlines()
        return tmp_path / name / file

    with tarfile.open(build("build_sdist", clean, "dist")) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    wheels = [build("build_wheel", clean, "first"), build("build_wheel", unpacked, "second")]
    assert wheels[0].name == wheels[1].name
    for wheel in wheels:
        target = wheel.parent / "installed"
        run("-m", "pip", "install", "--no-deps", "--target", target, wheel)
        there = f"import sys; sys.path.insert(0, {str(target)!r})\n{USE}"
        assert run("-c", there).split() == ["0.1.0", "(1,", "10)"]


def test_heroku_finds_a_python_that_the_project_takes(root):
    version = (root / ".python-version").read_text().strip()
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    least = tuple(map(int, project["requires-python"].removeprefix(">=").split(".")))
    assert tuple(map(int, version.split("."))) >= least
    assert f"FROM python:{version}-slim" in (root / "Dockerfile").read_text()
    tested = (root / ".github/workflows/ci.yml").read_text()
    assert f'"{version}"' in re.search(r"python: \[(.*)\]", tested)[1]


def test_slow_clients_of_nginx_stop_nobody(tmp_path, seven):
    with serve(tmp_path, WEB_CONCURRENCY=1, TRUSTED_PROXIES=1) as service:
        there = {"127.0.0.1:8000": f"127.0.0.1:{service.port}"}
        with nginx(tmp_path, "nginx.conf", there, "/digits") as url:
            port = int(url.split(":")[2].partition("/")[0])
            slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
            head = (
                f"POST /digits/predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(seven)}\r\n\r\n"
            )
            for number, client in enumerate(slow):
                client.sendall((head.encode() + seven)[: number * 9 + 1])
            for _ in range(20):
                answer = requests.post(f"{url}/predict", data=seven, timeout=60)
                assert answer.json()["digit"] == 7
            slow[-1].sendall((head.encode() + seven)[59 * 9 + 1 :])
            assert slow[-1].recv(65536).startswith(b"HTTP/1.1 200")
            for client in slow:
                client.close()


def kill_all(service):
    """Kill an instance, workers first, as a machine that loses its power does."""
    for pid in [*service.workers(), service.process.pid]:
        os.kill(pid, signal.SIGKILL)


def test_of_two_instances_one_dies_under_load_and_nothing_is_lost(tmp_path, seven):
    for name in "abn":
        (tmp_path / name).mkdir()
    settings = {"WEB_CONCURRENCY": 1, "TRUSTED_PROXIES": 1}
    with serve(tmp_path / "a", **settings) as first, serve(tmp_path / "b", **settings) as second:
        there = {
            f"127.0.0.1:{said}": f"127.0.0.1:{real.port}"
            for said, real in ((8000, first), (8001, second))
        }
        with nginx(tmp_path / "n", "nginx-instances.conf", there) as url:
            answers, asked, over = [], count(), threading.Event()

            def ask():
                with requests.Session() as session:
                    while not over.is_set():
                        next(asked)
                        got = session.post(f"{url}/predict", data=seven, timeout=60)
                        answers.append((got.status_code, got.json().get("digit")))

            clients = [threading.Thread(target=ask) for _ in range(8)]
            for client in clients:
                client.start()
            while len(answers) < 100:
                over.wait(0.01)
            kill_all(first)
            before = len(answers)
            while len(answers) < before + 200:
                over.wait(0.01)
            over.set()
            for client in clients:
                client.join()
            assert set(answers) == {(200, 7)}
            assert next(asked) == len(answers)
            assert requests.get(f"{url}/metrics", timeout=60).status_code == 404


# -- Kubernetes ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def objects(root):
    import yaml

    text = (root / "docs/deploy/kubernetes.yaml").read_text()
    return {item["kind"]: item for item in yaml.safe_load_all(text)}


def test_kubernetes_objects_are_valid_by_the_published_schemas(objects):
    assert len(objects) == 4
    for version in ("1.30", "1.34", kubernetes_validate.latest_version()):
        for item in objects.values():
            kubernetes_validate.validate(item, version, strict=True)
    broken = objects["PodDisruptionBudget"] | {"spec": {"minimumAvailable": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, "1.34", strict=True)


def test_kubernetes_objects_name_each_other_and_what_the_service_has(objects, client):
    template = objects["Deployment"]["spec"]["template"]
    labels = template["metadata"]["labels"]
    assert objects["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert objects["Service"]["spec"]["selector"] == labels
    assert objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    scaled = objects["HorizontalPodAutoscaler"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == objects["Deployment"]["metadata"]["name"]
    assert scaled["minReplicas"] > objects["PodDisruptionBudget"]["spec"]["minAvailable"]
    pod = template["spec"]
    (container,) = pod["containers"]
    assert {entry["name"] for entry in container["env"]} <= Config.names()
    assert container["ports"] == [{"name": "http", "containerPort": Config.port}]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        request = container[probe]["httpGet"]
        assert request["port"] == "http"
        assert client.get(request["path"]).status_code == 200
    delay = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] > delay + Config.graceful_timeout
    assert container["resources"]["requests"]["cpu"]  # without it the autoscaler has no percentage


def test_the_unit_is_one_that_systemd_reads(root, tmp_path):
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("no systemd-analyze")
    unit = (root / "docs/deploy/digits.service").read_text()
    (tmp_path / "digits.service").write_text(
        unit.replace("/srv/digits/.venv/bin/gunicorn", "/bin/true")
    )
    done = subprocess.run(
        [verify, "verify", tmp_path / "digits.service"], capture_output=True, text=True
    )
    said = [line for line in done.stderr.splitlines() if "digits.service" in line]
    assert not [line for line in said if "Unknown" in line or "Failed to parse" in line], said
