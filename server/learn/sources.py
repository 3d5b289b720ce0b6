"""The files of code that are shown, and where in them a name is defined."""

import ast
from functools import cache
from pathlib import Path

from server.learn.highlight import highlight

ROOT = Path(__file__).resolve().parents[2]

FOLDERS = ("convnet", "server/finding", "server/segmentation")
"""What the documents explain; nothing else is shown."""


@cache
def files() -> dict[str, str]:
    """Return every file that is shown, with the first sentence of what it says of itself."""
    paths = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    said = {path.relative_to(ROOT).as_posix(): first_sentence(path.read_text()) for path in paths}
    return dict(sorted(said.items(), key=lambda item: item[0].rsplit("/", 1)))


def first_sentence(source: str) -> str:
    """Return the first line of a module's docstring, without its full stop."""
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0].rstrip(".")


@cache
def lines(file: str) -> list[str]:
    """Return the lines of one of `files` in HTML.

    Raises
    ------
    KeyError
        If it is none of them.
    """
    if file not in files():
        raise KeyError(file)
    return highlight((ROOT / file).read_text(encoding="utf-8"))


def address(file: str, symbol: str) -> str | None:
    """Return the address of a definition, from the root of the service; None if it is not shown."""
    return f"learn/code/{file}?show={symbol}#shown" if file in files() else None


@cache
def place(file: str, symbol: str) -> tuple[int, int]:
    """Return the first and last line of a definition in one of `files`; (0, 0) without one."""
    try:
        return lines_of((ROOT / file).read_text(encoding="utf-8"), symbol)
    except ValueError:
        return 0, 0


def lines_of(source: str, symbol: str) -> tuple[int, int]:
    """Return the first and last line of a class, function or method, by its dotted name.

    Raises
    ------
    ValueError
        If the source has none of that name.
    """
    body: list[ast.stmt] = ast.parse(source).body
    found_lines = (0, 0)
    for name in symbol.split("."):
        definitions = (n for n in body if isinstance(n, ast.ClassDef | ast.FunctionDef))
        found = next((node for node in definitions if node.name == name), None)
        if found is None:
            raise ValueError(f"there is no `{symbol}` where a link says so")
        body, found_lines = found.body, (found.lineno, found.end_lineno or found.lineno)
    return found_lines
