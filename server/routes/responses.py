"""How answers in JSON are sent."""

import json
from typing import Any

from flask import Response, g

from server.pipeline import Prediction
from server.serializers import predictions
from server.services import services


def signed(body: dict[str, Any], prediction: Prediction) -> Response:
    """Answer with what all predictions have in common."""
    services().metrics.predicted(prediction)
    body |= predictions.signature(services().pipeline.identity, prediction)
    return answer(body | {"request_id": g.request_id})


def answer(body: dict[str, Any], status: int = 200) -> Response:
    """Write `body` as compact JSON; a NaN in it is a fault, not an answer."""
    text = json.dumps(body, separators=(",", ":"), allow_nan=False)
    headers = {"Cache-Control": "no-store"}  # true for this moment alone
    return Response(text, status, headers, content_type="application/json")
