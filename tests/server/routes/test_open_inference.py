import base64
import json

import numpy as np
import pytest
import requests
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from server import create_app
from server.config import Config
from server.parsing.input_tensor import Most, layouts, read_input
from server.self_test import KNOWN_DIGIT
from tests.support.http import problem
from tests.support.live import serve

URL = "/v2/models/scripted/infer"


@pytest.fixture
def images(rng):
    return rng.random((3, 28, 28, 1), dtype=np.float32)


def request_of(images, **changes):
    tensor = {
        "name": "image",
        "shape": list(images.shape),
        "datatype": "FP32",
        "data": images.ravel().tolist(),
    }
    return {"inputs": [tensor | changes]}


def test_server_and_model_describe_themselves(client):
    assert client.get("/v2").get_json() == {
        "name": "convnet",
        "version": "1.2.3",
        "extensions": ["binary_tensor_data"],
    }
    for path in ("/v2/models/scripted", "/v2/models/scripted/versions/1.2.3"):
        assert client.get(path).get_json() == {
            "name": "scripted",
            "versions": ["1.2.3"],
            "platform": "convnet",
            "inputs": [{"name": "image", "datatype": "FP32", "shape": [-1, 28, 28, 1]}],
            "outputs": [
                {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]},
                {"name": "digit", "datatype": "INT64", "shape": [-1]},
            ],
        }


def test_readiness_is_that_of_the_service(client, recognizer):
    assert client.get("/v2/health/live").get_json() == {"live": True}
    recognizer.digit = 3
    problem(client.get("/v2/health/ready"), 503, "not_ready")
    problem(client.get("/v2/models/scripted/ready"), 503, "not_ready")
    recognizer.digit = KNOWN_DIGIT
    assert client.get("/v2/health/ready").get_json() == {"ready": True}
    ready = client.get("/v2/models/scripted/versions/1.2.3/ready").get_json()
    assert ready == {"name": "scripted", "ready": True}


@pytest.mark.parametrize("path", ["", "/ready", "/infer"])
@pytest.mark.parametrize("model", ["other", "scripted/versions/9"])
def test_other_models_are_not_here(client, model, path):
    method = "POST" if path == "/infer" else "GET"
    problem(client.open(f"/v2/models/{model}{path}", method=method), 404, "not_found")


@pytest.mark.parametrize("nested", [False, True])
def test_numbers_come_flat_or_nested(client, recognizer, images, nested):
    data = images.tolist() if nested else images.ravel().tolist()
    body = client.post(URL, json=request_of(images, data=data)).get_json()
    assert recognizer.batches == [3]
    assert (body["model_name"], body["model_version"]) == ("scripted", "1.2.3")
    probabilities, digit = body["outputs"]
    assert (probabilities["name"], probabilities["shape"]) == ("probabilities", [3, 10])
    assert (digit["name"], digit["datatype"], digit["data"]) == ("digit", "INT64", [7, 7, 7])
    assert "id" not in body


def test_what_is_no_digit_is_minus_one(client, recognizer, images):
    recognizer.digit = None
    body = client.post(URL, json=request_of(images)).get_json()
    assert body["outputs"][1]["data"] == [-1, -1, -1]


def test_id_and_outputs_are_heeded(client, images):
    asked = {**request_of(images), "id": "mine", "outputs": [{"name": "digit"}], "parameters": {}}
    body = client.post(URL, json=asked).get_json()
    assert body["id"] == "mine"
    assert [output["name"] for output in body["outputs"]] == ["digit"]


