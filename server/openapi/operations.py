"""The paths of the service, and what each of their operations takes and answers."""

from typing import Any

from server.config import MEDIA_TYPES, Config
from server.openapi import examples
from server.openapi.schemas import (
    TRUTH,
    WISHES,
    inference_request,
    questions_as_text,
    record,
    ref,
)
from server.problems import KINDS, MEDIA_TYPE
from server.recognizer import Recognizer

Part = dict[str, Any]

PICTURE_PROBLEMS = (400, 408, 413, 415, 422, 431, 503)


def paths(config: Config, recognizer: Recognizer) -> dict[str, Part]:
    """Describe every operation."""
    of_model = inference(config, recognizer.name, recognizer.version)
    return reading() | inside(len(recognizer.layers)) | running() | documents() | of_model


def operation(tag: str, summary: str, answers: dict[str, Part], **more: Any) -> Part:
    """Describe one operation; `more` are its further keys."""
    identity = summary.lower().replace(" ", "-").replace("?", "")
    answers = {"default": problem("Any other problem"), **answers}
    return {
        "operationId": identity,
        "tags": [tag],
        "summary": summary,
        **more,
        "responses": answers,
    }


def answer(description: str, content: Part, headers: tuple[str, ...] = ()) -> Part:
    """Describe an answer by its content: media type → schema or more."""
    named = {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *headers)}
    return {"description": description, "headers": named, "content": content}


def json_answer(schema: Part, description: str, shown: Part | None = None, **more: Any) -> Part:
    """Describe an answer in JSON."""
    content: Part = {"schema": schema} | ({"examples": shown} if shown else {})
    return {"200": answer(description, {"application/json": content}, **more)}


def problem(description: str, headers: tuple[str, ...] = ()) -> Part:
    """Describe an answer that is a problem."""
    return answer(description, {MEDIA_TYPE: {"schema": ref("Problem")}}, headers)


def problems(*statuses: int) -> dict[str, Part]:
    """Describe the problems of an operation, with the codes that each status may have."""
    described = {}
    for status in statuses:
        found = [(code, title) for code, (of, title) in KINDS.items() if of == status]
        text = "; ".join(f"{title} (`{code}`)" for code, title in found)
        described[str(status)] = problem(text, ("Retry-After",) if status == 503 else ())
    return described


def query(**options: Part) -> list[Part]:
    """Describe options in the query string."""
    return [{"name": name, "in": "query", "schema": schema} for name, schema in options.items()]


def pictures(schema: Part, shown: Part, **options: Part) -> Part:
    """Describe a body with pictures, in all three ways."""
    upload = {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "description": "The file of a picture",
    }
    form = record(tuple(options), image=upload, **options)
    raw: dict[str, Part] = {name: {} for name in (*MEDIA_TYPES, "application/octet-stream")}
    content = {
        "application/json": {"schema": schema, "examples": shown},
        **raw,
        "multipart/form-data": {
            "schema": form,
            "encoding": {"image": {"contentType": ", ".join(raw)}},
        },
    }
    return {"required": True, "content": content}


def reading() -> dict[str, Part]:
    """Describe the operations that read digits."""
    one_or_more = {"oneOf": [ref("OnePicture"), ref("SeveralPictures")]}
    digits = {"oneOf": [ref("Prediction"), ref("Predictions")]}
    predict = operation(
        "reading",
        "Read a digit",
        json_answer(digits, "What was read", examples.PREDICTED) | problems(*PICTURE_PROBLEMS),
        description="Reads one digit, or one in each of several pictures, in one forward pass.",
        parameters=query(**WISHES),
        requestBody=pictures(one_or_more, examples.PREDICT, **WISHES),
    )
    only_input = {"input": WISHES["input"]}
    read = operation(
        "reading",
        "Read a number",
        json_answer(ref("Number"), "What was read, and where", examples.NUMBER)
        | problems(*PICTURE_PROBLEMS),
        description="Finds the digits in a picture of a number and reads them, in reading order.",
        parameters=query(**only_input),
        requestBody=pictures(ref("PictureOfNumber"), examples.READ, **only_input),
    )
    return {"/predict": {"post": predict}, "/read": {"post": read}}


