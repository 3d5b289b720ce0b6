"""When each problem is answered, with the limits of the service; docs/api.md has the same table."""

from server.config import (
    MAX_FORM_FIELDS,
    MAX_HEADER_FIELD,
    MAX_HEADER_FIELDS,
    MAX_JSON_VALUES,
    MAX_REQUEST_LINE,
    Config,
)


def meanings(config: Config) -> dict[str, str]:
    """Return what each code of `server.problems.KINDS` means, in Markdown."""
    return of_requests(config) | of_pictures(config) | OF_SERVICE


def of_requests(config: Config) -> dict[str, str]:
    """Say what may be wrong with any request."""
    return {
        "bad_request": "the request is broken HTTP: no `Host`, damaged chunks …",
        "not_json": (
            "the body is not JSON (RFC 8259, UTF-8, no byte order mark); also for `NaN`, "
            "`Infinity`, a number of more than 1000 digits or beyond a double, the same key twice "
            "in one object, half of a surrogate pair, and more than 200 arrays and objects within "
            "each other"
        ),
        "unauthorized": "the service needs a key (`API_KEYS`), and none or a wrong one was sent",
        "not_found": "there is nothing at this address",
        "method_not_allowed": "the address does not take this method; `Allow` lists those it takes",
        "request_timeout": f"the request did not arrive within {config.receive_timeout} seconds",
        "occupied": "one network is trained at a time; `run` names the run that is under way",
        "too_large": (
            f"the body has more than {config.max_body_bytes} bytes (`max_bytes` repeats the "
            f"limit), its JSON more than {MAX_JSON_VALUES} values, or its form more than "
            f"{MAX_FORM_FIELDS} fields, or a header of a part of more than {MAX_HEADER_FIELD} bytes"
        ),
        "uri_too_long": f"the first line of the request has more than {MAX_REQUEST_LINE} bytes",
        "unsupported_media_type": (
            "the `Content-Type` is missing or none of those that are taken (`Accept` lists them), "
            "or the body is compressed in another way than gzip"
        ),
        "expectation_failed": "`Expect` asks for something other than `100-continue`",
        "invalid_field": (
            "a field does not hold what it should (`field` names it), or a form has two `image`"
        ),
        "too_many_requests": (
            "this key or address has asked more often than the service allows (`RATE_LIMIT`); "
            "`Retry-After` says when to come back"
        ),
        "headers_too_large": (
            f"the header of the request has more than {MAX_HEADER_FIELDS} fields, or one of more "
            f"than {MAX_HEADER_FIELD} bytes"
        ),
        "not_implemented": "a `Transfer-Encoding` other than `chunked`",
    }


def of_pictures(config: Config) -> dict[str, str]:
    """Say what may be wrong with the pictures of a request."""
    return {
        "missing_image": "there is no picture, or an empty one",
        "too_many_images": f"a batch has more than {config.max_images} pictures",
        "not_base64": (
            "the picture is not canonical base64 (RFC 4648: section 4, `+` and `/` with padding, "
            "or section 5, `-` and `_`); white space is ignored"
        ),
        "not_an_image": "the bytes are not a PNG, JPEG, WebP, GIF or BMP picture, or are damaged",
        "too_many_pixels": (
            f"the picture has more than {config.max_pixels} pixels, a WebP picture more than "
            f"{config.max_webp_pixels}, a JPEG picture that is not progressive more than "
            f"{config.max_jpeg_pixels}, or a batch more than {config.max_total_pixels}; or "
            f"decoding it would take more than {config.max_decoded_bytes} bytes of memory"
        ),
        "blank_image": "nothing is drawn",
        "too_many_marks": f"a picture of a number has more than {config.max_marks} marks",
        "too_complex": (
            "reading the picture, or all of a batch, takes more processor time than the service "
            "gives to it (`PICTURE_MILLISECONDS`, `BATCH_MILLISECONDS`, `READ_MILLISECONDS`)"
        ),
    }


OF_SERVICE = {
    "internal_error": "a fault of the service; it has been logged under the request id",
    "busy": (
        "more requests are waiting than can be answered soon; `Retry-After` says when to come back"
    ),
    "not_ready": "from `/readyz`: the service does not read its known picture correctly (yet)",
}
