"""The shapes of requests and answers."""

from typing import Any

from server.config import IMAGE_FORMATS, LIMITS, Config
from server.openapi.example_requests import PICTURE
from server.openapi.json_schema import (
    COUNT,
    DIGIT,
    NUMBER,
    PROBABILITY,
    TEXT,
    TRUTH,
    Schema,
    about,
    array,
    nullable,
    record,
    ref,
)
from server.parsing import tensors
from server.problems import KINDS
from server.serializers.predictions import DEFAULT_TOP


def schemas(config: Config, layers: int) -> dict[str, Schema]:
    """Return all named schemas; the network has so many `layers`."""
    return (
        requests(config, layers)
        | READINGS
        | EXPLANATIONS
        | INFERENCE
        | model_card(config)
        | PROBLEM
    )


TEN_PROBABILITIES = array(PROBABILITY, 10)
DATA_URL: Schema = {"type": "string", "pattern": "^data:image/png;base64,"}
SPRITE = {
    "image": about(DATA_URL, "Grey PNG; its byte v stands for min + v/255 · (max - min)"),
    "min": about(NUMBER, "What black stands for"),
    "max": about(NUMBER, "What white stands for"),
}
SHAPE = array(COUNT)
PAIR = array(COUNT, 2)
FORBIDDEN: Any = False  # a field that must not be there
OPTIONS: dict[str, Schema] = {
    "top": {
        "type": "integer",
        "minimum": 1,
        "maximum": 10,
        "default": DEFAULT_TOP,
        "description": "How many entries `top` has",
    },
    "input": about(
        TRUTH,
        "Add the 28×28 picture that the network saw, as a data URL (PNG, ink white on black)",
        default=False,
    ),
}


def requests(config: Config, layers: int) -> dict[str, Schema]:
    """Describe what is sent."""
    asked = explain_options(layers)
    pictures = about(
        array(ref("Picture"), minItems=1, maxItems=config.max_images),
        "Instead of `image`: several pictures, read together, of at most "
        f"{config.max_total_pixels} pixels in all",
    )
    return {
        "Picture": {
            "type": "string",
            "format": "picture",
            "minLength": 1,
            "description": (
                f"A {', '.join(IMAGE_FORMATS)} file of at most {config.max_pixels} pixels "
                f"({config.max_webp_pixels} in WebP), in base64, plain or as a data URL "
                "(`data:image/png;base64,…`)"
            ),
            "examples": [PICTURE],
        },
        "OnePicture": record(
            ("top", "input", "images"), image=ref("Picture"), **OPTIONS, images=FORBIDDEN
        ),
        "SeveralPictures": record(
            ("top", "input", "image"), images=pictures, **OPTIONS, image=FORBIDDEN
        ),
        "PictureOfNumber": record(("input",), image=ref("Picture"), input=OPTIONS["input"]),
        "PictureToExplain": record(tuple(asked), image=ref("Picture"), **asked)
        | {"dependentRequired": NEEDED_TOGETHER},
    }


NEEDED_TOGETHER = {"channel": ["layer"], "row": ["column", "channel"], "column": ["row", "channel"]}


def explain_options(layers: int) -> dict[str, Schema]:
    """Describe what may be asked of a network with so many layers."""
    index: Schema = {"type": "integer", "minimum": 0}
    layer: Schema = index | {"maximum": layers - 1}
    return {
        "maps": {
            "anyOf": [TRUTH, array(layer)],
            "default": True,
            "description": "Whose feature maps to send: all, none, or those of these layers",
        },
        "heatmap": about(
            TRUTH,
            "Add the map of where the network looked; it takes as long as some 60 predictions",
            default=False,
        ),
        "layer": about(layer, "Add `detail`: the exact numbers of this layer"),
        "channel": about(
            index, "Which output channel (feature map, neuron) of `layer` the detail is about"
        ),
        "row": about(
            index,
            "With `column`: an output position; `detail.window` then spells out its arithmetic",
        ),
        "column": about(index, "With `row`"),
    }


def explain_options_as_text(layers: int) -> dict[str, Schema]:
    """Describe the same for a query string or a form."""
    index = "|".join(map(str, range(layers)))
    maps = {
        "type": "string",
        "pattern": f"^(true|false|({index})(,({index}))*)$",
        "default": "true",
        "description": "`true`, `false`, or indexes of layers with commas between them",
    }
    return explain_options(layers) | {"maps": maps}


