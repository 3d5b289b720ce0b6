"""Losses: one number that says how wrong a batch is, and its gradient.

``loss(predictions, labels) -> (value, gradient)``, with the gradient in the shape and dtype of the
predictions. A loss is a mean, and the mean's 1/N is part of its gradient: no layer and no optimizer
divides by the batch size again.

Labels are class numbers, shape ``(N,)``, or targets of the shape of the predictions: one-hot rows,
or soft ones. Section 3 of docs/how-it-works.md derives the gradients; what happens to them next is
in `convnet/network.py`, `Sequential.backward`. Only `PixelCrossEntropy` is for outputs with more
axes than these: a class for every place of a picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convnet.arrays import Array
from convnet.checks import require_fraction
from convnet.layers.activations import sigmoid

Loss = Callable[[Array, Array], tuple[float, Array]]


def one_hot(labels: Array, classes: int, dtype: npt.DTypeLike = np.float32) -> Array:
    """Turn class numbers into rows that are 1 at the class and 0 elsewhere.

    Parameters
    ----------
    labels : ndarray of int, shape (N,)
    classes : int
        The number of classes, K.
    dtype : dtype
        Of the result.

    Returns
    -------
    ndarray, shape (N, K)

    Raises
    ------
    ValueError
        If the labels are not one axis of integers in 0 … K - 1.
    """
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"`labels` must be integers of shape (N,), got {labels.dtype} of shape {labels.shape}"
        )
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        at = int(outside.argmax())
        raise ValueError(f"`labels` must be in 0..{classes - 1}, got {labels[at]} at index {at}")
    rows = np.zeros((labels.size, classes), dtype)
    rows[np.arange(labels.size), labels] = 1
    return rows


def log_softmax(logits: Array) -> Array:
    """Return the logarithm of the softmax of every row, without overflow.

    Softmax does not change when a constant is taken off a row, so the largest logit is made 0:
    no exponential exceeds 1, and the sum of a row is never below 1.

    Parameters
    ----------
    logits : ndarray, shape (N, K)

    Returns
    -------
    ndarray, shape (N, K)
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return log_probabilities


@dataclass(frozen=True)
class CrossEntropy:
    """Categorical cross-entropy from logits: ``-mean_n(sum_k t[n, k] * log softmax(z)[n, k])``.

    Softmax and logarithm are taken together: that is exact for any logits, and the gradient
    becomes ``(softmax(z) - t) / N`` (Bishop, "Pattern Recognition and Machine Learning", 2006,
    eq. 4.109). A network that trains with it ends in its logits, without a Softmax layer.

    Parameters
    ----------
    label_smoothing : float
        The share s of each target that is spread evenly over the K classes, in [0, 1):
        ``t * (1 - s) + s / K`` (Szegedy et al., "Rethinking the Inception architecture", 2016).
    """

    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        require_fraction("label_smoothing", self.label_smoothing)

    def __call__(self, logits: Array, labels: Array) -> tuple[float, Array]:
        """Return the mean loss of a batch and its gradient.

        Parameters
        ----------
        logits : ndarray of float, shape (N, K)
        labels : ndarray
            Class numbers (N,), or rows (N, K) of non-negative weights that add up to 1.

        Returns
        -------
        float
            In nats per example.
        ndarray, shape (N, K)
            The gradient with respect to the logits.

        Raises
        ------
        ValueError
            If a shape, a class number or a row does not fit.
        """
        targets = _targets(logits, labels)
        if not (targets.min() >= 0 and np.abs(targets.sum(axis=1) - 1).max() < 1e-3):
            raise ValueError("`labels` must be rows of non-negative numbers that add up to 1")
        if self.label_smoothing:
            classes = logits.shape[1]
            targets = targets * (1 - self.label_smoothing) + self.label_smoothing / classes
        log_probabilities = log_softmax(logits)
        value = float(np.vdot(targets, log_probabilities)) / -len(logits)
        gradient = (np.exp(log_probabilities) - targets) / len(logits)
        return value, gradient


@dataclass(frozen=True)
class PixelCrossEntropy:
    """Cross-entropy from logits of every place of a picture, the mean over all that are labelled.

    ``-sum_p(a[t[p]] * log softmax(z[p])[t[p]]) / sum_p(a[t[p]])`` over the places p, a weight a[k]
    for each class: with it a class of few pixels counts as much as one of many (Long, Shelhamer,
    Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015).

    Parameters
    ----------
    weights : tuple of float, optional
        One for each class, positive; by default 1 each.
    """

    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.weights is not None and not all(0 < w < np.inf for w in self.weights):
            raise ValueError(f"`weights` must be positive numbers, got {self.weights}")

    def __call__(self, logits: Array, labels: Array) -> tuple[float, Array]:
        """Return the mean loss of a batch and its gradient.

        Parameters
        ----------
        logits : ndarray of float, shape (N, ..., K)
        labels : ndarray of int, shape (N, ...)
            Class numbers; places with -1 do not count.

        Returns
        -------
        float
            In nats per place, 0 if none is labelled.
        ndarray, shape (N, ..., K)
            The gradient with respect to the logits.

        Raises
        ------
        ValueError
            If the shapes differ, a label is not in -1..K-1, or there are not K weights.
        """
        classes = logits.shape[-1]
        if labels.shape != logits.shape[:-1] or labels.dtype.kind not in "iu":
            raise ValueError(
                f"`labels` must be integers of shape {logits.shape[:-1]}, "
                f"got {labels.dtype} of shape {labels.shape}"
            )
        if labels.size and (labels.min() < -1 or labels.max() >= classes):
            raise ValueError(
                f"`labels` must be in -1..{classes - 1}, got {labels.min()}..{labels.max()}"
            )
        places = np.flatnonzero(labels.ravel() >= 0)
        gradient = np.zeros((labels.size, classes), logits.dtype)
        if len(places):
            value, gradient[places] = self._of_rows(
                logits.reshape(-1, classes)[places], labels.ravel()[places]
            )
        else:
            value = 0.0
        return value, gradient.reshape(logits.shape)

    def _of_rows(self, logits: Array, labels: Array) -> tuple[float, Array]:
        weights = np.ones(logits.shape[1]) if self.weights is None else np.array(self.weights)
        if weights.shape != logits.shape[1:]:
            raise ValueError(f"{len(weights)} weights for {logits.shape[1]} classes")
        of_rows = weights[labels].astype(logits.dtype)
        of_rows /= of_rows.sum()
        log_probabilities = log_softmax(logits)
        rows = np.arange(len(labels))
        value = -float(np.dot(of_rows, log_probabilities[rows, labels]))
        gradient = np.exp(log_probabilities)
        gradient[rows, labels] -= 1
        return value, gradient * of_rows[:, None]


