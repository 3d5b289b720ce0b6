"""The routes that read pictures: parse what was sent, let the pipeline work, write the answer."""

from flask import Blueprint, Response, request

from server.parsing.pictures import receive
from server.routes.responses import signed
from server.segmentation.line_reader import ALPHABETS
from server.segmentation.text import LAYOUTS
from server.serializers import predictions
from server.services import services

blueprint = Blueprint("api", __name__)


@blueprint.post("/predict")
def predict() -> Response:
    """Read one picture, or several."""
    sent = receive(request, services().config.max_images)
    classes = services().pipeline.recognizer.classes
    top = sent.options.integer("top", 1, len(classes.labels)) or predictions.DEFAULT_TOP
    with_input = sent.options.boolean("input")
    prediction = services().pipeline.predict(sent.pictures, numbered=sent.batch)
    digits = predictions.digits(prediction, top, with_input)
    return signed({"predictions": digits} if sent.batch else digits[0], prediction)


@blueprint.post("/read")
def read() -> Response:
    """Read a picture of numbers."""
    services().pipeline.require_numbers()
    sent = receive(request, max_images=1)
    with_inputs = sent.options.boolean("input")
    alphabet = sent.options.choice("alphabet", tuple(ALPHABETS)) or "all"
    layout = sent.options.choice("layout", LAYOUTS) or LAYOUTS[0]
    prediction = services().pipeline.read(
        sent.pictures[0], ALPHABETS[alphabet], with_inputs, layout
    )
    return signed(predictions.text(prediction), prediction)
