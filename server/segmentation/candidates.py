"""What lies between any two seams of a line, and the way through it whose digits are likeliest.

The seams are the nodes of a graph, and what lies between two of them, taken for a digit, is an
edge. Its cost is minus the logarithm of the probability that the network gives to the digit; "none
of these" takes part, so that two digits at once or a half are dear (`convnet.open_set`). To this
come small costs for what a cut destroys. The cheapest way is found by dynamic programming.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.images.types import Ink, Mask
from server.preprocessing.connected_components import Indices
from server.preprocessing.mnist_form import INK_THRESHOLD, normalize
from server.segmentation.seams import LEAST_STROKE, Seams
from server.segmentation.text_lines import Box, Line

Scores = NDArray[np.float64]

# A gap crosses less of a stroke than this.
GAP_STROKES = 0.05

# What a digit may be, in parts of the height of the line: no wider, ...
WIDEST = 1.1

# ... no lower, with no less ink than a stroke of this length, ...
_LOWEST = 0.4
_LEAST_STROKE = 0.25

# ... and, unless it stands alone, of no more pieces, between cuts that cross no more strokes.
_MOST_PIECES = 4
_MOST_STROKES = 5.0

# Costs in nats: of what is certainly no digit, of a stroke that is cut, of a gap inside of a digit
# as wide as the line is high, and of being wider than that by as much.
_NO_DIGIT = 12.0
_CUT = 0.1
_GAP = 10.0
_WIDE = 2.0

# What is small and alone is a dot or a dash, for this and more the more ink it has.
_SPECK = 2.0
_SPECK_INK = 30.0

# The network's scores are divided by this. It was trained on whole digits, and so is much surer of
# one that is badly cut than it is often right.
_TEMPERATURE = 3.0


@dataclass(frozen=True)
class Candidate:
    """What lies between two seams of a line: it may be a digit.

    Attributes
    ----------
    first, last : int
        The seams on its left and on its right.
    box : (x, y, width, height)
        In pixels of the line.
    input : ndarray of float32, shape (28, 28)
    cost : float
        Of all but the reading.
    speck_cost : float
        Of passing over it, as a speck.
    """

    first: int
    last: int
    box: Box
    input: Ink
    cost: float
    speck_cost: float


def find_pairs(line: Line, seams: Seams) -> tuple[Indices, Indices, Mask]:
    """Find the pairs of seams that may have a digit between them.

    Returns
    -------
    first, last : ndarray of int, shape (N,)
        The seam on the left, by which they are sorted, and the one on the right.
    alone : ndarray of bool, shape (N,)
        Whether both are gaps, and there is none between.
    """
    height = line.height
    ink = seams.ink_left.sum(axis=1)
    start, stop = _reaches(line, seams)
    first, last = np.triu_indices(len(seams), 1)
    is_gap = seams.strokes < GAP_STROKES
    gaps = np.cumsum(is_gap)
    alone = is_gap[first] & is_gap[last] & (gaps[last] == gaps[first] + 1)
    strokes = seams.strokes[first] + seams.strokes[last]
    near = stop[last] - start[first] <= WIDEST * height
    likely = near & (strokes <= _MOST_STROKES) & (gaps[last] - gaps[first] <= _MOST_PIECES)
    likely &= ink[last] - ink[first] >= _least_ink(seams)
    chosen = alone | likely
    return first[chosen], last[chosen], alone[chosen]


def _least_ink(seams: Seams) -> float:
    """How much ink a digit has at least."""
    return _LEAST_STROKE / LEAST_STROKE * seams.least_ink


def _reaches(line: Line, seams: Seams) -> tuple[Indices, Indices]:
    """Where ink begins that is right of each seam, and where ink ends that is left of it; (S,)."""
    mask, width = line.ink > INK_THRESHOLD, line.ink.shape[1]
    columns = np.arange(width)
    begins = np.minimum.accumulate(np.where(mask, columns, width)[:, ::-1], axis=1)[:, ::-1]
    ends = np.maximum.accumulate(np.where(mask, columns + 1, 0), axis=1)
    rows = np.arange(line.height)
    start = np.pad(begins, ((0, 0), (0, 1)), constant_values=width)[rows, seams.columns]
    stop = np.pad(ends, ((0, 0), (1, 0)))[rows, seams.columns]
    return start.min(axis=1), stop.max(axis=1)


def find_candidates(line: Line, seams: Seams) -> list[Candidate]:
    """Find all that may be a digit, sorted by the seam on the left."""
    pairs = np.stack(find_pairs(line, seams), axis=1).tolist()
    start, stop = (ends.tolist() for ends in _reaches(line, seams))
    found = (
        _candidate(line, seams, (first, last), (start[first], stop[last]), bool(alone))
        for first, last, alone in pairs
    )
    return [candidate for candidate in found if candidate]


def _candidate(
    line: Line, seams: Seams, pair: tuple[int, int], reach: tuple[int, int], alone: bool
) -> Candidate | None:
    """Cut out what lies between two seams, unless it is too large or too small for a digit."""
    first, last = pair
    start = reach[0]
    columns = np.arange(*reach)
    within = (columns >= seams.columns[first][:, np.newaxis]) & (
        columns < seams.columns[last][:, np.newaxis]
    )
    ink = np.where(within, line.ink[:, slice(*reach)], np.float32(0))
    mask = ink > INK_THRESHOLD
    x, y = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if len(x) == 0:
        nothing = np.zeros((28, 28), np.float32)
        return Candidate(first, last, (start, 0, 0, 0), nothing, np.inf, 0.0) if alone else None
    width, height = int(x[-1] + 1 - x[0]), int(y[-1] + 1 - y[0])
    small = height < _LOWEST * line.height or ink.sum() < _least_ink(seams)
    if not alone and (small or width > WIDEST * line.height):
        return None
    gap = (np.diff(x).max(initial=1) - 1) / line.height
    excess = max(0.0, width / line.height - 1)
    return Candidate(
        first,
        last,
        (start + int(x[0]), int(y[0]), width, height),
        normalize(ink),
        np.inf if small else float(_GAP * gap + _WIDE * excess + _CUT * seams.strokes[last]),
        _SPECK + _SPECK_INK * float(ink.sum()) / line.height**2 if small else np.inf,
    )


def reading_costs(scores: Scores) -> Scores:
    """Cost (N,) of taking what has these scores (N, 10) for its likeliest digit."""
    scores = scores / _TEMPERATURE
    best = scores.max(axis=1)
    top = np.maximum(best, 0)
    total = np.log(np.exp(scores - top[:, np.newaxis]).sum(axis=1) + np.exp(-top)) + top
    return np.asarray(np.minimum(total - best, _NO_DIGIT))


def best_way(candidates: list[Candidate], scores: Scores) -> tuple[list[int], list[int]]:
    """Choose the candidates, by index, that make up the line at the least cost.

    Returns
    -------
    digits, specks : list of int
        From left to right.
    """
    costs = reading_costs(scores) + [candidate.cost for candidate in candidates]
    speck_costs = np.array([candidate.speck_cost for candidate in candidates])
    is_speck = speck_costs < costs
    costs = np.minimum(costs, speck_costs)
    seams = 1 + max(candidate.last for candidate in candidates)
    best = [0.0] + [np.inf] * (seams - 1)
    arrived_by = [-1] * seams
    for index, candidate in enumerate(candidates):
        cost = best[candidate.first] + float(costs[index])
        if cost < best[candidate.last]:
            best[candidate.last], arrived_by[candidate.last] = cost, index
    way = []
    seam = seams - 1
    while seam:
        way.append(arrived_by[seam])
        seam = candidates[way[-1]].first
    way.reverse()
    return [i for i in way if not is_speck[i]], [i for i in way if is_speck[i]]
