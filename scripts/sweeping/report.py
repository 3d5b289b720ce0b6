"""What a sweep came to: a table and a plot."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from statistics import fmean, stdev

from convnet.plots.style import BLUE, GREEN, GREY, RED, new_figure, save
from convnet.storage.atomic_write import atomic_write
from scripts.sweeping.halving import Group, Outcomes, score
from scripts.training.table import table

HEAD = ("epochs", "seeds", "held-out accuracy", "deviation", "held-out loss", "seconds", "")


def ranked(groups: list[Group], outcomes: Outcomes) -> list[Group]:
    """Return the trials, best first: those that were trained longer stand before the others."""
    return sorted(groups, key=lambda group: (-_epochs(group, outcomes), -score(group, outcomes)))


def rows(groups: list[Group], outcomes: Outcomes) -> list[list[str]]:
    """Return head and rows of the table."""
    names = list(groups[0][0].trial)
    lines = [[*names, *HEAD]]
    for group in ranked(groups, outcomes):
        found = [outcomes[run] for run in group]
        accuracies = [outcome.accuracy for outcome in found]
        errors = "; ".join(sorted({outcome.error for outcome in found if outcome.error}))
        lines.append(
            [
                *(str(value) for value in group[0].trial.values()),
                str(_epochs(group, outcomes)),
                str(len(group)),
                f"{fmean(accuracies):.2%}",
                f"{stdev(accuracies):.2%}" if len(group) > 1 else "",
                f"{fmean(outcome.loss for outcome in found):.4f}",
                f"{fmean(outcome.seconds for outcome in found):.1f}",
                errors,
            ]
        )
    return lines


def write(folder: Path, groups: list[Group], outcomes: Outcomes) -> str:
    """Write results.csv, results.md and, with matplotlib, results.png; return the table."""
    head, *body = rows(groups, outcomes)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *body])
    shown = table(head, body)
    for name, content in (("results.csv", text.getvalue()), ("results.md", f"{shown}\n")):
        with atomic_write(folder / name) as file:
            file.write(content.encode())
    _plot(folder / "results.png", ranked(groups, outcomes), outcomes)
    return shown


def _epochs(group: Group, outcomes: Outcomes) -> int:
    return max(len(outcomes[run].history) for run in group)


def _plot(file: Path, groups: list[Group], outcomes: Outcomes) -> None:
    """Draw the held-out accuracy over the epochs, a line for each run; best trials in colour."""
    try:
        figure = new_figure(7, 4)
    except ImportError:  # matplotlib comes with the extra `train`
        return
    axes = figure.subplots()
    for group, colour in reversed(list(zip(groups, _colours(BLUE, GREEN, RED, GREY)))):  # noqa: B905
        label = ", ".join(str(value) for value in group[0].trial.values())
        for run in group:
            history = outcomes[run].history
            accuracy = [epoch["validation_accuracy"] for epoch in history]
            faint = 0.4 if colour == GREY else 1.0
            axes.plot(range(1, len(accuracy) + 1), accuracy, ".-", color=colour, alpha=faint,
                      label=label if colour != GREY and run is group[0] else None)  # fmt: skip
    axes.set_xlabel("epoch")
    axes.set_ylabel("held-out accuracy")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="lower right")
    save(figure, file)


def _colours(*first: str):
    yield from first
    while True:
        yield first[-1]
