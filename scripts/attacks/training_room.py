"""What a hostile page may ask of the training room: networks, runs, commands."""

from __future__ import annotations

import http.client
import json
import random
import re
from collections.abc import Callable
from typing import Any

from scripts.attacks.crowd import Attack
from scripts.attacks.floods import bodies
from scripts.attacks.target import PATIENCE, Target
from scripts.attacks.wire import HOST, Outcome, posted
from server.self_test import known_picture

JSON = b"application/json"
NETWORKS, RUNS = b"/train/networks", b"/train/runs"
END = ", Flatten(), Dense(10)]"
LAYERS = {
    "padding beyond memory": "Conv2D(1, 1, padding=100000000, stride=200000000)",
    "gaps beyond memory": "Conv2D(1, 3, padding=1000000000, dilation=1000000000)",
    "maps beyond memory": "Upsample2D(400), MaxPool2D(400)",
    "maps within a branch beyond memory": "Residual([Upsample2D(700), MaxPool2D(700)])",
    "weights beyond memory": f"Dense({'9' * 4000})",
    "a number without end": f"Dense({'9' * 9000})",
    "layers within layers": "Residual([" * 60 + "ReLU()" + "])" * 60,
    "branches without end": f"Concatenate([{'[],' * 4000}])",
    "channels that double": ", ".join(["Concatenate([[], []])"] * 40),
    "work beyond a day": ", ".join(["Conv2D(64, 3, padding=1)"] * 50),
    "brackets": "(" * 3000 + "ReLU()" + ")" * 3000,
    "minus signs": f"Conv2D({'-' * 5000}1)",
    "a shape of a hundred axes": f"Reshape(({'1, ' * 100}784))",
    "arguments without end": f"ReLU({', '.join(f'a{i}=1' for i in range(1000))})",
    "a null": "ReLU()\0",
    "code": "__import__('os').abort()",
    "code in an argument": "Dense((lambda: 10)())",
    "attributes": "Dense.__init__.__globals__['os'].abort()",
}
SMALL = {"python": "[Conv2D(4, 5), ReLU(), Flatten(), Dense(10)]", "epochs": 1}
RIGHT = f"[Residual([Conv2D(8, 3, padding=1), ReLU()]), MaxPool2D(2){END}"
TOKENS = (
    *("Conv2D", "Dense", "Residual", "Concatenate", "Reshape", "Upsample2D", "Dropout", "[", "]"),
    *("(", ")", ",", "=", "-", "*", "**", "padding", "stride", "groups", "dilation", "shape", "'"),
    *("0", "1", "-1", "3", "10000", "1e308", "None", "True", "0x", "\\", "\n", "\t", "é", "lambda"),
)


def hostile() -> list[dict[str, Any]]:
    """Return settings that ask for too much, or for what settings are not for."""
    networks = [{"python": f"[{layers}{END}"} for layers in LAYERS.values()]
    values = [{"epochs": 10**30}, {"batch": 1024, "network": "resnet"}, {"network": {}}]
    return [*networks, *values, {"digits": [[1], 2]}, {"rate": -1}, {"x" * 10**6: 1}]


def mutated(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return networks written by chance: a right one, in which tokens changed their places."""
    chance = random.Random(seed)  # noqa: S311 - the same every time
    found = []
    for _ in range(count):
        text = re.findall(r"\w+|\W", RIGHT)
        for _ in range(chance.randint(1, 3)):
            text[chance.randrange(len(text))] = chance.choice(TOKENS)
        found.append({"python": "".join(text)})
    return found


def attacks(some: Callable[[int], int]) -> dict[str, Attack]:
    """Return the attacks, by name; `some` says how much of each count is sent."""
    networks, by_chance = hostile(), some(500)
    return {
        f"{len(networks)} hostile networks to measure": _all_to(NETWORKS, networks),
        "the same, to train": _all_to(RUNS, networks),
        f"{by_chance} networks written by chance": _all_to(NETWORKS, mutated(by_chance)),
        "starts, polls, commands and drawings of a run": _flood,
    }


def _all_to(route: bytes, settings: list[dict[str, Any]]) -> Attack:
    return bodies([posted(json.dumps(one).encode(), route, JSON) for one in settings])


def _flood(target: Target, seconds: float) -> Outcome:
    """Start a run, ask of it what can be asked as often as can be, and remove it."""
    started = ask(target, "POST", RUNS.decode(), {**SMALL, "epochs": 100})
    outcome = Outcome()
    run = started.get("run")
    outcome.require(run is not None, f"no run was started: {started.get('detail')}")
    if run is None:
        return outcome
    place = f"{RUNS.decode()}/{run}".encode()
    poll = b"GET %s HTTP/1.1\r\n" % place + HOST + b"Connection: close\r\n\r\n"
    rate = json.dumps({"command": "rate", "value": 0.001}).encode()
    requests = [
        posted(json.dumps(SMALL).encode(), RUNS, JSON),
        poll,
        posted(rate, place + b"/commands", JSON),
        posted(known_picture(), place + b"/predict"),
    ]
    try:
        return bodies(requests, clients=4)(target, seconds)
    finally:
        ask(target, "DELETE", place.decode())


def ask(target: Target, method: str, path: str, value: object = None) -> dict[str, Any]:
    """Send a request in JSON, and return its answer."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=PATIENCE)
    try:
        body = None if value is None else json.dumps(value)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer
