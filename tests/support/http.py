"""What tests of the routes send, and what they check in every refusal."""

import base64
import io

from PIL import Image


def encoded(data):
    return base64.b64encode(data).decode()


def blank():
    file = io.BytesIO()
    Image.new("L", (50, 50), 255).save(file, "PNG")
    return file.getvalue()


def problem(response, status, code):
    """Check that a response is a problem document and return it."""
    assert response.content_type == "application/problem+json"
    body = response.get_json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["error"] == body["detail"] != ""
    assert body["title"]
    assert body["type"] == f"/docs#{code}"
    assert body["request_id"] == response.headers["X-Request-Id"]
    return body
