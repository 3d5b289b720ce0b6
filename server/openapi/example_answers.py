"""What is answered to the examples: read by the network that is served, not made up."""

import json
from typing import Any

import numpy as np

from server.config import Config
from server.openapi import example_requests
from server.openapi.example_requests import Examples
from server.parsing import tensors
from server.parsing.question import Question
from server.pipeline import Pipeline
from server.serializers import explanation, model_card, open_inference, predictions

# The only numbers that differ from one request to the next.
TIMES = {"preprocess": 1.9, "predict": 0.8}


def answers(pipeline: Pipeline, config: Config) -> dict[str, Examples]:
    """Return examples of answers, by what they are about.

    The pictures are the service's own, so the limits of clients do not hold for them.
    """
    pipeline = pipeline.without_client_limits()
    recognizer = pipeline.recognizer
    last = len(recognizer.layers) - 1
    question = Question(frozenset({last}), True, last, 0, None, None)
    prediction, explained = pipeline.explain(example_requests.PNG, question.maps, question.heatmap)
    one, several = (pipeline.predict([example_requests.PNG] * count) for count in (1, 2))
    signature = {
        "model": pipeline.identity,
        "time_ms": TIMES,
        "request_id": example_requests.REQUEST_ID,
    }
    return {
        "predict": {
            "one": example("One picture", predictions.digits(one)[0] | signature),
            "data_url": example(
                "With options", predictions.digits(one, 2, with_input=True)[0] | signature
            ),
            "several": example(
                "Several pictures", {"predictions": predictions.digits(several)} | signature
            ),
        },
        "read": number(pipeline, signature),
        "explain": {
            "last": example(
                "The last layer, and where the network looked",
                explanation.explained(recognizer, prediction, explained, question) | signature,
            )
        },
        "model": {"model": example("This network", model_card.card(recognizer, config))},
        "infer": {"bar": example("A bar", inference(pipeline))},
    }


def number(pipeline: Pipeline, signature: dict[str, Any]) -> Examples:
    """Answer the example of a number, if the network reads numbers."""
    if not pipeline.recognizer.reads_numbers:
        return {}
    prediction = pipeline.read(example_requests.NUMBER_PNG)
    return {"number": example("A number", predictions.text(prediction) | signature)}


def example(summary: str, value: dict[str, Any]) -> dict[str, Any]:
    """Write one example, of nothing but what JSON has."""
    return {"summary": summary, "value": json.loads(json.dumps(value))}


def inference(pipeline: Pipeline) -> dict[str, Any]:
    """Answer the example of the Open Inference Protocol."""
    recognizer = pipeline.recognizer
    request = example_requests.infer(recognizer)["bar"]["value"]
    data = np.array(request["inputs"][0]["data"], np.float32)
    images = data.reshape(1, *recognizer.form.array_shape)
    head = {
        "model_name": recognizer.name,
        "model_version": recognizer.version,
        "id": request["id"],
    }
    outputs = dict.fromkeys(tensors.outputs_of(recognizer.classes), False)
    body, _ = open_inference.write(pipeline.infer(images).readings, outputs, head)
    answer: dict[str, Any] = json.loads(body)
    return answer
