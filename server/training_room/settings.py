"""What a client wants trained: its JSON as checked values."""

import math
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from convnet import Sequential, load, load_pretrained
from convnet.architectures import ARCHITECTURES
from convnet.layers import Layer, Sigmoid, Softmax
from convnet.losses import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError
from convnet.optimizers import SGD, Adam, AdamW, RMSprop
from convnet.optimizers.base import Optimizer
from convnet.optimizers.schedules import Constant, Cosine, OneCycle, Schedule, Step
from server.training_room import drawings
from server.training_room.building.head import with_new_head
from server.training_room.building.network_text import layers_of
from server.training_room.building.sizes import Size, make, require_small
from server.training_room.drawings import Drawings
from server.training_room.run_folder import RunFolder

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
SHIPPED = "digits"
"""The shipped network, as a base."""
BASE = re.compile(rf"|{SHIPPED}|[0-9a-f]{{12}}")


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
    drawings : dict of str to tuple of str
        What the client drew itself, by name: see `drawings.check`.
    data : str
        ``set``: the data set that is there. ``written``: digits that the project writes itself.
    base : str
        A run, or ``digits`` for the shipped network, whose layers are kept as they are; a new last
        layer is trained on them.
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
    drawings: Drawings = field(default_factory=dict)
    base: str = ""
    data: str = "set"

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The names of the classes; None if they are the digits that the outputs stand for."""
        if not self.drawings:
            return None
        return tuple(dict.fromkeys([*map(str, self.digits), *self.drawings]))

    def layers(self, runs: Path) -> list[Layer]:
        """Return the layers of the network; `runs` is the folder of all runs.

        Raises
        ------
        SettingError
            If the Python is not one of a network, or there is no such base.
        """
        classes = self.classes
        try:
            if self.base:
                return with_new_head(self._trained(runs), len(classes or DIGITS))
            if self.python:
                return layers_of(self.python)
        except (OSError, ValueError) as error:
            raise SettingError("base" if self.base else "python", str(error)) from error
        named = ARCHITECTURES[self.network]
        return named() if classes is None else named(classes=len(classes))

    def _trained(self, runs: Path) -> Sequential:
        if self.base == SHIPPED:
            return load_pretrained(SHIPPED)
        if not (path := RunFolder(runs / self.base).weights).exists():
            raise ValueError("there is no such run, or it has not begun yet")
        return load(path)

    def sizes(self, runs: Path) -> list[Size]:
        """Return the size of every layer of a network that may be trained here.

        Raises
        ------
        SettingError
            If it may not, with the reason.
        """
        name = "base" if self.base else "python" if self.python else "network"
        try:
            layers = self.layers(runs)
            found = require_small(layers, self.batch)
            make(layers, self.seed, "network")
        except SettingError:
            raise
        except (ValueError, ArithmeticError, MemoryError) as error:
            raise SettingError(name, str(error)) from error
        outputs = found[-1].shape[0]
        if self.classes is not None and len(self.classes) != outputs:
            raise SettingError(
                "drawings",
                f"there are {len(self.classes)} classes, and the network has {outputs} outputs: "
                f"end in Dense({len(self.classes)})",
            )
        if self.classes is None and max(self.digits) >= outputs:
            raise SettingError("digits", f"the network has only {outputs} outputs")
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
        drawn = {name: list(pictures) for name, pictures in self.drawings.items()}
        return asdict(self) | {"digits": list(self.digits), "drawings": drawn}


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
    if "drawings" in values:
        values["drawings"] = check_drawings(values["drawings"])
    wanted = Settings(**values)
    if len(wanted.classes or wanted.digits) < 2:
        raise SettingError("digits", "must be a list of at least two different digits")
    return wanted


def check_drawings(value: object) -> Drawings:
    """Return drawings, or raise SettingError."""
    try:
        return drawings.check(value)
    except ValueError as error:
        raise SettingError("drawings", str(error)) from error


CHOICES = {
    "network": tuple(ARCHITECTURES),
    "loss": tuple(LOSSES),
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "data": ("set", "written"),
}


def _check(name: str, value: Any) -> None:
    if name in CHOICES and value not in CHOICES[name]:
        raise SettingError(name, f"must be one of {', '.join(CHOICES[name])}")
    if name == "python" and not isinstance(value, str):
        raise SettingError(name, "must be a text")
    if name == "base" and not (isinstance(value, str) and BASE.fullmatch(value)):
        raise SettingError(name, f"must be the name of a run, {SHIPPED}, or empty")
    if name == "augmentation" and not isinstance(value, bool):
        raise SettingError(name, "must be true or false")
    if name in WHOLE or name == "minutes":
        low, high = WHOLE.get(name, (1, MOST_MINUTES))
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise SettingError(name, f"must be a whole number from {low} to {high}")
    if name == "rate":
        check_rate(value)
    if name == "digits" and not _are_digits(value):
        raise SettingError(name, "must be a list of different digits")


def check_rate(value: object) -> float:
    """Return a learning rate, or raise SettingError."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise SettingError("rate", "must be a number from 0 to 100")
    if not math.isfinite(value):
        raise SettingError("rate", "must be a finite number")
    return float(value)


def _are_digits(value: object) -> bool:
    if not isinstance(value, list) or len(value) > len(DIGITS):
        return False
    plain = all(isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= 9 for v in value)
    return plain and len(set(value)) == len(value)
