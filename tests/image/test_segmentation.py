"""Boxes of the segments in a survey's segmentation map."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from scipy.ndimage import find_objects

from zpix.errors import GridError, InputFileError
from zpix.image import SegmentationMap


def test_boxes_are_those_of_the_segments(tmp_path, monkeypatch):
    """Also of segments that reach over the rows that are read at a time; ids in any order, some without pixels."""
    monkeypatch.setattr("zpix.image.segmentation._ROWS_AT_ONCE", 7)
    rng = np.random.default_rng(2)
    values = np.zeros((50, 40), np.int32)
    for number in (9, 4, 120, 33, 5):
        x, y = rng.integers(0, 30, 2)
        values[y : y + rng.integers(3, 20), x : x + rng.integers(1, 10)] = number
    fits.writeto(tmp_path / "map.fits", values)
    ids = np.array([120, 4, 77, 9, 33])  # 5 is not asked for, 77 has no pixel
    with SegmentationMap(tmp_path / "map.fits") as areas:
        boxes = areas.boxes(ids)
    slices = find_objects(values)
    for number, box in zip(ids, boxes, strict=True):
        place = slices[number - 1] if number <= len(slices) else None
        if place is None:
            assert np.isnan(box).all()
        else:
            assert box.tolist() == [place[1].start, place[0].start, place[1].stop, place[0].stop]
    assert np.isnan(boxes[2]).all() and np.isfinite(boxes[[0, 4]]).all()


def test_a_map_of_nothing_and_of_another_size_is_refused(tmp_path):
    fits.writeto(tmp_path / "map.fits", np.zeros((5, 6), np.int32))
    fits.writeto(tmp_path / "cube.fits", np.zeros((2, 5, 6), np.int32))
    with SegmentationMap(tmp_path / "map.fits") as areas:
        assert areas.shape == (5, 6) and areas.boxes([]).shape == (0, 4)
    with pytest.raises(GridError, match="6 × 5"):
        SegmentationMap(tmp_path / "map.fits", shape=(6, 5))
    with pytest.raises(InputFileError, match="no image of segment"):
        SegmentationMap(tmp_path / "cube.fits")
