"""Whether weights have changed since they were copied: asked before every prediction.

To compare all of them takes a fifth of the time of a prediction for one image, so they are compared
only if they may have changed. An array changes through the dict of its layer (`Layer.params`,
`Layer.state`), which notes that it was handed out, or through something that has held the array
since before, which Python counts as a reference. Where neither is so, nothing can have changed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from convnet.layers import Layer, chain

# Not every Python counts references; where it does not, weights are compared each time.
_references = getattr(sys, "getrefcount", None)
_handed_out = attrgetter("handed_out")


class Watch:
    """Copies of all weights of some layers, and whether they are still the same.

    Parameters
    ----------
    layers : sequence of Layer
        Built.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._listed = list(layers)
        self._layers = [layer for _, layer in chain.walk(layers) if not layer.branches]
        self._stale = False
        self._observe()
        self._copies = [array.copy() for array in self._arrays()]

    def changed(self, layers: Sequence[Layer]) -> bool:
        """Return whether these are other layers than before, or a weight is another one."""
        if self._stale or layers != self._listed:
            return True
        if not any(map(_handed_out, self._layers)) and self._nobody_holds_them():
            return False
        self._observe()
        if not self._nobody_holds_them():  # who does may write after they were compared
            for layer in self._layers:
                layer.handed_out = True
        arrays = self._arrays()
        same = len(arrays) == len(self._copies) and all(map(np.array_equal, arrays, self._copies))
        self._stale = not same
        return self._stale

    def _observe(self) -> None:
        """Note where the arrays are now. What is handed out from here on is noted again."""
        for layer in self._layers:
            layer.handed_out = False
        self._objects = _dicts_and_arrays(self._layers)
        self._dicts = 2 * len(self._layers)
        arrays = self._arrays()
        self._alone = [_DICT] * self._dicts + [_ARRAY] * len(arrays)
        # What lies in memory that something else owns may be changed by that.
        self._owned = all(array.flags.owndata for array in arrays)

    def _arrays(self) -> list[Any]:
        return self._objects[self._dicts :]

    def _nobody_holds_them(self) -> bool:
        if _references is None or not self._owned:
            return False
        return list(map(_references, self._objects)) == self._alone


def _dicts_and_arrays(layers: Sequence[Layer]) -> list[Any]:
    dicts = [group for layer in layers for group in layer.array_dicts]
    return [*dicts, *(array for group in dicts for array in group.values())]


def _references_when_alone() -> tuple[int, int]:
    """Count those of a dict and an array that only a layer and a list know."""
    if _references is None:
        return 0, 0
    layer = Layer()
    layer.params = {"w": np.zeros(1)}
    objects = _dicts_and_arrays([layer])
    counts = list(map(_references, objects))
    return counts[0], counts[-1]


_DICT, _ARRAY = _references_when_alone()
