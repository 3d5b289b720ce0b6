"""What every layer saw, and where the network looked: the answer of ``POST /explain``."""

import math
from typing import Any

from server.explanation import layer_cards, sprites
from server.explanation.explanation import Explanation
from server.explanation.gradient_arithmetic import Gradients, gradient
from server.explanation.layer_arithmetic import detail, window
from server.explanation.layer_trace import Trace
from server.parsing.question import Question
from server.pipeline import Prediction
from server.recognizer import Recognizer
from server.serializers import predictions


def explained(
    recognizer: Recognizer, prediction: Prediction, explanation: Explanation, question: Question
) -> dict[str, Any]:
    """Write the answer to a question about one picture.

    Raises
    ------
    Problem
        If the layer that is asked about has no such channel or position.
    """
    (reading,), (ink,) = prediction.readings, prediction.inputs
    body = predictions.reading(reading) | predictions.top(reading, predictions.DEFAULT_TOP)
    body["input"] = {"shape": list(ink.shape)} | sprites.picture(ink, 0.0, 1.0)
    body["layers"] = layers(explanation)
    body["scores"] = scores(recognizer, explanation)
    if explanation.heatmap:
        body["heatmap"] = explanation.heatmap
    if explanation.ink:
        body["ink"] = explanation.ink
    if question.layer is not None:
        step = explanation.layers[question.layer]
        body["detail"] = in_detail(step, question, explanation.gradients)
    return body


def layers(explanation: Explanation) -> list[dict[str, Any]]:
    """Describe all layers, with the feature maps of those that were asked for."""
    return [
        layer_cards.describe(step.layer, index) | {"maps": explanation.maps.get(index)}
        for index, step in enumerate(explanation.layers)
    ]


def scores(recognizer: Recognizer, explanation: Explanation) -> dict[str, Any]:
    """Write what the softmax turns into probabilities: a number for each class, null for -inf."""
    logits = [
        sprites.rounded(score) if math.isfinite(score) else None
        for score in explanation.logits.tolist()
    ]
    return {"logits": logits, "temperature": recognizer.calibration.temperature}


def in_detail(step: Trace, question: Question, gradients: Gradients | None) -> dict[str, Any]:
    """Describe one layer; one of its windows, or what comes back to it, if that is asked for."""
    index = question.layer or 0
    if gradients is not None and question.gradient is not None:
        found = gradient(step, index, question.gradient, gradients)
        if question.channel is None:  # then nothing else is of interest
            about = {"layer": index, "channel": None, "kind": type(step.layer).__name__}
            return about | {"gradient": found}
        return detail(step, index, question.channel) | {"gradient": found}
    body = detail(step, index, question.channel)
    if question.row is not None and question.column is not None:
        body["window"] = window(step, question.channel or 0, question.row, question.column)
    return body
