"""Connected components against a flood fill, pixel by pixel."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from server.preprocessing.connected_components import count_runs, find_components

masks = arrays.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def flood(mask: np.ndarray) -> list[set[tuple[int, int]]]:
    """Components of a mask in the order of their first pixels, as sets of (row, column)."""
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask), strict=True)}
    found = []
    while left:
        reached, edge = set(), {min(left)}
        while edge:
            reached |= edge
            around = {(y + j, x + i) for y, x in edge for j in (-1, 0, 1) for i in (-1, 0, 1)}
            edge = (around & left) - reached
        found.append(reached)
        left -= reached
    return found


@given(masks)
def test_components_are_those_of_a_flood_fill(mask: np.ndarray) -> None:
    parts, wanted = find_components(mask), flood(mask)
    assert len(parts) == len(wanted)
    for index, pixels in enumerate(wanted):
        got = parts.mask(np.arange(len(parts)) == index)
        assert set(zip(*map(np.ndarray.tolist, np.nonzero(got)), strict=True)) == pixels
    np.testing.assert_array_equal(parts.mask(np.ones(len(parts), bool)), mask)
    assert not parts.mask(np.zeros(len(parts), bool)).any()
    assert count_runs(mask) == len(parts.starts)


@given(masks, st.integers(0, 99))
def test_peaks_are_the_largest_values_of_each(mask: np.ndarray, seed: int) -> None:
    values = np.random.default_rng(seed).random(mask.shape)
    parts, wanted = find_components(mask), flood(mask)
    expected = [max(values[pixel] for pixel in pixels) for pixels in wanted]
    np.testing.assert_allclose(parts.peaks(parts.under(values)), expected)


@given(masks, st.integers(0, 99))
def test_areas_and_boxes_are_those_of_the_pixels(mask: np.ndarray, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=mask.shape)
    parts, wanted = find_components(mask), flood(mask)
    assert parts.areas().tolist() == [len(pixels) for pixels in wanted]
    sums = [sum(values[pixel] for pixel in pixels) for pixels in wanted]
    np.testing.assert_allclose(parts.sums(parts.under(values)), sums, atol=1e-9)
    boxes = [
        [min(ys), min(xs), max(ys) + 1, max(xs) + 1]
        for ys, xs in (zip(*pixels, strict=True) for pixels in wanted)
    ]
    assert parts.boxes.tolist() == boxes
    assert parts.sides().tolist() == [max(b[2] - b[0], b[3] - b[1]) for b in boxes]


def test_a_spiral_is_one_component() -> None:
    mask = np.zeros((41, 41), bool)
    for ring in range(0, 20, 2):  # its runs meet only at the far end of each winding
        mask[ring, ring : 41 - ring] = mask[ring : 41 - ring, 40 - ring] = True
        mask[40 - ring, ring : 41 - ring] = mask[ring + 2 : 41 - ring, ring] = True
        mask[ring + 2, ring : ring + 3] = True
    assert len(find_components(mask)) == 1


def test_thickness_tells_discs_from_strokes() -> None:
    y, x = np.mgrid[:81, :121]
    disc = np.hypot(y - 40, x - 40) < 30
    mask = disc | (abs(x - 100) < 4) & (abs(y - 40) < 35)
    inner = mask.copy()
    inner[1:-1, 1:-1] &= mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    parts = find_components(mask)
    first_is_disc = parts.boxes[0, 1] < 40
    disc_thickness, bar_thickness = parts.thickness(mask & ~inner)[:: 1 if first_is_disc else -1]
    assert 0.4 < disc_thickness < 0.6
    assert bar_thickness < 0.15
