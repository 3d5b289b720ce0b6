"""Python as HTML, line by line, with keywords, comments, strings and defined names marked."""

import io
import keyword
import token
import tokenize

from markupsafe import escape

CLASSES = {tokenize.COMMENT: "c", token.STRING: "s"}
DEFINING = ("def", "class")
# From Python 3.12 on an f-string is several tokens (3.14 has t-strings too); before, it is one.
OPENING = {getattr(token, name, None) for name in ("FSTRING_START", "TSTRING_START")}
CLOSING = {getattr(token, name, None) for name in ("FSTRING_END", "TSTRING_END")}


def highlight(source: str) -> list[str]:
    """Return the lines of a source in HTML; as they are, if they are no whole Python.

    Every line is well-formed by itself: a string of several lines is marked in each of them.
    """
    lines = source.splitlines()
    marked: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    try:
        for kind, (row, start), (last, end) in spans(source):
            for at in range(row, last + 1):
                text = lines[at - 1]
                begin = start if at == row else len(text) - len(text.lstrip())
                marked[at - 1].append((begin, end if at == last else len(text), kind))
    except (tokenize.TokenError, SyntaxError):
        return [str(escape(line)) for line in lines]
    return [html(line, found) for line, found in zip(lines, marked, strict=True)]


def spans(source: str) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    """Return what is marked: the class, and from where to where (row from 1, column from 0).

    An f-string is marked as a whole, so that every Python marks the same.
    """
    found, before = [], ""
    opened: list[tuple[int, int]] = []
    for part in tokenize.generate_tokens(io.StringIO(source).readline):
        if part.type in OPENING:
            opened.append(part.start)
        elif part.type in CLOSING:
            start = opened.pop()
            if not opened:
                found.append(("s", start, part.end))
            continue
        if opened:
            continue
        kind = CLASSES.get(part.type)
        if part.type == token.NAME:
            known = keyword.iskeyword(part.string)
            kind = "k" if known else "d" if before in DEFINING else None
        if kind:
            found.append((kind, part.start, part.end))
        before = part.string
    return found


def html(line: str, found: list[tuple[int, int, str]]) -> str:
    """Write one line with its marks."""
    parts, at = [], 0
    for start, end, kind in found:
        if end > start:
            parts.append(f"{escape(line[at:start])}<i class={kind}>{escape(line[start:end])}</i>")
            at = end
    return "".join(parts) + str(escape(line[at:]))
