"""What views have in common: what the application holds, and how its answers are sent."""

import json
from typing import Any

from flask import Response, current_app, g

from server.config import Config
from server.middleware import metrics
from server.pipeline import Pipeline, Prediction
from server.serializers import predictions


def pipeline() -> Pipeline:
    """Return the pipeline of the application that is answering."""
    found: Pipeline = current_app.extensions["pipeline"]
    return found


def settings() -> Config:
    """Return the settings of the application that is answering."""
    found: Config = current_app.extensions["config"]
    return found


def signed(body: dict[str, Any], result: Prediction) -> Response:
    """Answer with what all predictions have in common."""
    metrics.found().predicted(result)
    body |= predictions.signature(pipeline().identity, result)
    return answer(body | {"request_id": g.request_id})


def answer(body: dict[str, Any], status: int = 200) -> Response:
    """Write `body` as compact JSON; a NaN in it is a fault, not an answer."""
    text = json.dumps(body, separators=(",", ":"), allow_nan=False)
    headers = {"Cache-Control": "no-store"}  # true for this moment alone
    return Response(text, status, headers, content_type="application/json")
