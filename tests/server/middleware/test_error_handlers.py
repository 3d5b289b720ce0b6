import io
import json
import re

import pytest
from flask import abort, redirect

from server import create_app
from server.problems import CODES, KINDS, Problem, document
from tests.support.http import problem


def test_unknown_addresses(client):
    body = problem(client.get("/nowhere"), 404, "not_found")
    assert "/nowhere" in body["detail"]
    problem(client.post("/static/none.js"), 405, "method_not_allowed")
    problem(client.get("/static/none.js"), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/predict", {"POST", "OPTIONS"}),
        ("DELETE", "/", {"GET", "HEAD", "OPTIONS"}),
        ("BREW", "/livez", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_wrong_methods_are_told_the_right_ones(client, method, path, allowed):
    response = client.open(path, method=method)
    problem(response, 405, "method_not_allowed")
    assert {name.strip() for name in response.headers["Allow"].split(",")} == allowed


def test_a_fault_of_ours_is_500_without_its_trace(client, app, recognizer, seven, caplog):
    def fail(inputs):
        raise RuntimeError("secret detail")

    recognizer.recognize = fail
    app.logger.disabled = True
    response = client.post("/predict", data=seven, content_type="image/png")
    problem(response, 500, "internal_error")
    assert "secret" not in response.get_data(as_text=True)
    assert "Traceback" not in response.get_data(as_text=True)


def test_a_body_over_the_limit_is_413_by_its_length(recognizer):
    client = create_app({"MAX_BODY_BYTES": 1000}, recognizer=recognizer).test_client()
    response = client.post("/predict", data=b"x" * 1001, content_type="image/png")
    assert problem(response, 413, "too_large")["max_bytes"] == 1000
    assert "1000 bytes" in response.get_json()["detail"]


def test_a_body_over_the_limit_is_413_in_chunks(recognizer, seven):
    client = create_app({"MAX_BODY_BYTES": 3000}, recognizer=recognizer).test_client()

    def post(data):
        return client.post(
            "/predict",
            input_stream=io.BytesIO(data),
            content_type="image/png",
            headers={"Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},
        )

    problem(post(seven + b" " * 3000), 413, "too_large")
    assert len(seven) < 3000
    assert post(seven).get_json()["digit"] == 7


def test_broken_chunks_are_the_clients_fault(client):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError("chunk missing terminator")

    response = client.post(
        "/predict",
        input_stream=Broken(),
        content_type="image/png",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    problem(response, 400, "bad_request")


@pytest.mark.parametrize("status", [403, 410, 418])
def test_statuses_without_a_code_of_their_own_are_kept(recognizer, status):
    app = create_app(recognizer=recognizer)
    app.add_url_rule("/refuse", view_func=lambda: abort(status))
    problem(app.test_client().get("/refuse"), status, "bad_request")


def test_whoever_is_told_to_come_back_is_told_when(recognizer, seven):
    app = create_app({"RETRY_AFTER": 4}, recognizer=recognizer)

    def refuse(*_, **__):
        raise Problem("busy", "other large pictures are being decoded")

    app.extensions["services"].pipeline.predict = refuse
    response = app.test_client().post("/predict", data=seven, content_type="image/png")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "4")


def test_redirects_are_no_errors(recognizer):
    app = create_app(recognizer=recognizer)
    app.add_url_rule("/old", view_func=lambda: redirect("/new"))
    response = app.test_client().get("/old")
    assert (response.status_code, response.headers["Location"]) == (302, "/new")


def test_documents_have_the_members_of_the_standard():
    body = json.loads(document("busy", "come back", "abc", index=3))
    assert body == {
        "type": "/docs#busy",
        "title": "Too busy",
        "status": 503,
        "detail": "come back",
        "code": "busy",
        "error": "come back",
        "request_id": "abc",
        "index": 3,
    }


def test_every_status_has_one_code():
    assert all(KINDS[code][0] == status for status, code in CODES.items())


@pytest.mark.parametrize("code", KINDS)
def test_every_code_is_documented_with_its_status(root, code):
    status, _ = KINDS[code]
    text = (root / "docs/api.md").read_text()
    assert re.search(rf"^\| `{code}` \| {status} \| \S.* \|$", text, re.MULTILINE)


def test_every_problem_raised_is_a_known_one(root):
    sources = "\n".join(path.read_text() for path in (root / "server").rglob("*.py"))
    raised = set(re.findall(r'Problem\(\s*"(\w+)"', sources))
    raised |= set(re.findall(r'^    code = "(\w+)"', sources, re.MULTILINE)) - {"bad_image"}
    assert raised
    assert raised <= KINDS.keys()