@dataclass(frozen=True)
class BinaryCrossEntropy:
    """Binary cross-entropy of K independent yes-or-no outputs, the mean of all N × K of them.

    ``-(t * log(p) + (1 - t) * log(1 - p))`` (Bishop 2006, eq. 4.90), with two guards against
    infinity taken from PyTorch's ``BCELoss``: a logarithm is never below -100, and ``p (1 - p)`` in
    the gradient never below 1e-12.

    Parameters
    ----------
    from_logits : bool
        False: predictions are probabilities, after a Sigmoid layer. True: they are the logits
        before it, which needs no guard, as sigmoid and logarithm cancel.
    """

    from_logits: bool = False

    def __call__(self, predictions: Array, labels: Array) -> tuple[float, Array]:
        """Return the mean loss of a batch and its gradient.

        Parameters
        ----------
        predictions : ndarray of float, shape (N, K)
        labels : ndarray
            Targets in 0..1 of shape (N, K), or integers (N,): class numbers if K > 1, and the
            target 0 or 1 itself if K = 1.

        Returns
        -------
        float
            In nats per output.
        ndarray, shape (N, K)
            The gradient with respect to the predictions.

        Raises
        ------
        ValueError
            If a shape does not fit, a target is outside 0..1, or a probability is.
        """
        targets = _targets(predictions, labels)
        _require_unit_interval("labels", targets)
        if self.from_logits:
            losses, slope = _from_logits(predictions, targets)
        else:
            _require_unit_interval("predictions", predictions)
            losses, slope = _from_probabilities(predictions, targets)
        return float(losses.mean()), slope / predictions.size


def _from_logits(z: Array, t: Array) -> tuple[Array, Array]:
    """Return max(z, 0) - z t + log(1 + e^-|z|) and sigmoid(z) - t: no exponential exceeds 1."""
    return np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z))), sigmoid(z) - t


def _from_probabilities(p: Array, t: Array) -> tuple[Array, Array]:
    """Return the losses of probabilities and their slopes (p - t) / (p (1 - p))."""
    with np.errstate(divide="ignore"):  # log(0) is -inf, and then -100
        log_yes = np.maximum(np.log(p), -100)
        log_no = np.maximum(np.log1p(-p), -100)
    return -(t * log_yes + (1 - t) * log_no), (p - t) / np.maximum(p * (1 - p), 1e-12)


@dataclass(frozen=True)
class MeanSquaredError:
    """Mean squared error: the mean of ``(p - t)**2`` over all N × K outputs."""

    def __call__(self, predictions: Array, labels: Array) -> tuple[float, Array]:
        """Return the mean loss of a batch and its gradient.

        Parameters
        ----------
        predictions : ndarray of float, shape (N, K)
        labels : ndarray
            Targets of shape (N, K), or integers (N,): class numbers, which stand for one-hot rows,
            if K > 1, and the target 0 or 1 itself if K = 1.

        Returns
        -------
        float
            In squared units of the predictions.
        ndarray, shape (N, K)
            The gradient with respect to the predictions.

        Raises
        ------
        ValueError
            If the shapes do not fit.
        """
        difference = predictions - _targets(predictions, labels)
        value = np.square(difference).mean()
        return float(value), difference * (2 / difference.size)


def _targets(predictions: Array, labels: Array) -> Array:
    """Bring labels into the shape and dtype of the predictions."""
    if predictions.ndim != 2 or not predictions.size or predictions.dtype.kind != "f":
        raise ValueError(
            "`predictions` must be floats of shape (N, K), "
            f"got {predictions.dtype} of shape {predictions.shape}"
        )
    labels = np.asarray(labels)
    if labels.shape == predictions.shape:
        return labels.astype(predictions.dtype, copy=False)
    count, outputs = predictions.shape
    if labels.shape != (count,):
        raise ValueError(
            f"`labels` must have shape ({count},) or {predictions.shape}, got {labels.shape}"
        )
    if outputs == 1:  # one output means "is it class 1?"
        return one_hot(labels, 2, predictions.dtype)[:, 1:]
    return one_hot(labels, outputs, predictions.dtype)


def _require_unit_interval(name: str, values: Array) -> None:
    if not (values.min() >= 0 and values.max() <= 1):  # NaN is refused too
        raise ValueError(
            f"`{name}` must be in 0..1, got values from {values.min()} to {values.max()}"
        )
