"""The shapes of requests and answers, as JSON Schema (draft 2020-12)."""

from typing import Any

from server import tensors
from server.config import IMAGE_FORMATS, Config
from server.descriptions import DEFAULT_TOP
from server.openapi.examples import PICTURE
from server.problems import KINDS

Schema = dict[str, Any]

DIGIT: Schema = {"type": "integer", "minimum": 0, "maximum": 9, "examples": [7]}
PROBABILITY: Schema = {"type": "number", "minimum": 0, "maximum": 1, "examples": [0.9913]}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}


def schemas(config: Config, layers: int) -> dict[str, Schema]:
    """Return all named schemas; the network has so many `layers`."""
    return requests(config, layers) | READINGS | EXPLANATIONS | INFERENCE | cards(config) | PROBLEM


def ref(name: str) -> Schema:
    """Point to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """Describe an object; all of its properties are required but the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def array(items: Schema, length: int | None = None, **limits: Any) -> Schema:
    """Describe a list."""
    if length is not None:
        limits = {"minItems": length, "maxItems": length}
    return {"type": "array", "items": items, **limits}


def about(schema: Schema, description: str, **more: Any) -> Schema:
    """Add a description to a schema."""
    return {**schema, "description": description, **more}


def nullable(schema: Schema) -> Schema:
    """Allow null as well."""
    return {"anyOf": [schema, {"type": "null"}]}


TENTHS = array(PROBABILITY, 10)
DATA_URL: Schema = {"type": "string", "pattern": "^data:image/png;base64,"}
SPRITE = {
    "image": about(DATA_URL, "Grey PNG; its byte v stands for min + v/255 · (max - min)"),
    "min": NUMBER,
    "max": NUMBER,
}
SHAPE = array(COUNT)
PAIR = array(COUNT, 2)
NO: Any = False  # the schema that nothing fits
WISHES: dict[str, Schema] = {
    "top": {
        "type": "integer",
        "minimum": 1,
        "maximum": 10,
        "default": DEFAULT_TOP,
        "description": "How many entries `top` has",
    },
    "input": about(TRUTH, "Add the 28×28 picture that the network saw", default=False),
}


def requests(config: Config, layers: int) -> dict[str, Schema]:
    """Describe what is sent."""
    asked = questions(layers)
    pictures = array(ref("Picture"), minItems=1, maxItems=config.max_images)
    return {
        "Picture": {
            "type": "string",
            "format": "picture",
            "minLength": 1,
            "description": (
                f"A {', '.join(IMAGE_FORMATS)} file of at most {config.max_pixels} pixels, in "
                "base64, plain or as a data URL (`data:image/png;base64,…`)"
            ),
            "examples": [PICTURE],
        },
        "OnePicture": record(("top", "input", "images"), image=ref("Picture"), **WISHES, images=NO),
        "SeveralPictures": record(("top", "input", "image"), images=pictures, **WISHES, image=NO),
        "PictureOfNumber": record(("input",), image=ref("Picture"), input=WISHES["input"]),
        "PictureToExplain": record(tuple(asked), image=ref("Picture"), **asked)
        | {"dependentRequired": TOGETHER},
    }


TOGETHER = {"channel": ["layer"], "row": ["column", "channel"], "column": ["row", "channel"]}


def questions(layers: int) -> dict[str, Schema]:
    """Describe what may be asked of a network with so many layers."""
    index: Schema = {"type": "integer", "minimum": 0}
    layer: Schema = index | {"maximum": layers - 1}
    return {
        "maps": {
            "anyOf": [TRUTH, array(layer)],
            "default": True,
            "description": "Whose feature maps to send: all, none, or those of these layers",
        },
        "heatmap": about(TRUTH, "Add the map of where the network looked", default=False),
        "layer": about(layer, "Add the exact numbers of this layer"),
        "channel": about(index, "Which output channel of `layer`"),
        "row": about(index, "With `column`: spell out the arithmetic of one output position"),
        "column": about(index, "With `row`"),
    }


def questions_as_text(layers: int) -> dict[str, Schema]:
    """Describe the same for a query string or a form."""
    index = "|".join(map(str, range(layers)))
    maps = {
        "type": "string",
        "pattern": f"^(true|false|({index})(,({index}))*)$",
        "default": "true",
        "description": "`true`, `false`, or indexes of layers with commas between them",
    }
    return questions(layers) | {"maps": maps}


READING = {
    "digit": about(nullable(DIGIT), "The likeliest digit; null if none is recognised"),
    "confidence": about(PROBABILITY, "The largest probability"),
    "is_digit": about(TRUTH, "Whether the network recognises a digit at all"),
    "probabilities": about(TENTHS, "Calibrated; index = digit"),
}
RANKED = array(record(digit=DIGIT, probability=PROBABILITY), minItems=1, maxItems=10)
SIGNATURE = {
    "model": record(name=TEXT, version=TEXT),
    "time_ms": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
    "request_id": TEXT,
}
INPUT = {"input": about(DATA_URL, "What the network saw, if asked for")}

