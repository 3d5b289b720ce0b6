"""What descriptions of operations are made of."""

from typing import Any

from server.config import MEDIA_TYPES
from server.openapi.example_requests import Examples
from server.openapi.json_schema import BYTES, DEFAULT, about, record, ref
from server.problems import KINDS, MEDIA_TYPE

Part = dict[str, Any]

WITH_BODY = (
    "bad_request",
    "not_json",
    "unauthorized",
    "request_timeout",
    "too_large",
    "unsupported_media_type",
    "invalid_field",
    "too_many_requests",
    "headers_too_large",
    "busy",
)
WITH_PICTURE = (
    *WITH_BODY,
    "missing_image",
    "not_base64",
    "not_an_image",
    "too_many_pixels",
    "blank_image",
    "too_complex",
)


def operation(
    tag: str, summary: str, description: str, answers: dict[str, Part], **more: Any
) -> Part:
    """Describe one operation; `more` are its further keys."""
    return {
        "operationId": summary.lower().replace(" ", "-").replace("?", ""),
        "tags": [tag],
        "summary": summary,
        "description": description,
        **more,
        "responses": {"default": default(), **answers},
    }


def answer(description: str, content: Part, headers: tuple[str, ...] = ()) -> Part:
    """Describe an answer by its content: media type → schema or more."""
    named = {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *headers)}
    return {"description": description, "headers": named, "content": content}


def json_answer(schema: Part, description: str, shown: Examples, **more: Any) -> Part:
    """Describe an answer in JSON, with its examples."""
    content: Part = {"schema": schema, "examples": shown}
    return {"200": answer(description, {"application/json": content}, **more)}


def one_example(value: Part) -> Examples:
    """Show one example."""
    return {"answer": {"summary": "An answer", "value": value}}


def problems(*codes: str) -> dict[str, Part]:
    """Describe the problems that an operation may have, by their status."""
    described: dict[str, Part] = {}
    for status in sorted({KINDS[code][0] for code in codes}):
        same = [code for code in codes if KINDS[code][0] == status]
        text = "; ".join(f"{KINDS[code][1]} (`{code}`)" for code in same)
        headers = ("Retry-After",) if status in (429, 503) else ()
        described[str(status)] = problem(text, same, headers)
    return described


def problem(description: str, codes: list[str], headers: tuple[str, ...] = ()) -> Part:
    """Describe an answer that is one of some problems."""
    shown = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    content = {MEDIA_TYPE: {"schema": ref("Problem"), "examples": shown}}
    return answer(description, content, headers)


def default() -> Part:
    """Describe what any operation may answer, though it is not of its own making."""
    rare = ("uri_too_long", "expectation_failed", "internal_error", "not_implemented")
    return problem("Any other problem", ["method_not_allowed", *rare])


def query(**options: Part) -> list[Part]:
    """Describe options in the query string."""
    return [
        {
            "name": name,
            "in": "query",
            "description": schema["description"],
            "schema": {"default" if key == DEFAULT else key: part for key, part in schema.items()},
        }
        for name, schema in options.items()
    ]


def pictures(schema: Part, shown: Examples, **options: Part) -> Part:
    """Describe a body with pictures, in all four ways."""
    upload = about(BYTES, "The file of a picture")
    form = record(tuple(options), image=upload, **options)
    text = record(image=ref("Picture"))  # options stand in the query string
    raw = {name: {"schema": BYTES} for name in (*MEDIA_TYPES, "application/octet-stream")}
    content = {
        "application/json": {"schema": schema, "examples": shown},
        **raw,
        "multipart/form-data": {
            "schema": form,
            "encoding": {"image": {"contentType": ", ".join(raw)}},
        },
        "application/x-www-form-urlencoded": {"schema": text},
    }
    return {"required": True, "content": content}
