"""The results of one training pass, by which two libraries are compared."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.benchmarks.peers.blueprint import Array


@dataclass(frozen=True)
class Pass:
    """A pass through a whole network, forwards and backwards.

    Attributes
    ----------
    logits : ndarray, shape (N, 10)
    loss : float
    arrays : dict of str to ndarray
        Gradients by ``layer.key``, and BatchNorm's running statistics.
    """

    logits: Array
    loss: float
    arrays: dict[str, Array]


@dataclass(frozen=True)
class LayerPass:
    """A pass through one layer: its inputs (x, dout) and what it computed.

    Attributes
    ----------
    x, dout, out, dx : ndarray
        (N, H, W, C) or (N, F).
    grads : dict of str to ndarray
        By the layer's parameters.
    """

    x: Array
    dout: Array
    out: Array
    dx: Array
    grads: dict[str, Array]

    @property
    def results(self) -> dict[str, Array]:
        """Everything that the layer computed."""
        return {"out": self.out, "dx": self.dx, **self.grads}
