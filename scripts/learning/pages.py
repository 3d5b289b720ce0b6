"""The pages of /learn: which documents there are, and what is written of them."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

from convnet.layers import LAYERS
from scripts.learning.exercises import BOOK, with_forms
from scripts.learning.markdown import as_template, render, slug

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LESSONS = DOCS / "lessons"
TEMPLATES = ROOT / "templates" / "learn"
CHAPTERS = ROOT / "server" / "learn" / "chapters.json"

CHAPTER = re.compile(r"^## ((\d+)\. (.+))$", re.MULTILINE)
TO_CODE = re.compile(r"\]\(\.\./([\w/]+\.py)(?:#[^)]*)?\)")
SYMBOL = re.compile(r"\[`(\w+)[\w.]*`\]\(\.\./convnet/layers/")
SEEN = re.compile(r"<!--see (\d+)-->")
SEE = (
    r'{% if \1 in see %}<p class="see"><a href="{{ see[\1][1] }}">{{ see[\1][0] }}</a></p>'
    "{% endif %}"
)
CONTENTS = re.compile(r"^(?:\d+\. \[.*\n)+\n", re.MULTILINE)


def served() -> dict[Path, str]:
    """Return every document that is served, with its address from the root of the service."""
    found = {BOOK: "learn", LESSONS / "README.md": "learn/lessons"}
    for name in ("convolution-or-correlation", "adding-a-layer"):
        found[DOCS / f"{name}.md"] = f"learn/{name}"
    for file in sorted(LESSONS.glob("[0-9]*.md")):
        found[file] = f"learn/lessons/{file.stem}"
    return {file: address for file, address in found.items() if file.is_file()}


def written() -> dict[Path, str]:
    """Return every file that is made of the documents, with what is to be in it."""
    documents = served()
    files = {CHAPTERS: json.dumps(explained(BOOK.read_text("utf-8")), indent=1) + "\n"}
    for document, address in documents.items():
        name = BOOK.stem if document == BOOK else address.removeprefix("learn/")
        name = "lessons/index" if name == "lessons" else name
        files[TEMPLATES / f"{name}.html"] = page(document, documents)
    return files


def page(document: Path, documents: dict[Path, str]) -> str:
    """Write the template of a page."""
    text = document.read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ")
    text = text.partition("\n")[2]
    if document == BOOK:  # the list of chapters is the page's own, beside the text
        text = CONTENTS.sub("", text, count=1)
    html = with_forms(render(text, document, documents))
    if document == BOOK:
        html = in_chapters(html, text)
    body = SEEN.sub(SEE, as_template(html))
    return (
        '{% extends "learn.html" %}\n'
        f"{{% block title %}}{escape(title)}{{% endblock %}}\n"
        f"{{% block text %}}\n{body}{{% endblock %}}\n"
    )


def in_chapters(html: str, text: str) -> str:
    """Give each chapter a section of its own, with a place for the link to where it is at work."""
    parts = re.split(r"(?=<h2 )", html)
    numbers = [match[2] for match in CHAPTER.finditer(text)]
    sections = [
        f"<section>\n{part.replace('</h2>', f'</h2>{chr(10)}<!--see {number}-->', 1)}</section>\n"
        for number, part in zip(numbers, parts[1:], strict=True)
    ]
    return parts[0] + "".join(sections)


def explained(text: str) -> dict[str, object]:
    """Return the chapters of the book, and by layer and file of code the chapters that lead there.

    A layer's chapter is the first that leads to its class.
    """
    starts = [*CHAPTER.finditer(text)]
    ends = [*(match.start() for match in starts[1:]), len(text)]
    layers: dict[str, int] = {}
    files: dict[str, list[int]] = {}
    for match, end in zip(starts, ends, strict=True):
        chapter, number = text[match.start() : end], int(match[2])
        for symbol in SYMBOL.findall(chapter):
            if symbol in LAYERS:
                layers.setdefault(symbol, number)
        for file in dict.fromkeys(TO_CODE.findall(chapter)):
            files.setdefault(file, []).append(number)
    return {
        "chapters": [
            {"number": int(match[2]), "title": match[3], "slug": slug(match[1])} for match in starts
        ],
        "layers": layers,
        "files": files,
    }
