"""The routes for programs, with a scripted recognizer in place of the network."""

import base64
import gzip
import io
import json

import pytest
from PIL import Image

from server import create_app
from server.config import MAX_FORM_FIELDS
from tests.support.http import blank, encoded, problem


def test_predict_answers_as_the_contract_says(client, seven):
    body = client.post("/predict", json={"image": encoded(seven)}).get_json()
    assert body["digit"] == 7
    assert body["confidence"] == 0.91
    assert body["is_digit"] is True
    assert len(body["probabilities"]) == 10
    assert body["top"][0] == {"digit": 7, "label": "7", "probability": 0.91}
    assert len(body["top"]) == 3
    assert body["model"] == {"name": "scripted", "version": "1.2.3"}
    assert set(body["time_ms"]) == {"preprocess", "predict"}
    assert body["request_id"]
    assert "input" not in body


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,", "data:;base64,"])
def test_base64_comes_plain_or_as_a_data_url(client, seven, prefix):
    response = client.post("/predict", json={"image": prefix + encoded(seven)})
    assert response.get_json()["digit"] == 7


def test_what_is_no_digit_has_no_digit(seven, recognizer):
    recognizer.digit = None
    client = create_app(recognizer=recognizer).test_client()
    body = client.post("/predict", json={"image": encoded(seven)}).get_json()
    assert (body["digit"], body["is_digit"], body["confidence"]) == (None, False, 0.91)
    assert body["top"][0]["digit"] == 7


def test_a_batch_is_one_forward_pass(client, recognizer, seven):
    body = client.post("/predict", json={"images": [encoded(seven)] * 5, "top": 1}).get_json()
    assert recognizer.batches == [5]
    assert [len(one["top"]) for one in body["predictions"]] == [1] * 5
    assert set(body) == {"predictions", "model", "time_ms", "request_id"}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_a_picture_may_be_the_body_itself(client, seven, kind):
    file = io.BytesIO()
    Image.open(io.BytesIO(seven)).convert("RGB").save(file, kind)
    response = client.post(
        "/predict?top=2", data=file.getvalue(), content_type=f"image/{kind.lower()}"
    )
    assert len(response.get_json()["top"]) == 2


def test_a_form_may_bring_the_picture(client, seven):
    form = {"image": (io.BytesIO(seven), "digit.png"), "top": "1", "input": "true"}
    body = client.post("/predict", data=form).get_json()
    assert len(body["top"]) == 1
    assert body["input"].startswith("data:image/png;base64,")


def test_a_large_upload_in_a_form_makes_no_file(client, seven, monkeypatch):
    monkeypatch.setattr("tempfile._get_default_tempdir", lambda: pytest.fail("a file was made"))
    monkeypatch.setattr("tempfile.tempdir", None)
    upload = seven + b" " * 1_000_000
    body = (
        b'--limit\r\nContent-Disposition: form-data; name="image"; filename="n.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + upload + b"\r\n--limit--\r\n"
    )
    response = client.post(
        "/predict", data=body, content_type="multipart/form-data; boundary=limit"
    )
    assert response.get_json()["digit"] == 7


def test_the_input_is_shown_as_the_network_saw_it(client, seven):
    body = client.post("/predict", json={"image": encoded(seven), "input": True}).get_json()
    picture = Image.open(io.BytesIO(base64.b64decode(body["input"].partition(",")[2])))
    assert (picture.size, picture.mode) == ((28, 28), "L")
    assert picture.getpixel((0, 0)) == 0
    assert picture.getextrema()[1] > 200


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ("{not json", 400, "not_json"),
        ("", 400, "not_json"),
        ('{"image": NaN}', 400, "not_json"),
        ('{"image": "", "image": ""}', 400, "not_json"),
        ("[1, 2]", 422, "invalid_field"),
        ("null", 422, "invalid_field"),
        ("{}", 422, "missing_image"),
        ('{"image": ""}', 422, "missing_image"),
        ('{"image": "data:image/png;base64,"}', 422, "missing_image"),
        ('{"image": 7}', 422, "invalid_field"),
        ('{"image": null}', 422, "invalid_field"),
        ('{"image": ["YWJj"]}', 422, "invalid_field"),
        ('{"image": "%%%"}', 422, "not_base64"),
        ('{"image": "YWJj"}', 422, "not_an_image"),
        ('{"images": []}', 422, "invalid_field"),
        ('{"images": "YWJj"}', 422, "invalid_field"),
        ('{"images": ["YWJj"], "image": "YWJj"}', 422, "invalid_field"),
    ],
)
def test_each_bad_body_has_its_own_problem(client, sent, status, code):
    problem(client.post("/predict", data=sent, content_type="application/json"), status, code)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("top", 0),
        ("top", 11),
        ("top", 2.5),
        ("top", None),
        ("top", "3"),
        ("top", True),
        ("top", "x"),
        ("top", []),
        ("top", "1" * 5000),
        ("input", 1),
        ("input", None),
        ("input", "true"),
        ("input", "maybe"),
        ("input", {}),
    ],
)
def test_options_out_of_range_are_refused_by_name(client, seven, field, value):
    response = client.post("/predict", json={"image": encoded(seven), field: value})
    assert problem(response, 422, "invalid_field")["field"] == field


