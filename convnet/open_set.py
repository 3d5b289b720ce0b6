"""Train a network to recognise what belongs to none of its classes (open-set recognition).

A softmax gives all of its probability to the classes, so a letter or a scribble is read as some
digit, often with confidence. Here one more class, "none of these", takes part in training. Its
logit is not learnt but fixed at 0, so the other logits are learnt relative to it:

    p(k | x) = exp(z_k) / (1 + Σ_j exp(z_j))          p(none | x) = 1 / (1 + Σ_j exp(z_j))

The network needs no output for it: log Σ_j exp(z_j), the *energy score*, is the log-odds of
"some digit" against "none". A threshold on the score decides what is called a digit.

Source: Liu et al., "Energy-based out-of-distribution detection", NeurIPS 2020 (the score);
Hendrycks et al., "Deep anomaly detection with outlier exposure", ICLR 2019 (training with
examples of what is none); the fixed logit is the reference class of multinomial regression
(Bishop, *Pattern Recognition and Machine Learning*, 2006, section 4.3.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convnet.arrays import Array
from convnet.checks import require_non_negative
from convnet.losses import log_softmax

NONE = -1


def energy(logits: Array) -> Array:
    """Return log Σ_j exp(z_j) of each row of logits (N, K), as an array (N,): high for a digit."""
    largest = logits.max(axis=1)
    return np.asarray(np.log(np.exp(logits - largest[:, None]).sum(axis=1)) + largest)


@dataclass(frozen=True)
class OpenSetCrossEntropy:
    """Cross-entropy over the K classes and "none of these", whose logit is 0.

    Parameters
    ----------
    flatness : float
        Weight of a second loss on examples of none: the cross-entropy between a uniform
        distribution and the softmax over the K classes. It makes that softmax uncertain, too.
    """

    flatness: float = 0.2

    def __post_init__(self) -> None:
        require_non_negative("flatness", self.flatness)

    def __call__(self, logits: Array, labels: Array) -> tuple[float, Array]:
        """Return the mean loss of a batch and its gradient.

        Parameters
        ----------
        logits : ndarray of float, shape (N, K)
        labels : ndarray of int, shape (N,)
            Class numbers, or -1 for none.

        Returns
        -------
        float
            In nats per example.
        ndarray, shape (N, K)
            The gradient with respect to the logits.

        Raises
        ------
        ValueError
            If the shapes differ or a label is not in -1..K-1.
        """
        count, classes = logits.shape
        if labels.shape != (count,):
            raise ValueError(f"`labels` must have shape ({count},), got {labels.shape}")
        if labels.min() < NONE or labels.max() >= classes:
            raise ValueError(
                f"`labels` must be in -1..{classes - 1}, got {labels.min()}..{labels.max()}"
            )
        rows, none = np.flatnonzero(labels != NONE), labels == NONE
        with_none = np.concatenate([logits, np.zeros((count, 1), logits.dtype)], axis=1)
        log_all = log_softmax(with_none)
        log_classes = log_softmax(logits[none])
        value = -log_all[rows, labels[rows]].sum() - log_all[none, classes].sum()
        value -= self.flatness * log_classes.mean(axis=1).sum()

        gradient = np.exp(log_all[:, :classes])
        gradient[rows, labels[rows]] -= 1
        gradient[none] += logits.dtype.type(self.flatness) * (
            np.exp(log_classes) - logits.dtype.type(1 / classes)
        )
        return float(value) / count, gradient / count
