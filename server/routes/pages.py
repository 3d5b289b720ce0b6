"""What people open in a browser."""

from collections.abc import Callable

from flask import Blueprint, Response, current_app, render_template

from server.assets import File
from server.services import services

MOST_BARS, BARS_OF_MANY = 12, 10
"""Up to so many classes have a bar each; of more, the likeliest have."""

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def index() -> Response:
    """Show the page to draw on."""
    return page("index.html", lambda: File(drawing_page().encode(), ".html"))


def drawing_page() -> str:
    """Write the page for the network that is served: its classes, and what it is given."""
    recognizer = services().pipeline.recognizer
    labels = recognizer.classes.labels
    return render_template(
        "index.html",
        labels=labels,
        bars=labels if len(labels) <= MOST_BARS else [""] * BARS_OF_MANY,
        are_digits=recognizer.classes.are_digits,
        reads_numbers=recognizer.reads_numbers,
        form=recognizer.form,
        training_room=services().room is not None,
    )


def page(name: str, make: Callable[[], File]) -> Response:
    """Answer with a page; it is made once, as nothing in it depends on the request."""
    pages = services().pages
    if name not in pages or current_app.debug:
        pages[name] = make()
    return pages[name].response()
