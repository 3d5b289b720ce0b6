"""Classes that count more or less than others: for data with many of one and few of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from convnet.arrays import Array
from convnet.checks import require_non_negative
from convnet.training.batches import Labels

Loss = Callable[[Array, Labels], tuple[float, Array]]
BALANCED = "balanced"


@dataclass(frozen=True)
class ClassWeighted:
    """A loss of which each example is multiplied with the weight of its class.

    ``sum_n(weight[class of n] * loss_n) / N``, as Keras' ``class_weight``: any loss that is a mean
    over the examples is the sum of its means over the examples of each class.

    Parameters
    ----------
    loss : callable
        One of `convnet.losses`.
    weights : mapping of int to float
        Of each class; 1 for those that are not in it.
    """

    loss: Loss
    weights: Mapping[int, float]

    def __call__(self, outputs: Array, labels: Labels) -> tuple[float, Array]:
        """Return the mean loss of a batch and its gradient; see the losses."""
        classes = classes_of(labels)
        value, gradient = 0.0, np.empty_like(outputs)
        for number in np.unique(classes).tolist():
            rows = classes == number
            share = self.weights.get(number, 1.0) * np.count_nonzero(rows) / len(classes)
            part, slope = self.loss(outputs[rows], labels[rows])
            value += share * part
            gradient[rows] = slope * outputs.dtype.type(share)
        return value, gradient


def class_weighted(
    loss: Loss, class_weight: Mapping[int, float] | str | None, labels: Labels
) -> ClassWeighted | None:
    """Return `loss` with weights for the classes of `labels`; None without weights.

    ``"balanced"`` gives every class the same say, however many examples it has: N / (K * count),
    as scikit-learn does.

    Raises
    ------
    ValueError
        If the weights are no such mapping, or negative, or labels no classes.
    """
    if class_weight is None:
        return None
    present, counts = np.unique(classes_of(labels), return_counts=True)
    if class_weight == BALANCED:
        weights = len(labels) / (len(present) * counts)
        return ClassWeighted(loss, dict(zip(present.tolist(), weights.tolist(), strict=True)))
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            f"`class_weight` must be a dict of class to weight or {BALANCED!r}, "
            f"got {class_weight!r}"
        )
    for number, weight in class_weight.items():
        require_non_negative(f"class_weight[{number!r}]", weight)
        if number not in present:
            raise ValueError(
                f"`class_weight` must name classes of the labels, {present.tolist()}, "
                f"got {number!r}"
            )
    return ClassWeighted(loss, dict(class_weight))


def classes_of(labels: Labels) -> Labels:
    """Return the class of each example, from class numbers (N,) or rows (N, K)."""
    if labels.ndim not in (1, 2):
        raise ValueError(f"`class_weight` needs labels (N,) or (N, K), got {labels.shape}")
    return labels if labels.ndim == 1 else labels.argmax(axis=1)
