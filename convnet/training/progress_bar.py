"""What training shows on a terminal: a bar while an epoch runs, a line at its end."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from convnet.training.history import History

Item = TypeVar("Item")

RECENT = 100  # steps whose mean loss is shown
REFRESH = 0.1  # seconds


class TrainingBar:
    """Loss, accuracy and images/s of a run, on a tqdm bar where tqdm is installed.

    Parameters
    ----------
    epochs, steps : int
        Epochs of the run, steps of an epoch.
    """

    def __init__(self, epochs: int, steps: int) -> None:
        self._epochs, self._steps = epochs, steps
        self._bar: Any = None
        self._shown = 0.0

    def step(self, progress: History) -> None:
        """Show one more step, ten times a second at most: more would slow down small steps."""
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            title = f"epoch {progress.epoch + 1}/{self._epochs}"
            self._bar = _bar(title, self._steps, progress.step - 1)
            self._shown = 0.0
        if progress.seconds - self._shown >= REFRESH or progress.step == self._steps:
            self._shown = progress.seconds
            self._bar.set_postfix_str(_note(progress), refresh=False)
            self._bar.update(progress.step - self._bar.n)

    def epoch(self, progress: History) -> None:
        """Close the bar and print the epoch's line."""
        self.close()
        last = progress.epochs[-1]
        line = (
            f"epoch {last.epoch}/{self._epochs}: loss {last.loss:.4f}, "
            f"accuracy {last.accuracy:.2%}, {last.images_per_second:,.0f} images/s"
        )
        if last.validation_accuracy is not None:
            line += f"; held-out loss {last.validation_loss:.4f}, {last.validation_accuracy:.2%}"
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def close(self) -> None:
        """Remove the bar from the terminal."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _note(progress: History) -> str:
    return (
        f"loss {np.mean(progress.losses[-RECENT:]):.4f}, "
        f"accuracy {progress.correct / progress.seen:.2%}, "
        f"{progress.seen / progress.seconds:,.0f} images/s"
    )


class _PlainBar:
    """The part of tqdm that is used, as one line that is rewritten."""

    def __init__(self, title: str, total: int, done: int) -> None:
        self._title, self._total, self._text = title, total, ""
        self.n = done

    def set_postfix_str(self, note: str, refresh: bool) -> None:
        self._text = note

    def update(self, steps: int) -> None:
        self.n += steps
        self._write(f"{self._title} {self.n}/{self._total} {self._text}")

    def close(self) -> None:
        self._write("")
        _write("\r")

    def _write(self, text: str) -> None:
        _write(f"\r{text:<79}")


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _bar(title: str, steps: int, done: int) -> Any:
    try:
        tqdm = import_module("tqdm").tqdm  # not needed, but nicer where it is installed
    except ImportError:
        return _PlainBar(title, steps, done)
    # tqdm's own rates count steps; these count images.
    form = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
    return tqdm(desc=title, total=steps, initial=done, leave=False, bar_format=form, mininterval=0)


def counted(items: Iterable[Item], title: str, total: int) -> Iterator[Item]:
    """Yield `items`, of which there are `total`, and show on a terminal how many have been."""
    if not sys.stderr.isatty():
        yield from items
        return
    bar = _bar(title, total, 0)
    for item in items:
        yield item
        bar.update(1)
    bar.close()
