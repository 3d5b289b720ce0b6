import pytest

from server import create_app
from server.middleware.security_headers import CONTENT_SECURITY_POLICY, HEADERS

PATHS = ["/", "/livez", "/predict", "/nowhere", "/static/none.js"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_keeps_browsers_strict(client, path):
    response = client.get(path)
    for name, value in HEADERS.items():
        assert response.headers.getlist(name) == [value]


def test_parts_of_the_page_are_not_told_of_cameras(client):
    headers = client.get("/static/js/app.js").headers
    assert set(HEADERS) - set(headers.keys()) == {"Permissions-Policy"}


def test_the_policy_has_no_way_around(client):
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; ")
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY


def test_only_encrypted_answers_ask_for_encryption(client):
    name = "Strict-Transport-Security"
    assert name not in client.get("/livez").headers
    assert "max-age=" in client.get("/livez", base_url="https://digits.example").headers[name]


def test_other_origins_are_not_let_in(client):
    response = client.get("/livez", headers={"Origin": "https://a.example"})
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "Vary" not in response.headers


@pytest.fixture
def open_client(recognizer):
    config = {"CORS_ORIGINS": "https://a.example,https://b.example"}
    return create_app(config, recognizer=recognizer).test_client()


def test_named_origins_are_let_in(open_client):
    response = open_client.get("/livez", headers={"Origin": "https://b.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://b.example"
    assert "X-Request-Id" in response.headers["Access-Control-Expose-Headers"]
    assert response.headers["Vary"] == "Origin"
    stranger = open_client.get("/livez", headers={"Origin": "https://c.example"})
    assert "Access-Control-Allow-Origin" not in stranger.headers
    assert stranger.headers["Vary"] == "Origin"


def test_what_may_be_read_from_elsewhere_is_said_once(open_client):
    name = "Cross-Origin-Resource-Policy"
    for origin, policy in (("a", "cross-origin"), ("c", "same-origin")):
        response = open_client.get("/livez", headers={"Origin": f"https://{origin}.example"})
        assert response.headers.getlist(name) == [policy]


def test_errors_can_be_read_from_named_origins(open_client):
    response = open_client.post("/predict", headers={"Origin": "https://a.example"})
    assert response.status_code == 415
    assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"


def test_browsers_may_ask_before_they_send(open_client):
    response = open_client.options(
        "/predict",
        headers={
            "Origin": "https://a.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert response.status_code == 200
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    needed = {"Content-Type", "X-Request-Id", "If-None-Match", "Inference-Header-Content-Length"}
    assert needed <= set(response.headers["Access-Control-Allow-Headers"].split(", "))
    shown = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Inference-Header-Content-Length", "Retry-After", "ETag"} <= set(shown)


def test_strangers_may_not_ask(open_client):
    headers = {"Origin": "https://c.example", "Access-Control-Request-Method": "POST"}
    response = open_client.options("/predict", headers=headers)
    assert not [name for name, _ in response.headers if name.startswith("Access-Control-")]


def test_a_star_lets_everyone_in(recognizer):
    client = create_app({"CORS_ORIGINS": "*"}, recognizer=recognizer).test_client()
    response = client.get("/livez", headers={"Origin": "https://any.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
