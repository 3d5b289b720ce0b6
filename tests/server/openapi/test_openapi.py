"""The description of the API is true: of every route, limit, example and answer."""

import base64
import io
import json
import os
import re
import subprocess
import sys

import jsonschema
import pytest
from PIL import Image

from server import create_app
from server.config import IMAGE_FORMATS, LIMITS, MEDIA_TYPES, Config
from server.openapi.problem_meanings import meanings
from server.problems import KINDS
from tests.support.live import serve


@pytest.fixture(scope="module")
def app():
    return create_app()


@pytest.fixture(scope="module")
def client(app):
    return app.test_client()


@pytest.fixture(scope="module")
def api(client):
    return client.get("/openapi.json").get_json()


def operations(api):
    for path, item in api["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def check(api, schema, value):
    """Validate a value by a schema of the document."""
    whole = {**schema, "components": api["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


def test_every_route_is_described_and_nothing_else(app, api):
    recognizer = app.extensions["services"].pipeline.recognizer
    routes = set()
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<name>", recognizer.name).replace("<version>", recognizer.version)
        routes |= {(path, method.lower()) for method in rule.methods - {"HEAD", "OPTIONS"}}
    files = ("/static/", "/favicon", "/learn/<", "/learn/lessons/<", "/learn/code/<")
    routes = {route for route in routes if not route[0].startswith(files)}
    assert {(path, method) for path, method, _ in operations(api)} == routes


def test_the_api_has_a_version_of_its_own(api, client):
    numbers = api["info"]["version"].split(".")
    assert len(numbers) == 3
    assert all(number.isdigit() for number in numbers)
    assert api["info"]["version"] != client.get("/model").get_json()["version"]


def test_operations_are_told_apart(api):
    names = [operation["operationId"] for _, _, operation in operations(api)]
    assert len(set(names)) == len(names)


def test_every_example_of_a_request_is_answered_as_described(api, client):
    sent = 0
    for path, method, operation in operations(api):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in content.get("examples", {}).values():
            check(api, content["schema"], example["value"])
            response = client.open(path, method=method.upper(), json=example["value"])
            assert response.status_code == 200, response.text
            described = operation["responses"]["200"]["content"]["application/json"]
            check(api, described["schema"], response.get_json())
            sent += 1
    assert sent >= 8


def test_every_get_is_answered_as_described(api, client):
    for path, method, operation in operations(api):
        if method == "get":
            response = client.get(path)
            (media_type,) = operation["responses"]["200"]["content"]
            assert (response.status_code, response.mimetype) == (200, media_type)
            if media_type == "application/json":
                schema = operation["responses"]["200"]["content"][media_type]["schema"]
                check(api, schema, response.get_json())


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE", "PUT", "BREW"])
def test_other_methods_are_right_everywhere(api, client, method):
    for path, item in api["paths"].items():
        takes = {"POST", "OPTIONS"} if "post" in item else {"GET", "HEAD", "OPTIONS"}
        response = client.open(path, method=method)
        if method == "HEAD" and "get" in item:
            get = client.get(path)
            assert (response.status_code, response.data) == (200, b"")
            assert response.content_type == get.content_type
            if path != "/metrics":  # which has counted one more by then
                assert response.headers["Content-Length"] == get.headers["Content-Length"]
        elif method == "OPTIONS":
            assert response.status_code == 200
            assert set(response.headers["Allow"].split(", ")) == takes
        else:
            assert response.status_code == 405
            assert set(response.headers["Allow"].split(", ")) == takes


def examples_of(api, content):
    """Return the examples of an answer by name, with those that are only pointed to."""
    return {
        name: api["components"]["examples"][example["$ref"].rsplit("/", 1)[1]]["value"]
        if "$ref" in example
        else example["value"]
        for name, example in content.get("examples", {}).items()
    }


def test_every_answer_in_json_has_examples_that_fit_its_schema(api):
    for path, _, operation in operations(api):
        for status, response in operation["responses"].items():
            for media_type, content in response["content"].items():
                shown = examples_of(api, content)
                assert shown or "json" not in media_type, (path, status)
                for code, value in shown.items():
                    check(api, content["schema"], value)
                    if media_type == "application/problem+json":
                        assert value["code"] == code
                        assert status in (str(value["status"]), "default")


def lasting(answer):
    """Leave out what differs from one request to the next."""
    return {key: value for key, value in answer.items() if key not in ("time_ms", "request_id")}


def test_the_examples_of_answers_are_what_is_answered(api, client):
    compared = 0
    for path, method, operation in operations(api):
        answers = operation["responses"]["200"]["content"].get("application/json", {})
        asked = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for name, answer in examples_of(api, answers).items():
            body = asked.get("examples", {}).get(name, {}).get("value")
            if path == "/explain":
                last = len(answer["layers"]) - 1
                body = api["components"]["schemas"]["Picture"]["examples"][0]
                body = {"image": body, "maps": [last], "heatmap": True, "layer": last, "channel": 0}
            if path != "/openapi.json":
                response = client.open(path, method=method.upper(), json=body)
                assert lasting(response.get_json()) == lasting(answer), path
                compared += 1
    assert compared >= 15


def picture(size, colour=255):
    file = io.BytesIO()
    Image.new("L", size, colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_the_examples_of_problems_are_what_is_answered(api, client, seven):
    one = base64.b64encode(seven).decode()
    dots = Image.new("L", (340, 340), 255)
    for place in range(257):
        dots.paste(0, (x := 20 * (place % 17) + 5, y := 20 * (place // 17) + 5, x + 4, y + 8))
    file = io.BytesIO()
    dots.save(file, "PNG")
    many = base64.b64encode(file.getvalue()).decode()
    requests = {
        "not_json": {"data": b"", "content_type": "application/json"},
        "not_found": {"path": "/predictions"},
        "method_not_allowed": {"method": "GET"},
        "too_large": {"data": b"x" * (8 * 1024 * 1024 + 1), "content_type": "image/png"},
        "unsupported_media_type": {"data": b"x", "content_type": "text/plain"},
        "invalid_field": {"json": {"image": one, "top": 11}},
        "missing_image": {"json": {}},
        "too_many_images": {"json": {"images": [one] * 33}},
        "not_base64": {"json": {"images": [one, "!"]}},
        "not_an_image": {"json": {"image": base64.b64encode(b"text").decode()}},
        "too_many_pixels": {"json": {"image": picture((16001, 1000))}},
        "blank_image": {"json": {"image": picture((50, 50))}},
        "too_many_marks": {"path": "/read", "json": {"image": many}},
    }
    for code, request in requests.items():
        answer = client.open(**{"path": "/predict", "method": "POST", **request}).get_json()
        assert lasting(answer) == lasting(api["components"]["examples"][code]["value"])
    assert set(api["components"]["examples"]) == set(KINDS)
    slow = create_app({"PICTURE_MILLISECONDS": 1}).test_client()
    answer = slow.post("/predict", json={"image": many}).get_json()
    assert lasting(answer) == lasting(api["components"]["examples"]["too_complex"]["value"])


def test_every_operation_and_every_field_is_described(api):
    def walk(schema, where):
        if isinstance(schema, dict):
            for name, part in schema.get("properties", {}).items():
                if "$ref" not in part:
                    assert part.get("description"), (where, name)
            for name, part in schema.items():
                walk(part, (*where, name))
        elif isinstance(schema, list):
            for part in schema:
                walk(part, where)

    walk(api["components"]["schemas"], ())
    walk(api["paths"], ())
    for _, _, operation in operations(api):
        assert operation["description"].endswith(".")
        assert all(option["description"] for option in operation.get("parameters", []))


def test_workers_describe_the_service_in_the_same_bytes(app):
    again = create_app().test_client().get("/openapi.json")
    assert app.test_client().get("/openapi.json").headers["ETag"] == again.headers["ETag"]


def test_every_field_example_fits_its_schema(api):
    def walk(schema):
        if isinstance(schema, dict):
            for example in schema.get("examples", []):
                check(api, schema, example)
            for part in schema.values():
                walk(part)

    walk(api["components"]["schemas"])


def test_every_way_to_send_a_picture_is_described(api):
    for path in ("/predict", "/read", "/explain"):
        content = api["paths"][path]["post"]["requestBody"]["content"]
        assert set(content) == {
            "application/json",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            *MEDIA_TYPES,
        }


def test_every_problem_is_described(api):
    assert api["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == list(KINDS)
    described = {problem["code"]: problem["status"] for problem in api["x-problems"]}
    assert described == {code: status for code, (status, _) in KINDS.items()}
    assert set(meanings(Config())) == set(KINDS)


def test_limits_come_from_the_settings():
    config = {"MAX_IMAGES": 5, "MAX_PIXELS": 123456, "MAX_INPUTS": 77, "MAX_BODY_BYTES": 4321}
    text = create_app(config).test_client().get("/openapi.json").text
    schemas = json.loads(text)["components"]["schemas"]
    assert schemas["SeveralPictures"]["properties"]["images"]["maxItems"] == 5
    assert "123456 pixels" in schemas["Picture"]["description"]
    limits = schemas["Model"]["properties"]["limits"]["properties"]
    assert {name: limits[name.lower()]["const"] for name in config} == config
    assert set(limits) == {*LIMITS, "formats"}
    assert all(name in schemas["Picture"]["description"] for name in IMAGE_FORMATS)


def test_the_document_is_not_sent_again(client):
    first = client.get("/openapi.json")
    again = client.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_the_page_shows_every_operation_field_and_problem(api, client):
    page = client.get("/docs").text
    assert page.count("<h1>") == 1
    for path, _, operation in operations(api):
        assert f'id="{operation["operationId"]}"' in page
        assert f"<code>{path}</code>" in page
    for name in api["components"]["schemas"]:
        assert f'id="schema-{name}"' in page
    for code in KINDS:
        assert f'id="{code}"' in page
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page


def test_showing_the_page_changes_nothing_in_the_application(recognizer):
    app = create_app(recognizer=recognizer)
    filters = dict(app.jinja_env.filters)
    app.test_client().get("/docs")
    assert app.jinja_env.filters == filters
    assert "prose" in filters


def test_the_page_needs_nothing_from_elsewhere(client):
    page = client.get("/docs").text
    ours = re.findall(r'<script type="module" src="[^"]+"></script>', page)
    assert page.count("<script") == len(ours) == 1
    assert "style=" not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    for address in re.findall(r'<(?:link|script) [^>]*(?:href|src)="([^"]+)"', page):
        assert client.get(address).status_code == 200


def test_schemathesis_finds_nothing_against_it(tmp_path, root):
    with serve(tmp_path, WEB_CONCURRENCY=2) as service:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json"),
            *("--url", service.url),  # of the relative address in `servers` it makes `/./predict`
            *("--checks", "all", "--max-examples", "5", "--seed", "1"),
            *("--generation-database", "none"),
        ]
        environ = os.environ | {
            "SCHEMATHESIS_HOOKS": str(root / "tests/support/schemathesis_hooks.py"),
            "PYTHONPATH": str(root),
        }
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]
    assert "passed" in done.stdout
