"""The service described: for machines at ``/openapi.json``, for people at ``/docs``."""

import json
from typing import Any

from flask import Blueprint, Response, render_template
from markupsafe import Markup, escape

from server import openapi
from server.assets import File
from server.routes.code_samples import samples
from server.routes.pages import page
from server.services import services

PNG_IN_BASE64 = "iVBORw0KGgo"
PICTURE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for a picture in a text, until it is shown there."""

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
def shown_json(value: object) -> Markup:
    """Write a value as JSON to be read: pictures are shown, long lists and texts cut short."""
    pictures: list[str] = []
    text = json.dumps(shortened(value, pictures), indent=2, ensure_ascii=False)
    parts = text.split(PICTURE)
    shown = [Markup('<img src="{}" alt="a picture, in base64">').format(url) for url in pictures]
    return Markup("").join(
        part for pair in zip(parts, [*shown, Markup("")], strict=True) for part in pair
    )


blueprint.add_app_template_filter(samples)


def shortened(value: Any, pictures: list[str]) -> Any:
    """Cut long texts and lists of numbers in an example; put pictures aside."""
    if isinstance(value, str):
        if value.startswith("data:image/"):
            pictures.append(value)
            return PICTURE
        if value.startswith(PNG_IN_BASE64):
            pictures.append(f"data:image/png;base64,{value}")
            return PICTURE
        return value if len(value) <= 60 else value[:48] + "…"
    if isinstance(value, list):
        kept = [shortened(item, pictures) for item in value[:10]]
        return kept + (["…"] if len(value) > 10 else [])
    if isinstance(value, dict):
        return {name: shortened(item, pictures) for name, item in value.items()}
    return value
