"""What every layer saw, and where the network looked: the answer of ``POST /explain``."""

from typing import Any

from server.explanation import layer_trace, occlusion, sprites
from server.explanation.layer_arithmetic import detail, window
from server.explanation.layer_trace import Trace
from server.parsing.question import Question
from server.pipeline import Prediction
from server.recognizer import Recognizer
from server.serializers import predictions


def explained(recognizer: Recognizer, result: Prediction, question: Question) -> dict[str, Any]:
    """Put the answer to a question together."""
    (read,), (ink,) = result.readings, result.inputs
    steps = layer_trace.trace(recognizer, ink)
    body = predictions.reading(read) | predictions.top(read, predictions.DEFAULT_TOP)
    body["input"] = {"shape": list(ink.shape)} | sprites.picture(ink, 0.0, 1.0)
    body["layers"] = layer_trace.layers(steps, question.maps)
    body["scores"] = layer_trace.scores(recognizer, ink)
    if question.heatmap:
        body["heatmap"] = occlusion.heatmap(recognizer, ink, read.likeliest)
    if question.layer is not None:
        body["detail"] = in_detail(steps[question.layer], question)
    return body


def in_detail(step: Trace, question: Question) -> dict[str, Any]:
    """Describe one layer, and one of its windows if that is asked for."""
    body = detail(step, question.layer or 0, question.channel)
    if question.row is not None and question.column is not None:
        body["window"] = window(step, question.channel or 0, question.row, question.column)
    return body
