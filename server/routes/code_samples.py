"""Each operation as a command or a few lines of code, ready to copy."""

from __future__ import annotations

import json
from typing import Any

ADDRESS = "http://127.0.0.1:8000"
"""Stands for the service; the page puts its own address there."""

FILE = "digit.png"

Samples = dict[str, str]


def samples(operation: dict[str, Any], method: str, path: str) -> Samples:
    """Return curl, Python and JavaScript for an operation, by their names."""
    address = f"{ADDRESS}{path}"
    if method == "get":
        is_json = "application/json" in operation["responses"]["200"]["content"]
        return _get(address, is_json)
    if method == "delete":
        return _delete(address)
    if "image/png" in operation["requestBody"]["content"]:
        return _post_picture(address)
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    if "picture" not in examples:
        return _post_json(address, json.dumps(examples["example"]["value"]))
    (tensor,) = examples["picture"]["value"]["inputs"]
    return _post_tensor(address, tensor["name"])


def _get(address: str, is_json: bool) -> Samples:
    part = ".json()" if is_json else ".text"
    return {
        "curl": f"curl -fsS {address}",
        "Python": f'import requests\n\nprint(requests.get("{address}"){part})',
        "JavaScript": f'const answer = await fetch("{address}");\n'
        f"console.log(await answer{part if is_json else '.text()'});",
    }


def _delete(address: str) -> Samples:
    return {
        "curl": f"curl -fsS -X DELETE {address}",
        "Python": f'import requests\n\nprint(requests.delete("{address}").json())',
        "JavaScript": f'const answer = await fetch("{address}", {{ method: "DELETE" }});\n'
        "console.log(await answer.json());",
    }


def _post_json(address: str, body: str) -> Samples:
    return {
        "curl": f"curl -fsS -H 'Content-Type: application/json' -d '{body}' {address}",
        "Python": f'import requests\n\nprint(requests.post("{address}", json={body}).json())',
        "JavaScript": f'const answer = await fetch("{address}", {{\n'
        '  method: "POST",\n'
        '  headers: { "Content-Type": "application/json" },\n'
        f"  body: JSON.stringify({body}),\n"
        "});\n"
        "console.log(await answer.json());",
    }


def _post_picture(address: str) -> Samples:
    return {
        "curl": f"curl -fsS --data-binary @{FILE} {address}",
        "Python": "import requests\n\n"
        f'with open("{FILE}", "rb") as picture:\n'
        f'    answer = requests.post("{address}", data=picture)\n'
        "answer.raise_for_status()\n"
        "print(answer.json())",
        "JavaScript": f"{_READ_FILE}"
        f'const answer = await fetch("{address}", {{ method: "POST", body: picture }});\n'
        "console.log(await answer.json());",
    }


_READ_FILE = (
    'import { readFile } from "node:fs/promises";\n\n'
    "// In a page: the file of an <input type=file>, or a Blob.\n"
    f'const picture = await readFile("{FILE}");\n'
)


def _post_tensor(address: str, name: str) -> Samples:
    body = (
        f'{{"inputs": [{{"name": "{name}", "shape": [1], "datatype": "BYTES", "data": ["%s"]}}]}}'
    )
    return {
        "curl": f"printf '{body}' \"$(base64 < {FILE} | tr -d '\\n')\" |\n"
        f"    curl -fsS -H 'Content-Type: application/json' --data-binary @- {address}",
        "Python": "import base64\n\nimport requests\n\n"
        f'with open("{FILE}", "rb") as picture:\n'
        "    data = base64.b64encode(picture.read()).decode()\n"
        f'tensor = {{"name": "{name}", "shape": [1], "datatype": "BYTES", "data": [data]}}\n'
        f'answer = requests.post("{address}", json={{"inputs": [tensor]}})\n'
        "answer.raise_for_status()\n"
        "print(answer.json())",
        "JavaScript": f"{_READ_FILE}"
        'const data = [Buffer.from(picture).toString("base64")];\n'
        f'const inputs = [{{ name: "{name}", shape: [1], datatype: "BYTES", data }}];\n'
        f'const answer = await fetch("{address}", {{\n'
        '  method: "POST",\n'
        '  headers: { "Content-Type": "application/json" },\n'
        "  body: JSON.stringify({ inputs }),\n"
        "});\n"
        "console.log(await answer.json());",
    }
