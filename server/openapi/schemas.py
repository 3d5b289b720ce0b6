"""The shapes of requests and answers."""

from server.config import IMAGE_FORMATS, LIMITS, Config
from server.input_form import MNIST
from server.openapi.example_requests import PICTURE
from server.openapi.json_schema import (
    COUNT,
    DEFAULT,
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
    without,
)
from server.openapi.layer_schemas import (
    DATA_URL,
    DETAIL,
    HEATMAP,
    LAYER,
    OPTIONAL_LAYER_FIELDS,
    SHAPE,
    SPRITE,
    TILES,
)
from server.openapi.tensor_schemas import input_tensors, tensors_of
from server.openapi.text_schemas import OF_NUMBERS, number
from server.problems import KINDS
from server.recognizer import Recognizer
from server.serializers.predictions import DEFAULT_TOP


def schemas(config: Config, recognizer: Recognizer) -> dict[str, Schema]:
    """Return all named schemas, for the network that is served."""
    return (
        requests(config, recognizer)
        | readings(recognizer)
        | explanations(recognizer)
        | tensors_of(recognizer)
        | input_tensors(config, recognizer)
        | model_card(config, recognizer)
        | PROBLEM
    )


def options(recognizer: Recognizer) -> dict[str, Schema]:
    """Describe the options of a request to read."""
    known, form = len(recognizer.classes.labels), recognizer.form
    colour = "ink white on black" if form.name == MNIST else "as it is"
    height, width = form.shape[:2]
    return {
        "top": {
            "type": "integer",
            "minimum": 1,
            "maximum": known,
            DEFAULT: min(DEFAULT_TOP, known),
            "description": "How many entries `top` has",
        },
        "input": about(
            TRUTH,
            f"Add the {height}×{width} picture that the network saw, as a data URL (PNG, {colour})",
            **{DEFAULT: False},
        ),
    }


def requests(config: Config, recognizer: Recognizer) -> dict[str, Schema]:
    """Describe what is sent."""
    known = len(recognizer.classes.labels)
    asked, wanted = explain_options(len(recognizer.layers), known), options(recognizer)
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
                f"({config.max_webp_pixels} in WebP, {config.max_jpeg_pixels} in JPEG that is not "
                "progressive), in base64, plain or as a data URL "
                "(`data:image/png;base64,…`)"
            ),
            "examples": [PICTURE],
        },
        "OnePicture": record(("top", "input"), image=ref("Picture"), **wanted) | without("images"),
        "SeveralPictures": record(("top", "input"), images=pictures, **wanted) | without("image"),
        "PictureOfNumber": record(
            ("input", *OF_NUMBERS), image=ref("Picture"), input=wanted["input"], **OF_NUMBERS
        ),
        "PictureToExplain": record(tuple(asked), image=ref("Picture"), **asked)
        | {"dependentRequired": NEEDED_TOGETHER},
    }


NEEDED_TOGETHER = {
    "channel": ["layer"],
    "gradient": ["layer"],
    "row": ["column", "channel"],
    "column": ["row", "channel"],
}