def test_the_network_gets_what_was_sent(recognizer, images):
    seen = []
    recognize = recognizer.recognize

    def spy(inputs):
        seen.append(np.array(inputs))
        return recognize(inputs)

    recognizer.recognize = spy
    client = create_app(recognizer=recognizer).test_client()
    client.post(URL, json=request_of(images))
    np.testing.assert_array_equal(seen[0], images[..., 0])


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "picture"},
        {"name": None},
        {"datatype": "FP64"},
        {"shape": [3, 28, 28]},
        {"shape": [3, 785]},
        {"shape": [28, 28]},
        {"shape": [28, 84]},
        {"datatype": ["FP32"]},
        {"datatype": "UINT8", "data": [0.5] * 2352},
        {"datatype": "UINT8", "data": [256] * 2352},
        {"datatype": "BYTES", "shape": [3, 1], "data": "x"},
        {"datatype": "BYTES", "shape": [33], "data": ["eA=="] * 33},
        {"datatype": "BYTES", "shape": [1, 2], "data": ["eA=="] * 2},
        {"datatype": "BYTES", "shape": [3], "data": ["eA=="] * 2},
        {"datatype": "BYTES", "shape": [1], "data": [5]},
        {"datatype": "BYTES", "shape": ["1"], "data": ["eA=="]},
        {"shape": [0, 28, 28, 1]},
        {"shape": [257, 28, 28, 1]},
        {"shape": [-1, 28, 28, 1]},
        {"shape": [3.0, 28, 28, 1]},
        {"shape": None},
        {"shape": [2, 28, 28, 1]},
        {"data": None},
        {"data": []},
        {"data": "0.5"},
        {"data": ["0.5"] * 2352},
        {"data": [True] * 2352},
        {"data": [[0.5], 0.5]},
        {"data": [0.5] * 2351 + [1.5]},
        {"data": [0.5] * 2351 + [-0.1]},
        {"data": [0] * 2351 + [10**400]},
        {"data": [0.5] * 2351},
        {"parameters": []},
        {"parameters": {"binary_data_size": 9408}},
        {"parameters": {"binary_data_size": "x"}},
    ],
)
def test_tensors_that_do_not_fit_are_refused(client, images, changes):
    problem(client.post(URL, json=request_of(images, **changes)), 422, "invalid_field")


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"inputs": []},
        {"inputs": [1]},
        {"inputs": {}},
        {"inputs": "x"},
    ],
)
def test_requests_without_a_tensor_are_refused(client, body):
    problem(client.post(URL, json=body), 422, "invalid_field")


@pytest.mark.parametrize(
    "more",
    [
        {"id": 5},
        {"parameters": 5},
        {"outputs": 5},
        {"outputs": [5]},
        {"outputs": [{}]},
        {"outputs": [{"name": "logits"}]},
        {"outputs": [{"name": ["digit"]}]},
        {"outputs": [{"name": "digit", "parameters": 5}]},
        {"outputs": [{"name": "probabilities", "parameters": {"classification": 3}}]},
    ],
)
def test_wishes_that_make_no_sense_are_refused(client, images, more):
    problem(client.post(URL, json=request_of(images) | more), 422, "invalid_field")


def test_more_numbers_than_any_batch_has_are_refused_before_they_are_parsed(client, root):
    most = 4 * 784 * Config.max_inputs
    assert f"{most} |" in (root / "docs/api.md").read_text()
    body = b'{"inputs": [{"name": "image", "data": [' + b"[]," * (most // 2) + b"0]}]}"
    assert str(most) in problem(client.post(URL, data=body), 413, "too_large")["detail"]


def test_a_whole_batch_may_be_nested_to_the_last_number(client):
    images = np.zeros((Config.max_inputs, 28, 28, 1), np.float32)
    body = client.post(URL, json=request_of(images, data=images.tolist())).get_json()
    assert body["outputs"][1]["shape"] == [Config.max_inputs]


def test_not_json_is_400(client):
    problem(client.post(URL, data=b'{"inputs": NaN}'), 400, "not_json")


@pytest.mark.parametrize("length", ["x", "-1", "999999", "9" * 30, "\u00b2", ""])
def test_a_wrong_length_of_the_json_is_refused(client, images, length):
    headers = {"Inference-Header-Content-Length": length}
    response = client.post(URL, data=json.dumps(request_of(images)), headers=headers)
    problem(response, 422, "invalid_field")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 2.0])
def test_bytes_out_of_range_are_refused(client, images, value):
    images[1, 5, 5, 0] = value
    tensor = {"parameters": {"binary_data_size": images.nbytes}, "data": None}
    text = json.dumps(request_of(images[:3], **tensor)).encode()
    headers = {"Inference-Header-Content-Length": str(len(text))}
    response = client.post(URL, data=text + images.tobytes(), headers=headers)
    problem(response, 422, "invalid_field")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("service"), WEB_CONCURRENCY=1) as running:
        yield running


@pytest.fixture(scope="module")
def public_client(service):
    with triton.InferenceServerClient(f"127.0.0.1:{service.port}") as client:
        yield client


def test_a_public_client_finds_its_way(public_client):
    assert public_client.is_server_live()
    assert public_client.is_server_ready()
    assert public_client.is_model_ready("digits")
    assert public_client.get_server_metadata()["name"] == "convnet"
    (tensor,) = public_client.get_model_metadata("digits")["inputs"]
    assert (tensor["datatype"], tensor["shape"]) == ("FP32", [-1, 28, 28, 1])


