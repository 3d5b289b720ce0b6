"""The model card: measured figures put into the prose of card.md.in, with their pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from scripts.evaluation import card_tables
from scripts.evaluation.answers import LabelledFiles
from scripts.evaluation.card_pictures import draw_pictures
from scripts.evaluation.measurement import Measurement

TEMPLATE = Path(__file__).parent / "card.md.in"
SETTINGS = (
    "epochs", "final_epochs", "batch_size", "weight_decay", "learning_rate",
    "average", "seed",
)  # fmt: skip


def write_card(
    path: Path,
    measurements: Sequence[Measurement],
    sets: Mapping[str, LabelledFiles],
    real: Sequence[str] | None = None,
) -> None:
    """Write the card of the first network, and its pictures into ``images/`` beside it.

    Parameters
    ----------
    path : Path
    measurements : sequence of Measurement
        The network that is served; any others come from the same recipe with other seeds.
    sets : mapping of str to LabelledFiles
        The stand-ins that were read.
    real : sequence of str, optional
        The rows of the table of real pictures; by default those of the card as it was.

    Raises
    ------
    ValueError
        If the network carries no record of the recipe.
    """
    served = measurements[0]
    rows = _real_of(path) if real is None else "\n".join(real)
    values = {"real": rows} | _network(served) | _training(served) | _measured(measurements)
    text = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(values)
    draw_pictures(path.parent / "images", served, sets)
    path.write_text(text, encoding="utf-8")


def _real_of(path: Path) -> str:
    """Return the table of real pictures of a card; a sentence where there is none."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    _, _, after = text.partition("<!-- real -->\n")
    return after.partition("\n<!-- end of real -->")[0] or "They were not measured."


def _network(served: Measurement) -> dict[str, Any]:
    """Return what the network is."""
    one = served.recognizer
    return {
        "name": one.name,
        "version": one.version,
        "sha256": one.sha256,
        "megabytes": f"{one.file_bytes / 1e6:.2f}",
        "parameters": f"{one.network.parameter_count:,}",
        "folded": f"{one.served.network.parameter_count:,}",
        "multiply_adds": f"{one.network.multiply_adds / 1e6:.1f}",
        "temperature": f"{one.calibration.temperature:.3f}",
        "threshold": f"{one.calibration.threshold:.3f}",
    }


ORIGINS = {
    "digits": "It began with random weights.",
    "digits-tuned": (
        "It began with the weights of the version before it, which `--recipe digits` had made from "
        "random ones\nand which is in this repository's history; the command goes on from the "
        "weights that are in their place,\n`convnet/pretrained/digits.npz`."
    ),
}
"""Where the weights of each recipe come from."""


def _training(served: Measurement) -> dict[str, Any]:
    """Return what the record that travels with the weights says."""
    record = served.recognizer.metadata
    training = record.get("training", {})
    if training.get("recipe") not in ORIGINS:
        raise ValueError(f"{served.model}: a card needs weights of `train.py --recipe digits`")
    return {name: training[name] for name in SETTINGS} | {
        "repeats": "once"
        if training["mnist_repeats"] == 1
        else f"{training['mnist_repeats']} times",
        "recipe": training["recipe"],
        "origin": ORIGINS[training["recipe"]],
        "held_out": f"{training['held_out']:,}",
        "accepted": f"{training['accepted']:.1%}",
        "kinds": card_tables.kinds(training, record["held_out"]),
        "trade_off": card_tables.trade_off(record["calibration"]["rejection"]["trade_off"]),
    }


def _measured(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """Return what was measured."""
    served = measurements[0]
    answers = served.answers
    return {
        "count": f"{len(answers['drawn'].labels):,}",
        "corrupted_count": f"{len(answers['corrupted-fog'].labels):,}",
        "targets": card_tables.targets(served),
        "sets": card_tables.sets(served),
        "corruptions": card_tables.corruptions(served),
        "seeds": card_tables.seeds(measurements),
        "confusions": card_tables.confusions(served),
    }
