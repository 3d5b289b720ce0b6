"""Stop when the network no longer improves, and keep it as it was at its best."""

from __future__ import annotations

from typing import Any

from convnet.arrays import Array
from convnet.checks import require_non_negative, require_positive_int
from convnet.network import Sequential
from convnet.training.history import History

_ALIASES = {"val_loss": "validation_loss", "val_accuracy": "validation_accuracy"}
MONITORED = ("validation_loss", "validation_accuracy", "loss", "accuracy")


class EarlyStopping:
    """End a run some epochs after its best one (L. Prechelt, "Early stopping, but when?", 1998).

    Parameters
    ----------
    monitor : str
        What is watched: ``validation_loss``, ``validation_accuracy`` (or ``val_loss``,
        ``val_accuracy``), ``loss`` or ``accuracy``.
    patience : int
        Epochs without a better one after which the run ends.
    min_delta : float
        What counts as better: by more than this.
    restore_best_weights : bool
        Whether the network gets the weights of the best epoch in the end. They are those of the
        best epoch of this call: of a run that was continued, earlier weights are not known.

    Attributes
    ----------
    best_epoch : int or None
        Its number, counted from 1.
    best : float or None
        What was watched, in that epoch.

    Raises
    ------
    ValueError
        If an argument is none of these.
    """

    def __init__(
        self,
        monitor: str = "validation_loss",
        patience: int = 5,
        *,
        min_delta: float = 0.0,
        restore_best_weights: bool = True,
    ) -> None:
        self.monitor = _ALIASES.get(monitor, monitor)
        if self.monitor not in MONITORED:
            raise ValueError(f"`monitor` must be one of {MONITORED}, got {monitor!r}")
        self.patience = require_positive_int("patience", patience)
        self.min_delta = require_non_negative("min_delta", min_delta)
        self.restore_best_weights = restore_best_weights
        self.best_epoch: int | None = None
        self.best: float | None = None
        self._weights: dict[str, Array] | None = None

    @classmethod
    def read(cls, value: EarlyStopping | int | None) -> EarlyStopping | None:
        """Return what a number stands for, which is `patience`; others as they are."""
        return value if value is None or isinstance(value, cls) else cls(patience=value)  # type: ignore[arg-type]

    def begin(self, history: History, validated: bool, average: Any = None) -> None:
        """Begin a run, or go on with one; `Trainer.fit` calls it.

        Raises
        ------
        ValueError
            If what is watched is not measured, or a moving average of the weights is kept, which
            is not what is measured.
        """
        if self.monitor.startswith("validation") and not validated:
            raise ValueError(f"early stopping by {self.monitor} needs `validation`")
        if average is not None:
            raise ValueError(
                "`early_stopping` measures the weights of every epoch, but `average` puts others "
                "into the network: use one of them"
            )
        self.best_epoch, self.best, self._weights = None, None, None
        for epoch in history.epochs:
            self._compare(epoch.epoch, getattr(epoch, self.monitor))

    def is_over(self, network: Sequential, history: History) -> bool:
        """Look at the last epoch; return whether it is time to stop."""
        last = history.epochs[-1]
        if self._compare(last.epoch, getattr(last, self.monitor)) and self.restore_best_weights:
            self._weights = {name: array.copy() for name, array in network.arrays.items()}
        return last.epoch - (self.best_epoch or 0) >= self.patience

    def restore(self, network: Sequential) -> None:
        """Put the weights of the best epoch into the network, if they are kept."""
        if self._weights is not None:
            network.set_arrays(self._weights)

    def _compare(self, epoch: int, value: float) -> bool:
        """Return whether a value is the best so far, and remember it if it is."""
        sign = -1 if self.monitor.endswith("loss") else 1
        # NaN is never better.
        if self.best is not None and not sign * (value - self.best) > self.min_delta:
            return False
        if value != value:
            return False
        self.best_epoch, self.best = epoch, value
        return True
