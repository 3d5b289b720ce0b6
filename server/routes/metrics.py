"""What is counted, for Prometheus."""

from flask import Blueprint, Response

from server.services import services

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Show the numbers of all workers in Prometheus' text format."""
    return services().metrics.exposition()
