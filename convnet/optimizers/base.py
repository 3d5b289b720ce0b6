"""What all optimizers share: they change the parameters block by block.

A step reads and writes every parameter several times and computes little, so the speed of memory
decides how long it takes. Parameters are therefore taken in blocks: a block of the parameter, of
its gradient and of its slots stays in the core's cache during all passes over it, and every pass
writes into an array that exists already. One thread does it all: the passes over a block are so
short that two threads would mostly wait for Python's lock (measured: no gain below 500,000
parameters).

The simplest optimizer to read next is `convnet/optimizers/sgd.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from convnet.arrays import Array
from convnet.optimizers.schedules import Constant, Schedule

Decay = Callable[[str, Array], bool]

# In elements: five float32 arrays of this length (parameter, gradient, two slots, scratch) take
# 640 KB. Shorter blocks lose more to the cost of calls than they save in memory traffic.
BLOCK = 32_768


def decay_weights_only(key: str, param: Array) -> bool:
    """Say which parameters weight decay is for by default: kernels and matrices.

    Biases and BatchNorm's scales are one number per channel: too few to overfit.
    """
    return param.ndim >= 2


class Optimizer(ABC):
    """What all optimizers share: learning rate, slots, blocks and checkpoints.

    A new optimizer names its slots and writes `_update`.

    Parameters
    ----------
    learning_rate : float or Schedule
        A schedule is called with the number of steps taken so far.
    slots : tuple of str
        Names of what is kept for each parameter, in arrays of its shape that are zero at first.

    Attributes
    ----------
    steps : int
        Steps taken so far.
    slots : dict of str to dict of str to ndarray
        By slot and parameter: ``optimizer.slots["velocity"]["0.conv.w"]``.
    """

    def __init__(self, learning_rate: float | Schedule, slots: tuple[str, ...] = ()) -> None:
        if not isinstance(learning_rate, Schedule):
            learning_rate = Constant(learning_rate)
        self.schedule: Schedule = learning_rate
        self.weight_decay = 0.0
        self.decay: Decay = decay_weights_only
        self.steps = 0
        self.slots: dict[str, dict[str, Array]] = {name: {} for name in slots}
        self._scratch: dict[np.dtype[Any], Array] = {}

    @property
    def learning_rate(self) -> float:
        """The learning rate of the step to come."""
        return self.schedule(self.steps)

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Change every parameter once, in place.

        Parameters
        ----------
        params : mapping of str to ndarray
            C-contiguous arrays of any shape.
        grads : mapping of str to ndarray
            The gradient of the loss for each parameter; only read.

        Raises
        ------
        ValueError
            If keys or shapes differ, or a parameter is not C-contiguous; nothing is changed then.
        """
        _check(params, grads)
        slots = {key: self._slots_of(key, param) for key, param in params.items()}
        rate = self.learning_rate
        self.steps += 1
        for key, param in params.items():
            decays = self.weight_decay > 0 and self.decay(key, param)
            decay = self.weight_decay if decays else 0.0
            scratch = self._scratch_of(param.dtype)
            for p, g, *block in _blocks(param, grads[key], *slots[key]):
                self._update(p, g, block, scratch[: p.size], rate, decay)

    @abstractmethod
    def _update(
        self, p: Array, g: Array, slots: list[Array], scratch: Array, rate: float, decay: float
    ) -> None:
        """Change one block `p` of a parameter, and of its slots, by the gradient `g`."""

    def state_dict(self) -> dict[str, Array]:
        """Return a copy of all that a resumed run needs: ``{"steps": …, "slot/key": …}``."""
        state: dict[str, Array] = {"steps": np.array(self.steps)}
        for name, arrays in self.slots.items():
            state |= {f"{name}/{key}": array.copy() for key, array in arrays.items()}
        return state

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Go back to a state that `state_dict` returned; what follows is the same bit for bit.

        Raises
        ------
        ValueError
            If the state is that of another optimizer; nothing is changed then.
        """
        if "steps" not in state:
            raise ValueError(f"`state` must hold 'steps', got {sorted(state)}")
        slots: dict[str, dict[str, Array]] = {name: {} for name in self.slots}
        for entry in state.keys() - {"steps"}:
            name, _, key = entry.partition("/")
            if name not in slots:
                expected = ", ".join(slots) or "none"
                raise ValueError(
                    f"`state` must have the slots of {type(self).__name__} ({expected}), "
                    f"got {entry!r}"
                )
            slots[name][key] = np.array(state[entry], order="C")
        self.slots = slots
        self.steps = int(state["steps"])

    def _slots_of(self, key: str, param: Array) -> list[Array]:
        """Return the slots of a parameter: zeros if it is new."""
        for name, arrays in self.slots.items():
            if key not in arrays:
                arrays[key] = np.zeros_like(param)
            slot = arrays[key]
            if slot.shape != param.shape or slot.dtype != param.dtype:
                raise ValueError(
                    f"`params[{key!r}]` must be {slot.dtype} of shape {slot.shape} "
                    f"as its {name}, got {param.dtype} of shape {param.shape}"
                )
        return [arrays[key] for arrays in self.slots.values()]

    def _scratch_of(self, dtype: np.dtype[Any]) -> Array:
        """Return a block for intermediate results, the same one in every step."""
        if dtype not in self._scratch:
            self._scratch[dtype] = np.empty(BLOCK, dtype)
        return self._scratch[dtype]


def _blocks(*arrays: Array) -> Iterator[list[Array]]:
    """Cut arrays of one shape into flat views of at most `BLOCK` elements, side by side."""
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, BLOCK):
        yield [array[start : start + BLOCK] for array in flat]


def _check(params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
    if params.keys() != grads.keys():
        raise ValueError(
            "`grads` must have the keys of `params`, "
            f"these are in one of them only: {sorted(params.keys() ^ grads.keys())}"
        )
    for key, param in params.items():
        if grads[key].shape != param.shape:
            raise ValueError(
                f"`grads[{key!r}]` must have shape {param.shape}, got {grads[key].shape}"
            )
        if not param.flags.c_contiguous:
            raise ValueError(f"`params[{key!r}]` must be C-contiguous to be changed in place")
