"""The routes that read digits: parse what was sent, let the pipeline work, write the answer."""

from flask import Blueprint, Response, request

from server.parsing.pictures import receive
from server.routes.responses import signed
from server.serializers import predictions
from server.services import services

blueprint = Blueprint("api", __name__)


@blueprint.post("/predict")
def predict() -> Response:
    """Read one digit, or one in each of several pictures."""
    sent = receive(request, services().config.max_images)
    top = sent.options.integer("top", 1, 10) or predictions.DEFAULT_TOP
    with_input = sent.options.boolean("input")
    prediction = services().pipeline.predict(sent.pictures, numbered=sent.batch)
    digits = predictions.digits(prediction, top, with_input)
    return signed({"predictions": digits} if sent.batch else digits[0], prediction)


@blueprint.post("/read")
def read() -> Response:
    """Read a picture of a whole number."""
    sent = receive(request, max_images=1)
    with_input = sent.options.boolean("input")
    prediction = services().pipeline.read(sent.pictures[0])
    return signed(predictions.number(prediction, with_input), prediction)