READINGS: dict[str, Schema] = {
    "Reading": record(("input",), **READING, top=RANKED, **INPUT),
    "Prediction": record(("input",), **READING, top=RANKED, **INPUT, **SIGNATURE),
    "Predictions": record(predictions=array(ref("Reading"), minItems=1), **SIGNATURE),
    "Number": record(
        text=about({"type": "string", "pattern": "^[0-9?]*$"}, "`?` where no digit is recognised"),
        digits=array(
            record(
                ("input",),
                **READING,
                box=about(array(COUNT, 4), "x, y, width, height in pixels of `size`"),
                **INPUT,
            )
        ),
        size=about(PAIR, "Width and height of the picture"),
        **SIGNATURE,
    ),
}

LAYER = {
    "index": COUNT,
    "name": TEXT,
    "kind": TEXT,
    "description": TEXT,
    "input_shape": SHAPE,
    "output_shape": SHAPE,
    "parameters": COUNT,
    "multiply_adds": COUNT,
    "kernel_shape": SHAPE,
    "pool": PAIR,
    "stride": PAIR,
    "padding": array(PAIR, 2),
}
SOMETIMES = ("kernel_shape", "pool", "stride", "padding")
TILES = record(**SPRITE, count=COUNT, columns=COUNT, rows=COUNT, tile=PAIR)

EXPLANATIONS: dict[str, Schema] = {
    "Layer": record(SOMETIMES, **LAYER),
    "LayerAtWork": record(
        SOMETIMES,
        **LAYER,
        maps=about(nullable(TILES), "The feature maps as tiles; null if unasked"),
    ),
    "Explanation": record(
        ("heatmap", "detail"),
        **READING,
        top=RANKED,
        input=record(shape=PAIR, **SPRITE),
        layers=array(ref("LayerAtWork")),
        scores=record(logits=array(nullable(NUMBER), 10), temperature=NUMBER),
        heatmap=record(digit=DIGIT, method=TEXT, patch=COUNT, shape=PAIR, **SPRITE),
        detail={
            "type": "object",
            "required": ["layer", "channel", "kind"],
            "properties": {"layer": COUNT, "channel": nullable(COUNT), "kind": TEXT},
            "description": "The numbers of one layer; what there is depends on its kind",
        },
        **SIGNATURE,
    ),
}


def cards(config: Config) -> dict[str, Schema]:
    """Describe what `GET /model` tells."""
    free: Schema = {"type": "object"}
    limits = record(
        max_body_bytes=about(COUNT, "", const=config.max_body_bytes),
        max_pixels=about(COUNT, "", const=config.max_pixels),
        max_webp_pixels=about(COUNT, "", const=config.max_webp_pixels),
        max_total_pixels=about(COUNT, "", const=config.max_total_pixels),
        max_images=about(COUNT, "", const=config.max_images),
        max_marks=about(COUNT, "", const=config.max_marks),
        max_inputs=about(COUNT, "", const=config.max_inputs),
        receive_timeout=about(COUNT, "seconds", const=config.receive_timeout),
        formats=array({"enum": list(IMAGE_FORMATS)}),
    )
    return {
        "Model": record(
            name=TEXT,
            version=TEXT,
            sha256=nullable({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
            file_bytes=COUNT,
            input_shape=SHAPE,
            output_shape=SHAPE,
            parameters=COUNT,
            multiply_adds=COUNT,
            layers=array(ref("Layer")),
            architecture=array(TEXT),
            training=free,
            accuracy={"type": "object", "additionalProperties": PROBABILITY},
            calibration=free,
            limits=limits,
        )
    }


INFERENCE: dict[str, Schema] = {
    "InferenceTensor": record(name=TEXT, datatype=TEXT, shape=array({"type": "integer"})),
    "InferenceAnswer": record(
        ("id",),
        model_name=TEXT,
        model_version=TEXT,
        id=TEXT,
        outputs=array(
            record(
                ("data", "parameters"),
                name={"enum": list(tensors.OUTPUTS)},
                datatype=TEXT,
                shape=SHAPE,
                data=array(NUMBER),
                parameters={"type": "object"},
            )
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
        name={"const": tensors.INPUT},
        datatype={"const": "FP32"},
        shape=about(shape, "How many inputs, then 28, 28, 1"),
        data=about(data, "Row by row, 0 paper to 1 ink; lists may be nested"),
    )
    output = record(name={"enum": list(tensors.OUTPUTS)})
    return record(("id", "outputs"), id=TEXT, inputs=array(tensor, 1), outputs=array(output))


PROBLEM: dict[str, Schema] = {
    "Problem": record(
        ("index", "field", "max_bytes"),
        type=about(TEXT, "Where the code is explained", format="uri-reference"),
        title=TEXT,
        status={"type": "integer", "minimum": 400, "maximum": 599},
        detail=about(TEXT, "What is wrong this time"),
        code={"enum": list(KINDS)},
        error=about(TEXT, "The same as `detail`"),
        request_id=TEXT,
        index=about(COUNT, "Which of several pictures is at fault"),
        field=about(TEXT, "Which field is at fault"),
        max_bytes=COUNT,
    )
}