@pytest.mark.parametrize("query", ["top=0", "top=", "top=x", "top=%C2%B2", "input=", "input=yes"])
def test_options_in_the_query_are_refused_too(client, seven, query):
    asked = (
        {"data": seven, "content_type": "image/png"},
        {"json": {"image": encoded(seven), "top": 2}},
    )
    for one in asked:
        response = client.post(f"/predict?{query}", **one)
        assert problem(response, 422, "invalid_field")["field"] == query.partition("=")[0]


def test_options_in_the_body_count_more(client, seven):
    response = client.post("/predict?top=5", json={"image": encoded(seven), "top": 2.0})
    assert len(response.get_json()["top"]) == 2
    response = client.post("/predict?top=5", json={"image": encoded(seven)})
    assert len(response.get_json()["top"]) == 5


def test_a_body_compressed_in_another_way_is_not_taken(client, seven):
    response = client.post(
        "/predict", data=seven, content_type="image/png", headers={"Content-Encoding": "br"}
    )
    problem(response, 415, "unsupported_media_type")
    assert response.headers["Accept-Encoding"] == "gzip, identity"


def zipped(client, body, content_type="image/png"):
    headers = {"Content-Encoding": "gzip"}
    return client.post("/predict", data=body, content_type=content_type, headers=headers)


def test_a_body_in_gzip_is_unpacked(client, seven):
    assert zipped(client, gzip.compress(seven)).get_json()["digit"] == 7
    body = json.dumps({"image": encoded(seven)}).encode()
    assert zipped(client, gzip.compress(body), "application/json").get_json()["digit"] == 7


def test_a_body_in_gzip_is_bounded_once_unpacked(client, seven):
    bomb = gzip.compress(bytes(9_000_000))
    assert len(bomb) < 10_000
    problem(zipped(client, bomb), 413, "too_large")
    for broken in (seven, gzip.compress(seven)[:-9], gzip.compress(seven) + b"more"):
        problem(zipped(client, broken), 400, "bad_request")


def test_an_empty_picture_says_that_nothing_is_drawn(client):
    problem(client.post("/predict", data=blank(), content_type="image/png"), 422, "blank_image")


def test_a_batch_names_the_picture_at_fault(client, seven):
    images = [encoded(seven), encoded(seven), encoded(blank())]
    body = problem(client.post("/predict", json={"images": images}), 422, "blank_image")
    assert body["index"] == 2
    images[1] = "%%%"
    body = problem(client.post("/predict", json={"images": images}), 422, "not_base64")
    assert body["index"] == 1


def test_a_batch_has_a_limit(client):
    body = problem(client.post("/predict", json={"images": ["YWJj"] * 33}), 422, "too_many_images")
    assert "32" in body["detail"]


def test_a_picture_has_a_limit(recognizer, seven):
    client = create_app({"MAX_PIXELS": 100}, recognizer=recognizer).test_client()
    response = client.post("/predict", data=seven, content_type="image/png")
    assert "100" in problem(response, 422, "too_many_pixels")["detail"]


def test_a_batch_has_a_limit_of_pixels(recognizer, seven):
    config = {"MAX_TOTAL_PIXELS": 2 * 280 * 280 + 1}
    client = create_app(config, recognizer=recognizer).test_client()
    two = client.post("/predict", json={"images": [encoded(seven)] * 2})
    assert two.status_code == 200
    three = client.post("/predict", json={"images": [encoded(seven)] * 3})
    body = problem(three, 422, "too_many_pixels")
    assert body["index"] == 2
    assert "that are left" in body["detail"]


@pytest.mark.parametrize("content_type", ["text/plain", None])
def test_other_kinds_of_content_are_not_taken(client, content_type):
    response = client.post("/predict", data=b"x=1", content_type=content_type)
    body = problem(response, 415, "unsupported_media_type")
    assert "application/json" in body["detail"]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
def test_bytes_that_begin_as_a_picture_are_one_whatever_they_are_called(
    client, seven, content_type
):
    answer = client.post("/predict?top=1", data=seven, content_type=content_type).get_json()
    assert answer["digit"] == 7
    assert len(answer["top"]) == 1


def test_a_form_of_one_line_has_the_picture_in_base64(client, seven):
    kind = "application/x-www-form-urlencoded"
    sent = client.post("/predict", data={"image": encoded(seven), "top": "2"}, content_type=kind)
    assert (sent.get_json()["digit"], len(sent.get_json()["top"])) == (7, 2)
    careless = f"image={encoded(seven)}"  # whose plus signs are spaces in a form
    assert client.post("/predict", data=careless, content_type=kind).get_json()["digit"] == 7
    problem(client.post("/predict", data="x=1", content_type=kind), 422, "missing_image")
    many = "&".join(f"a{i}=1" for i in range(200))
    problem(client.post("/predict", data=many, content_type=kind), 422, "invalid_field")


