"""The parts of one application, by name and type."""

from dataclasses import dataclass, field

from flask import current_app

from server.assets import File, StaticFiles
from server.config import Config
from server.middleware.metrics import Metrics
from server.pipeline import Pipeline
from server.self_test import Readiness
from server.training_room.room import Room


@dataclass(frozen=True)
class Services:
    """What the routes of one application share; `app.extensions["services"]` holds it.

    Attributes
    ----------
    config : Config
    pipeline : Pipeline
    readiness : Readiness
    metrics : Metrics
    static : StaticFiles
    room : Room, optional
        Where networks are trained; None where that is off.
    pages : dict
        Name of a page → the page, once it has been made.
    """

    config: Config
    pipeline: Pipeline
    readiness: Readiness
    metrics: Metrics
    static: StaticFiles
    room: Room | None = None
    pages: dict[str, File] = field(default_factory=dict)


def services() -> Services:
    """Return the parts of the application that is answering."""
    found: Services = current_app.extensions["services"]
    return found
