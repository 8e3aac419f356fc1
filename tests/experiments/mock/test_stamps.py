"""Stamps at the edge of a picture."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.mock import stamps


def test_stamps_at_the_edge_are_grey():
    picture = np.zeros((40, 50, 3))
    corner = stamps.stamp(picture, 0, 0)
    assert corner.shape == (32, 32, 3) and corner[0, 0, 0] == pytest.approx(0.35) and corner[-1, -1, 0] == 0
