"""Stop a run between two steps, where its state is consistent."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):
    """The run was stopped on request; its state is saved."""


class StopRequest:
    """Notes the first Ctrl-C (or SIGTERM) instead of stopping in the middle of a step.

    A context manager. The second Ctrl-C stops at once, as usual.

    Attributes
    ----------
    made : bool
        Whether a stop was requested.
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
