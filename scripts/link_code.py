#!/usr/bin/env python3
"""Bring the links from the documents to lines of code, and the code they show, up to date.

    python scripts/link_code.py           # rewrite them
    python scripts/link_code.py --check   # only say which are stale, status 1 if any is

A link such as [`Dense.compute`](../convnet/layers/dense.py#L80-L84) names a class, function or
method of the file that it leads to. The lines are looked up in the file; the name is what counts.
If a line ends in such a link and a colon, and a ```py block follows, the block is the code itself.
Then the pages of /learn are written of the documents (scripts/learning/render.py).
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.training.environment import use_environment

use_environment()

from scripts.learning import render
from server.learn.sources import lines_of

LINK = re.compile(r"\[`(?P<symbol>[\w.]+)`\]\((?P<file>[^)#\s]+\.py)(?P<lines>#L\d+(?:-L\d+)?)?\)")
SHOWN = re.compile(rf"{LINK.pattern}:\n\n```py\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="change nothing")
    parser.add_argument("documents", nargs="*", type=Path, metavar="FILE",
                        help="Markdown files (default: all below docs/)")  # fmt: skip
    options = parser.parse_args(argv)
    stale = 0
    for document in options.documents or sorted((ROOT / "docs").rglob("*.md")):
        try:
            text = document.read_text(encoding="utf-8")
            linked = link(text, document.parent)
            if linked != text and not options.check:
                document.write_text(linked, encoding="utf-8")
        except (OSError, ValueError) as error:
            print(f"{document}: {getattr(error, 'strerror', error)}", file=sys.stderr)
            return 1
        if linked != text:
            stale += 1
            print(f"{document}: {'stale links' if options.check else 'links brought up to date'}")
    pages = 0 if options.documents else render.main(["--check"] if options.check else [])
    return pages or int(options.check and stale > 0)


def link(text: str, folder: Path) -> str:
    """Return a document's text with the lines of all its links, and shown code, looked up anew.

    Raises
    ------
    ValueError
        If a file or a name in it does not exist.
    """

    def renew(match: re.Match[str]) -> str:
        file = folder / match["file"]
        if not file.is_file():
            raise ValueError(f"{match[0]} leads to no file")
        first, last = lines_of(file.read_text(encoding="utf-8"), match["symbol"])
        return f"[`{match['symbol']}`]({match['file']}#L{first}-L{last})"

    def show(match: re.Match[str]) -> str:
        lines = (folder / match["file"]).read_text(encoding="utf-8").splitlines(keepends=True)
        first, last = lines_of("".join(lines), match["symbol"])
        begin, end = (at - match.start() for at in match.span("code"))
        return match[0][:begin] + "".join(lines[first - 1 : last]) + match[0][end:]

    return SHOWN.sub(show, LINK.sub(renew, text))


if __name__ == "__main__":
    sys.exit(main())
