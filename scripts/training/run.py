"""A training run that can be stopped: it writes checkpoints and continues from them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convnet.storage.atomic_write import remove_unfinished
from convnet.training import checkpoint
from convnet.training.progress_bar import TrainingBar
from convnet.training.trainer import Progress, Trainer
from scripts.training.stopping import Stopped, StopRequest

FILE = "checkpoint.npz"


class Run:
    """Callbacks for `Trainer.fit` that show the run, save it, and end it when asked.

    Parameters
    ----------
    bar : TrainingBar
        Shows every step and epoch.
    folder : path, optional
        Where the checkpoint goes; without it nothing is saved.
    settings : mapping
        What decides the outcome (seed, batch size, data …); a checkpoint of other settings is
        refused.
    every : float
        Seconds between checkpoints within an epoch; each epoch's end is saved anyway.
    """

    def __init__(
        self,
        bar: TrainingBar,
        folder: Path | None = None,
        settings: Mapping[str, Any] | None = None,
        every: float = 30.0,
    ) -> None:
        self.file = None if folder is None else folder / FILE
        self._bar, self._settings, self._every = bar, dict(settings or {}), every
        self._stop = StopRequest()
        self._saved = time.monotonic()

    def __enter__(self) -> Run:
        """Let Ctrl-C stop the run between two steps from now on."""
        self._stop.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.__exit__()
        self._bar.close()

    def begin(self, trainer: Trainer, resume: bool) -> Progress | None:
        """Restore an earlier run into `trainer`; return its position, None without a checkpoint.

        Raises
        ------
        FileExistsError
            If there is a checkpoint that would be overwritten, because it is not to be resumed.
        ValueError
            If the checkpoint is damaged, or was made with other settings.
        """
        if self.file is None:
            return None
        remove_unfinished(self.file)
        if not self.file.exists():
            return None
        if not resume:
            raise FileExistsError(f"{self.file} holds a run: add --resume to go on, or delete it")
        return checkpoint.load(self.file, trainer, self._settings)

    def on_step(self, trainer: Trainer, progress: Progress) -> None:
        """Show a step; save now and then; stop if that was asked for.

        Raises
        ------
        ValueError
            If the loss is not a finite number: continuing would be useless.
        """
        if not math.isfinite(progress.losses[-1]):
            raise ValueError(
                f"step {len(progress.losses)} has no finite loss: try a lower learning rate"
            )
        self._bar.step(progress)
        if self._stop.made or time.monotonic() - self._saved >= self._every:
            self._save(trainer, progress)
        if self._stop.made:
            raise Stopped

    def on_epoch(self, trainer: Trainer, progress: Progress) -> None:
        """Show an epoch, and save."""
        self._bar.epoch(progress)
        self._save(trainer, progress)

    def _save(self, trainer: Trainer, progress: Progress) -> None:
        if self.file is not None:
            checkpoint.save(self.file, trainer, progress, self._settings)
        self._saved = time.monotonic()
