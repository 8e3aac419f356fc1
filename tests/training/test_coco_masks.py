"""Masks in COCO's three spellings are the same pixels."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.errors import StoreError
from zpix.training.coco_masks import mask_of, rectangles_of

SHAPE = (9, 12)


def blob(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(SHAPE) < 0.5


@pytest.mark.parametrize("seed", range(4))
def test_rectangles_are_the_mask_exactly(seed):
    mask = blob(seed)
    np.testing.assert_array_equal(mask_of(rectangles_of(mask), SHAPE), mask)
    moved = mask_of(rectangles_of(mask[2:, 3:], x0=3, y0=2), SHAPE)
    np.testing.assert_array_equal(moved[2:, 3:], mask[2:, 3:])


def test_few_rectangles_do_for_a_square_with_a_hole():
    mask = np.ones((9, 12), bool)
    mask[4:6, 4:6] = False
    assert len(rectangles_of(mask)) == 4
    assert rectangles_of(np.zeros((3, 3), bool)) == []


def test_a_polygon_holds_the_pixels_whose_middle_is_inside():
    triangle = mask_of([[0, 0, 8, 0, 0, 8]], SHAPE)
    y, x = np.mgrid[:9, :12] + 0.5
    np.testing.assert_array_equal(triangle, (x + y < 8))
    beyond = mask_of([[-5, -5, 30, -5, 30, 3, -5, 3]], SHAPE)  # DeepDISC's boxes reach beyond their image
    assert beyond[:3].all() and not beyond[3:].any()
    assert not mask_of([[1, 1, 2, 2]], SHAPE).any()  # a line


def test_runs_go_down_the_columns():
    mask = blob(5)
    flat = mask.T.ravel()
    ends = np.flatnonzero(np.diff(flat.astype(int))) + 1
    runs = np.diff([0, *ends, flat.size]).tolist()
    runs = [0, *runs] if flat[0] else runs
    np.testing.assert_array_equal(mask_of({"size": list(SHAPE), "counts": runs}, SHAPE), mask)


def test_compressed_runs():
    """COCO's own text of a 9 by 12 mask whose pixel 9 to 12 (down the columns) are set, then 60 to 70."""
    text = "".join(_letters([9, 4, 47, 11, 37]))
    mask = mask_of({"size": list(SHAPE), "counts": text}, SHAPE)
    expected = np.zeros(108, bool)
    expected[9:13] = expected[60:71] = True
    np.testing.assert_array_equal(mask.T.ravel(), expected)


def _letters(runs):
    """COCO's compression, as its documentation tells it."""
    for place, run in enumerate(runs):
        value = run - (runs[place - 2] if place > 2 else 0)
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != -1 if bits & 0x10 else value != 0
            yield chr(48 + (bits | (0x20 if more else 0)))


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"size": [3, 3], "counts": [9]}, "size"), ({"size": list(SHAPE), "counts": [9]}, "108"), ("text", "polygons")],
)
def test_what_is_no_mask_is_refused(wrong, word):
    with pytest.raises(StoreError, match=word):
        mask_of(wrong, SHAPE)
