"""What is answered to the examples: read by the network that is served, not made up."""

import json
from typing import Any

import numpy as np

from server import descriptions, inspection, tensors
from server.config import Config
from server.inspection import Question
from server.openapi import examples
from server.openapi.examples import Examples
from server.pipeline import Pipeline

# The only numbers that differ from one request to the next.
TIMES = {"preprocess": 1.9, "predict": 0.8}


def answers(pipeline: Pipeline, config: Config) -> dict[str, Examples]:
    """Return examples of answers, by what they are about."""
    recognizer = pipeline.recognizer
    last = len(recognizer.layers) - 1
    question = Question(frozenset({last}), True, last, 0, None, None)
    one, several = (pipeline.predict([examples.PNG] * count) for count in (1, 2))
    number = pipeline.read(examples.NUMBER_PNG)
    signature = {
        "model": pipeline.identity,
        "time_ms": TIMES,
        "request_id": examples.REQUEST_ID,
    }
    return {
        "predict": {
            "one": example("One picture", descriptions.digits(one)[0] | signature),
            "data_url": example(
                "With options", descriptions.digits(one, 2, with_input=True)[0] | signature
            ),
            "several": example(
                "Several pictures", {"predictions": descriptions.digits(several)} | signature
            ),
        },
        "read": {"number": example("A number", descriptions.number(number) | signature)},
        "explain": {
            "last": example(
                "The last layer, and where the network looked",
                inspection.explained(recognizer, one, question) | signature,
            )
        },
        "model": {"model": example("This network", inspection.card(recognizer, config))},
        "infer": {"bar": example("A bar of ink", inferred(pipeline))},
    }


def example(summary: str, value: dict[str, Any]) -> dict[str, Any]:
    """Write one example, of nothing but what JSON has."""
    return {"summary": summary, "value": json.loads(json.dumps(value))}


def inferred(pipeline: Pipeline) -> dict[str, Any]:
    """Answer the example of the Open Inference Protocol."""
    request = examples.INFER["bar"]["value"]
    images = np.array(request["inputs"][0]["data"], np.float32).reshape(1, *tensors.SHAPE[:2])
    head = {
        "model_name": pipeline.recognizer.name,
        "model_version": pipeline.recognizer.version,
        "id": request["id"],
    }
    outputs = dict.fromkeys(tensors.OUTPUTS, False)
    body, _ = tensors.write(pipeline.infer(images).readings, outputs, head)
    answer: dict[str, Any] = json.loads(body)
    return answer
