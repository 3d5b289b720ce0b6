"""The service described for machines: OpenAPI 3.1, served at ``/openapi.json``."""

from typing import Any

from server.config import Config
from server.openapi.example_answers import answers
from server.openapi.example_problems import problem_examples
from server.openapi.limits import limits
from server.openapi.operations import paths
from server.openapi.problem_meanings import meanings
from server.openapi.schemas import schemas
from server.pipeline import Pipeline
from server.problems import KINDS
from server.recognizer import Recognizer

API_VERSION = "1.2.0"
"""Of routes and fields, not of the network; docs/api.md says what may change in which version."""

MOST_NAMED = 30

READS_DIGITS = """\
Reads handwritten, drawn and printed digits in pictures, with a convolutional network that this
project wrote from scratch in NumPy and trained.
"""
READS_OTHERS = """\
Tells in pictures which of {count} classes they show, with a network that is written from scratch in
NumPy: {names}.
"""
DESCRIPTION = """\

A picture is a PNG, JPEG, WebP, GIF or BMP file (the first frame): in base64 inside JSON, as the
body itself, or in a form. Every error is an `application/problem+json`
document (RFC 9457); programs should look at its `code`. Every answer has an `X-Request-Id`: the
client's own if it sent a plain one, else a new one.
"""


KEYS = {
    False: "Requests need no key.\n",
    True: "Requests for a reading need a key: `Authorization: Bearer KEY`.\n",
}


def what_it_reads(recognizer: Recognizer) -> str:
    """Say what the network that is served is for."""
    if recognizer.classes.are_digits:
        return READS_DIGITS
    labels = recognizer.classes.labels
    names = ", ".join(labels[:MOST_NAMED]) + (" …" if len(labels) > MOST_NAMED else "")
    return READS_OTHERS.format(count=len(labels), names=names)


def tags(what: str, config: Config) -> list[dict[str, str]]:
    """Say what the groups of operations are about."""
    training = {"training": "Train a network and watch it"} if config.training_room else {}
    groups = {
        "reading": f"Read {what} in pictures",
        "looking inside": "What the network is and what it sees",
        "running": "Health and metrics",
        "open inference": "The Open Inference Protocol, version 2",
        **training,
        "documents": "The page, and this description",
    }
    return [{"name": name, "description": about} for name, about in groups.items()]


def document(config: Config, pipeline: Pipeline) -> dict[str, Any]:
    """Describe every operation, with the limits of `config` and what the network answers."""
    recognizer = pipeline.recognizer
    digits = recognizer.classes.are_digits
    what = "Digits" if digits else "Classes"
    refused = problem_examples(config)
    when = meanings(config)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Digit reading" if digits else "Picture reading",
            "version": API_VERSION,
            "summary": f"{what} in pictures, read by a network written from scratch",
            "description": what_it_reads(recognizer) + DESCRIPTION + KEYS[bool(config.keys)],
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "."}],  # wherever this description is
        "tags": tags(what.lower(), config),
        "paths": paths(config, recognizer, answers(pipeline, config)),
        "components": {
            "schemas": schemas(config, recognizer),
            "headers": HEADERS,
            "examples": refused,
            **(
                {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
                if config.keys
                else {}
            ),
        },
        **({"security": [{"key": []}, {}]} if config.keys else {}),
        "x-limits": limits(config, recognizer),
        "x-problems": [
            {
                "code": code,
                "status": status,
                "title": title,
                "when": when[code],
                "example": refused[code]["value"]["detail"],
            }
            for code, (status, title) in KINDS.items()
        ],
    }


HEADERS = {
    "X-Request-Id": {
        "description": "What this request is called in the log",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,64}$"},
    },
    "Retry-After": {
        "description": "Seconds to wait before asking again",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "Allow": {
        "description": "The methods that this address takes",
        "required": True,
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "For `If-None-Match`",
        "required": True,
        "schema": {"type": "string"},
    },
}