@pytest.mark.parametrize("binary", [True, False])
def test_a_public_client_gets_the_networks_own_probabilities(public_client, images, binary):
    tensor = triton.InferInput("image", images.shape, "FP32")
    tensor.set_data_from_numpy(images, binary_data=binary)
    wanted = [triton.InferRequestedOutput("probabilities", binary_data=binary)]
    for outputs in (None, wanted):
        result = public_client.infer("digits", [tensor], outputs=outputs, request_id="x")
        expected = create_app().extensions["services"].pipeline.recognizer.recognize(images[..., 0])
        np.testing.assert_allclose(
            result.as_numpy("probabilities"), [r.probabilities for r in expected], atol=1e-5
        )
        assert result.get_response()["id"] == "x"


def test_a_public_client_is_told_what_is_wrong(public_client, images):
    tensor = triton.InferInput("image", images.shape, "FP32")
    tensor.set_data_from_numpy(images)
    with pytest.raises(InferenceServerException, match="the model here is digits"):
        public_client.infer("letters", [tensor])


def asked(public_client, values, datatype, binary=True, **options):
    tensor = triton.InferInput("image", values.shape, datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return public_client.infer("digits", [tensor], **options).as_numpy("probabilities")


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("shape", [(3, 784), (3, 1, 28, 28)])
def test_inputs_may_have_other_shapes(public_client, images, shape, binary):
    expected = asked(public_client, images, "FP32")
    np.testing.assert_array_equal(
        asked(public_client, images.reshape(shape), "FP32", binary), expected
    )


def test_one_input_needs_no_more_than_its_sides(public_client, images):
    one = asked(public_client, images[0, ..., 0], "FP32")
    np.testing.assert_array_equal(one, asked(public_client, images[:1], "FP32"))


@pytest.mark.parametrize("binary", [True, False])
def test_bytes_are_numbers_of_255(public_client, images, binary):
    bytes_ = np.rint(images * 255).astype(np.uint8)
    expected = asked(public_client, bytes_.astype(np.float32) / 255, "FP32")
    np.testing.assert_allclose(asked(public_client, bytes_, "UINT8", binary), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
@pytest.mark.parametrize("binary", [True, False])
def test_pictures_are_prepared_as_for_predict(service, public_client, seven, shape, binary):
    sent = seven if binary else base64.b64encode(seven)
    values = np.array([sent, sent], dtype=object).reshape(shape)
    probabilities = asked(public_client, values, "BYTES", binary)
    answer = requests.post(f"{service.url}/predict", data=seven, timeout=60).json()
    np.testing.assert_allclose(probabilities, [answer["probabilities"]] * 2, atol=1e-5)


@pytest.mark.parametrize("algorithm", ["gzip"])
def test_a_compressed_request_is_unpacked(public_client, images, algorithm):
    packed = asked(public_client, images, "FP32", request_compression_algorithm=algorithm)
    np.testing.assert_array_equal(packed, asked(public_client, images, "FP32"))


def test_a_bad_picture_is_named(client, seven):
    data = [base64.b64encode(seven).decode(), base64.b64encode(b"text").decode()]
    asked = {"name": "image", "datatype": "BYTES", "shape": [2], "data": data}
    response = client.post(URL, json={"inputs": [asked]})
    assert problem(response, 422, "not_an_image")["index"] == 1


@pytest.mark.parametrize("behind", [b"\x05\0\0\0abc", b"\x01\0", b"\xff\xff\xff\xffabc", b""])
def test_pictures_whose_lengths_do_not_fit_are_refused(client, behind):
    tensor = {"name": "image", "datatype": "BYTES", "shape": [1]}
    tensor["parameters"] = {"binary_data_size": len(behind)}
    text = json.dumps({"inputs": [tensor]}).encode()
    headers = {"Inference-Header-Content-Length": str(len(text))}
    problem(client.post(URL, data=text + behind, headers=headers), 422, "invalid_field")


def test_channels_first_are_brought_last():
    assert layouts((2, 3, 3))[1] == (None, 3, 2, 3)
    values = np.arange(18).astype(np.uint8).reshape(1, 2, 3, 3)
    tensor = {"datatype": "UINT8", "shape": [1, 3, 2, 3]}
    tensor["data"] = values.transpose(0, 3, 1, 2).ravel().tolist()
    read = read_input(tensor, b"", Most(1, 1), (2, 3, 3))
    np.testing.assert_allclose(read.inputs, values / 255, atol=1e-6)
