"""Runs hold the pixels of the segmentation map, no more and no less."""

from __future__ import annotations

import numpy as np
from astropy.io import fits

from zpix.image import SegmentationMap
from zpix.viewer import mask_runs
from zpix.viewer.mask_runs import read_mask_runs


def test_runs_give_the_map_back(tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    drawn = np.kron(rng.integers(0, 9, (7, 9)), np.ones((3, 4), int)).astype(np.int32)
    drawn[drawn == 4] = 0
    fits.writeto(tmp_path / "map.fits", drawn)
    monkeypatch.setattr(mask_runs, "_BLOCK_PIXELS", 5 * drawn.shape[1])  # some rows at a time
    ids = np.array([8, 1, 2, 3, 5, 4, 6])  # 7 is unknown, 4 has no pixel
    with SegmentationMap(tmp_path / "map.fits") as segmentation:
        runs = read_mask_runs(segmentation, ids)
    again = np.zeros_like(drawn)
    for row, own in enumerate(ids):
        for x, y, length in runs.runs[runs.start[row] : runs.start[row + 1]]:
            again[y, x : x + length] += own
    np.testing.assert_array_equal(again, np.where(drawn == 7, 0, drawn))
    some = runs.of(np.array([5, 2]))
    assert some.start[1] == 0 and (some.runs[:, 2].sum()) == (drawn == 2).sum()


def test_no_sources(tmp_path):
    fits.writeto(tmp_path / "map.fits", np.zeros((4, 5), np.int32))
    with SegmentationMap(tmp_path / "map.fits") as segmentation:
        runs = read_mask_runs(segmentation, np.zeros(0, int))
    assert runs.start.tolist() == [0] and runs.runs.shape == (0, 3)
