"""The pages to read: chapters, lessons and code."""

from server.openapi.builders import Part, answer, operation
from server.openapi.json_schema import TEXT


def paths() -> dict[str, Part]:
    """Describe the pages that lead to all others."""
    chapters = page("Read how it works", "Every layer from nothing, in chapters with exercises.")
    lessons = page("Read the lessons", "Which there are: each opens the training room.")
    code = page("Read the code", "The files that the chapters explain, each a page.")
    described = {"/learn": chapters, "/learn/lessons": lessons, "/learn/code": code}
    return {path: {"get": get} for path, get in described.items()}


def page(summary: str, description: str) -> Part:
    """Describe a page."""
    html = {"text/html": {"schema": TEXT}}
    answers = {"200": answer("A page", html, ("ETag",))}
    return operation("documents", summary, description, answers)
