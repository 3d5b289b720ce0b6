"""From what a network gives each frame of a line to the labels that it reads there.

`best_path` takes the likeliest class of each frame. That is quick, and wrong where the likeliest
labels have many paths that are each less likely than one of other labels. `beam_search` adds up the
paths of the same labels, for the likeliest *prefixes* as far as it has come: each keeps the
probability of its paths that end in a blank apart from that of those that end in its last label,
because the same label again makes a new one only after a blank.

`align` goes the other way: the labels are known, and it says which frames each of them takes.

Source: Graves et al., ICML 2006, section 3.2; Hannun, Maas, Jurafsky, Ng, "First-pass large
vocabulary continuous speech recognition using bi-directional recurrent DNNs" (2014), algorithm 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convnet.arrays import Array
from convnet.ctc.loss import emissions, end_scores, prepare
from convnet.ctc.paths import BLANK, LOG_ZERO

Labels = tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """What a line may read.

    Attributes
    ----------
    labels : tuple of int
    probability : float
        Of all paths of these labels that the search has kept.
    """

    labels: Labels
    probability: float


def best_path(probabilities: Array) -> Labels:
    """Return the labels of the likeliest path.

    Parameters
    ----------
    probabilities : ndarray, shape (T, K)
        Of each frame's classes; class 0 is the blank. Logits will do as well.
    """
    path = probabilities.argmax(axis=1)
    is_new = np.concatenate([[True], path[1:] != path[:-1]])
    return tuple(path[is_new & (path != BLANK)].tolist())


def beam_search(probabilities: Array, width: int = 16, least: float = 1e-4) -> list[Reading]:
    """Return the likeliest labels of a line, the best first, at most `width` of them.

    Parameters
    ----------
    probabilities : ndarray, shape (T, K)
        Of each frame's classes; class 0 is the blank.
    width : int
        How many prefixes are followed from frame to frame.
    least : float
        A class of a frame that is less likely than this is passed over.
    """
    # For each prefix: the probability of its paths that end in a blank, and in its last label.
    beam: dict[Labels, tuple[float, float]] = {(): (1.0, 0.0)}
    for frame in probabilities.astype(np.float64):
        likely = np.flatnonzero(frame[1:] >= least) + 1
        if not len(likely):  # most frames are surely blank: every prefix stays as it is
            blank = float(frame[BLANK])
            beam = {labels: (sum(ends) * blank, 0.0) for labels, ends in beam.items()}
            continue
        grown = _grow(beam, frame[BLANK], [(int(k), float(frame[k])) for k in likely])
        kept = sorted(grown.items(), key=lambda item: -sum(item[1]))[:width]
        beam = dict(kept)
    return [Reading(labels, blank + label) for labels, (blank, label) in beam.items()]


def _grow(
    beam: dict[Labels, tuple[float, float]], blank: float, likely: list[tuple[int, float]]
) -> dict[Labels, tuple[float, float]]:
    """Return the prefixes after one more frame, with the probabilities of their paths."""
    grown: dict[Labels, tuple[float, float]] = {}

    def add(labels: Labels, ends_blank: float, ends_label: float) -> None:
        if not ends_blank + ends_label:
            return
        before = grown.get(labels, (0.0, 0.0))
        grown[labels] = (before[0] + ends_blank, before[1] + ends_label)

    for labels, (ends_blank, ends_label) in beam.items():
        either = ends_blank + ends_label
        add(labels, either * blank, 0.0)
        for k, probability in likely:
            if labels and labels[-1] == k:
                add(labels, 0.0, ends_label * probability)
                add((*labels, k), 0.0, ends_blank * probability)
            else:
                add((*labels, k), 0.0, either * probability)
    return grown


def align(logits: Array, labels: Labels) -> list[range]:
    """Return the frames that each label of a line takes on its likeliest path.

    Parameters
    ----------
    logits : ndarray of float, shape (T, K)
    labels : sequence of int
        What the line reads, in 1 … K - 1.

    Returns
    -------
    list of range
        One for each label, in order; none is empty, and no two overlap.

    Raises
    ------
    ValueError
        If a label does not fit, or there are more of them than frames.
    """
    log_y, states = prepare(logits[None], np.array([labels], dtype=np.intp).reshape(1, -1))
    seen, skips = emissions(log_y, states)[:, 0], states.skips[0]
    came_by = np.zeros(seen.shape, np.intp)
    score = np.full(seen.shape[1], LOG_ZERO)
    score[:2] = seen[0, :2]
    for t in range(1, len(seen)):
        ways = np.full((3, len(score)), LOG_ZERO)
        ways[0], ways[1, 1:], ways[2, 2:] = score, score[:-1], score[:-2] + skips[2:]
        came_by[t] = ways.argmax(axis=0)
        score = seen[t] + ways.max(axis=0)
    state = int((score + end_scores(states)[0]).argmax())
    frames: dict[int, list[int]] = {}
    for t in range(len(seen) - 1, -1, -1):
        frames.setdefault(state, []).append(t)
        state -= int(came_by[t, state])
    return [range(frames[s][-1], frames[s][0] + 1) for s in range(1, seen.shape[1], 2)]
