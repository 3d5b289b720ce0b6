"""Metrics: how often a classifier is right, where it errs, and what its confidence is worth.

All functions take plain arrays. Labels are class numbers ``(N,)``; predictions are class numbers
too, or scores ``(N, K)`` whose largest is the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from convnet.checks import require_positive_int

Array = npt.NDArray[Any]


def accuracy(predictions: Array, labels: Array) -> float:
    """Return the share of right answers.

    Parameters
    ----------
    predictions : ndarray, shape (N,) of int or (N, K)
    labels : ndarray of int, shape (N,)

    Returns
    -------
    float
        In 0..1.

    Raises
    ------
    ValueError
        If there are no labels, or not one prediction for each.
    """
    return float((_answers(predictions, labels) == labels).mean())


def confusion_matrix(predictions: Array, labels: Array, classes: int) -> Array:
    """Count how often each class was answered for each class.

    Parameters
    ----------
    predictions : ndarray, shape (N,) of int or (N, K)
    labels : ndarray of int, shape (N,)
    classes : int
        The number of classes, K.

    Returns
    -------
    ndarray of int, shape (K, K)
        The row is the label, the column the answer.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a class number is not in 0 … K - 1.
    """
    answers = _answers(predictions, labels)
    for name, numbers in (("predictions", answers), ("labels", labels)):
        if numbers.min() < 0 or numbers.max() >= classes:
            raise ValueError(
                f"`{name}` must be in 0..{classes - 1}, "
                f"got numbers from {numbers.min()} to {numbers.max()}"
            )
    pairs = labels.astype(np.intp) * classes + answers
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def precision_recall(matrix: Array) -> tuple[Array, Array]:
    """Return how far each class's answers can be trusted, and how much of each class is found.

    Parameters
    ----------
    matrix : ndarray of int, shape (K, K)
        From `confusion_matrix`.

    Returns
    -------
    precision : ndarray, shape (K,)
        Of the answers k, the share that were k; NaN if k was never answered.
    recall : ndarray, shape (K,)
        Of the labels k, the share that were answered k; NaN if no label was k.
    """
    right = np.diag(matrix)
    precision, recall = (
        np.divide(right, total, out=np.full(len(right), np.nan), where=total > 0)
        for total in (matrix.sum(axis=0), matrix.sum(axis=1))
    )
    return precision, recall


def format_confusion_matrix(matrix: Array, classes: Sequence[object] | None = None) -> str:
    """Write a confusion matrix as text, with the recall and precision of each class.

    Zeros off the diagonal are dots, so that the errors stand out.

    Parameters
    ----------
    matrix : ndarray of int, shape (K, K)
        From `confusion_matrix`.
    classes : sequence, optional
        What the K classes are called; their numbers, if it is None.
    """
    names = [str(name) for name in (range(len(matrix)) if classes is None else classes)]
    precision, recall = precision_recall(matrix)
    width = max(len(str(matrix.max())), *map(len, names)) + 1
    header = "".join(f"{name:>{width}}" for name in names)
    margin = max(5, *map(len, names))
    lines = [f"{'label':<{margin}} │{header} │ recall"]
    lines.append("─" * margin + "─┼" + "─" * len(header) + "─┼───────")
    for k, row in enumerate(matrix):
        counts = "".join(
            f"{count if count or k == column else '·':>{width}}" for column, count in enumerate(row)
        )
        lines.append(f"{names[k]:>{margin}} │{counts} │ {_percent(recall[k])}")
    lines.append("precision of each answer, %: " + "  ".join(map(_percent, precision)))
    return "\n".join(lines)


class Reliability(NamedTuple):
    """Answers in bins of like confidence, from `reliability_curve`; one entry for each bin.

    Attributes
    ----------
    confidence : ndarray
        The mean confidence.
    accuracy : ndarray
        The share of right answers: equal to the confidence if it is calibrated.
    size : ndarray of int
        How many answers.
    """

    confidence: Array
    accuracy: Array
    size: Array


def reliability_curve(
    probabilities: Array, labels: Array, bins: int = 15, *, equal_mass: bool = False
) -> Reliability:
    """Compare how sure the answers are with how often they are right.

    Parameters
    ----------
    probabilities : ndarray, shape (N, K)
    labels : ndarray of int, shape (N,)
    bins : int
    equal_mass : bool
        False: bins of equal width in confidence, ``(0, 1/bins], (1/bins, 2/bins] …``, of which
        the empty ones are left out. True: bins of equally many answers, so that there are many
        bins near confidence 1, where most answers of a good classifier are.

    Returns
    -------
    Reliability

    Raises
    ------
    ValueError
        If the shapes do not fit or `bins` is not positive.
    """
    require_positive_int("bins", bins)
    if probabilities.ndim != 2:
        raise ValueError(f"`probabilities` must have shape (N, K), got {probabilities.shape}")
    right = _answers(probabilities, labels) == labels
    confidence = probabilities.max(axis=1).astype(np.float64)
    if equal_mass:
        rank = np.argsort(np.argsort(confidence, kind="stable"), kind="stable")
        bin_of = rank * min(bins, len(rank)) // len(rank)
    else:
        bin_of = np.clip(np.ceil(confidence * bins).astype(np.intp) - 1, 0, bins - 1)
    count = np.bincount(bin_of)
    used = np.flatnonzero(count)
    sums = (np.bincount(bin_of, weights)[used] for weights in (confidence, right))
    confidence, rate = (total / count[used] for total in sums)
    return Reliability(confidence, rate, count[used])


def expected_calibration_error(
    probabilities: Array, labels: Array, bins: int = 15, *, equal_mass: bool = False
) -> float:
    """Return the mean gap between confidence and accuracy, over the bins of `reliability_curve`.

    Parameters
    ----------
    probabilities, labels, bins, equal_mass
        As for `reliability_curve`.

    Returns
    -------
    float
        In 0..1; 0 for a classifier that is right as often as it says.

    References
    ----------
    Guo et al., "On calibration of modern neural networks", 2017, eq. 3; with equally filled bins,
    Nixon et al., "Measuring calibration in deep learning", 2019.
    """
    confidence, rate, size = reliability_curve(probabilities, labels, bins, equal_mass=equal_mass)
    return float(np.average(np.abs(confidence - rate), weights=size))


class ROC(NamedTuple):
    """What each threshold lets pass, from `roc_curve`; thresholds fall, rates rise.

    Attributes
    ----------
    threshold : ndarray
        A score passes if it is at least this.
    true_positive_rate : ndarray
        The share of what should pass that passes.
    false_positive_rate : ndarray
        The share of what should be rejected that passes.
    """

    threshold: Array
    true_positive_rate: Array
    false_positive_rate: Array


def roc_curve(accept: Array, reject: Array) -> ROC:
    """Return the rates of every threshold that could be set on a score.

    Parameters
    ----------
    accept : ndarray, shape (N,)
        Scores of what should pass: digits.
    reject : ndarray, shape (M,)
        Scores of what should be rejected: everything else. Lower, if the score is any good.

    Returns
    -------
    ROC
        From infinity, where nothing passes, down to the lowest score, where everything does.

    Raises
    ------
    ValueError
        If one of them is empty or holds NaN.
    """
    _require_scores("accept", accept)
    _require_scores("reject", reject)
    threshold = np.append(np.inf, np.unique(np.concatenate([accept, reject]))[::-1])
    passing = (
        1 - np.searchsorted(np.sort(scores), threshold, side="left") / len(scores)
        for scores in (accept, reject)
    )
    return ROC(threshold, *passing)


def _answers(predictions: Array, labels: Array) -> Array:
    """Check the shapes, and reduce scores to class numbers."""
    if labels.ndim != 1 or not labels.size:
        raise ValueError(f"`labels` must have shape (N,) with N > 0, got {labels.shape}")
    if predictions.ndim not in (1, 2) or len(predictions) != len(labels):
        raise ValueError(
            f"`predictions` must have shape ({len(labels)},) or ({len(labels)}, K), "
            f"got {predictions.shape}"
        )
    return predictions.argmax(axis=1) if predictions.ndim == 2 else predictions


def _require_scores(name: str, scores: Array) -> None:
    if scores.ndim != 1 or not scores.size or np.isnan(scores).any():
        raise ValueError(f"`{name}` must be numbers of shape (N,) with N > 0, got {scores!r}")


def _percent(share: float) -> str:
    return "     –" if np.isnan(share) else f"{100 * share:6.2f}"