def test_what_was_made_up_is_said_in_the_answer(client, seven):
    assert "warnings" not in client.post("/predict", data=seven).get_json()
    file = io.BytesIO()
    Image.open(io.BytesIO(seven)).convert("L").save(file, "JPEG")
    cut = file.getvalue()[:-2]
    answer = client.post("/predict", data=cut, content_type="image/jpeg").get_json()
    assert answer["digit"] == 7
    assert "cut off" in answer["warnings"][0]
    several = {"images": [encoded(seven), encoded(cut)]}
    answer = client.post("/predict", json=several).get_json()
    assert answer["warnings"][0].startswith("picture 1: ")
    assert "cut off" in client.post("/read", data=cut).get_json()["warnings"][0]


@pytest.mark.parametrize("form", [{}, {"other": "x"}, {"image": "text, not a file"}])
def test_a_form_without_a_picture_is_refused(client, form):
    response = client.post("/predict", data=form, content_type="multipart/form-data")
    problem(response, 422, "missing_image")


@pytest.mark.parametrize(
    ("form", "code", "words"),
    [
        ({"image": "iVBORw0KGgo="}, "missing_image", "filename"),
        ({"image": (io.BytesIO(b""), "empty.png")}, "missing_image", "`image` is empty"),
        (
            {"image": [(io.BytesIO(b"a"), "a.png"), (io.BytesIO(b"b"), "b.png")]},
            "invalid_field",
            "`images`",
        ),
    ],
)
def test_it_is_said_what_is_wrong_with_a_form(client, form, code, words):
    response = client.post("/predict", data=form, content_type="multipart/form-data")
    assert words in problem(response, 422, code)["detail"]


def test_a_form_of_very_many_fields_is_refused_with_the_limit(client, seven):
    form = {f"field{i}": "x" for i in range(MAX_FORM_FIELDS - 1)}
    fits = client.post("/predict", data=form | {"image": (io.BytesIO(seven), "7.png")})
    assert fits.status_code == 200
    form |= {"one": "more", "image": (io.BytesIO(seven), "7.png")}
    body = problem(client.post("/predict", data=form), 413, "too_large")
    assert str(MAX_FORM_FIELDS) in body["detail"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("null", "null"),
        ("true", "true"),
        ('"3"', '"3"'),
        ("[1, null]", "[1, null]"),
        ("[[1]]", "a list of 1"),
        ("[1, 2, 3, 4, 5, 6, 7]", "a list of 7"),
        ('{"a": 1}', "an object"),
        ('"' + "x" * 99 + '"', '"' + "x" * 56 + "…"),
    ],
)
def test_a_wrong_value_is_shown_as_json_writes_it(client, seven, value, shown):
    text = f'{{"image": "{encoded(seven)}", "top": {value}}}'
    response = client.post("/predict", data=text, content_type="application/json")
    assert problem(response, 422, "invalid_field")["detail"].endswith(f", got {shown}")


def test_answers_are_not_kept_by_caches(client, seven):
    answers = client.get("/livez"), client.get("/nowhere"), client.post("/predict", data=seven)
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert client.get("/static/css/base.css").headers["Cache-Control"] == "no-cache"


def test_a_form_without_a_boundary_is_refused(client):
    response = client.post("/predict", data=b"x", headers={"Content-Type": "multipart/form-data"})
    assert "boundary" in problem(response, 422, "missing_image")["detail"]


def test_a_kind_that_is_not_taken_is_told_all_that_are(client, seven):
    refused = client.post("/predict", data=b"x=1", content_type="text/plain")
    assert refused.status_code == 415
    for kind in refused.headers["Accept"].split(", "):
        taken = client.post("/predict", data=seven, content_type=kind)
        is_text = kind in ("application/json", "multipart/form-data")
        assert (taken.status_code == 200) != is_text
        assert taken.status_code != 415
    assert "application/octet-stream" in refused.headers["Accept"]


def test_an_empty_list_is_told_from_none(client):
    refused = client.post("/predict", json={"images": []})
    assert "at least one" in problem(refused, 422, "invalid_field")["detail"]


def test_answers_are_json_that_any_parser_takes(client, seven):
    text = client.post("/predict", json={"image": encoded(seven)}).get_data(as_text=True)
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in an answer"))


@pytest.mark.parametrize("text", [b'\\"', b";", b'; a="', b"\r\nX: y"])
def test_parts_of_a_form_with_long_headers_are_not_taken_apart(client, text, monkeypatch):
    parsed = []
    monkeypatch.setattr(
        "werkzeug.sansio.multipart.parse_options_header", lambda value: parsed.append(value)
    )
    head = b'--x\r\nContent-Disposition: form-data; name="image' + text * (9000 // len(text))
    for mark in (b"", b"--x"):
        body = mark + head + b"\r\n\r\nx\r\n--x--"
        response = client.post(
            "/predict", data=body, content_type="multipart/form-data; boundary=x"
        )
        assert "8190 bytes" in problem(response, 413, "too_large")["detail"]
    assert not parsed


def test_boundaries_that_part_nothing_are_counted_too(client):
    body = b"y--x" * 1001 + b"\r\n--x--"
    response = client.post("/predict", data=body, content_type="multipart/form-data; boundary=x")
    problem(response, 413, "too_large")
