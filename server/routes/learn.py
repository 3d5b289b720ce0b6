"""What is to be read beside the page: chapters, lessons, and the code that they explain."""

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import NotFound

from server.assets import File
from server.learn import chapters, sources
from server.routes.pages import page
from server.services import services

BOOK = "how-it-works"

blueprint = Blueprint("learn", __name__)


@blueprint.get("/learn")
def book() -> Response:
    """Show how a network works, chapter by chapter."""
    layers = services().pipeline.recognizer.layers
    served = [(type(layer).__name__, layer.name) for layer in layers]
    see = chapters.see(served, services().room is not None)
    return show(BOOK, "", contents=chapters.chapters().values(), see=see)


@blueprint.get("/learn/<document>")
def document(document: str) -> Response:
    """Show another document, such as how to add a layer."""
    if document == BOOK:  # which has an address of its own
        raise NotFound
    return show(document, "../")


@blueprint.get("/learn/lessons")
def lessons() -> Response:
    """Show which lessons there are."""
    return show("lessons/index", "../", lessons=True)


@blueprint.get("/learn/lessons/<lesson>")
def lesson(lesson: str) -> Response:
    """Show a lesson, which opens the training room set up for it."""
    return show(f"lessons/{lesson}", "../../", lessons=True)


@blueprint.get("/learn/code")
def code() -> Response:
    """List the files of code that are shown."""
    folders: dict[str, dict[str, str]] = {}
    for file, said in sources.files().items():
        folder, _, name = file.rpartition("/")
        folders.setdefault(folder, {})[name] = said
    return render("learn/code", "code.html", "../", folders=folders)


@blueprint.get("/learn/code/<path:file>")
def one_file(file: str) -> Response:
    """Show a file of code; ``?show=Dense.forward`` marks that."""
    try:
        shown = sources.lines(file)
    except KeyError:
        raise NotFound from None
    first, last = sources.place(file, request.args.get("show", "")[:100])
    written = write(
        "code.html",
        "../" * (file.count("/") + 2),
        file=file,
        said=sources.files()[file],
        lines=shown,
        first=first,
        last=last,
        explained=chapters.chapters_of_file(file),
    )
    return File(written.encode(), ".html").response()


def show(name: str, up: str, **values: object) -> Response:
    """Answer with a document, if there is one of that name."""
    if f"learn/{name}.html" not in chapters.documents():
        raise NotFound
    return render(f"learn/{name}", f"learn/{name}.html", up, **values)


def render(name: str, template: str, up: str, **values: object) -> Response:
    """Answer with a page that is the same for every request."""
    return page(name, lambda: File(write(template, up, **values).encode(), ".html"))


def write(template: str, up: str, **values: object) -> str:
    """Write a page that is so deep below the root of the service as `up` leads out of."""
    room = services().room is not None
    return render_template(template, up=up or "./", room=room, **values)
