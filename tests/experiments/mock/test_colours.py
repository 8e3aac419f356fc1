"""Neighbours in colour among made-up sources."""

from __future__ import annotations

import numpy as np

from experiments.mock import colours
from tests.experiments.mock.scenery import catalogue


def test_neighbours_are_near_in_colour_whatever_the_brightness():
    rng = np.random.default_rng(3)
    mock = catalogue(rng.uniform(100, 200, (300, 9)))
    distance, row = colours.nearest(catalogue(0.8 * mock.flux[:5]), mock)
    assert row.tolist() == [0, 1, 2, 3, 4] and distance.max() < 1e-6
    own, other = colours.nearest(mock, mock, same=True)
    assert (other != np.arange(300)).all() and own.min() > 0
    strange = mock.flux[:1].copy()
    strange[0, :3] = -200
    found = colours.find_neighbours(catalogue(np.concatenate([mock.flux[:1] * 0.9, strange])), mock)
    assert found.percentile[0] == 0 and found.percentile[1] == 100
    assert not colours.neighbour_goal(found).met
