"""Stochastic gradient descent: the simplest optimizer, with momentum if wanted."""

from __future__ import annotations

import numpy as np

from convnet.arrays import Array
from convnet.checks import require_fraction, require_non_negative
from convnet.optimizers.base import Decay, Optimizer, decay_weights_only
from convnet.optimizers.schedules import Schedule


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum or Nesterov's momentum.

    ``v ← μ v + g``, then ``p ← p - rate · v``, or with Nesterov ``p ← p - rate · (g + μ v)``.

    Parameters
    ----------
    learning_rate : float or Schedule
    momentum : float
        μ, the share of the velocity that is kept, in [0, 1).
    nesterov : bool
        Look ahead along the velocity; needs momentum.
    weight_decay : float
        Adds ``weight_decay · p`` to the gradient (an L2 penalty).
    decay : callable
        ``decay(key, param)`` says which parameters `weight_decay` is for.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, in
    PyTorch's form, where the learning rate stands outside of the velocity.
    """

    def __init__(
        self,
        learning_rate: float | Schedule,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        decay: Decay = decay_weights_only,
    ) -> None:
        require_fraction("momentum", momentum)
        if nesterov and not momentum:
            raise ValueError(f"`momentum` must be positive with nesterov=True, got {momentum}")
        super().__init__(learning_rate, slots=("velocity",) if momentum else ())
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = require_non_negative("weight_decay", weight_decay)
        self.decay = decay

    def _update(
        self, p: Array, g: Array, slots: list[Array], scratch: Array, rate: float, decay: float
    ) -> None:
        if decay:
            np.multiply(p, decay, out=scratch)
            g = np.add(scratch, g, out=scratch)
        for velocity in slots:
            velocity *= self.momentum
            velocity += g
            if self.nesterov:  # first along g, then along μ v
                _descend(p, g, rate, scratch)
                rate *= self.momentum
            g = velocity
        _descend(p, g, rate, scratch)


def _descend(p: Array, direction: Array, rate: float, scratch: Array) -> None:
    """Take ``rate · direction`` off `p`; `direction` may be the scratch itself."""
    np.multiply(direction, rate, out=scratch)
    p -= scratch
