"""The exercises of docs/how-it-works.md: a question, an answer that is a number, and its check.

An exercise is a paragraph that begins with its number, ``**8.1.**``, and a folded solution: the
answer in bold, why it is so, and Python that computes it again as ``answer``, by the engine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

import convnet

BOOK = Path(__file__).resolve().parents[2] / "docs" / "how-it-works.md"

EXERCISE = re.compile(
    r"^\*\*(?P<name>\d+\.\d)\.\*\* (?P<question>.+?)\n\n<details><summary>Solution</summary>\n\n"
    r"\*\*(?P<answer>[^*]+)\*\* ?(?P<why>.*?)\n?```python\n(?P<code>.*?)^```\n\n</details>$",
    re.MULTILINE | re.DOTALL,
)
QUESTION = re.compile(
    r"<p><strong>(?P<name>\d+\.\d)\.</strong>.*?</p>\n(?=<details>.*?<strong>(?P<answer>[^<]+)<)",
    re.DOTALL,
)
TOLERANCE = 0.005
"""Of an answer that is no whole number: half a percent, as three digits are asked for."""


@dataclass(frozen=True)
class Exercise:
    """One exercise; `code` computes ``answer`` anew."""

    name: str
    question: str
    answer: float
    why: str
    code: str


def exercises(text: str) -> dict[str, Exercise]:
    """Return the exercises of a document, by name."""
    return {
        match["name"]: Exercise(
            match["name"],
            " ".join(match["question"].split()),
            number(match["answer"]),
            " ".join(match["why"].split()),
            match["code"],
        )
        for match in EXERCISE.finditer(text)
    }


def number(text: str) -> float:
    """Read a number as people write it: ``27,060``, ``−0.5``, ``1/9``.

    Raises
    ------
    ValueError
        If it is none.
    """
    plain = text.strip().rstrip(".").replace(",", "").replace("−", "-").replace(" ", "")
    above, slash, below = plain.partition("/")
    return float(above) / float(below) if slash else float(plain)


def is_right(given: float, answer: float) -> bool:
    """Whether an answer is the right one: exactly if it is whole, or to three digits."""
    if answer == round(answer):
        return given == answer
    return abs(given - answer) <= TOLERANCE * abs(answer)


def solve(exercise: Exercise) -> float:
    """Compute the answer by the engine."""
    namespace: dict[str, object] = {"np": np, "convnet": convnet}
    exec(compile(exercise.code, exercise.name, "exec"), namespace)  # noqa: S102 - our own documents
    return float(namespace["answer"])  # type: ignore[arg-type]


def with_forms(html: str) -> str:
    """Put under every question a form that takes an answer and says whether it is right."""

    def form(match: re.Match[str]) -> str:
        name, answer = match["name"], number(match["answer"])
        whole = "" if answer == round(answer) else f' data-tolerance="{TOLERANCE}"'
        return (
            f"{match[0]}"
            f'<form class="exercise" data-answer="{escape(repr(answer))}"{whole} hidden>'
            f'<label>Your answer to {name} <input inputmode="decimal" autocomplete="off"></label> '
            f'<button class="quiet">Check</button> <output role="status"></output></form>\n'
        )

    return QUESTION.sub(form, html)
