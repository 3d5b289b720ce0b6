"""Plain text tables."""

from __future__ import annotations

from collections.abc import Sequence


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Lay out rows under a header; the first `left` columns are left-aligned."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    text = [_line(line, widths, left) for line in lines]
    rule = "-" * max(map(len, text))
    return "\n".join([title, rule, text[0], rule, *text[1:], ""])


def _line(cells: Sequence[str], widths: Sequence[int], left: int) -> str:
    placed = [
        cell.ljust(width) if column < left else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(placed).rstrip()


def milliseconds(seconds: float) -> str:
    """Write a time with three figures."""
    value = seconds * 1e3
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def times(factor: float) -> str:
    """Write a ratio."""
    return f"{factor:.2f} ×"


def share(part: float) -> str:
    """Write a share of 1 in per cent."""
    return f"{part:.0%}"
