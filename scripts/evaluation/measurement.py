"""Measure networks on sets of pictures, which are drawn and prepared only once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.evaluation.answers import Answers, Inputs, answer, figures
from server.recognizer import Recognizer

ARRAYS = "mnist-arrays"  # MNIST's test set as arrays, without files or preprocessing


@dataclass(frozen=True)
class Measurement:
    """One network's answers to every set.

    Attributes
    ----------
    model : str
        Its file, or the name that it is shipped under.
    recognizer : Recognizer
    inputs : mapping of str to Inputs
        By the name of the set.
    answers : mapping of str to Answers
        Likewise.
    """

    model: str
    recognizer: Recognizer
    inputs: Mapping[str, Inputs]
    answers: Mapping[str, Answers]

    def figures(self) -> dict[str, dict[str, float]]:
        """Return the figures of every set."""
        return {name: figures(answers) for name, answers in self.answers.items()}

    def record(self) -> dict[str, object]:
        """Return all of it for JSON."""
        one = self.recognizer
        known = {"name": one.name, "version": one.version, "sha256": one.sha256}
        return {"model": self.model, **known, "sets": self.figures()}


def measure(
    models: Sequence[str], recognizers: Sequence[Recognizer], inputs: Mapping[str, Inputs]
) -> list[Measurement]:
    """Let every network read every set.

    Parameters
    ----------
    models : sequence of str
        Files of weights, or names of shipped ones.
    recognizers : sequence of Recognizer
        What they hold.
    inputs : mapping of str to Inputs
    """
    return [
        Measurement(model, one, inputs, {name: answer(inputs[name], one) for name in inputs})
        for model, one in zip(models, recognizers, strict=True)
    ]
