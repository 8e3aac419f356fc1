"""Boxes of the segments in a survey's segmentation map."""

from __future__ import annotations

import tempfile

import numpy as np
import pytest
from astropy.io import fits
from scipy.ndimage import find_objects

from zpix.errors import GridError, InputFileError
from zpix.image import Region, SegmentationMap


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


@pytest.mark.parametrize("form", ["uint16", "uint32", "int64", "float", "blank", "plane", "tiles", "gzip", "second"])
def test_maps_of_any_form_have_the_same_identifiers(tmp_path, monkeypatch, form):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    values = np.zeros((50, 40), np.int64)
    values[3:9, 4:8], values[20:30, 10:30] = 7, 40_000
    if form not in ("uint16", "blank"):
        values[40:45, 35:40] = 2**24 + 1 if form != "float" else 2**23 + 1
    path = tmp_path / "map.fits"
    if form in ("uint16", "uint32", "int64"):
        fits.writeto(path, values.astype(form))
    elif form == "float":
        fits.writeto(path, np.where(values > 0, values, np.nan).astype(np.float32))
    elif form == "blank":
        fits.writeto(path, np.where(values > 0, values, -99).astype(np.int32), fits.Header({"BLANK": -99}))
    elif form == "plane":
        fits.writeto(path, values[None].astype(np.int32))
    elif form == "tiles":
        fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(values.astype(np.int32), name="SEGMAP")]).writeto(path)
    elif form == "gzip":
        fits.writeto(path := tmp_path / "map.fits.gz", values.astype(np.int32))
    else:
        images = [fits.ImageHDU(np.ones(values.shape, np.float32)), fits.ImageHDU(values.astype(np.int32))]
        fits.HDUList([fits.PrimaryHDU(), *images]).writeto(path)
    with SegmentationMap(path, shape=(50, 40)) as areas:
        np.testing.assert_array_equal(areas.identifiers[:], values)
        np.testing.assert_array_equal(areas.read(Region(5, 2, 40, 44)), values[2:44, 5:40])
        assert areas.boxes([40_000]).tolist() == [[10, 20, 30, 30]]


def test_an_image_of_fluxes_is_no_map(tmp_path):
    fits.writeto(tmp_path / "flux.fits", np.full((5, 6), 0.25, np.float32))
    with pytest.raises(InputFileError, match=r"flux.fits' \(HDU 0\) has the value 0.25"):
        SegmentationMap(tmp_path / "flux.fits")


def test_a_truncated_map_is_refused_and_one_without_padding_is_read(tmp_path, caplog):
    fits.writeto(tmp_path / "map.fits", np.ones((50, 40), np.int32))
    whole = (tmp_path / "map.fits").read_bytes()
    for kept, path in ((8000, tmp_path / "unpadded.fits"), (7996, tmp_path / "cut.fits")):
        path.write_bytes(whole[: 2880 + kept])
    with SegmentationMap(tmp_path / "unpadded.fits") as areas:
        assert (areas.identifiers[:] == 1).all()
    assert "unpadded.fits" in caplog.text and "complete" in caplog.text
    with pytest.raises(InputFileError, match=r"cut.fits' is truncated"):
        SegmentationMap(tmp_path / "cut.fits")
    areas.close()
    with pytest.raises(ValueError, match="closed"):
        areas.read(Region(0, 0, 2, 2))
