"""The routes that look into the network: what it is made of, and what it made of a picture."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from server.config import IMAGE_FORMATS, LIMITS, Config
from server.explanation import layer_cards, layer_trace, sprites
from server.explanation.layer_arithmetic import detail, window
from server.explanation.layer_trace import Trace
from server.parsing.options import Options
from server.parsing.pictures import receive
from server.pipeline import Prediction
from server.problems import Problem
from server.recognizer import Recognizer
from server.routes.responses import answer, pipeline, settings, signed
from server.serializers import predictions

blueprint = Blueprint("inspection", __name__)


@dataclass(frozen=True)
class Question:
    """What a client wants explained; see docs/api.md."""

    maps: frozenset[int]
    heatmap: bool
    layer: int | None
    channel: int | None
    row: int | None
    column: int | None

    @classmethod
    def of(cls, options: Options, layers: int) -> "Question":
        """Read the options of a request about a network of so many layers."""
        question = cls(
            options.indexes("maps", layers),
            options.boolean("heatmap"),
            options.integer("layer", 0, layers - 1),
            *(options.integer(name, 0, 10**6) for name in ("channel", "row", "column")),
        )
        if (question.row is None) != (question.column is None):
            raise Problem("invalid_field", "`row` and `column` come together", field="row")
        if question.layer is None and (question.channel, question.row) != (None, None):
            raise Problem("invalid_field", "`layer` says what `channel` is of", field="layer")
        return question


@blueprint.post("/explain")
def explain() -> Response:
    """Show what every layer saw of one picture."""
    recognizer = pipeline().recognizer
    sent = receive(request, max_images=1)
    question = Question.of(sent.options, len(recognizer.layers))
    result = pipeline().predict(sent.pictures)
    with pipeline().turn, result.time("explain"):
        body = explained(recognizer, result, question)
    return signed(body, result)


def explained(recognizer: Recognizer, result: Prediction, question: Question) -> dict[str, Any]:
    """Put the answer to a question together."""
    (read,), (ink,) = result.readings, result.inputs
    steps = layer_trace.trace(recognizer, ink)
    body = predictions.reading(read) | predictions.top(read, predictions.DEFAULT_TOP)
    body["input"] = {"shape": list(ink.shape)} | sprites.picture(ink, 0.0, 1.0)
    body["layers"] = layer_trace.layers(steps, question.maps)
    body["scores"] = layer_trace.scores(recognizer, ink)
    if question.heatmap:
        body["heatmap"] = layer_trace.heatmap(recognizer, ink, read.likeliest)
    if question.layer is not None:
        body["detail"] = in_detail(steps[question.layer], question)
    return body


def in_detail(step: Trace, question: Question) -> dict[str, Any]:
    """Describe one layer, and one of its windows if that is asked for."""
    body = detail(step, question.layer or 0, question.channel)
    if question.row is not None and question.column is not None:
        body["window"] = window(step, question.channel or 0, question.row, question.column)
    return body


@blueprint.get("/model")
def model() -> Response:
    """Say what the network is, how it was trained and how good it is."""
    response = answer(card(pipeline().recognizer, settings()))
    response.headers["Cache-Control"] = "no-cache"  # to be kept, and asked for anew each time
    response.add_etag()
    response.make_conditional(request)
    return response


def card(recognizer: Recognizer, config: Config) -> dict[str, Any]:
    """Describe the network and the limits of the service."""
    layers = [layer_cards.describe(layer, index) for index, layer in enumerate(recognizer.layers)]
    record = recognizer.metadata
    return {
        "name": recognizer.name,
        "version": recognizer.version,
        "sha256": recognizer.sha256,
        "file_bytes": recognizer.file_bytes,
        "input_shape": layers[0]["input_shape"],
        "output_shape": layers[-1]["output_shape"],
        "parameters": sum(layer["parameters"] for layer in layers),
        "multiply_adds": sum(layer["multiply_adds"] for layer in layers),
        "layers": layers,
        "architecture": [repr(layer) for layer in recognizer.network.layers],
        "training": record.get("training", {}),
        "accuracy": accuracies(record),
        "calibration": record.get("calibration", {}),
        "limits": limits(config),
    }


def accuracies(record: dict[str, Any]) -> dict[str, float]:
    """List the shares of digits read rightly: of MNIST's test set, and of held-out pictures."""
    test = {"mnist_test": record["test"]["accuracy"]} if "test" in record else {}
    return test | {f"held_out_{name}": share for name, share in record.get("held_out", {}).items()}


def limits(config: Config) -> dict[str, Any]:
    """List what the service takes."""
    return {name: getattr(config, name) for name in LIMITS} | {"formats": list(IMAGE_FORMATS)}
