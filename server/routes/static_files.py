"""The files of the page: ``/static/…``, and the icon that browsers ask for by themselves."""

from flask import Blueprint, Flask, Response

from server.assets import StaticFiles
from server.services import services

blueprint = Blueprint("static_files", __name__)


@blueprint.get("/static/<path:name>")
def static(name: str) -> Response:
    """Send a file."""
    return services().static.respond(name)


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """Send the icon; browsers ask for this address whatever the page says."""
    return services().static.respond("favicon.svg")


def register(app: Flask, files: StaticFiles) -> None:
    """Serve `files` in `app`, and give templates ``static_url`` and ``static_names``."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals |= {"static_url": files.url, "static_names": files.names}
    if app.debug:
        app.before_request(files.scan)
