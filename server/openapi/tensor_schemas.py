"""The tensors of the Open Inference Protocol, as the network that is served has them."""

import math

from server.config import Config
from server.input_form import MNIST
from server.openapi.json_schema import (
    COUNT,
    NUMBER,
    PROBABILITY,
    TEXT,
    Schema,
    about,
    array,
    record,
)
from server.parsing import tensors
from server.recognizer import Recognizer


def meaning_of(recognizer: Recognizer) -> str:
    """Say what the numbers of an input stand for."""
    return "0 paper to 1 ink" if recognizer.form.name == MNIST else "0 black to 1 white"


def tensors_of(recognizer: Recognizer) -> dict[str, Schema]:
    """Describe tensors, and the answer that has them."""
    outputs = tensors.outputs_of(recognizer.classes)
    (probabilities, index) = outputs
    return {
        "InferenceTensor": record(
            name=about(TEXT, "Its name"),
            datatype=about(TEXT, "FP32 or INT64"),
            shape=about(array({"type": "integer"}), "-1 is the number of inputs"),
        ),
        "InferenceAnswer": record(
            ("id",),
            model_name=about(TEXT, "What has read it"),
            model_version=about(TEXT, "Its version"),
            id=about(TEXT, "As sent"),
            outputs=about(
                array(
                    record(
                        ("data", "parameters"),
                        name=about(
                            {"enum": list(outputs)}, f"`{index}` is -1 where none is recognised"
                        ),
                        datatype=about(TEXT, "FP32 or INT64"),
                        shape=about(
                            array(COUNT),
                            f"How many inputs, then {len(recognizer.classes.labels)} for "
                            f"`{probabilities}`",
                        ),
                        data=about(array(NUMBER), "Row by row, unless they follow as bytes"),
                        parameters={"type": "object", "description": "`binary_data_size`, if so"},
                    )
                ),
                "Those asked for, or both",
            ),
        ),
    }


def inference_request(config: Config, recognizer: Recognizer) -> Schema:
    """Describe a request of the Open Inference Protocol."""
    sides = recognizer.form.shape
    numbers = math.prod(sides)
    outputs = list(tensors.outputs_of(recognizer.classes))
    count = {"type": "integer", "minimum": 1, "maximum": config.max_inputs}
    shape = {
        "type": "array",
        "prefixItems": [count, *({"const": side} for side in sides)],
        "minItems": 4,
        "maxItems": 4,
    }
    data = array(PROBABILITY, minItems=numbers, maxItems=numbers * config.max_inputs)
    tensor = record(
        name={"const": tensors.INPUT, "description": "The one input"},
        datatype={"const": "FP32", "description": "32-bit floating point"},
        shape=about(shape, f"How many inputs, then {', '.join(map(str, sides))}"),
        data=about(data, f"Row by row, {meaning_of(recognizer)}; lists may be nested"),
    )
    output = record(name={"enum": outputs, "description": "Which output"})
    return record(
        ("id", "outputs"),
        id=about(TEXT, "Comes back with the answer"),
        inputs=about(array(tensor, 1), "The pictures, in one tensor"),
        outputs=about(array(output), "Which outputs are wanted; both without it"),
    )
