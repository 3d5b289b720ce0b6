"""What a client sends: pictures and options, in any of the ways that are taken.

JSON with base64, the bare bytes of a picture, and a form of either kind all come out as one
`Submission`. Bytes that begin as a picture does are one, whatever their ``Content-Type`` says: curl
calls them a form unless told otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from server.config import MAX_FORM_FIELDS, MAX_HEADER_FIELD, MEDIA_TYPES
from server.images.containers import container_format, foreign_format
from server.parsing.base64_pictures import decode_base64
from server.parsing.options import Options
from server.parsing.strict_json import load_json
from server.problems import Problem, invalid

RAW_TYPES = frozenset(MEDIA_TYPES) | {"application/octet-stream", "image/jpg", "image/x-ms-bmp"}
URL_ENCODED = "application/x-www-form-urlencoded"
FORMS = ("multipart/form-data", URL_ENCODED)
BLANK_LINES = (b"\r\n\r\n", b"\n\n", b"\r\r")
MOST_BOUNDARIES = 10 * MAX_FORM_FIELDS
"""Of those in a form some may be in the middle of a line, where they part nothing."""

TAKEN = ", ".join(("application/json", *FORMS, *MEDIA_TYPES, "application/octet-stream"))


@dataclass
class Submission:
    """Pictures, still encoded, and what is to be done with them.

    Attributes
    ----------
    pictures : list of bytes
        At least one.
    options : Options
    batch : bool
        Whether several could have been sent, so that the answer is a list.
    """

    pictures: list[bytes]
    options: Options
    batch: bool = False


def receive(request: Request, max_images: int) -> Submission:
    """Read the pictures and options of a request.

    Parameters
    ----------
    request : flask.Request
    max_images : int
        The most pictures that are taken; with 1 there is no ``images`` field.

    Raises
    ------
    Problem
        If there is no picture, or the body is not what its ``Content-Type`` says.
    """
    media_type = request.mimetype
    if media_type == "application/json":
        return from_json(load_json(request.get_data(cache=False)), request.args, max_images)
    if media_type == "multipart/form-data":
        return from_form(request)
    data = request.get_data(cache=False)
    if media_type in RAW_TYPES or container_format(data) or foreign_format(data):
        return from_bytes(data, request.args)
    if media_type == URL_ENCODED:
        return from_url_encoded(data, request.args)
    raise Problem(
        "unsupported_media_type",
        f"`Content-Type` must be one of {TAKEN}, got {media_type[:60] or 'none'}",
        {"Accept": TAKEN},
    )


def from_json(body: object, query: Mapping[str, str], max_images: int) -> Submission:
    """Take ``{"image": …}`` or ``{"images": […]}`` apart."""
    if not isinstance(body, dict):
        raise Problem("invalid_field", "the body must be a JSON object with an `image`")
    options = Options(query, body)
    if "images" not in body or max_images == 1:
        if "image" not in body:
            raise Problem("missing_image", "the body must have an `image`, in base64")
        return Submission([picture(body["image"], "image")], options)
    if "image" in body:
        raise Problem("invalid_field", "send `image` or `images`, not both", field="images")
    return Submission(batch_of(body["images"], max_images), options, batch=True)


def batch_of(images: object, max_images: int) -> list[bytes]:
    """Decode the list of a batch; a problem says which picture has it."""
    if not isinstance(images, list) or not images:
        raise invalid("images", "a list of at least one picture in base64", images)
    if len(images) > max_images:
        raise Problem("too_many_images", f"at most {max_images} pictures, got {len(images)}")
    return [picture(image, "images", index) for index, image in enumerate(images)]


def picture(value: object, name: str, index: int | None = None) -> bytes:
    """Decode one picture of a JSON body."""
    where: dict[str, Any] = {} if index is None else {"index": index}
    if not isinstance(value, str):
        problem = invalid(name, "a picture in base64, plain or as a data URL", value)
        problem.extra.update(where)
        raise problem
    try:
        data = decode_base64(value)
    except Problem as problem:
        problem.extra.update(where)
        raise
    if not data:
        raise Problem("missing_image", f"`{name}` is empty", **where)
    return data


def from_bytes(data: bytes, texts: Mapping[str, str]) -> Submission:
    """Take a body that is a picture itself."""
    if not data:
        raise Problem("missing_image", "the body is empty: send the bytes of a picture")
    return Submission([data], Options(texts))


def from_url_encoded(data: bytes, query: Mapping[str, str]) -> Submission:
    """Take the base64 in the field ``image`` of a form that is one line of text."""
    try:
        fields = dict(parse_qsl(data.decode("ascii"), max_num_fields=MAX_FORM_FIELDS))
    except ValueError as error:
        detail = f"the form must be ASCII text with at most {MAX_FORM_FIELDS} fields"
        raise Problem("invalid_field", detail) from error
    if "image" not in fields:
        raise Problem("missing_image", "the form must have a field `image`, in base64")
    # A plus sign that was not escaped has become a space, which base64 does not have.
    image = fields.pop("image").replace(" ", "+")
    return Submission([picture(image, "image")], Options({**query, **fields}))


def check_part_headers(body: bytes, boundary: str) -> None:
    """Refuse a form whose parts have long headers: reading those takes a second for each megabyte.

    Raises
    ------
    Problem
        ``too_large``.
    """
    mark, end = b"--" + boundary.encode("latin-1", "replace"), 0
    for _ in range(MOST_BOUNDARIES):
        at = body.find(mark, end)
        if at < 0:
            return
        end = at + len(mark)
        header = body[end : end + MAX_HEADER_FIELD]
        if len(header) == MAX_HEADER_FIELD and not any(blank in header for blank in BLANK_LINES):
            detail = f"the header of a part of a form may have at most {MAX_HEADER_FIELD} bytes"
            raise Problem("too_large", detail)
    raise Problem("too_large", f"a form may have at most {MAX_FORM_FIELDS} fields")


def from_form(request: Request) -> Submission:
    """Take the file field ``image`` of a form."""
    if "boundary" not in request.mimetype_params:
        raise Problem("missing_image", "the `Content-Type` of the form must name its `boundary`")
    check_part_headers(request.get_data(), request.mimetype_params["boundary"])
    try:
        uploads = request.files.getlist("image")
    except RequestEntityTooLarge:
        detail = f"a form may have at most {MAX_FORM_FIELDS} fields"
        raise Problem("too_large", detail) from None
    if not uploads:
        hint = "; its part needs a `filename`" if "image" in request.form else ""
        raise Problem("missing_image", f"the form must have a file field `image`{hint}")
    if len(uploads) > 1:
        detail = "the form must have one `image`; several pictures are sent as JSON, in `images`"
        raise Problem("invalid_field", detail, field="image")
    data = uploads[0].read()
    if not data:
        raise Problem("missing_image", "`image` is empty")
    return Submission([data], Options({**request.args, **request.form}))
