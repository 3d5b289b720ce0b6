"""The recipes in docs/deploy/ run: Debian's nginx in front of the service, seen from a browser."""

import io

import numpy as np
import pytest
import requests
from PIL import Image

from server.config import Config
from tests.support.live import nginx, serve
from tests.support.page import Desk, written


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the service behind nginx, as docs/deploy/nginx.conf says."""
    settings = {"WEB_CONCURRENCY": 1, "TRUSTED_PROXIES": 1}
    with (
        serve(tmp_path_factory.mktemp("service"), **settings) as service,
        nginx(
            tmp_path_factory.mktemp("nginx"), "nginx.conf",
            {"127.0.0.1:8000": f"127.0.0.1:{service.port}"}, "/digits",
        ) as url,
    ):  # fmt: skip
        yield url


@pytest.mark.browser
def test_the_page_works_below_a_path(site, browser):
    context = browser.new_context()
    page = context.new_page()
    desk = Desk(page, site)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site)  # without a slash at the end
    page.wait_for_selector("#samples button")
    desk.draw(written(7))
    desk.reads(7)
    desk.wait("() => document.getElementById('curl').textContent.startsWith('curl ')")
    assert f"{site}/predict" in desk.text("#curl")
    page.goto(f"{site}/docs")
    assert not desk.complaints  # of what follows, a document, browsers want an icon from elsewhere
    page.get_by_role("link", name="openapi.json", exact=True).click()
    page.wait_for_url(f"{site}/openapi.json")
    here = [url for url in asked if url.startswith("http")]
    assert len(here) > 30
    assert not [url for url in here if not url.startswith(site)]
    context.close()


def test_large_pictures_pass_and_larger_ones_are_refused(site):
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1200), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    assert len(file.getvalue()) > 1_000_000
    answer = requests.post(f"{site}/predict", data=file.getvalue(), timeout=60)
    assert answer.headers["Content-Type"] in ("application/json", "application/problem+json")
    assert answer.status_code in (200, 422)
    assert requests.post(f"{site}/predict", data=b"x" * 9_000_000, timeout=60).status_code == 413


def test_metrics_are_not_for_everyone(site):
    assert requests.get(f"{site}/metrics", timeout=60).status_code == 404


def test_the_unit_of_systemd_starts_the_service_by_its_settings(root, tmp_path):
    lines = (root / "docs/deploy/digits.service").read_text().splitlines()
    entries = dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
    started = (root / "Procfile").read_text().removeprefix("web:").strip()
    assert entries["ExecStart"] == f"/srv/digits/.venv/bin/{started}"
    settings = dict(pair.split("=") for pair in entries["Environment"].split())
    assert settings.keys() <= Config.names()
    settings.pop("PORT")
    with serve(tmp_path, WEB_CONCURRENCY=1, **settings) as service:
        assert requests.get(f"{service.url}/readyz", timeout=60).ok
