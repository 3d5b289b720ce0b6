"""The application put together: settings, network, routes and what surrounds each of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, request

from server.config import MAX_FORM_FIELDS, Config
from server.malloc import set_up_malloc
from server.middleware import access_log, body_limit, error_handlers, metrics, security_headers
from server.middleware.body_limit import Request
from server.pipeline import Pipeline
from server.recognizer import Recognizer
from server.routes import api_docs, explain, health, open_inference, pages, predict, static_files

ROOT = Path(__file__).resolve().parent.parent


def build(
    config: Config | Mapping[str, Any] | None = None, recognizer: Recognizer | None = None
) -> Flask:
    """Make the application; see `server.create_app`."""
    set_up_malloc()
    settings, of_flask = split(config)
    app = Flask(__name__, static_folder=None, template_folder=str(ROOT / "templates"))
    app.request_class = Request
    app.url_map.merge_slashes = False  # or ``//`` is redirected, for good
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
    access_log.register(app, settings.log_level)
    metrics.register(app)
    security_headers.register(app, settings.allowed_origins)
    error_handlers.register(app)
    app.before_request(lambda: body_limit.limit(request, settings.max_body_bytes))
    static_files.register(app, ROOT / "static")
    for feature in (predict, api_docs, health, explain, open_inference, pages):
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
