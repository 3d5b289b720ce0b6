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
    ref,
)
from server.parsing import tensors
from server.parsing.input_tensor import INPUT, layouts
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
    outputs = list(tensors.outputs_of(recognizer.classes))
    tensor = {"oneOf": [ref("FloatTensor"), ref("ByteTensor"), ref("PictureTensor")]}
    output = record(name={"enum": outputs, "description": "Which output"})
    return record(
        ("id", "outputs"),
        id=about(TEXT, "Comes back with the answer"),
        inputs=about(array(tensor, 1), "The pictures, in one tensor"),
        outputs=about(array(output), "Which outputs are wanted; both without it"),
    )


def input_tensors(config: Config, recognizer: Recognizer) -> dict[str, Schema]:
    """Describe the tensors that may be sent."""
    meaning = meaning_of(recognizer)
    pictures = array(ref("Picture"), minItems=1, maxItems=config.max_images)
    count = {"type": "integer", "minimum": 1, "maximum": config.max_images}
    one: Schema = {"const": 1}
    return {
        "FloatTensor": numbers(config, recognizer, "FP32", PROBABILITY, meaning),
        "ByteTensor": numbers(
            config,
            recognizer,
            "UINT8",
            {"type": "integer", "minimum": 0, "maximum": 255},
            f"{meaning}, times 255",
        ),
        "PictureTensor": record(
            name=NAME,
            datatype={"const": "BYTES", "description": "Files of pictures"},
            shape=about({"anyOf": [sides(count), sides(count, one)]}, "How many"),
            data=about(pictures, "Prepared as for `/predict`"),
        ),
    }


NAME: Schema = {"const": INPUT, "description": "The one input"}


def numbers(
    config: Config, recognizer: Recognizer, datatype: str, number: Schema, meaning: str
) -> Schema:
    """Describe a tensor of numbers."""
    of_one = math.prod(recognizer.form.shape)
    count = {"type": "integer", "minimum": 1, "maximum": config.max_inputs}
    shapes = [
        sides(*(count if side is None else {"const": side} for side in layout))
        for layout in layouts(recognizer.form.shape)
    ]
    data = array(number, minItems=of_one, maxItems=of_one * config.max_inputs)
    return record(
        name=NAME,
        datatype={"const": datatype, "description": "The type of the numbers"},
        shape=about({"anyOf": shapes}, "How many inputs, then the shape of one"),
        data=about(data, f"Row by row, {meaning}; lists may be nested"),
    )


def sides(*allowed: Schema) -> Schema:
    """Describe a shape by what each of its sides may be."""
    length = len(allowed)
    items = {"type": "integer"}
    return {
        "type": "array",
        "items": items,
        "prefixItems": list(allowed),
        "minItems": length,
        "maxItems": length,
    }