READING = {
    "digit": about(nullable(DIGIT), "The likeliest digit; null if none is recognised"),
    "confidence": about(PROBABILITY, "The largest probability"),
    "is_digit": about(TRUTH, "Whether the network recognises a digit at all"),
    "probabilities": about(TEN_PROBABILITIES, "Calibrated; index = digit"),
}
RANKED = about(
    array(
        record(
            digit=about(DIGIT, "One of the ten"),
            probability=about(PROBABILITY, "As in `probabilities`"),
        ),
        minItems=1,
        maxItems=10,
    ),
    "The likeliest digits, best first",
)
SIGNATURE = {
    "model": about(
        record(name=about(TEXT, "Its name"), version=about(TEXT, "Its version")), "What has read it"
    ),
    "time_ms": {
        "type": "object",
        "additionalProperties": {"type": "number", "minimum": 0},
        "description": "Milliseconds spent in each part of the request",
    },
    "request_id": about(TEXT, "The same as `X-Request-Id`"),
}
INPUT = {"input": about(DATA_URL, "What the network saw, if asked for")}

READINGS: dict[str, Schema] = {
    "Reading": record(("input",), **READING, top=RANKED, **INPUT),
    "Prediction": record(("input",), **READING, top=RANKED, **INPUT, **SIGNATURE),
    "Predictions": record(
        predictions=about(array(ref("Reading"), minItems=1), "One for each picture, as sent"),
        **SIGNATURE,
    ),
    "Number": record(
        text=about({"type": "string", "pattern": "^[0-9?]*$"}, "`?` where no digit is recognised"),
        digits=about(
            array(
                record(
                    ("input",),
                    **READING,
                    box=about(array(COUNT, 4), "x, y, width, height in pixels of `size`"),
                    **INPUT,
                )
            ),
            "In reading order",
        ),
        size=about(PAIR, "Width and height of the picture"),
        **SIGNATURE,
    ),
}

LAYER = {
    "index": about(COUNT, "Place in the network, from 0"),
    "name": about(TEXT, "Kind and number, such as `conv1`"),
    "kind": about(TEXT, "Class of the layer, such as `Conv2D`"),
    "description": about(TEXT, "What it does, in a sentence"),
    "input_shape": about(SHAPE, "Without the batch: height, width, channels, or a length"),
    "output_shape": about(SHAPE, "As `input_shape`"),
    "parameters": about(COUNT, "How many numbers it has learned"),
    "multiply_adds": about(COUNT, "Multiplications with an addition, for one input"),
    "kernel_shape": about(SHAPE, "Height, width, channels in, channels out; Dense: in, out"),
    "pool": about(PAIR, "Height and width of the window"),
    "stride": about(PAIR, "Steps of the window, down and right"),
    "padding": about(array(PAIR, 2), "[[top, bottom], [left, right]]"),
}
OPTIONAL_LAYER_FIELDS = ("kernel_shape", "pool", "stride", "padding")
TILES = record(
    **SPRITE,
    count=about(COUNT, "How many maps"),
    columns=about(COUNT, "Tiles side by side"),
    rows=about(COUNT, "Tiles below each other"),
    tile=about(PAIR, "Height and width of a tile"),
)
SCORES = record(
    logits=about(array(nullable(NUMBER), 10), "Null for a digit that the network does not know"),
    temperature=about(NUMBER, "The softmax of `logits / temperature` is `probabilities`"),
)
HEATMAP = record(
    digit=about(DIGIT, "Whose score it is about"),
    method=about(TEXT, "`occlusion`: how far the score falls where ink is covered"),
    patch=about(COUNT, "Side of the cover, in pixels"),
    shape=about(PAIR, "Height and width"),
    **SPRITE,
)
DETAIL: Schema = {
    "type": "object",
    "required": ["layer", "channel", "kind"],
    "properties": {
        "layer": about(COUNT, "Index of the layer"),
        "channel": about(nullable(COUNT), "Output channel; null for all"),
        "kind": about(TEXT, "Class of the layer, which says what else there is"),
    },
    "description": "The numbers of one layer, for those who follow it by hand (docs/api.md)",
}

EXPLANATIONS: dict[str, Schema] = {
    "Layer": record(OPTIONAL_LAYER_FIELDS, **LAYER),
    "LayerAtWork": record(
        OPTIONAL_LAYER_FIELDS,
        **LAYER,
        maps=about(nullable(TILES), "The feature maps as tiles; null if unasked"),
    ),
    "Explanation": record(
        ("heatmap", "detail"),
        **READING,
        top=RANKED,
        input=about(
            record(shape=about(PAIR, "Height and width"), **SPRITE), "What the network saw"
        ),
        layers=about(array(ref("LayerAtWork")), "From the input on"),
        scores=about(SCORES, "What the probabilities are made of"),
        heatmap=about(HEATMAP, "Where the network looked, if asked for"),
        detail=DETAIL,
        **SIGNATURE,
    ),
}


