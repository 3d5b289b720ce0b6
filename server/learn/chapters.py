"""Which chapter explains a layer, and where the page shows what a chapter explains."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from server.learn import sources

WRITTEN = Path(__file__).with_name("chapters.json")
"""By scripts/learning/render.py."""

REFERENCE = "convnet/reference.py"
"""Where layers name their `loops`."""

DROPOUT = "[Flatten(), Dense(128), ReLU(), Dropout(0.5), Dense(10)]"
ROOM: dict[int, dict[str, Any]] = {
    11: {"network": "digits", "epochs": 1},
    12: {"python": DROPOUT},
    13: {"network": "resnet", "epochs": 1},
    14: {"network": "cnn-numpy", "optimizer": "momentum", "rate": 0.05, "epochs": 1},
    15: {"network": "cnn-numpy", "epochs": 1},
    16: {"network": "live-app"},
}
"""Chapter → the training room, set up for it."""

ON_THE_PAGE = {1: "#desk", 2: "#layers", 19: "#desk", 20: "#desk"}
"""Chapter → what of the page shows it, if not the layers that it explains."""

SCORES, BACK = 3, (4, 5)
"""Chapters that the last layer shows, and that it shows backwards."""

TRANSFER = 17, "Teach a trained network your own letters", "train#teach-it"
"""The chapter that a part of the training room shows, what its link says, and its address."""

CHECK = 18, "Read how gradients are checked", ("convnet/gradients.py", "check")
"""The chapter that code shows: its number, what its link says, and which code."""


@dataclass(frozen=True)
class Chapter:
    """A chapter of docs/how-it-works.md; `slug` is its anchor."""

    number: int
    title: str
    slug: str

    @property
    def address(self) -> str:
        """Its address, from the root of the service."""
        return f"learn#{self.slug}"


@cache
def written() -> dict[str, Any]:
    """Return the chapters, and which of them explains what, as the documents say."""
    found: dict[str, Any] = json.loads(WRITTEN.read_text(encoding="utf-8"))
    return found


@cache
def chapters() -> dict[int, Chapter]:
    """Return all chapters, by number."""
    return {row["number"]: Chapter(**row) for row in written()["chapters"]}


def chapters_of_file(file: str) -> list[Chapter]:
    """Return the chapters that lead to a file of code."""
    return [chapters()[number] for number in written()["files"].get(file, ())]


def links_of(kind: type, loops: str) -> dict[str, str]:
    """Return where a class of layers is explained, written, and written as plain `loops`.

    Each address is from the root of the service; what there is none of is left out.
    """
    names = [base.__name__ for base in kind.__mro__]
    explained = next(
        (written()["layers"][name] for name in names if name in written()["layers"]), 0
    )
    found = {
        "chapter": chapters()[explained].address if explained else None,
        "code": sources.address(kind.__module__.replace(".", "/") + ".py", kind.__name__),
        "loops": sources.address(REFERENCE, loops) if loops else None,
    }
    return {name: address for name, address in found.items() if address}


def see(served: Sequence[tuple[str, str]], room: bool) -> dict[int, tuple[str, str]]:
    """Return for each chapter where it is seen at work: what a link says, and its address.

    Parameters
    ----------
    served : sequence of (str, str)
        Class and name of the served layers.
    room : bool
        Whether there is a training room.
    """
    layers = written()["layers"]
    found = {number: ("See it on the page", f"./{at}") for number, at in ON_THE_PAGE.items()}
    for kind, name in reversed(served):
        if kind in layers:
            found[layers[kind]] = (f"Open {kind} with your digit", f"./#layer={name}")
    last = f"./#layer={served[-1][1]}"
    found[SCORES] = ("Open the scores of your digit", last)
    for number in BACK:
        found[number] = ("See what comes back of your digit", f"{last}&back")
    chapter, words, where = CHECK
    found[chapter] = words, str(sources.address(*where))
    if room:
        found[TRANSFER[0]] = TRANSFER[1:]
    for number, settings in ROOM.items() if room else ():
        if number not in found:
            address = f"train#{quote(json.dumps(settings))}"
            found[number] = ("Train it in front of you", address)
    return found


@cache
def documents() -> frozenset[str]:
    """Return the templates of all documents, by their names below templates/."""
    folder = sources.ROOT / "templates"
    return frozenset(
        path.relative_to(folder).as_posix() for path in (folder / "learn").rglob("*.html")
    )
