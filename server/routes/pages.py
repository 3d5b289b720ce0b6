"""What people open in a browser."""

from collections.abc import Callable

from flask import Blueprint, Response, current_app, render_template

from server.assets import File
from server.services import services

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def index() -> Response:
    """Show the page to draw on."""
    return page("index.html", lambda: File(render_template("index.html").encode(), ".html"))


def page(name: str, make: Callable[[], File]) -> Response:
    """Answer with a page; it is made once, as nothing in it depends on the request."""
    pages = services().pages
    if name not in pages or current_app.debug:
        pages[name] = make()
    return pages[name].response()
