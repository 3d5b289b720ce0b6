"""How far a long job is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from datetime import timedelta

WIDTH = 30
REFRESH, LINES = 0.2, 30.0  # seconds between two pictures of the bar, and between two lines


class Progress:
    """Counts rows.

    Parameters
    ----------
    total : int
        Rows of the job.
    unit : str
    done : int
        Rows that were there before.
    """

    def __init__(self, total: int, unit: str = "pictures", done: int = 0) -> None:
        self.total, self.unit, self.done, self.errors = total, unit, done, 0
        self._before, self._started = done, time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._shown = self._started if not self._terminal else 0.0

    @property
    def rate(self) -> float:
        """Rows a second since the start of this process."""
        return (self.done - self._before) / max(time.monotonic() - self._started, 1e-9)

    def add(self, rows: int, errors: int = 0) -> None:
        """Count some more, and show it."""
        self.done += rows
        self.errors += errors
        now = time.monotonic()
        if now - self._shown >= (REFRESH if self._terminal else LINES):
            self._shown = now
            self._write()

    def close(self) -> None:
        """Show the end."""
        if self._terminal:
            self._write()
            sys.stderr.write("\n")

    def text(self) -> str:
        """Return what is shown."""
        share = self.done / self.total if self.total else 1.0
        filled = min(WIDTH, int(share * WIDTH))
        rate = self.rate
        left = timedelta(seconds=round((self.total - self.done) / rate)) if rate else "?"
        errors = f", {self.errors:,} unreadable" if self.errors else ""
        return (
            f"{share:4.0%} {'█' * filled}{'·' * (WIDTH - filled)} {self.done:,}/{self.total:,} "
            f"{self.unit}, {rate:,.0f}/s, {left} left{errors}"
        )

    def _write(self) -> None:
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{self.text()}")
        else:
            sys.stderr.write(f"{self.text()}\n")
        sys.stderr.flush()
