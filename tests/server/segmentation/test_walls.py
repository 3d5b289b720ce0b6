"""A gap that a wall stands in parts no numbers; rulings across it are no walls."""

import numpy as np

from server.segmentation.walls import has_wall

GAP = (10, 5, 20, 40)


def test_a_wall_is_upright_in_the_gap():
    other = np.zeros((60, 60), bool)
    assert not has_wall(other, GAP)
    other[5:45, 18:20] = True
    assert has_wall(other, GAP)


def test_the_teeth_of_a_comb_are_walls():
    other = np.zeros((60, 60), bool)
    other[30:48, 18] = True
    assert has_wall(other, GAP)


def test_rulings_and_what_is_beside_the_gap_are_none():
    other = np.zeros((60, 60), bool)
    other[20:22] = other[40:42] = True
    other[:, 35:40] = True
    other[:, 31] = False
    assert not has_wall(other[:, :40], (10, 5, 20, 40))


def test_no_gap_has_no_wall():
    assert not has_wall(np.ones((60, 60), bool), (10, 5, 0, 40))
