#!/usr/bin/env python3
"""Write the tables of docs/api.md as the service describes itself.

    python scripts/describe_api.py           # rewrite them
    python scripts/describe_api.py --check   # only say whether they are stale, status 1 if so

A table stands between the comments `from /openapi.json: NAME` and `end`. NAME is `limits`,
`problems`, or the names of schemas whose fields are listed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.training.environment import use_environment

use_environment()

from server import openapi
from server.config import Config
from server.openapi.json_schema import DEFAULT
from server.pipeline import Pipeline
from server.recognizer import Recognizer

Part = dict[str, Any]

PAGE = ROOT / "docs/api.md"
TABLE = re.compile(
    r"(<!-- from /openapi.json: (?P<names>[\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL
)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="change nothing")
    parser.add_argument("page", nargs="?", type=Path, default=PAGE, help="default: docs/api.md")
    options = parser.parse_args(argv)
    text = options.page.read_text(encoding="utf-8")
    written = TABLE.sub(lambda match: f"{match[1]}{table(api(), match['names'])}{match[3]}", text)
    if written == text:
        return 0
    print(f"{options.page}: {'stale tables' if options.check else 'tables brought up to date'}")
    if not options.check:
        options.page.write_text(written, encoding="utf-8")
    return int(options.check)


def api() -> Part:
    """Return how the service describes itself, with the default settings."""
    config = Config()
    return openapi.document(config, Pipeline(Recognizer.load(config.model), config))


def table(api: Part, names: str) -> str:
    """Write one of the tables in Markdown."""
    if names == "limits":
        rows = [[row["meaning"], row["value"], code(row["setting"])] for row in api["x-limits"]]
        return markdown(["limit", "", "setting"], rows)
    if names == "problems":
        rows = [[code(row["code"]), row["status"], row["when"]] for row in api["x-problems"]]
        return markdown(["code", "status", "when"], rows)
    schemas = api["components"]["schemas"]
    fields = {
        name: schemas["Picture"] if "$ref" in field else field
        for schema in names.split()
        for name, field in schemas[schema]["properties"].items()
    }
    rows = [
        [code(name), kind(field), code(default(field)), field["description"]]
        for name, field in fields.items()
    ]
    return markdown(["field", "type", "default", "meaning"], rows)


def kind(schema: Part) -> str:
    """Say in words what fits a schema."""
    if "$ref" in schema:
        return "picture"
    if "anyOf" in schema:
        return " or ".join(map(kind, schema["anyOf"]))
    if schema["type"] == "array":
        most = f" (at most {schema['maxItems']})" if "maxItems" in schema else ""
        return f"list of {kind(schema['items'])}{most}"
    if "maximum" in schema:
        return f"{schema['type']}, {schema['minimum']} to {schema['maximum']}"
    return f"{schema['type']}"


def default(schema: Part) -> str | None:
    """Return what holds when a field is left out, as JSON."""
    return json.dumps(schema[DEFAULT]) if DEFAULT in schema else None


def code(text: str | None) -> str:
    """Write a name as code; nothing for None."""
    return f"`{text}`" if text else ""


def markdown(head: list[str], rows: list[list[Any]]) -> str:
    """Write a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
