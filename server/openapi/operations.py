"""The paths of the service, and what each of their operations takes and answers."""

from server.config import Config
from server.openapi import example_requests, learning, open_inference, training_room
from server.openapi.builders import (
    WITH_PICTURE,
    Part,
    answer,
    json_answer,
    one_example,
    operation,
    pictures,
    problems,
    query,
)
from server.openapi.example_requests import Examples
from server.openapi.json_schema import record, ref
from server.openapi.schemas import explain_options_as_text, options
from server.openapi.text_schemas import OF_NUMBERS
from server.recognizer import Recognizer

Shown = dict[str, Examples]


def paths(config: Config, recognizer: Recognizer, shown: Shown) -> dict[str, Part]:
    """Describe every operation; `shown` are examples of answers."""
    inner = looking_inside(recognizer, shown)
    of_model = open_inference.paths(config, recognizer, shown["infer"])
    of_room = training_room.paths() if config.training_room else {}
    return reading(recognizer, shown) | inner | running() | documents() | of_model | of_room


def reading(recognizer: Recognizer, shown: Shown) -> dict[str, Part]:
    """Describe the operations that read pictures."""
    described = {"/predict": {"post": predict(options(recognizer), shown)}}
    if recognizer.reads_numbers:
        wanted = {"input": options(recognizer)["input"], **OF_NUMBERS}
        described["/read"] = {"post": read(wanted, shown)}
    return described


def predict(wanted: Part, shown: Shown) -> Part:
    """Describe how pictures are read."""
    one_or_more = {"oneOf": [ref("OnePicture"), ref("SeveralPictures")]}
    digits = {"oneOf": [ref("Prediction"), ref("Predictions")]}
    return operation(
        "reading",
        "Read a digit",
        "Reads one picture, or several: of a digit each, or of whatever the network knows.",
        json_answer(digits, "What was read", shown["predict"])
        | problems(*WITH_PICTURE, "too_many_images"),
        parameters=query(**wanted),
        requestBody=pictures(one_or_more, example_requests.PREDICT, **wanted),
    )


def read(wanted: Part, shown: Shown) -> Part:
    """Describe how numbers are read."""
    return operation(
        "reading",
        "Read a number",
        "Reads the numbers in a picture, with their signs, line by line or cell by cell.",
        json_answer(ref("Number"), "What was read, and where", shown["read"])
        | problems(*WITH_PICTURE, "too_many_marks"),
        parameters=query(**wanted),
        requestBody=pictures(ref("PictureOfNumber"), example_requests.READ, **wanted),
    )


def looking_inside(recognizer: Recognizer, shown: Shown) -> dict[str, Part]:
    """Describe the operations that look into the network."""
    classes = len(recognizer.classes.labels)
    texts = explain_options_as_text(len(recognizer.layers), classes)
    explain = operation(
        "looking inside",
        "Explain a reading",
        "Shows what every layer made of a picture, and where the network looked.",
        json_answer(ref("Explanation"), "What every layer saw", shown["explain"])
        | problems(*WITH_PICTURE),
        parameters=query(**texts),
        requestBody=pictures(ref("PictureToExplain"), example_requests.EXPLAIN, **texts),
    )
    model = operation(
        "looking inside",
        "Describe the network",
        "Tells its layers, how it was trained, how good it is, and the limits of the service.",
        json_answer(
            ref("Model"), "Its layers, training and accuracy", shown["model"], headers=("ETag",)
        ),
    )
    return {"/explain": {"post": explain}, "/model": {"get": model}}


def running() -> dict[str, Part]:
    """Describe health and metrics."""

    def status(word: str) -> Part:
        return record(status={"const": word, "description": "Always this"})

    live = operation(
        "running",
        "Is the process alive",
        "Answers without touching the network.",
        json_answer(status("alive"), "It is", one_example({"status": "alive"})),
    )
    ready = operation(
        "running",
        "Is the service ready",
        "Answers 200 once the network has read a picture that the service knows the answer of.",
        json_answer(status("ready"), "It is", one_example({"status": "ready"}))
        | problems("not_ready"),
    )
    metrics = operation(
        "running",
        "Count for Prometheus",
        "Counts requests, predictions and the time they take, of all workers together.",
        {
            "200": answer(
                "Prometheus' text format", {"text/plain": {"schema": {"type": "string"}}}
            ),
            **problems("not_found"),
        },
    )
    return {"/livez": {"get": live}, "/readyz": {"get": ready}, "/metrics": {"get": metrics}}


def documents() -> dict[str, Part]:
    """Describe the page and the documents."""
    html = {"text/html": {"schema": {"type": "string"}}}
    page = operation(
        "documents",
        "Open the page",
        "The page to draw on.",
        {"200": answer("A page", html, ("ETag",))},
    )
    docs = operation(
        "documents",
        "Read about the API",
        "This document, for people.",
        {"200": answer("A page", html, ("ETag",))},
    )
    described = operation(
        "documents",
        "Describe the API",
        "This document, in OpenAPI 3.1.",
        json_answer(
            {"type": "object", "required": ["openapi", "info", "paths"]},
            "This document",
            one_example(
                {
                    "openapi": "3.1.0",
                    "info": {"title": "Digit reading", "version": "1"},
                    "paths": {},
                }
            ),
            headers=("ETag",),
        ),
    )
    found = {"/": {"get": page}, "/docs": {"get": docs}, "/openapi.json": {"get": described}}
    return found | learning.paths()
