"""Optimizers whose step size differs from weight to weight: RMSprop, Adam, AdamW."""

from __future__ import annotations

import math

import numpy as np

from convnet.arrays import Array
from convnet.checks import require_fraction, require_non_negative, require_positive
from convnet.optimizers.base import Decay, Optimizer, decay_weights_only
from convnet.optimizers.schedules import Schedule


class RMSprop(Optimizer):
    """Divide the gradient by a running root mean square of its own size.

    ``s ← α s + (1 - α) g²``, then ``p ← p - rate · g / (√s + ε)``.

    Parameters
    ----------
    learning_rate : float or Schedule
    alpha : float
        α, the share of the running mean that is kept, in [0, 1).
    epsilon : float
        ε, added outside of the root.

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: rmsprop", Coursera, 2012.
    """

    def __init__(
        self, learning_rate: float | Schedule = 1e-2, alpha: float = 0.99, epsilon: float = 1e-8
    ) -> None:
        super().__init__(learning_rate, slots=("squares",))
        self.alpha = require_fraction("alpha", alpha)
        self.epsilon = require_positive("epsilon", epsilon)

    def _update(
        self, p: Array, g: Array, slots: list[Array], scratch: Array, rate: float, decay: float
    ) -> None:
        (squares,) = slots
        _accumulate_squares(squares, g, self.alpha, scratch)
        root = math.sqrt(1 - self.alpha)
        _descend_scaled(p, g, squares, rate / root, self.epsilon / root, scratch)


class Adam(Optimizer):
    """Momentum divided by a running root mean square, both corrected for being zero at first.

    ``m ← β₁ m + (1 - β₁) g`` and ``v ← β₂ v + (1 - β₂) g²``, then in step t
    ``p ← p - rate · m̂ / (√v̂ + ε)`` with ``m̂ = m / (1 - β₁ᵗ)`` and ``v̂ = v / (1 - β₂ᵗ)``.

    Parameters
    ----------
    learning_rate : float or Schedule
    beta1, beta2 : float
        β₁ and β₂, the shares of the running means that are kept, in [0, 1).
    epsilon : float
        ε, added outside of the root.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.

    Notes
    -----
    The slots hold the sums ``m / (1 - β₁)`` and ``v / (1 - β₂)``: a sum takes one pass less than a
    mean, and the factors go into the two scalars that the step has anyway.
    """

    def __init__(
        self,
        learning_rate: float | Schedule = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(learning_rate, slots=("gradients", "squares"))
        self.beta1 = require_fraction("beta1", beta1)
        self.beta2 = require_fraction("beta2", beta2)
        self.epsilon = require_positive("epsilon", epsilon)

    def _update(
        self, p: Array, g: Array, slots: list[Array], scratch: Array, rate: float, decay: float
    ) -> None:
        gradients, squares = slots
        gradients *= self.beta1
        gradients += g
        _accumulate_squares(squares, g, self.beta2, scratch)
        mean = (1 - self.beta1) / (1 - self.beta1**self.steps)
        root = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.steps))
        _descend_scaled(p, gradients, squares, rate * mean / root, self.epsilon / root, scratch)


class AdamW(Adam):
    """Adam with decoupled weight decay: ``p ← p - rate · weight_decay · p`` before Adam's step.

    Parameters
    ----------
    learning_rate, beta1, beta2, epsilon
        As for `Adam`.
    weight_decay : float
        The share of a weight that a step at rate 1 would take away.
    decay : callable
        ``decay(key, param)`` says which parameters `weight_decay` is for.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2, in PyTorch's
    form, where the learning rate multiplies the decay.
    """

    def __init__(
        self,
        learning_rate: float | Schedule = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 1e-2,
        decay: Decay = decay_weights_only,
    ) -> None:
        super().__init__(learning_rate, beta1, beta2, epsilon)
        self.weight_decay = require_non_negative("weight_decay", weight_decay)
        self.decay = decay

    def _update(
        self, p: Array, g: Array, slots: list[Array], scratch: Array, rate: float, decay: float
    ) -> None:
        if decay:
            p *= 1 - rate * decay
        super()._update(p, g, slots, scratch, rate, decay)


def _accumulate_squares(squares: Array, g: Array, keep: float, scratch: Array) -> None:
    """Let `squares` become ``keep · squares + g²``."""
    np.multiply(g, g, out=scratch)
    squares *= keep
    squares += scratch


def _descend_scaled(
    p: Array, direction: Array, squares: Array, rate: float, epsilon: float, scratch: Array
) -> None:
    """Take ``rate · direction / (√squares + epsilon)`` off `p`."""
    np.sqrt(squares, out=scratch)
    scratch += epsilon
    np.divide(direction, scratch, out=scratch)
    scratch *= rate
    p -= scratch
