"""Markdown of docs/ as the HTML of a page that the service serves.

Links to documents and files that are served lead to them there; of others the words are left. The
HTML is part of a template: its braces are written as entities, and ``{{ up }}`` leads to the root.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from PIL import Image

from server.learn import sources
from server.learn.highlight import highlight

ROOT = Path(__file__).resolve().parents[2]
UP = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for ``{{ up }}`` while braces are still to be escaped."""

SERVICE = "http://127.0.0.1:8000/"
SCROLLED = '<div class="scroll" tabindex="0" role="group" aria-label="Table">'


def render(text: str, document: Path, served: dict[Path, str]) -> str:
    """Return the HTML of a document.

    Parameters
    ----------
    text : str
        Its Markdown.
    document : Path
        Where it is: its links are relative to that.
    served : dict
        Document → the address that it is served at, from the root of the service.
    """
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type == "fence":
            token.type, token.content = "html_block", code(token)
        for child in token.children or ():
            if child.type == "image":
                child.attrs |= picture(str(child.attrs["src"]), document)
        if token.children:
            token.children = with_links(token.children, document, served)
        if token.type == "heading_open" and token.tag == "h2":
            token.attrs["id"] = slug(tokens[tokens.index(token) + 1].content)
    html = str(markdown.renderer.render(tokens, markdown.options, {}))
    return html.replace("<table>", f"{SCROLLED}<table>").replace("</table>", "</table></div>")


def as_template(html: str) -> str:
    """Escape what a template would take for its own, and lead from the root of the service."""
    return html.replace("{", "&#123;").replace(UP, "{{ up }}")


def code(fence: Token) -> str:
    """Write a block of code; Python is highlighted."""
    python = fence.info.strip() in ("py", "python")
    lines = highlight(fence.content) if python else escape(fence.content, quote=False).splitlines()
    body = "\n".join(lines)
    return f'<pre tabindex="0"><code>{body}</code></pre>\n'


def picture(source: str, document: Path) -> dict[str, str | int | float]:
    """Return address and size of a picture below static/; it is loaded once it is near the window.

    Raises
    ------
    ValueError
        If it is elsewhere, and so not served.
    """
    file = (document.parent / source).resolve()
    if not file.is_relative_to(ROOT / "static"):
        raise ValueError(f"{document}: {source} is not below static/, so no page can show it")
    with Image.open(file) as opened:
        width, height = opened.size
    address = f"{UP}{file.relative_to(ROOT).as_posix()}"
    return {"src": address, "width": width, "height": height, "loading": "lazy"}


def with_links(tokens: list[Token], document: Path, served: dict[Path, str]) -> list[Token]:
    """Lead links to where the service has what they mean; leave out those that it has not."""
    kept, leads = [], True
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "link_open":
            words = after.content if after else ""
            found = address(str(token.attrs["href"]), words, document, served)
            leads = found is not None
            if found is not None:
                token.attrs["href"] = found
        if leads or token.type not in ("link_open", "link_close"):
            kept.append(token)
    return kept


def address(link: str, symbol: str, document: Path, served: dict[Path, str]) -> str | None:
    """Return where a link of a document leads on a page; None if the service has no such thing.

    A link to lines of code says by its words, `symbol`, what is in them.
    """
    if link.startswith(SERVICE):
        return UP + link.removeprefix(SERVICE)
    if link.startswith(("#", "https:", "http:", "mailto:")):
        return link
    name, _, anchor = link.partition("#")
    target = (document.parent / name).resolve()
    if target in served:
        return f"{UP}{served[target]}" + (f"#{anchor}" if anchor else "")
    path = target.relative_to(ROOT).as_posix()
    if path in sources.files():
        return UP + (sources.address(path, symbol) if anchor else f"learn/code/{path}")
    if any(path == folder or path.startswith(f"{folder}/") for folder in sources.FOLDERS):
        return f"{UP}learn/code#{path}"
    return None


def slug(title: str) -> str:
    """Return the anchor of a title, as GitHub makes it."""
    plain = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", title).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
