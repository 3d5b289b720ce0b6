"""Data-parallel training: worker processes, each of which takes a part of every batch.

One step of a `Team` (`team.py`), which a `Trainer` uses in the network's place:

    weights, images ──► every worker: forward  ──► outputs of the whole batch ──► loss
    gradients, summed ◄── every worker: backward ◄── dout of the whole batch ◄──────┘

Weights, images, outputs and gradients are in memory that all processes see (`shared_arrays.py`);
what goes through pipes is only who is to do what (`worker.py`).
"""
