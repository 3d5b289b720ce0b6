"""What a client wants trained: its JSON as checked values."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from convnet.architectures import ARCHITECTURES
from convnet.layers import Layer, Sigmoid, Softmax
from convnet.losses import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError
from convnet.optimizers import SGD, Adam, AdamW, RMSprop
from convnet.optimizers.base import Optimizer
from convnet.optimizers.schedules import Constant, Cosine, OneCycle, Schedule, Step
from server.training_room.building.network_text import layers_of
from server.training_room.building.sizes import Size, make, require_small

LOSSES: dict[str, Loss] = {
    "cross-entropy": CrossEntropy(),
    "binary-cross-entropy": BinaryCrossEntropy(),
    "mean-squared-error": MeanSquaredError(),
}
OPTIMIZERS = ("adam", "adamw", "rmsprop", "momentum", "sgd")
SCHEDULES = ("constant", "cosine", "one-cycle", "step")
WHOLE = {"batch": (1, 1024), "epochs": (1, 100), "seed": (0, 2**32 - 1), "pictures": (10, 70_000)}
MOST_MINUTES = 30
DIGITS = tuple(range(10))


class SettingError(ValueError):
    """A setting that cannot be taken; `field` is its name."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"`{name}`: {reason}")
        self.field = name


@dataclass(frozen=True)
class Settings:
    """A run, as it was asked for.

    Attributes
    ----------
    network : str
        The name of an architecture; not looked at if there is `python`.
    python : str
        The layers of a network of one's own, as `network_text` reads them.
    pictures : int
        How many are trained on, all digits together; of fewer there are, all.
    """

    network: str = "live-app"
    python: str = ""
    loss: str = "cross-entropy"
    optimizer: str = "adam"
    rate: float = 0.001
    schedule: str = "constant"
    batch: int = 64
    epochs: int = 3
    augmentation: bool = False
    seed: int = 0
    digits: tuple[int, ...] = field(default=DIGITS)
    pictures: int = 60_000
    minutes: int = 10

    def layers(self) -> list[Layer]:
        """Return new layers of the network.

        Raises
        ------
        SettingError
            If the Python is not one of a network.
        """
        if not self.python:
            return ARCHITECTURES[self.network]()
        try:
            return layers_of(self.python)
        except ValueError as error:
            raise SettingError("python", str(error)) from error

    def sizes(self) -> list[Size]:
        """Return the size of every layer of a network that may be trained here.

        Raises
        ------
        SettingError
            If it may not, with the reason.
        """
        name = "python" if self.python else "network"
        try:
            layers = self.layers()
            found = require_small(layers, self.batch)
            make(layers, self.seed, "network")
        except SettingError:
            raise
        except (ValueError, ArithmeticError, MemoryError) as error:
            raise SettingError(name, str(error)) from error
        if max(self.digits) >= found[-1].shape[0]:
            raise SettingError("digits", f"the network has only {found[-1].shape[0]} outputs")
        if isinstance(layers[-1], Softmax) and self.loss != "cross-entropy":
            raise SettingError("loss", "a network that ends in Softmax needs cross-entropy")
        if self.loss == "binary-cross-entropy" and not isinstance(layers[-1], Sigmoid):
            raise SettingError("loss", "binary cross-entropy needs a network that ends in Sigmoid")
        return found

    def make_optimizer(self, steps: int) -> Optimizer:
        """Return the optimizer of a run of so many steps."""
        schedules: dict[str, Schedule] = {
            "constant": Constant(self.rate),
            "cosine": Cosine(self.rate, max(steps, 1)),
            "one-cycle": OneCycle(self.rate, max(steps, 2)),
            "step": Step(self.rate, max(steps // 3, 1)),
        }
        schedule = schedules[self.schedule]
        if self.optimizer == "momentum":
            return SGD(schedule, momentum=0.9)
        if self.optimizer == "sgd":
            return SGD(schedule)
        adaptive: dict[str, type[Adam | RMSprop]] = {
            "adam": Adam,
            "adamw": AdamW,
            "rmsprop": RMSprop,
        }
        return adaptive[self.optimizer](schedule)

    def as_json(self) -> dict[str, Any]:
        """Return what `read` would make these settings of."""
        return asdict(self) | {"digits": list(self.digits)}


def read(body: object) -> Settings:
    """Check what a client sent; what it leaves out is by default.

    Raises
    ------
    SettingError
        If a value cannot be taken.
    """
    if not isinstance(body, dict):
        raise SettingError("body", "must be a JSON object of settings")
    known = asdict(Settings())
    for name, value in body.items():
        if name not in known:
            raise SettingError(str(name)[:60], f"must be one of {', '.join(known)}")
        _check(name, value)
    values = dict(body)
    if "digits" in values:
        values["digits"] = tuple(sorted(values["digits"]))
    return Settings(**values)


CHOICES = {
    "network": tuple(ARCHITECTURES),
    "loss": tuple(LOSSES),
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}


def _check(name: str, value: Any) -> None:
    if name in CHOICES and value not in CHOICES[name]:
        raise SettingError(name, f"must be one of {', '.join(CHOICES[name])}")
    if name == "python" and not isinstance(value, str):
        raise SettingError(name, "must be a text")
    if name == "augmentation" and not isinstance(value, bool):
        raise SettingError(name, "must be true or false")
    if name in WHOLE or name == "minutes":
        low, high = WHOLE.get(name, (1, MOST_MINUTES))
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise SettingError(name, f"must be a whole number from {low} to {high}")
    if name == "rate":
        check_rate(value)
    if name == "digits" and not _are_digits(value):
        raise SettingError(name, "must be a list of at least two different digits")


def check_rate(value: object) -> float:
    """Return a learning rate, or raise SettingError."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise SettingError("rate", "must be a number from 0 to 100")
    if not math.isfinite(value):
        raise SettingError("rate", "must be a finite number")
    return float(value)


def _are_digits(value: object) -> bool:
    if not isinstance(value, list) or not 2 <= len(value) <= len(DIGITS):
        return False
    plain = all(isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= 9 for v in value)
    return plain and len(set(value)) == len(value)
