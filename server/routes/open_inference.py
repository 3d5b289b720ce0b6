"""The Open Inference Protocol (KServe's version 2), so that its clients work unchanged."""

from flask import Blueprint, Response, request

from server.parsing import tensors
from server.parsing.input_tensor import Most
from server.problems import Problem
from server.routes.responses import answer
from server.serializers.open_inference import about_model, about_server, write
from server.services import services

blueprint = Blueprint("open_inference", __name__, url_prefix="/v2")

HEADER_LENGTH = "Inference-Header-Content-Length"
MODELS = ("/models/<name>", "/models/<name>/versions/<version>")


@blueprint.get("")
def server() -> Response:
    """Name the server."""
    return answer(about_server(services().pipeline.recognizer.version))


@blueprint.get("/health/live")
def live() -> Response:
    """Answer, as `/livez` does."""
    return answer({"live": True})


@blueprint.get("/health/ready")
def ready() -> Response:
    """Answer 200 once the known picture is read correctly, as `/readyz` does."""
    services().readiness.require()
    return answer({"ready": True})


@blueprint.get(MODELS[0])
@blueprint.get(MODELS[1])
def model(name: str, version: str | None = None) -> Response:
    """Describe the tensors that go in and come out."""
    require_model(name, version)
    return answer(about_model(services().pipeline.recognizer))


@blueprint.get(f"{MODELS[0]}/ready")
@blueprint.get(f"{MODELS[1]}/ready")
def model_ready(name: str, version: str | None = None) -> Response:
    """Say whether the network reads its known picture correctly."""
    require_model(name, version)
    services().readiness.require()
    return answer({"name": name, "ready": True})


@blueprint.post(f"{MODELS[0]}/infer")
@blueprint.post(f"{MODELS[1]}/infer")
def infer(name: str, version: str | None = None) -> Response:
    """Read inputs that are arrays already, or pictures as `/predict` does."""
    require_model(name, version)
    header_length = request.headers.get(HEADER_LENGTH)
    config, pipeline = services().config, services().pipeline
    recognizer = pipeline.recognizer
    asked = tensors.parse(
        request.get_data(cache=False),
        header_length,
        Most(config.max_inputs, config.max_images),
        recognizer.form,
        tensors.outputs_of(recognizer.classes),
    )
    if asked.inputs is None:
        prediction = pipeline.predict(list(asked.pictures), numbered=True)
    else:
        prediction = pipeline.infer(asked.inputs)
    services().metrics.predicted(prediction)
    head = {"model_name": name, "model_version": recognizer.version}
    if asked.identity is not None:
        head["id"] = asked.identity
    body, json_bytes = write(prediction.readings, asked.outputs, head)
    if json_bytes is None:
        return Response(body, content_type="application/json")
    headers = {HEADER_LENGTH: str(json_bytes)}
    return Response(body, headers=headers, content_type="application/octet-stream")


def require_model(name: str, version: str | None) -> None:
    """Refuse the name or version of a model that is not served here."""
    served = services().pipeline.recognizer
    if name != served.name or version not in (None, served.version):
        detail = f"the model here is {served.name}, version {served.version}"
        raise Problem("not_found", detail)
