"""Optimizers: how a gradient moves the weights.

``optimizer.step(params, grads)`` takes two dicts of the same keys and changes the parameters in
place. What an optimizer remembers of earlier steps is kept per key in its `slots`.

The definitions are those of PyTorch: its `SGD`, `RMSprop`, `Adam` and `AdamW` give the same weights
up to rounding.
"""

from convnet.optimizers.adaptive import Adam, AdamW, RMSprop
from convnet.optimizers.base import Optimizer, decay_weights_only
from convnet.optimizers.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "decay_weights_only"]
