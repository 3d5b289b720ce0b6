"""The pictures of the model card. None of them shows a digit of MNIST."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from convnet.plots.style import save
from scripts.evaluation.answers import LabelledFiles
from scripts.evaluation.card_tables import name
from scripts.evaluation.measurement import Measurement
from scripts.evaluation.targets import DIGIT_SETS, OTHERS, together
from scripts.figures.failures import COLUMNS, Failure, failure_sheet
from scripts.figures.reliability import reliability_figure
from scripts.figures.trade_off import trade_off_figure

TITLES = {"mnist": "MNIST's test set"}


def draw_pictures(folder: Path, measured: Measurement, sets: Mapping[str, LabelledFiles]) -> None:
    """Write trade-off.png, reliability.png and failures.png."""
    answers = measured.answers
    trade_off = trade_off_figure(
        {TITLES.get(one, one): answers[one].energy for one in ("mnist", *DIGIT_SETS)},
        answers[OTHERS].energy,
        measured.recognizer.calibration.threshold,
    )
    save(trade_off, folder / "trade-off.png")
    pooled = {TITLES["mnist"]: answers["mnist"], "stand-ins": together(measured, *DIGIT_SETS)}
    known = {title: (some.probabilities, some.labels) for title, some in pooled.items()}
    save(reliability_figure(known), folder / "reliability.png")
    sheet = {one: surest_failures(measured, one, sets[one]) for one in (*DIGIT_SETS, OTHERS)}
    save(failure_sheet(sheet), folder / "failures.png")


def surest_failures(
    measured: Measurement, of_set: str, pictures: LabelledFiles, most: int = COLUMNS
) -> list[Failure]:
    """Return the pictures with a wrong answer: misread ones first, the surest of each first."""
    answers, inputs = measured.answers[of_set], measured.inputs[of_set]
    sure = answers.probabilities.max(axis=1)
    wrong = np.flatnonzero(answers.digits != answers.labels)
    refused = answers.digits[wrong] < 0
    ranked = wrong[np.lexsort((-sure[wrong], refused))][:most]
    return [
        Failure(
            Image.open(io.BytesIO(pictures.files[index])),
            inputs.images[index],
            f"{name(answers.labels[index])} → {name(answers.digits[index])}\n{sure[index]:.0%}",
        )
        for index in ranked
    ]
