import numpy as np
import pytest

from zpix.image import Region


def test_geometry():
    region = Region(10, 20, 40, 30)
    assert region.shape == (10, 30)
    assert np.zeros((100, 100))[region.slices].shape == region.shape
    assert region.grown(5).grown(-5) == region.shifted(3, 4).shifted(-3, -4) == region
    assert region.intersection(Region(0, 0, 15, 100)) == Region(10, 20, 15, 30)


def test_disjoint_regions_share_nothing():
    shared = Region(0, 0, 5, 5).intersection(Region(10, 10, 20, 20))
    assert shared.width == shared.height == 0


def test_contains_counts_each_position_once():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-0.5, 19.5, (2, 1000))
    halves = [Region(0, 0, 7, 20), Region(7, 0, 20, 20)]
    assert np.all(sum(half.contains(x, y).astype(int) for half in halves) == 1)
    assert halves[1].contains(6.5, 0) and not halves[0].contains(6.5, 0)


def test_a_region_cannot_end_before_it_begins():
    with pytest.raises(ValueError, match="ends before it begins"):
        Region(5, 0, 4, 1)
