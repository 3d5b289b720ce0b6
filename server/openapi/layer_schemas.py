"""The shapes of what is told of a layer: what it is, what it saw, and its numbers."""

from server.openapi.json_schema import (
    COUNT,
    DIGIT,
    NUMBER,
    TEXT,
    Schema,
    about,
    array,
    nullable,
    record,
)

DATA_URL: Schema = {"type": "string", "pattern": "^data:image/png;base64,"}
SPRITE = {
    "image": about(
        DATA_URL,
        "PNG, grey or of an input in colour; its byte v stands for min + v/255 · (max - min)",
    ),
    "min": about(NUMBER, "What black stands for"),
    "max": about(NUMBER, "What white stands for"),
}
SHAPE = array(COUNT)
PAIR = array(COUNT, 2)

LAYER = {
    "index": about(COUNT, "Place in the network, from 0"),
    "name": about(TEXT, "Kind and number, such as `conv1`"),
    "kind": about(TEXT, "Class of the layer, such as `Conv2D`"),
    "description": about(TEXT, "What it does, in a sentence"),
    "view": about(
        TEXT, "What can be followed by hand: `elementwise`, `whole`, `pooling` and so on"
    ),
    "rule": about(TEXT, "What becomes of a number x, with `{names}` of its detail; may be empty"),
    "source": about(TEXT, "The file that computes it"),
    "links": about(
        record(
            ("chapter", "code", "loops"),
            chapter=about(TEXT, "The chapter that explains it"),
            code=about(TEXT, "The lines that compute it"),
            loops=about(TEXT, "The same as plain loops"),
        ),
        "Where to read on, from the root of the service; there if there is such a page",
    ),
    "input_shape": about(SHAPE, "Without the batch: height, width, channels, or a length"),
    "output_shape": about(SHAPE, "As `input_shape`"),
    "parameters": about(COUNT, "How many numbers it has learned"),
    "multiply_adds": about(COUNT, "Multiplications with an addition, for one input"),
    "kernel_shape": about(SHAPE, "Height, width, channels in, channels out; Dense: in, out"),
    "pool": about(PAIR, "Height and width of the window"),
    "stride": about(PAIR, "Steps of the window, down and right"),
    "padding": about(array(PAIR, 2), "[[top, bottom], [left, right]]"),
    "dilation": about(PAIR, "Steps between the pixels that a kernel is laid on"),
}
OPTIONAL_LAYER_FIELDS = ("kernel_shape", "pool", "stride", "padding", "dilation")
TILES = record(
    **SPRITE,
    count=about(COUNT, "How many maps"),
    columns=about(COUNT, "Tiles side by side"),
    rows=about(COUNT, "Tiles below each other"),
    tile=about(PAIR, "Height and width of a tile"),
)
HEATMAP = record(
    digit=about(nullable(DIGIT), "The class whose score it is about, if it is a digit"),
    label=about(TEXT, "The name of that class"),
    method=about(TEXT, "`occlusion`: how far the score falls where the input is covered"),
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
        "gradient": {
            "type": "object",
            "required": ["channel", "target", "loss", "input", "output"],
            "properties": {
                "channel": about(COUNT, "Channel of the layer's input"),
                "target": about(COUNT, "The class that is taken for the truth"),
                "loss": about(NUMBER, "Cross-entropy of this picture"),
                "input": about({}, "What came back to the layer's output, as it is summed up"),
                "output": about({}, "What the layer sends back to that channel of its input"),
            },
            "description": "What comes back of the loss, if asked for (docs/api.md)",
        },
    },
    "description": "The numbers of one layer, for those who follow it by hand (docs/api.md)",
}
