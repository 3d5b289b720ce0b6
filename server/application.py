"""The application put together: settings, network, routes and what surrounds each of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, request

from server import (
    api,
    bodies,
    documents,
    errors,
    health,
    inspection,
    metrics,
    open_inference,
    pages,
    request_log,
    security,
    static_files,
)
from server.bodies import Request
from server.config import MAX_FORM_FIELDS, Config
from server.memory import set_up_malloc
from server.pipeline import Pipeline
from server.recognizer import Recognizer

ROOT = Path(__file__).resolve().parent.parent


def build(
    config: Config | Mapping[str, Any] | None = None, recognizer: Recognizer | None = None
) -> Flask:
    """Make the application; see `server.create_app`."""
    set_up_malloc()
    settings, of_flask = split(config)
    app = Flask(__name__, static_folder=None, template_folder=str(ROOT / "templates"))
    app.request_class = Request
    app.config.update(
        of_flask,
        MAX_FORM_MEMORY_SIZE=settings.max_body_bytes,
        MAX_FORM_PARTS=MAX_FORM_FIELDS,
    )
    pipeline = Pipeline(recognizer or _load(settings.model), settings)
    app.extensions |= {
        "config": settings,
        "pipeline": pipeline,
        "readiness": health.Readiness(pipeline),
        "pages": {},
    }
    request_log.register(app, settings.log_level)
    metrics.register(app)
    security.register(app, settings.allowed_origins)
    errors.register(app)
    app.before_request(lambda: bodies.limit(request, settings.max_body_bytes))
    static_files.register(app, ROOT / "static")
    for feature in (api, documents, health, inspection, open_inference, pages):
        app.register_blueprint(feature.blueprint)
    return app


def _load(model: str) -> Recognizer:
    try:
        return Recognizer.load(model)
    except (OSError, ValueError) as error:
        raise ValueError(f"`MODEL`: {error}") from error


def split(config: Config | Mapping[str, Any] | None) -> tuple[Config, dict[str, Any]]:
    """Part what is given into our own settings, completed, and Flask's."""
    if isinstance(config, Config):
        return config, {}
    given = dict(config or {})
    ours = {name.lower(): given.pop(name) for name in Config.names() & given.keys()}
    return Config.from_environment(**ours), given