def explain_options(layers: int, classes: int) -> dict[str, Schema]:
    """Describe what may be asked of a network with so many layers and classes."""
    index: Schema = {"type": "integer", "minimum": 0}
    layer: Schema = index | {"maximum": layers - 1}
    return {
        "maps": {
            "anyOf": [TRUTH, array(layer)],
            DEFAULT: True,
            "description": "Whose feature maps to send: all, none, or those of these layers",
        },
        "heatmap": about(
            TRUTH,
            "Add the map of where the network looked; it takes as long as some 60 predictions",
            **{DEFAULT: False},
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
        "gradient": about(
            index,
            "Which channel of the input of `layer` `detail.gradient` is about: what comes back to "
            "it of the loss, and what that is the sum of",
        ),
        "target": about(
            index | {"maximum": classes - 1},
            "With `gradient`: the class that is taken for the truth, by its place in "
            "`probabilities`; by default the likeliest",
        ),
    }


def explain_options_as_text(layers: int, classes: int) -> dict[str, Schema]:
    """Describe the same for a query string or a form."""
    index = "|".join(map(str, range(layers)))
    maps = {
        "type": "string",
        "pattern": f"^(true|false|({index})(,({index}))*)$",
        DEFAULT: "true",
        "description": "`true`, `false`, or indexes of layers with commas between them",
    }
    return explain_options(layers, classes) | {"maps": maps}


def reading(recognizer: Recognizer) -> dict[str, Schema]:
    """Describe what a reading has in every answer."""
    known = len(recognizer.classes.labels)
    order = "index = digit" if recognizer.classes.are_digits else "in the order of the classes"
    return {
        "digit": about(
            nullable(DIGIT), "The likeliest class, if it is a digit; null if none is recognised"
        ),
        "label": about(
            nullable({"enum": list(recognizer.classes.labels)}),
            "The name of the likeliest class; null if none is recognised",
        ),
        "confidence": about(PROBABILITY, "The largest probability"),
        "is_digit": about(TRUTH, "Whether the network recognises a digit"),
        "probabilities": about(array(PROBABILITY, known), f"Calibrated; {order}"),
    }


def ranked(recognizer: Recognizer) -> Schema:
    """Describe the list of the likeliest classes."""
    labels = list(recognizer.classes.labels)
    return about(
        array(
            record(
                digit=about(nullable(DIGIT), "The class, if it is a digit"),
                label=about({"enum": labels}, "The name of the class"),
                probability=about(PROBABILITY, "As in `probabilities`"),
            ),
            minItems=1,
            maxItems=len(labels),
        ),
        "The likeliest classes, best first",
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
    "warnings": about(
        array(TEXT, minItems=1),
        "There if something was made up: the file was cut off, or its first frame was empty",
    ),
}
INPUT = {"input": about(DATA_URL, "What the network saw, if asked for")}


def readings(recognizer: Recognizer) -> dict[str, Schema]:
    """Describe the answers that are readings."""
    of_one = reading(recognizer)
    whole = of_one | {"top": ranked(recognizer)}
    return {
        "Reading": record(("input",), **whole, **INPUT),
        "Prediction": record(("input", "warnings"), **whole, **INPUT, **SIGNATURE),
        "Predictions": record(
            ("warnings",),
            predictions=about(array(ref("Reading"), minItems=1), "One for each picture, as sent"),
            **SIGNATURE,
        ),
        "Number": number(of_one | INPUT, SIGNATURE),
    }


def scores(recognizer: Recognizer) -> Schema:
    """Describe what probabilities are made of."""
    known = len(recognizer.classes.labels)
    return record(
        logits=about(
            array(nullable(NUMBER), known), "Null for a digit that the network does not know"
        ),
        temperature=about(NUMBER, "The softmax of `logits / temperature` is `probabilities`"),
    )


def explanations(recognizer: Recognizer) -> dict[str, Schema]:
    """Describe layers, and what they made of a picture."""
    return {
        "Layer": record(OPTIONAL_LAYER_FIELDS, **LAYER),
        "LayerAtWork": record(
            OPTIONAL_LAYER_FIELDS,
            **LAYER,
            maps=about(nullable(TILES), "The feature maps as tiles; null if unasked"),
        ),
        "Explanation": record(
            ("heatmap", "ink", "detail", "warnings"),
            **reading(recognizer),
            top=ranked(recognizer),
            input=about(
                record(shape=about(SHAPE, "Height and width; of colour, 3 as well"), **SPRITE),
                "What the network saw",
            ),
            layers=about(array(ref("LayerAtWork")), "From the input on"),
            scores=about(scores(recognizer), "What the probabilities are made of"),
            ink=about(
                DATA_URL,
                "With the heat map: the picture or a part of it, pale, and in colour the ink in it",
            ),
            heatmap=about(HEATMAP, "Where the network looked, if asked for"),
            detail=DETAIL,
            **SIGNATURE,
        ),
    }


def model_card(config: Config, recognizer: Recognizer) -> dict[str, Schema]:
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
            output_shape=about(SHAPE, "Without the batch: a score for each class"),
            input_form=about(
                {"const": recognizer.form.name},
                "`mnist`: the ink, cropped and centred; `plain`: the picture, scaled",
            ),
            classes=about(
                array({"enum": list(recognizer.classes.labels)}),
                "The names of the classes, in the order of `probabilities`",
            ),
            reads_numbers=about({"const": recognizer.reads_numbers}, "Whether there is `/read`"),
            parameters=about(COUNT, "How many numbers it has learned"),
            multiply_adds=about(COUNT, "Multiplications with an addition, for one picture"),
            layers=about(array(ref("Layer")), "As they serve: each BatchNorm is folded"),
            architecture=about(array(TEXT), "The layers as they were trained"),
            training=about(free, "How it was trained, as recorded with the weights"),
            accuracy=about(
                {"type": "object", "additionalProperties": PROBABILITY},
                "Shares of pictures read correctly, by set of pictures",
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
