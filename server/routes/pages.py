"""What people open in a browser."""

from collections.abc import Callable

from flask import Blueprint, Response, current_app, render_template

from server.routes.static_files import File, StaticFiles

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def index() -> Response:
    """Show the page to draw on."""
    return page("index.html", lambda: File(render_template("index.html").encode(), ".html"))


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """Browsers ask for this address whatever the page says."""
    files: StaticFiles = current_app.extensions["static"]
    return files.respond("favicon.svg")


def page(name: str, make: Callable[[], File]) -> Response:
    """Answer with a page; it is made once, as nothing in it depends on the request."""
    made: dict[str, File] = current_app.extensions["pages"]
    if name not in made or current_app.debug:
        made[name] = make()
    return made[name].response()
