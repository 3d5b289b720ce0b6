#!/usr/bin/env python3
"""Write the pages of /learn anew, from the Markdown of docs/.

    python scripts/learning/render.py           # rewrite them
    python scripts/learning/render.py --check   # only say which are stale, status 1 if any is

The pages are templates of templates/learn/, so that the service needs nothing that reads Markdown.
What chapters explain is written into server/learn/chapters.json. Needs markdown-it-py, which
`scripts/check` installs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.training.environment import use_environment

use_environment()


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args(argv)
    try:
        from scripts.learning.pages import written
    except ImportError as error:
        print(f"render.py: {error}: pip install markdown-it-py", file=sys.stderr)
        return 1
    stale = 0
    for file, text in written().items():
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{file.relative_to(ROOT)}: {'stale' if options.check else 'written anew'}")
        if not options.check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return int(options.check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
