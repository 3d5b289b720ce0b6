"""The tables of the model card, in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convnet.open_set import NONE
from scripts.evaluation.answers import Answers, figures
from scripts.evaluation.measurement import ARRAYS, Measurement
from scripts.evaluation.summary import HEAD, rows
from scripts.evaluation.targets import DIGIT_SETS, OTHERS, spread_rows, target_rows
from scripts.synthesis.standins import KINDS
from scripts.training.table import table

CORRUPTED = "corrupted-"
COMMONEST = 6
DESCRIPTIONS = {name: description for name, (description, _) in KINDS.items()} | {
    "mnist": "MNIST's test set as PNG files",
    ARRAYS: "the same as arrays, with no preprocessing",
}


def targets(served: Measurement) -> str:
    """Return the network's targets and what it reaches."""
    return table(["", "at least", "aim", "measured", ""], target_rows(served))


def sets(served: Measurement) -> str:
    """Return the figures of every set but the corrupted ones."""
    plain = [row for row in rows([served]) if not row[0].startswith(CORRUPTED)]
    return table(HEAD, [[f"`{row[0]}`: {DESCRIPTIONS[row[0]]}", *row[1:]] for row in plain])


def corruptions(served: Measurement) -> str:
    """Return how well each corruption is read, the worst first, and the mean."""
    shares = {
        name.removeprefix(CORRUPTED).replace("_", " "): figures(answers)
        for name, answers in served.answers.items()
        if name.startswith(CORRUPTED)
    }
    body = sorted(shares.items(), key=lambda item: item[1]["right"])
    keys = ("right", "misread", "refused", "likeliest")
    mean = {key: float(np.mean([one[key] for one in shares.values()])) for key in keys}
    return table(
        ["corruption", "right", "misread", "refused", "likeliest right"],
        [[name, *(f"{one[key]:.1%}" for key in keys)] for name, one in [*body, ("**mean**", mean)]],
    )


def seeds(measurements: Sequence[Measurement]) -> str:
    """Return mean and spread over the seeds, or that there is only one, as a section."""
    if len(measurements) == 1:
        return (
            "### Other seeds\n\nOne seed was trained: how much other random numbers would change "
            "is not known."
        )
    names = [f"seed {one.recognizer.metadata['training']['seed']}" for one in measurements]
    head = ["", *names, "mean ± standard deviation"]
    text = (
        "### Other seeds\n\nThe same recipe with other random numbers, the training pictures' too; "
        "the first is the one that is served.\n\n"
    )
    return text + table(head, list(spread_rows(measurements)))


def kinds(training: Mapping[str, Any], held_out: Mapping[str, float]) -> str:
    """Return how many pictures of each kind were drawn, and how the held-out ones are read."""
    return table(
        ["kind", "to learn from", "held out", "of those digits, likeliest right"],
        [
            [
                f"`{kind}`",
                f"{count:,}",
                f"{training['held_out_kinds'].get(kind, 0):,}",
                f"{held_out[kind]:.2%}" if kind in held_out else "",
            ]
            for kind, count in training["kinds"].items()
        ],
    )


def trade_off(record: Sequence[Mapping[str, float]]) -> str:
    """Return what each threshold accepts and refuses of held-out pictures."""
    return table(
        ["threshold", "digits accepted", "others refused"],
        [
            [
                f"{row['threshold']:.2f}",
                f"{row['digits_accepted']:.1%}",
                f"{row['others_refused']:.1%}",
            ]
            for row in record
        ],
    )


def confusions(served: Measurement) -> str:
    """Return the commonest mistakes on each stand-in set."""
    return table(
        ["set", "commonest mistakes (how many)"],
        [[name, _commonest(served.answers[name])] for name in (*DIGIT_SETS, OTHERS)],
    )


def _commonest(answers: Answers) -> str:
    wrong = answers.only(answers.digits != answers.labels)
    pairs = Counter(zip(wrong.labels.tolist(), wrong.digits.tolist(), strict=True))
    ranked = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:COMMONEST]
    named = (f"{name(label)} → {name(digit)} ({count})" for (label, digit), count in ranked)
    return ", ".join(named) or "none"


def name(label: int) -> str:
    """Return the name of a label or an answer."""
    return "no digit" if label == NONE else str(label)
