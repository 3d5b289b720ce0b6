"""The CTC loss: how unlikely a network holds the labels of a line, wherever they stand in it.

The probability of a path is the product of what the network gives its classes, frame by frame; that
of the labels is the sum over all of their paths,

    p(labels) = Σ_paths Π_t y_t[path_t]        loss = -log p(labels)

There are far too many paths to list. But how a path goes on does not depend on how it came to its
state, so the sum is done frame by frame, as in hidden Markov models:

    α_t(s) = y_t[class of s] · (α_{t-1}(s) + α_{t-1}(s-1) + α_{t-1}(s-2))

(the last term only where a skip is allowed) adds up all beginnings of paths that are in state s at
frame t. β_t(s), by the same rule from the other side, adds up all that can follow. Their product is
the part of p(labels) that goes through s at t. Divided by p(labels) it is the *posterior* γ_t(s):
how likely frame t belongs to state s.

Gradient
    log p depends on y_t[k] through the states of class k: ∂log p / ∂log y_t[k] = Σ_{s of k} γ_t(s).
    With y = softmax(z) this becomes

    dz_t[k] = y_t[k] - Σ_{s of class k} γ_t(s)

    as in the cross-entropy, with the posterior in place of a label: what the network believes about
    the places of the labels now is what it learns from.

All of it is computed with logarithms and in float64: the numbers are products of T factors.

Source: Graves et al., ICML 2006, equations 5 to 8 and 14 to 16.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convnet.arrays import Array
from convnet.ctc.paths import LOG_ZERO, ClassNumbers, States, states_of
from convnet.losses import log_softmax


@dataclass(frozen=True)
class CTC:
    """Connectionist temporal classification: ``-mean_n(log p(labels_n))``, from logits.

    It is called as any loss of `convnet.losses`, on lines in place of single answers.
    """

    def __call__(self, logits: Array, labels: ClassNumbers) -> tuple[float, Array]:
        """Return the mean loss of a batch and its gradient.

        Parameters
        ----------
        logits : ndarray of float, shape (N, T, K)
            For each of T frames, from left to right, the scores of K classes; class 0 is the blank.
        labels : ndarray of int, shape (N, L)
            What each line reads, in 1 … K - 1; shorter ones are filled up with -1.

        Returns
        -------
        float
            In nats per line.
        ndarray, shape (N, T, K)
            The gradient with respect to the logits.

        Raises
        ------
        ValueError
            If a shape or a label does not fit, or a line has more labels than frames for them.
        """
        log_y, states = prepare(logits, labels)
        alpha, beta, log_p = _sums(log_y, states)
        posterior = np.exp(alpha + beta - log_p[:, None])
        gradient = np.exp(log_y)
        rows = np.arange(len(logits))
        for state in range(posterior.shape[2]):
            gradient[:, rows, states.classes[:, state]] -= posterior[:, :, state]
        gradient = gradient.transpose(1, 0, 2) / len(logits)
        return float(-log_p.mean()), gradient.astype(logits.dtype)


def prepare(logits: Array, labels: ClassNumbers) -> tuple[Array, States]:
    """Return log softmax(logits) in float64, frames first (T, N, K), and the states of the labels.

    Raises
    ------
    ValueError
        As `CTC`.
    """
    if logits.ndim != 3 or not logits.size or logits.dtype.kind != "f":
        raise ValueError(
            "`logits` must be floats of shape (N, T, K), "
            f"got {logits.dtype} of shape {logits.shape}"
        )
    count, frames, classes = logits.shape
    if labels.shape[:1] != (count,):
        raise ValueError(f"`labels` must have shape ({count}, L), got {labels.shape}")
    rows = logits.transpose(1, 0, 2).astype(np.float64).reshape(-1, classes)
    return log_softmax(rows).reshape(frames, count, classes), states_of(labels, classes, frames)


def emissions(log_y: Array, states: States) -> Array:
    """Return log y_t[class of s], (T, N, S)."""
    return np.take_along_axis(log_y, states.classes[None], axis=2)


def _sums(log_y: Array, states: States) -> tuple[Array, Array, Array]:
    """Return the logarithms of α and β, (T, N, S), and of p(labels), (N,)."""
    seen = emissions(log_y, states)
    alpha, beta = np.full(seen.shape, LOG_ZERO), np.full(seen.shape, LOG_ZERO)
    alpha[0, :, :2] = seen[0, :, :2]
    for t in range(1, len(seen)):
        alpha[t] = seen[t] + _log_sum(alpha[t - 1], *_from_before(alpha[t - 1], states.skips))
    beta[-1] = end_scores(states)
    for t in range(len(seen) - 2, -1, -1):
        following = beta[t + 1] + seen[t + 1]
        beta[t] = _log_sum(following, *_from_behind(following, states.skips))
    ends = alpha[-1] + beta[-1]
    largest = ends.max(axis=1)
    return alpha, beta, np.log(np.exp(ends - largest[:, None]).sum(axis=1)) + largest


def end_scores(states: States) -> Array:
    """Return 0 for the states that a path may end in, the last label and the last blank."""
    distance = states.last[:, None] - np.arange(states.classes.shape[1])
    return np.where((distance == 0) | (distance == 1), 0.0, LOG_ZERO)


def _from_before(alpha: Array, skips: Array) -> tuple[Array, Array]:
    """Return what comes to each state from the one before it, and from two before it."""
    return _shifted(alpha, 1), _shifted(alpha, 2) + skips


def _from_behind(following: Array, skips: Array) -> tuple[Array, Array]:
    """Return what each state can go on to: the next one, and the one after it."""
    flipped, skips = following[:, ::-1], (following + skips)[:, ::-1]
    return _shifted(flipped, 1)[:, ::-1], _shifted(skips, 2)[:, ::-1]


def _shifted(scores: Array, by: int) -> Array:
    """Move scores (N, S) to later states."""
    moved = np.full(scores.shape, LOG_ZERO)
    moved[:, by:] = scores[:, : scores.shape[1] - by]
    return moved


def _log_sum(a: Array, b: Array, c: Array) -> Array:
    """Return log(e^a + e^b + e^c): no exponential exceeds 1."""
    largest = np.maximum(np.maximum(a, b), c)
    total = np.exp(a - largest) + np.exp(b - largest) + np.exp(c - largest)
    return np.asarray(np.log(total) + largest)
