"""Thinning: pictures of strokes become lines one pixel wide, and those become polylines.

The algorithm is that of T. Y. Zhang and C. Y. Suen, "A fast parallel algorithm for thinning digital
patterns" (1984), applied to a whole batch at once through a table of all 256 neighbourhoods.
"""

from __future__ import annotations

import numpy as np

# Neighbours P2 … P9 of the paper as (row, column) steps, clockwise from above.
_AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))


def _deletable() -> np.ndarray:
    """For both passes: may a pixel with this neighbourhood code go?  bool (2, 256)."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1  # P2 … P9
    p2, p4, p6, p8 = bits[:, 0], bits[:, 2], bits[:, 4], bits[:, 6]
    count = bits.sum(axis=1)
    turns = ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(axis=1)
    fits = (count >= 2) & (count <= 6) & (turns == 1)
    first = fits & (p2 * p4 * p6 == 0) & (p4 * p6 * p8 == 0)
    second = fits & (p2 * p4 * p8 == 0) & (p2 * p6 * p8 == 0)
    return np.stack([first, second])


_DELETABLE = _deletable()


def thin(masks: np.ndarray) -> np.ndarray:
    """Thin strokes to lines.

    Parameters
    ----------
    masks : ndarray of bool, shape (N, H, W)

    Returns
    -------
    ndarray of bool, shape (N, H, W)
    """
    padded = np.pad(masks, ((0, 0), (1, 1), (1, 1))).astype(np.uint8)
    changed = True
    while changed:
        changed = False
        for table in _DELETABLE:
            gone = table[_neighbourhoods(padded)] & (padded[:, 1:-1, 1:-1] > 0)
            padded[:, 1:-1, 1:-1][gone] = 0
            changed = changed or bool(gone.any())
    return padded[:, 1:-1, 1:-1] > 0


def _neighbourhoods(padded: np.ndarray) -> np.ndarray:
    """The eight neighbours of every pixel as one number, uint8 (N, H, W)."""
    height, width = padded.shape[1] - 2, padded.shape[2] - 2
    code = np.zeros((len(padded), height, width), np.uint8)
    for bit, (dy, dx) in enumerate(_AROUND):
        code |= padded[:, 1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] << np.uint8(bit)
    return code


Node = tuple[int, int]
Graph = dict[Node, set[Node]]


def polylines(skeleton: np.ndarray, shortest: int = 4) -> list[np.ndarray]:
    """Follow the lines of a skeleton from end to end and from junction to junction.

    Parameters
    ----------
    skeleton : ndarray of bool, shape (H, W)
    shortest : int
        Side branches of fewer pixels are left out: thinning grows them from uneven edges.

    Returns
    -------
    list of ndarray, shape (N_i, 2)
        Points (x, y) in pixels; the middle of the first pixel is (0.5, 0.5).
    """
    graph = _connect(skeleton)
    paths = _walk(graph)
    kept = [p for p in paths if len(p) > shortest or not _is_spur(p, graph)]
    return [_smooth(np.array(path, float)[:, ::-1] + 0.5) for path in kept]


def _connect(skeleton: np.ndarray) -> Graph:
    """Neighbouring pixels, diagonally only where no straight step leads there."""
    nodes = {(int(y), int(x)) for y, x in zip(*np.nonzero(skeleton), strict=True)}
    graph: Graph = {node: set() for node in nodes}
    for y, x in nodes:
        for dy, dx in _AROUND:
            other = (y + dy, x + dx)
            direct = dy == 0 or dx == 0 or not {(y + dy, x), (y, x + dx)} & nodes
            if other in nodes and direct:
                graph[y, x].add(other)
    return graph


def _walk(graph: Graph) -> list[list[Node]]:
    """Cut the graph into paths whose inner nodes have two neighbours each; closed rings too."""
    ends = [node for node, near in graph.items() if len(near) != 2]
    seen: set[tuple[Node, Node]] = set()
    paths = []
    for start in sorted(ends) + sorted(graph):
        for step in sorted(graph[start]):
            if (start, step) in seen or (len(graph[start]) == 2 and _visited(start, graph, seen)):
                continue
            paths.append(_follow(start, step, graph, seen))
    return paths


def _visited(node: Node, graph: Graph, seen: set[tuple[Node, Node]]) -> bool:
    return any((node, other) in seen or (other, node) in seen for other in graph[node])


def _follow(start: Node, step: Node, graph: Graph, seen: set[tuple[Node, Node]]) -> list[Node]:
    path = [start, step]
    seen.update({(start, step), (step, start)})
    while len(graph[path[-1]]) == 2 and path[-1] != start:
        (onward,) = graph[path[-1]] - {path[-2]}
        seen.update({(path[-1], onward), (onward, path[-1])})
        path.append(onward)
    return path


def _is_spur(path: list[Node], graph: Graph) -> bool:
    degrees = sorted(len(graph[node]) for node in (path[0], path[-1]))
    return degrees[0] == 1 and degrees[1] > 2


def _smooth(points: np.ndarray) -> np.ndarray:
    """Round off the stairs of pixels; the ends stay, a ring stays closed."""
    for _ in range(4):
        points[1:-1] = (points[:-2] + 2 * points[1:-1] + points[2:]) / 4
    return points
