"""What can be wrong with a request: the list of all problems, and how one is written (RFC 9457)."""

import json
from typing import Any

from server.config import MAX_HEADER_FIELD, MAX_HEADER_FIELDS, MAX_REQUEST_LINE

MEDIA_TYPE = "application/problem+json"
MOST_SHOWN = 6

KINDS: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be understood"),
    "not_json": (400, "Not valid JSON"),
    "unauthorized": (401, "A key is needed"),
    "not_found": (404, "There is nothing here"),
    "method_not_allowed": (405, "This address does not take that method"),
    "request_timeout": (408, "The request took too long to arrive"),
    "occupied": (409, "Another run is under way"),
    "too_large": (413, "The request is too large"),
    "uri_too_long": (414, "The address is too long"),
    "unsupported_media_type": (415, "This kind of content is not taken"),
    "expectation_failed": (417, "That expectation cannot be met"),
    "invalid_field": (422, "A field does not hold what it should"),
    "missing_image": (422, "There is no picture in the request"),
    "too_many_images": (422, "Too many pictures"),
    "not_base64": (422, "Not valid base64"),
    "not_an_image": (422, "Not a picture that can be read"),
    "too_many_pixels": (422, "The picture has too many pixels"),
    "blank_image": (422, "Nothing is drawn"),
    "too_many_marks": (422, "More is drawn than a number"),
    "too_complex": (422, "The picture takes too long to read"),
    "too_many_requests": (429, "Too many requests"),
    "headers_too_large": (431, "The header of the request is too large"),
    "internal_error": (500, "Something went wrong here"),
    "not_implemented": (501, "This is not supported"),
    "busy": (503, "Too busy"),
    "not_ready": (503, "Not ready"),
}
"""Each code, with the status and the title that go with it."""

DETAILS = {
    "uri_too_long": f"the first line of a request may have at most {MAX_REQUEST_LINE} bytes",
    "headers_too_large": (
        f"a header may have at most {MAX_HEADER_FIELDS} fields of {MAX_HEADER_FIELD} bytes each"
    ),
}
"""What is wrong where it is always the same."""

CODES = {status: code for code, (status, _) in KINDS.items() if status not in (400, 422, 503)} | {
    400: "bad_request",
    422: "invalid_field",
    503: "busy",
}
"""The code of a status that comes without one, from Werkzeug or gunicorn."""


class Problem(Exception):
    """What is wrong with a request, as the client is to read it.

    Parameters
    ----------
    code : str
        A key of `KINDS`.
    detail : str
        What is wrong this time, in a sentence that helps to mend it.
    headers : dict, optional
        Headers for the answer.
    **extra
        Further members of the body, such as the ``index`` of the picture that is at fault.
    """

    def __init__(
        self, code: str, detail: str, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status = KINDS[code][0]
        self.detail = detail
        self.headers = headers or {}
        self.extra = extra


def document(
    code: str, detail: str, request_id: str, status: int | None = None, **extra: Any
) -> bytes:
    """Write the body of an error."""
    usual_status, title = KINDS[code]
    body = {
        "type": f"/docs#{code}",
        "title": title,
        "status": status or usual_status,
        "detail": detail,
        "code": code,
        "error": detail,
        "request_id": request_id,
        **extra,
    }
    return json.dumps(body).encode()


def invalid(name: str, expected: str, value: object) -> Problem:
    """Say what a field should have held."""
    detail = f"`{name}` must be {expected}, got {shown(value)}"
    return Problem("invalid_field", detail, field=name)


def too_large(max_bytes: int) -> Problem:
    """Name the limit that a body went over."""
    detail = f"the body of a request may have at most {max_bytes} bytes"
    return Problem("too_large", detail, max_bytes=max_bytes)


def shown(value: object) -> str:
    """Write a value as the client did, in JSON; of a long or nested one, only what it is."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        if len(value) > MOST_SHOWN or any(isinstance(item, dict | list) for item in value):
            return f"a list of {len(value)}"
        return f"[{', '.join(map(shown, value))}]"
    text = json.dumps(value[:60] if isinstance(value, str) else value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
