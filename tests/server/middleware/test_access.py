"""Keys and rate limits: off by default, and right with several workers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from server import create_app
from server.middleware import access, rate_limit
from server.middleware.rate_limit import RateLimit, network_of
from tests.support.http import problem
from tests.support.live import serve


@pytest.fixture
def with_keys(recognizer):
    return create_app({"API_KEYS": "one, two"}, recognizer=recognizer).test_client()


def test_without_settings_nobody_is_asked_or_counted(app):
    checks = [function.__module__ for function in app.before_request_funcs[None]]
    assert access.__name__ not in checks


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer one"},
        {"Authorization": "bearer  two"},
        {"X-API-Key": "two"},
    ],
)
def test_a_key_opens(with_keys, seven, headers):
    assert with_keys.post("/predict", data=seven, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer"}, {"Authorization": "Basic one"}, {"X-API-Key": "on\u00e9"}],
)
@pytest.mark.parametrize("path", ["/predict", "/read", "/explain", "/v2/models/scripted/infer"])
def test_without_a_key_nothing_is_read(with_keys, seven, path, headers):
    response = with_keys.post(path, data=seven, headers=headers)
    problem(response, 401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_what_reads_nothing_needs_no_key():
    client = create_app({"API_KEYS": "one"}).test_client()
    for path in ("/", "/livez", "/model", "/docs"):
        assert client.get(path).status_code == 200
    assert client.options("/predict").status_code == 200
    described = client.get("/openapi.json").get_json()
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    open_to_all = create_app().test_client().get("/openapi.json").get_json()
    assert "securitySchemes" not in open_to_all["components"]


def test_a_client_may_send_all_at_once_and_then_at_the_same_rate():
    limit = RateLimit(6)
    assert [limit.wait("a", now=100.0) for _ in range(6)] == [0] * 6
    assert limit.wait("a", now=100.0) == pytest.approx(10)
    assert limit.wait("a", now=105.0) == pytest.approx(5)
    assert limit.wait("b", now=105.0) == 0
    assert limit.wait("a", now=110.0) == 0
    assert limit.wait("a", now=110.0) == pytest.approx(10)
    assert [limit.wait("a", now=999.0) for _ in range(6)] == [0] * 6


def test_so_many_clients_that_some_are_forgotten(monkeypatch):
    monkeypatch.setattr(rate_limit, "_SETS", 1)
    limit = RateLimit(1)
    assert all(limit.wait(f"client {number}", now=10.0 + number) == 0 for number in range(9))
    assert limit.wait("client 8", now=19.0) > 0
    assert limit.wait("client 0", now=19.0) == 0  # the quietest had to make room


def test_threads_count_together():
    limit = RateLimit(100)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: limit.wait("a", now=50.0), range(300)))
    assert waits.count(0) == 100


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("", ""),
    ],
)
def test_clients_are_told_apart_by_what_they_have_of_their_own(address, network):
    assert network_of(address) == network


def test_too_many_requests_are_told_when_to_come_back(recognizer, seven):
    client = create_app({"RATE_LIMIT": 2, "API_KEYS": "k"}, recognizer=recognizer).test_client()
    headers = {"X-API-Key": "k"}
    for _ in range(2):
        assert client.post("/predict", data=seven, headers=headers).status_code == 200
    response = client.post("/predict", data=seven, headers=headers)
    problem(response, 429, "too_many_requests")
    assert 1 <= int(response.headers["Retry-After"]) <= 30
    # Whoever tries keys is counted by address, apart from those who have one.
    codes = [client.post("/predict", headers={"X-API-Key": str(n)}).status_code for n in range(3)]
    assert codes == [401, 401, 429]
    assert client.get("/livez").status_code == 200


def test_all_workers_count_together(tmp_path, seven):
    with (
        serve(tmp_path, WEB_CONCURRENCY=3, RATE_LIMIT=20) as service,
        ThreadPoolExecutor(6) as pool,
    ):

        def ask(_):
            return requests.post(f"{service.url}/predict", data=seven, timeout=60).status_code

        codes = list(pool.map(ask, range(60)))
    # One more every three seconds, if this takes so long; separate counts would let 60 pass.
    assert 20 <= codes.count(200) <= 30
    assert codes.count(200) + codes.count(429) == 60
