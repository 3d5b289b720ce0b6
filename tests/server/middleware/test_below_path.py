"""The service below a path of its host: every address that it writes stays below it."""

import re

import pytest
from flask.testing import FlaskClient

from server import create_app
from server.recognizer import Recognizer


def client_of(recognizer: Recognizer, **settings: object) -> FlaskClient:
    return create_app(settings, recognizer=recognizer).test_client()


ADDRESSES = re.compile(r'(?:href|src|action)="([^"#]+)"')


@pytest.fixture(scope="module")
def shipped() -> FlaskClient:
    """The service with the shipped network, which examples in its description come from."""
    return create_app({}).test_client()


@pytest.mark.parametrize("page", ["/", "/docs"])
def test_pages_name_nothing_at_the_root_of_the_host(shipped: FlaskClient, page: str) -> None:
    found = ADDRESSES.findall(shipped.get(page).text)
    assert len(found) > 2
    assert not [address for address in found if address.startswith("/")]


def test_the_description_is_where_the_service_is(shipped: FlaskClient) -> None:
    assert shipped.get("/openapi.json").get_json()["servers"] == [{"url": "."}]


def test_a_path_that_the_proxy_leaves_is_taken_off(recognizer: Recognizer) -> None:
    client = client_of(recognizer, SCRIPT_NAME="/digits/")
    assert client.get("/digits/livez").status_code == 200
    assert client.get("/livez").status_code == 200  # as from a proxy that takes it off
    assert client.get("/digitsx/livez").status_code == 404
    moved = client.get("/digits?a=1")
    assert (moved.status_code, moved.headers["Location"]) == (308, "/digits/?a=1")
    styles = re.search(r'href="(static/[^"]+base.css)"', client.get("/digits/").text)
    assert styles
    assert client.get(f"/digits/{styles[1]}").status_code == 200


def test_proxies_are_believed_only_where_there_are_any(recognizer: Recognizer) -> None:
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/digits"}
    name = "Strict-Transport-Security"
    assert name not in client_of(recognizer).get("/livez", headers=said).headers
    trusting = client_of(recognizer, TRUSTED_PROXIES=1)
    assert name in trusting.get("/livez", headers=said).headers
    assert trusting.get("/", headers=said).status_code == 200


def test_encryption_is_asked_for_as_the_setting_says(recognizer: Recognizer) -> None:
    name, secure = "Strict-Transport-Security", {"base_url": "https://digits.example"}
    assert "Sub" not in client_of(recognizer).get("/livez", **secure).headers[name]
    asked = client_of(recognizer, HSTS="max-age=1; preload").get("/livez", **secure)
    assert asked.headers[name] == "max-age=1; preload"
    assert name not in client_of(recognizer, HSTS=" ").get("/livez", **secure).headers


def test_sites_may_be_let_show_the_page_in_a_frame(recognizer: Recognizer) -> None:
    strict = client_of(recognizer).get("/").headers
    assert strict["X-Frame-Options"] == "DENY"
    framed = client_of(recognizer, FRAME_ANCESTORS="https://huggingface.co").get("/").headers
    assert "frame-ancestors 'self' https://huggingface.co" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
