"""Thinning, following lines, and inking digits anew."""

import numpy as np
import pytest

from scripts.synthesis.material import Material
from scripts.synthesis.mnist import restroke, thinning
from server.handwriting import ink
from server.handwriting.pens import Pen


def rng(seed=0):
    return np.random.default_rng(seed)


def ring():
    """A digit 0 in MNIST's form."""
    y, x = np.mgrid[:28, :28] - 13.5
    return (np.clip(2.5 - np.abs(np.hypot(x / 0.8, y) - 8), 0, 1) * 255).astype(np.uint8)


def thin_slowly(mask):
    """Zhang and Suen's algorithm by its definition, pixel by pixel."""
    image = np.pad(mask, 1).astype(int)
    while True:
        changed = False
        for step in (0, 1):
            gone = []
            for y, x in zip(*np.nonzero(image[1:-1, 1:-1]), strict=True):
                p = [image[y + 1 + dy, x + 1 + dx] for dy, dx in thinning._AROUND]
                turns = sum(a == 0 and b == 1 for a, b in zip(p, p[1:] + p[:1], strict=True))
                p2, _, p4, _, p6, _, p8, _ = p
                sides = (p2 * p4 * p6, p4 * p6 * p8) if step == 0 else (p2 * p4 * p8, p2 * p6 * p8)
                if 2 <= sum(p) <= 6 and turns == 1 and not any(sides):
                    gone.append((y + 1, x + 1))
            for place in gone:
                image[place] = 0
            changed = changed or bool(gone)
        if not changed:
            return image[1:-1, 1:-1] > 0


@pytest.mark.parametrize("seed", range(4))
def test_thinning_agrees_with_its_definition(seed):
    line = np.cumsum(rng(seed).normal(0, 5, (12, 2)), axis=0) + 24
    mask = ink.draw([np.clip(line, 5, 43)], Pen(0.1), 7, (48, 48), rng()) > 127
    np.testing.assert_array_equal(thinning.thin(mask[None])[0], thin_slowly(mask))


def test_a_batch_is_thinned_as_one_by_one():
    masks = np.stack([ring() > 127, ring().T > 127, np.zeros((28, 28), bool)])
    singly = np.concatenate([thinning.thin(mask[None]) for mask in masks])
    np.testing.assert_array_equal(thinning.thin(masks), singly)


def length(lines):
    return sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in lines)


def test_a_bar_becomes_one_line_and_a_ring_one_closed_line():
    bar = np.zeros((40, 40), bool)
    bar[5:35, 18:23] = True
    (line,) = thinning.polylines(thinning.thin(bar[None])[0])
    assert length([line]) == pytest.approx(26, abs=3)
    np.testing.assert_allclose(line[:, 0], 20.5, atol=1)
    (loop,) = thinning.polylines(thinning.thin(ring()[None] > 127)[0])
    np.testing.assert_allclose(loop[0], loop[-1], atol=0.01)
    assert length([loop]) == pytest.approx(2 * np.pi * 7.2, rel=0.1)


def test_a_cross_becomes_four_arms_and_spurs_are_left_out():
    cross = np.zeros((41, 41), bool)
    cross[20, 4:37] = cross[4:37, 20] = True
    assert len(thinning.polylines(cross)) == 4
    spur = np.zeros((41, 41), bool)
    spur[20, 4:37] = spur[18:20, 15] = True
    assert length(thinning.polylines(spur)) == pytest.approx(32, abs=1)


def test_reinked_digits_look_like_themselves():
    lines = restroke.skeletons(ring()[None])[0]
    pixels, pen_px = [line * 28 for line in lines], 3.0
    again = ink.draw(pixels, Pen(0.1), pen_px, (28, 28), rng()) > 100
    original = ring() > 100
    assert (again & original).sum() / (again | original).sum() > 0.7


def test_blots_have_no_middle_line():
    blot = np.zeros((28, 28), np.uint8)
    blot[6:22, 6:22] = 255
    assert restroke.skeletons(blot[None]) == [[]]


def test_restroked_digits_keep_their_labels():
    material = Material(np.stack([ring()] * 8), np.zeros(8, np.uint8))
    stream = restroke.digits(material.images, material.labels, rng())
    for _ in range(10):
        lines, label = next(stream)
        assert label == 0
        height = np.ptp(np.concatenate(lines)[:, 1])
        assert 0.7 < height < 1.4
