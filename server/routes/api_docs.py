"""The service described: for machines at ``/openapi.json``, for people at ``/docs``."""

import json
from typing import Any

from flask import Blueprint, Response, render_template
from markupsafe import Markup, escape

from server import openapi
from server.assets import File
from server.routes.pages import page
from server.services import services

blueprint = Blueprint("documents", __name__)


@blueprint.get("/openapi.json")
def machine_readable() -> Response:
    """Describe every operation in OpenAPI."""
    return page("openapi.json", lambda: File(json.dumps(document()).encode(), ".json"))


@blueprint.get("/docs")
def human_readable() -> Response:
    """Show the same as a page."""
    return page("docs.html", lambda: File(render_docs().encode(), ".html"))


def document() -> dict[str, Any]:
    """Return the description of this application."""
    return openapi.document(services().config, services().pipeline)


def render_docs() -> str:
    """Write the description as HTML."""
    return render_template("docs.html", api=document())


@blueprint.app_template_filter()
def prose(text: str) -> Markup:
    """Turn `code` between backticks into HTML, as Markdown would."""
    parts = (escape(part) for part in text.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part
        for index, part in enumerate(parts)
    )


@blueprint.app_template_filter()
def plain_json(value: object) -> str:
    """Write a value as JSON to be read, with long texts and lists cut short."""
    return json.dumps(shortened(value), indent=2, ensure_ascii=False)


def shortened(value: Any) -> Any:
    """Cut long texts and lists of numbers in an example."""
    if isinstance(value, str):
        return value if len(value) <= 60 else value[:48] + "…"
    if isinstance(value, list):
        return [shortened(item) for item in value[:10]] + (["…"] if len(value) > 10 else [])
    if isinstance(value, dict):
        return {name: shortened(item) for name, item in value.items()}
    return value
