"""Stop a run between two steps, when what is in memory fits together."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):
    """The run ended because it was asked to; what there was to save is saved."""


class StopRequest:
    """Notes the first Ctrl-C (or SIGTERM) instead of breaking off in the middle of a step.

    A context manager. The second Ctrl-C breaks off at once, as usual.

    Attributes
    ----------
    made : bool
        Whether somebody asked.
    """

    def __init__(self) -> None:
        self.made = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopRequest:
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *exception: object) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.made = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
