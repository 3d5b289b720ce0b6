"""The routes that look into the network: what it is made of, and what it made of a picture."""

from flask import Blueprint, Response, request

from server.assets import File
from server.parsing.pictures import receive
from server.parsing.question import Question
from server.routes.pages import page
from server.routes.responses import answer, signed
from server.serializers.explanation import explained
from server.serializers.model_card import card
from server.services import services

blueprint = Blueprint("inspection", __name__)


@blueprint.post("/explain")
def explain() -> Response:
    """Show what every layer saw of one picture."""
    pipeline = services().pipeline
    sent = receive(request, max_images=1)
    recognizer = pipeline.recognizer
    question = Question.of(sent.options, len(recognizer.layers), len(recognizer.classes.labels))
    prediction, explanation = pipeline.explain(
        sent.pictures[0],
        question.maps,
        question.heatmap,
        question.gradient is not None,
        question.target,
    )
    return signed(explained(recognizer, prediction, explanation, question), prediction)


@blueprint.get("/model")
def model() -> Response:
    """Say what the network is, how it was trained and how good it is."""

    def make() -> File:
        written = answer(card(services().pipeline.recognizer, services().config))
        return File(written.get_data(), ".json")

    return page("model.json", make)
