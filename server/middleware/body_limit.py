"""The body of a request: never more of it than is allowed, and never on disk."""

import io
from typing import IO

import flask

from server.problems import Problem, too_large


class Request(flask.Request):
    """Flask's request, with uploads kept in memory.

    They are no larger than the body may be, and the file system may well be read-only.
    """

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return io.BytesIO()


def limit(request: flask.Request, max_bytes: int) -> None:
    """Refuse a body of more than `max_bytes`, also one sent in chunks without its length.

    Werkzeug cuts a chunked body off at a limit and passes on what is left of it. It is read here
    instead, as far as it may go, and has a length from then on.

    Raises
    ------
    Problem
        ``too_large``; ``bad_request`` if the chunks are broken; ``unsupported_media_type`` if the
        body is compressed, as its real size cannot be told beforehand.
    """
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity":
        headers = {"Accept-Encoding": "identity"}
        raise Problem("unsupported_media_type", "send the body uncompressed", headers)
    length = request.content_length
    if length is None and request.environ.get("wsgi.input_terminated"):
        length = unchunk(request, max_bytes)
    if length is not None and length > max_bytes:
        raise too_large(max_bytes)


def unchunk(request: flask.Request, max_bytes: int) -> int:
    """Read a chunked body, but at most one byte too many, and return its length."""
    environ = request.environ
    try:
        body = environ["wsgi.input"].read(max_bytes + 1)
    except Exception as error:  # whatever the WSGI server raises
        raise Problem("bad_request", "the body did not arrive whole") from error
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return len(body)
