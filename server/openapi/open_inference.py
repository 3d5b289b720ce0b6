"""The paths of the Open Inference Protocol."""

from server.config import Config
from server.openapi import example_requests
from server.openapi.builders import (
    WITH_PICTURE,
    Part,
    json_answer,
    one_example,
    operation,
    problems,
)
from server.openapi.example_requests import Examples
from server.openapi.json_schema import TRUTH, about, array, record, ref
from server.openapi.tensor_schemas import inference_request
from server.recognizer import Recognizer
from server.serializers import open_inference

TAG = "open inference"
NAME = {"type": "string", "description": "Its name"}
INFER = (
    "Reads at most {} inputs that are arrays already, or {} pictures. Tensors may also come and go "
    "as bytes behind the JSON, with `Inference-Header-Content-Length` (the binary tensor data "
    "extension)."
)
READY = about(TRUTH, "Always true; otherwise there is a problem")


def paths(config: Config, recognizer: Recognizer, shown: Examples) -> dict[str, Part]:
    """Describe every operation; `shown` are answers to inference."""
    name, version = recognizer.name, recognizer.version
    described = of_server(version)
    for path, suffix in (
        (f"/v2/models/{name}", ""),
        (f"/v2/models/{name}/versions/{version}", " version"),
    ):
        described |= of_model(path, suffix, config, recognizer, shown)
    return described


def of_server(version: str) -> dict[str, Part]:
    """Describe the operations about the server."""
    server = record(
        name=NAME,
        version=about({"const": version}, "That of the network"),
        extensions={
            "type": "array",
            "items": {"type": "string"},
            "description": "Extensions of the protocol that it has",
        },
    )
    live = record(live=about(TRUTH, "Always true"))
    ready = json_answer(record(ready=READY), "It is", one_example({"ready": True}))
    return {
        "/v2": {
            "get": operation(
                TAG,
                "Name the server",
                "Tells its version, and the extensions of the protocol that it has.",
                json_answer(
                    server, "The server", one_example(open_inference.about_server(version))
                ),
            )
        },
        "/v2/health/live": {
            "get": operation(
                TAG,
                "Is the server alive",
                "Answers without touching the network, as `/livez` does.",
                json_answer(live, "It is", one_example({"live": True})),
            )
        },
        "/v2/health/ready": {
            "get": operation(
                TAG,
                "Is the server ready",
                "Answers as `/readyz` does.",
                ready | problems("not_ready"),
            )
        },
    }


def of_model(
    path: str, suffix: str, config: Config, recognizer: Recognizer, shown: Examples
) -> dict[str, Part]:
    """Describe the operations about the network, which is there with and without its version."""
    name, version = recognizer.name, recognizer.version
    tensors = array(ref("InferenceTensor"))
    metadata = record(
        name=about({"const": name}, "As in the address"),
        versions=about(array({"const": version}), "The only one"),
        platform=about({"const": "convnet"}, "What computes it"),
        inputs=about(tensors, "What goes in"),
        outputs=about(tensors, "What comes out"),
    )
    ready = record(name=about({"const": name}, "As in the address"), ready=READY)
    body = {
        "schema": inference_request(config, recognizer),
        "examples": example_requests.infer(recognizer),
    }
    return {
        path: {
            "get": operation(
                TAG,
                f"Describe the model{suffix}",
                "Tells the names, types and shapes of its inputs and outputs.",
                json_answer(
                    metadata, "Tensors", one_example(open_inference.about_model(recognizer))
                ),
            )
        },
        f"{path}/ready": {
            "get": operation(
                TAG,
                f"Is the model{suffix} ready",
                "Answers as `/readyz` does.",
                json_answer(ready, "It is", one_example({"name": name, "ready": True}))
                | problems("not_ready"),
            )
        },
        f"{path}/infer": {
            "post": operation(
                TAG,
                f"Infer with the model{suffix}",
                INFER.format(config.max_inputs, config.max_images),
                json_answer(ref("InferenceAnswer"), "The outputs", shown) | problems(*WITH_PICTURE),
                requestBody={"required": True, "content": {"application/json": body}},
            )
        },
    }
