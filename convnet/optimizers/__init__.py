"""Optimizers: how a gradient moves the weights.

``optimizer.step(params, grads)`` takes two dicts of the same keys and changes the parameters in
place. What an optimizer needs of earlier steps is kept in its `slots`, for each key.

The definitions are those of PyTorch: its `SGD`, `RMSprop`, `Adam` and `AdamW` give the same weights
up to rounding. Learning rates that change are in `convnet/optimizers/schedules.py`.
"""

from convnet.optimizers.adaptive import Adam, AdamW, RMSprop
from convnet.optimizers.base import Optimizer, decay_weights_only
from convnet.optimizers.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "decay_weights_only"]
