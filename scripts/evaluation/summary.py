"""Figures of one network or of several as rows of text, and the mistakes by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from convnet.open_set import NONE
from scripts.evaluation.answers import Answers
from scripts.evaluation.files import Folder
from scripts.evaluation.measurement import Measurement

HEAD = ["set", "pictures", "right", "misread", "refused", "likeliest right", "calibration error"]
OF_DIGITS = ("right", "misread", "refused", "likeliest", "calibration_error")


def rows(measurements: Sequence[Measurement]) -> Iterator[list[str]]:
    """Yield the cells of each set; of several networks, mean ± standard deviation.

    A set with both has one row for its digits and one for the rest.
    """
    of_networks = [one.figures() for one in measurements]
    for name in of_networks[0]:
        found = [figures[name] for figures in of_networks]
        if "digits" in found[0]:
            shares = [_share([one.get(key) for one in found]) for key in OF_DIGITS]
            yield [name, f"{found[0]['digits']:,}", *shares]
        if "others" in found[0]:
            title = f"{name}: none" if "digits" in found[0] else name
            refused = _share([one["others_refused"] for one in found])
            yield [title, f"{found[0]['others']:,}", "", "", refused, "", ""]


def _share(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return spread(known, "{:.2%}") if known else ""


def spread(values: Sequence[float], form: str) -> str:
    """Write a value; several as mean ± standard deviation (of a sample: divided by n - 1)."""
    mean = form.format(np.mean(values))
    if len(values) == 1:
        return mean
    return f"{mean} ± {form.format(np.std(values, ddof=1))}"


def aligned(head: list[str], body: Sequence[list[str]]) -> str:
    """Return a table for the terminal: names to the left, figures to the right."""
    lines = [head, *body]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def mistakes(folder: Folder, answers: Answers) -> Iterator[str]:
    """Yield a line for each picture that was not answered with its label, the surest first."""
    sure = answers.probabilities.max(axis=1)
    wrong = np.flatnonzero(answers.digits != answers.labels)
    for index in wrong[np.argsort(-sure[wrong], kind="stable")]:
        digit = answers.digits[index]
        said = "no digit" if digit == NONE else f"{digit} ({sure[index]:.1%})"
        yield f"{folder.paths[index]}: {said}"
