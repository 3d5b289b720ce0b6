"""Is the process alive, and is it fit to answer?

``/livez`` touches no model, so that a busy service is not taken for a dead one. ``/readyz``
answers 503 until the service has read a picture correctly that it knows the answer of.
"""

from flask import Blueprint, Response

from server.routes.responses import answer
from server.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
def live() -> Response:
    """Answer, which is all there is to show."""
    return answer({"status": "alive"})


@blueprint.get("/readyz")
def ready() -> Response:
    """Answer 200 once the known picture is read correctly."""
    services().readiness.require()
    return answer({"status": "ready"})
