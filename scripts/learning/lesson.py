#!/usr/bin/env python3
"""Train what a lesson says, without the page, and print how each run ends.

    python scripts/learning/lesson.py 3

The runs are those of the links of docs/lessons/3-*.md, trained by the code of the training room on
the data set in ``CONVNET_DATA_DIR`` (or ./data).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.training.environment import use_environment

use_environment()

from server.training_room import settings
from server.training_room.run_folder import RunFolder
from server.training_room.training import Run

LESSONS = ROOT / "docs" / "lessons"
ROOM = re.compile(r"\[Open the room: ([^]]+)\]\(http://127\.0\.0\.1:8000/train#([^)\s]+)\)")


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    held_out, training : float
        Shares of right answers: of all held-out pictures, and in the last steps of training.
    held_loss, training_loss : float
        Mean losses of the same.
    gradients : list of float
        Root mean square of the gradients of each layer that has some, first to last.
    """

    held_out: float
    training: float
    held_loss: float
    training_loss: float
    gradients: list[float]


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lesson", choices=[path.name[0] for path in lessons()], help="its number")
    options = parser.parse_args(argv)
    file = next(path for path in lessons() if path.name[0] == options.lesson)
    try:
        for name, wanted in runs(file).items():
            ended = train(wanted)
            print(f"{name}: {ended.held_out:.1%} of held-out pictures right (loss "
                  f"{ended.held_loss:.3g}), {ended.training:.1%} of those trained on (loss "
                  f"{ended.training_loss:.3g}); gradients of the first and the last layer "
                  f"{ended.gradients[0]:.2g}, {ended.gradients[-1]:.2g}")  # fmt: skip
    except (OSError, ValueError) as error:
        print(f"lesson.py: {error}", file=sys.stderr)
        return 1
    return 0


def lessons() -> list[Path]:
    """Return the documents of all lessons."""
    return sorted(LESSONS.glob("[0-9]-*.md"))


def runs(lesson: Path) -> dict[str, dict[str, Any]]:
    """Return the settings that a lesson opens the room with, by what it says of each."""
    text = lesson.read_text(encoding="utf-8")
    return {match[1]: json.loads(unquote(match[2])) for match in ROOM.finditer(text)}


def train(wanted: dict[str, Any]) -> Outcome:
    """Train as the room would, in this process.

    Raises
    ------
    ValueError
        If the settings cannot be taken, or there is no data set.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder(Path(place))
        folder.touch()
        Run(settings.read(wanted), folder, os.getpid()).go()
        test = folder.read("state.json")["test"]
        progress, _ = folder.lines("progress.jsonl", 0)
        inside = folder.read("inside.json")["histograms"]
    last = progress[-1]
    gradients = [layer["gradients"]["rms"] for layer in inside if "gradients" in layer]
    return Outcome(test["accuracy"], last["accuracy"], test["loss"], last["loss"], gradients)


if __name__ == "__main__":
    sys.exit(main())
