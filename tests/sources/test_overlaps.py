"""The search for overlapping boxes finds what comparing all pairs finds."""

from __future__ import annotations

import numpy as np

from zpix.sources import box_iou, overlapping_boxes


def random_boxes(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 300, (n, 2))
    size = rng.lognormal(2.5, 1.0, (n, 2))  # a few are very large
    return np.hstack([corner, corner + size])


def test_search_equals_all_pairs():
    a, b = random_boxes(80, 1), random_boxes(60, 2)
    iou = np.array([[box_iou(p[None], q[None])[0] for q in b] for p in a])
    i, j = overlapping_boxes(a, b)
    expected = np.argwhere(iou > 0)
    assert np.array_equal(np.stack([i, j], 1), expected)
    np.testing.assert_allclose(box_iou(a[i], b[j]), iou[i, j])


def test_no_boxes_have_no_overlaps():
    for a, b in ((np.zeros((0, 4)), random_boxes(3, 0)), (random_boxes(3, 0), np.zeros((0, 4)))):
        i, j = overlapping_boxes(a, b)
        assert len(i) == len(j) == 0