def model_card(config: Config) -> dict[str, Schema]:
    """Describe what `GET /model` tells."""
    free: Schema = {"type": "object"}
    return {
        "Model": record(
            name=about(TEXT, "Its name, also in the Open Inference Protocol"),
            version=about(TEXT, "Its version"),
            sha256=about(
                nullable({"type": "string", "pattern": "^[0-9a-f]{64}$"}), "Of the file of weights"
            ),
            file_bytes=about(COUNT, "Size of the file of weights"),
            input_shape=about(SHAPE, "Without the batch: height, width, channels"),
            output_shape=about(SHAPE, "Without the batch: the ten digits"),
            parameters=about(COUNT, "How many numbers it has learned"),
            multiply_adds=about(COUNT, "Multiplications with an addition, for one picture"),
            layers=about(array(ref("Layer")), "As they serve: each BatchNorm is folded"),
            architecture=about(array(TEXT), "The layers as they were trained"),
            training=about(free, "How it was trained, as recorded with the weights"),
            accuracy=about(
                {"type": "object", "additionalProperties": PROBABILITY},
                "Shares of digits read correctly, by set of pictures",
            ),
            calibration=about(free, "What makes probabilities of scores, and refuses what is none"),
            limits=about(limits(config), "What the service takes"),
        )
    }


def limits(config: Config) -> Schema:
    """Describe the settings that a client has to keep to."""
    numbers = {
        name: about(COUNT, Config.meaning(name), const=getattr(config, name)) for name in LIMITS
    }
    formats = array({"enum": list(IMAGE_FORMATS)})
    return record(**numbers, formats=about(formats, "Kinds of pictures"))


INFERENCE: dict[str, Schema] = {
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
                        {"enum": list(tensors.OUTPUTS)}, "`digit` is -1 where none is recognised"
                    ),
                    datatype=about(TEXT, "FP32 or INT64"),
                    shape=about(SHAPE, "How many inputs, then 10 for `probabilities`"),
                    data=about(array(NUMBER), "Row by row, unless they follow as bytes"),
                    parameters={"type": "object", "description": "`binary_data_size`, if so"},
                )
            ),
            "Those asked for, or both",
        ),
    ),
}


def inference_request(config: Config) -> Schema:
    """Describe a request of the Open Inference Protocol."""
    side, _, channels = tensors.SHAPE
    count = {"type": "integer", "minimum": 1, "maximum": config.max_inputs}
    shape = {
        "type": "array",
        "prefixItems": [count, {"const": side}, {"const": side}, {"const": channels}],
        "minItems": 4,
        "maxItems": 4,
    }
    data = array(PROBABILITY, minItems=side * side, maxItems=side * side * config.max_inputs)
    tensor = record(
        name={"const": tensors.INPUT, "description": "The one input"},
        datatype={"const": "FP32", "description": "32-bit floating point"},
        shape=about(shape, "How many inputs, then 28, 28, 1"),
        data=about(data, "Row by row, 0 paper to 1 ink; lists may be nested"),
    )
    output = record(name={"enum": list(tensors.OUTPUTS), "description": "Which output"})
    return record(
        ("id", "outputs"),
        id=about(TEXT, "Comes back with the answer"),
        inputs=about(array(tensor, 1), "The pictures, in one tensor"),
        outputs=about(array(output), "Which outputs are wanted; both without it"),
    )


PROBLEM: dict[str, Schema] = {
    "Problem": record(
        ("index", "field", "max_bytes"),
        type=about(TEXT, "Where the code is explained", format="uri-reference"),
        title=about(TEXT, "What kind of problem"),
        status=about({"type": "integer", "minimum": 400, "maximum": 599}, "That of the answer"),
        detail=about(TEXT, "What is wrong this time"),
        code=about({"enum": list(KINDS)}, "What programs should look at"),
        error=about(TEXT, "The same as `detail`"),
        request_id=about(TEXT, "The same as `X-Request-Id`"),
        index=about(COUNT, "Which of several pictures is at fault"),
        field=about(TEXT, "Which field is at fault"),
        max_bytes=about(COUNT, "How many bytes a body may have"),
    )
}
