"""An example of every problem, with the limits of the service."""

import json

from server import problems
from server.budget import OverBudget
from server.config import Config
from server.openapi.example_requests import REQUEST_ID, Examples
from server.parsing.pictures import TAKEN
from server.problems import KINDS, Problem, document, invalid, too_large

OF_SERVICE = (
    Problem("internal_error", "the service failed; the fault has been logged"),
    Problem("busy", "more requests are waiting than can be answered soon"),
    Problem("not_ready", "the known picture is not read correctly"),
)


def problem_examples(config: Config) -> Examples:
    """Return a document of each problem, by its code."""
    return {
        problem.code: {
            "summary": KINDS[problem.code][1],
            "value": json.loads(
                document(problem.code, problem.detail, REQUEST_ID, **problem.extra)
            ),
        }
        for problem in (*of_requests(config), *of_pictures(config), *OF_SERVICE)
    }


def of_requests(config: Config) -> list[Problem]:
    """List what may be wrong with any request."""
    late = f"the request did not arrive within {config.receive_timeout} seconds"
    of_type = f"`Content-Type` must be one of {TAKEN}, got text/plain"
    return [
        Problem("bad_request", "the body did not arrive whole"),
        Problem(
            "not_json",
            "the body is not valid JSON: Expecting value: line 1 column 1 (char 0)",
        ),
        Problem("unauthorized", "this service needs a key: send it as `Authorization: Bearer KEY`"),
        Problem("not_found", "there is nothing at /predictions"),
        Problem("method_not_allowed", "/predict takes OPTIONS, POST, not GET"),
        Problem("request_timeout", late),
        Problem(
            "occupied",
            "run 0123456789ab is under way: one at a time; stop it first",
            run="0123456789ab",
        ),
        too_large(config.max_body_bytes),
        Problem("uri_too_long", problems.DETAILS["uri_too_long"]),
        Problem("unsupported_media_type", of_type),
        Problem("expectation_failed", "Unable to comply with expectation: '101-jump'"),
        Problem("too_many_requests", "at most 60 requests a minute; try again in a moment"),
        Problem("headers_too_large", problems.DETAILS["headers_too_large"]),
        Problem("not_implemented", "Unsupported transfer coding: 'gzip'"),
    ]


def of_pictures(config: Config) -> list[Problem]:
    """List what may be wrong with the fields of a request, and with its pictures."""
    too_wide = config.max_pixels // 1000 + 1
    return [
        invalid("top", "a whole number from 1 to 10", 11),
        Problem("missing_image", "the body must have an `image`, in base64"),
        Problem(
            "too_many_images", f"at most {config.max_images} pictures, got {config.max_images + 1}"
        ),
        Problem("not_base64", "the picture is not valid base64, which has no '!'", index=1),
        Problem("not_an_image", "the bytes are not a PNG, JPEG, WebP, GIF or BMP picture"),
        Problem(
            "too_many_pixels",
            f"the picture has {too_wide} x 1000 pixels, more than the limit of {config.max_pixels}",
        ),
        Problem("blank_image", "nothing is drawn in the picture"),
        Problem(
            "too_many_marks",
            f"there are {config.max_marks + 1} marks in the picture; "
            f"a number has at most {config.max_marks}",
        ),
        Problem("too_complex", str(OverBudget())),
    ]