def inside(layers: int) -> dict[str, Part]:
    """Describe the operations that look into the network."""
    texts = questions_as_text(layers)
    explain = operation(
        "looking inside",
        "Explain a reading",
        json_answer(ref("Explanation"), "What every layer saw") | problems(*PICTURE_PROBLEMS),
        description="Shows what every layer made of a picture, and where the network looked.",
        parameters=query(**texts),
        requestBody=pictures(ref("PictureToExplain"), examples.EXPLAIN, **texts),
    )
    model = operation(
        "looking inside",
        "Describe the network",
        json_answer(ref("Model"), "Its layers, training and accuracy", headers=("ETag",)),
    )
    return {"/explain": {"post": explain}, "/model": {"get": model}}


def running() -> dict[str, Part]:
    """Describe health and metrics."""
    status = record(status={"enum": ["alive", "ready"]})
    live = operation("running", "Is the process alive", json_answer(status, "It is"))
    ready = operation(
        "running",
        "Is the service ready",
        json_answer(status, "It reads its known picture rightly") | problems(503),
    )
    metrics = operation(
        "running",
        "Count for Prometheus",
        {
            "200": answer(
                "Prometheus' text format", {"text/plain": {"schema": {"type": "string"}}}
            ),
            **problems(404),
        },
    )
    return {"/livez": {"get": live}, "/readyz": {"get": ready}, "/metrics": {"get": metrics}}


def documents() -> dict[str, Part]:
    """Describe the page and the documents."""
    html = {"text/html": {"schema": {"type": "string"}}}
    page = operation("documents", "Open the page", {"200": answer("Draw here", html, ("ETag",))})
    docs = operation("documents", "Read about the API", {"200": answer("HTML", html, ("ETag",))})
    described = operation(
        "documents",
        "Describe the API",
        json_answer({"type": "object"}, "This document", headers=("ETag",)),
    )
    return {"/": {"get": page}, "/docs": {"get": docs}, "/openapi.json": {"get": described}}


def inference(config: Config, name: str, version: str) -> dict[str, Part]:
    """Describe the Open Inference Protocol."""
    tag = "open inference"
    truth = record(ready=TRUTH)
    named = record(
        name={"const": name},
        versions={"type": "array", "items": {"const": version}},
        platform={"const": "convnet"},
        inputs={"type": "array", "items": ref("InferenceTensor")},
        outputs={"type": "array", "items": ref("InferenceTensor")},
    )
    server = record(
        name={"type": "string"},
        version={"type": "string"},
        extensions={"type": "array", "items": {"type": "string"}},
    )
    body = {"schema": inference_request(config), "examples": examples.INFER}
    infer = {
        "description": "Tensors may also come and go as bytes behind the JSON, with "
        "`Inference-Header-Content-Length` (the binary tensor data extension).",
        "requestBody": {"required": True, "content": {"application/json": body}},
    }
    inferred = json_answer(ref("InferenceAnswer"), "The outputs") | problems(*PICTURE_PROBLEMS)
    described: dict[str, Part] = {
        "/v2": {"get": operation(tag, "Name the server", json_answer(server, "The server"))},
        "/v2/health/live": {
            "get": operation(tag, "Is the server alive", json_answer(record(live=TRUTH), "It is"))
        },
        "/v2/health/ready": {
            "get": operation(
                tag, "Is the server ready", json_answer(truth, "It is") | problems(503)
            )
        },
    }
    for path, suffix in (
        (f"/v2/models/{name}", ""),
        (f"/v2/models/{name}/versions/{version}", " version"),
    ):
        ready = json_answer(truth, "It is") | problems(503)
        described |= {
            path: {
                "get": operation(tag, f"Describe the model{suffix}", json_answer(named, "Tensors"))
            },
            f"{path}/ready": {"get": operation(tag, f"Is the model{suffix} ready", ready)},
            f"{path}/infer": {
                "post": operation(tag, f"Infer with the model{suffix}", inferred, **infer)
            },
        }
    return described
