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
    number = pipeline.read(example_requests.NUMBER_PNG)
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
        "read": {"number": example("A number", predictions.number(number) | signature)},
        "explain": {
            "last": example(
                "The last layer, and where the network looked",
                explanation.explained(recognizer, prediction, explained, question) | signature,
            )
        },
        "model": {"model": example("This network", model_card.card(recognizer, config))},
        "infer": {"bar": example("A bar of ink", inference(pipeline))},
    }


def example(summary: str, value: dict[str, Any]) -> dict[str, Any]:
    """Write one example, of nothing but what JSON has."""
    return {"summary": summary, "value": json.loads(json.dumps(value))}


def inference(pipeline: Pipeline) -> dict[str, Any]:
    """Answer the example of the Open Inference Protocol."""
    request = example_requests.INFER["bar"]["value"]
    images = np.array(request["inputs"][0]["data"], np.float32).reshape(1, *tensors.SHAPE[:2])
    head = {
        "model_name": pipeline.recognizer.name,
        "model_version": pipeline.recognizer.version,
        "id": request["id"],
    }
    outputs = dict.fromkeys(tensors.OUTPUTS, False)
    body, _ = open_inference.write(pipeline.infer(images).readings, outputs, head)
    answer: dict[str, Any] = json.loads(body)
    return answer
