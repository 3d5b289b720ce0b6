"""The application put together: settings, network, routes and what surrounds each of them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, request

from server.assets import StaticFiles
from server.config import MAX_FORM_FIELDS, Config, SettingError
from server.images.decode import set_up_pillow
from server.malloc import set_up_malloc
from server.middleware import (
    access,
    access_log,
    below_path,
    body_limit,
    error_handlers,
    metrics,
    security_headers,
)
from server.middleware.body_limit import Request
from server.pipeline import Pipeline
from server.recognizer import Recognizer
from server.routes import (
    api_docs,
    explain,
    health,
    learn,
    open_inference,
    pages,
    predict,
    static_files,
    training_room,
)
from server.routes import metrics as metrics_route
from server.self_test import Readiness
from server.services import Services
from server.training_room.room import Room

ROOT = Path(__file__).resolve().parent.parent
FEATURES = (
    predict,
    explain,
    open_inference,
    health,
    metrics_route,
    api_docs,
    pages,
    learn,
)


def build(
    config: Config | Mapping[str, Any] | None = None, recognizer: Recognizer | None = None
) -> Flask:
    """Make the application; see `server.create_app`."""
    settings, of_flask = split(config)
    set_up_malloc()
    set_up_pillow(settings.max_body_bytes)
    app = Flask(__name__, static_folder=None, template_folder=str(ROOT / "templates"))
    app.request_class = Request
    app.url_map.merge_slashes = False  # or ``//`` is redirected, for good
    app.config.update(
        of_flask,
        MAX_FORM_MEMORY_SIZE=settings.max_body_bytes,
        MAX_FORM_PARTS=MAX_FORM_FIELDS,
    )
    parts = services(settings, recognizer or load(settings.model))
    app.extensions["services"] = parts
    surround(app, parts)
    for feature in FEATURES:
        app.register_blueprint(feature.blueprint)
    training_room.register(app, parts.room is not None)
    static_files.register(app, parts.static)
    return app


def services(config: Config, recognizer: Recognizer) -> Services:
    """Make the parts of an application."""
    pipeline = Pipeline(recognizer, config)
    return Services(
        config,
        pipeline,
        Readiness(pipeline),
        metrics.make(),
        StaticFiles(ROOT / "static"),
        # The process that makes the application lives as long as the service does.
        Room(os.getpid()) if config.training_room else None,
    )


def surround(app: Flask, parts: Services) -> None:
    """Put around every request of `app` what each of them needs."""
    config = parts.config
    access_log.register(app, config.log_level)
    metrics.register(app, parts.metrics)
    security_headers.register(
        app, config.allowed_origins, config.frame_ancestors.strip(), config.hsts.strip()
    )
    error_handlers.register(app, config.retry_after)
    below_path.register(app, config.script_name, config.trusted_proxies)
    access.register(app, config.keys, config.rate_limit)
    app.before_request(lambda: body_limit.limit(request, config.max_body_bytes))


def load(model: str) -> Recognizer:
    """Load the network that ``MODEL`` names.

    Raises
    ------
    SettingError
        If there is no such network, its file is damaged, or it cannot be served.
    """
    try:
        return Recognizer.load(model)
    except (OSError, ValueError) as error:
        raise SettingError(f"`MODEL`: {error}") from error


def split(config: Config | Mapping[str, Any] | None) -> tuple[Config, dict[str, Any]]:
    """Split `config` into the service's settings, completed from the environment, and Flask's."""
    if isinstance(config, Config):
        return config, {}
    given = dict(config or {})
    ours = {name.lower(): given.pop(name) for name in Config.names() & given.keys()}
    return Config.from_environment(**ours), given
