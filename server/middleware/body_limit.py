"""The body of a request: never more of it than is allowed, and never on disk."""

import io
import zlib
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
    instead, as far as it may go, and has a length from then on. So is a body that was compressed
    with gzip: it may be no larger unpacked.

    Raises
    ------
    Problem
        ``too_large``; ``bad_request`` if the chunks or the compressed data are broken;
        ``unsupported_media_type`` if it is compressed in another way.
    """
    length = request.content_length
    if length is None and request.environ.get("wsgi.input_terminated"):
        length = unchunk(request, max_bytes)
    if length is not None and length > max_bytes:
        raise too_large(max_bytes)
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding in ("gzip", "x-gzip"):
        length = unpack(request, max_bytes)
        if length > max_bytes:
            raise too_large(max_bytes)
    elif encoding != "identity":
        headers = {"Accept-Encoding": "gzip, identity"}
        raise Problem("unsupported_media_type", "send the body uncompressed, or in gzip", headers)


def unpack(request: flask.Request, max_bytes: int) -> int:
    """Unpack a body in gzip, but at most one byte too many, and return its length.

    Some clients (NVIDIA's tritonclient) compress what they send; a few bytes can unpack to many.
    """
    packed = request.environ["wsgi.input"].read(request.content_length or 0)
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)  # 16: a gzip header and checksum
    try:
        body = unpacker.decompress(packed, max_bytes + 1)
        whole = len(body) > max_bytes or (unpacker.eof and not unpacker.unused_data)
    except zlib.error as error:
        raise Problem("bad_request", "the body is not gzip data") from error
    if not whole:
        raise Problem("bad_request", "the gzip data of the body are cut off, or more follows them")
    request.environ.pop("HTTP_CONTENT_ENCODING")
    replace_body(request, body)
    return len(body)


def unchunk(request: flask.Request, max_bytes: int) -> int:
    """Read a chunked body, but at most one byte too many, and return its length."""
    environ = request.environ
    try:
        body = environ["wsgi.input"].read(max_bytes + 1)
    except Exception as error:  # whatever the WSGI server raises
        raise Problem("bad_request", "the body did not arrive whole") from error
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    replace_body(request, body)
    return len(body)


def replace_body(request: flask.Request, body: bytes) -> None:
    """Give a request another body, of known length."""
    request.environ["wsgi.input"] = io.BytesIO(body)
    request.environ["CONTENT_LENGTH"] = str(len(body))
