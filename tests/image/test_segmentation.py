"""Boxes of the segments in a survey's segmentation map."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from astropy.io import fits
from scipy.ndimage import find_objects

from zpix.errors import CatalogueError, GridError, InputFileError
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


IDS = np.zeros((12, 9), np.int32)
IDS[2:5, 1:4], IDS[6:11, 5:9] = 300, 41


def written(path, kind: str):
    """The map in one of the forms in which surveys have it."""
    image = fits.PrimaryHDU(IDS)
    if kind in ("u2", "u4", "i8", "f8"):
        image = fits.PrimaryHDU(IDS.astype(kind))
    elif kind == "nan":
        values = IDS.astype("f4")
        values[0] = np.nan
        image = fits.PrimaryHDU(values)
    elif kind == "blank":
        image = fits.PrimaryHDU(np.where(np.arange(12)[:, None] == 0, -(2**31), IDS).astype("i4"))
        image.header["BLANK"] = -(2**31)
    elif kind == "cube":
        image = fits.PrimaryHDU(IDS[None])
    hdus = [image]
    if kind == "extension":
        hdus = [fits.PrimaryHDU(), fits.ImageHDU(IDS, name="SEGMAP")]
    elif kind == "compressed":
        hdus = [fits.PrimaryHDU(), fits.CompImageHDU(IDS, name="SEGMAP")]
    elif kind == "compressed u4":
        hdus = [fits.PrimaryHDU(), fits.CompImageHDU(IDS.astype("u4"))]
    elif kind == "second":
        hdus = [fits.PrimaryHDU(), fits.ImageHDU(np.ones_like(IDS)), fits.ImageHDU(IDS)]
    elif kind == "after a picture":
        hdus = [fits.PrimaryHDU(np.linspace(0, 1, IDS.size).reshape(IDS.shape)), fits.ImageHDU(IDS)]
    fits.HDUList(hdus).writeto(path)
    if kind == "gzip":
        path.write_bytes(gzip.compress(path.read_bytes()))
    return path


KINDS = ["i4", "u2", "u4", "i8", "f8", "nan", "blank", "cube", "extension", "compressed", "second", "gzip"]


@pytest.mark.parametrize("kind", [*KINDS, "compressed u4", "after a picture"])
def test_the_same_map_in_every_form(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with SegmentationMap(written(tmp_path / "map.fits", kind), shape=IDS.shape, identifiers=[41, 300]) as areas:
        assert areas.shape == IDS.shape and len(areas) == 12
        np.testing.assert_array_equal(areas[0:12], IDS)
        np.testing.assert_array_equal(areas.read(Region(3, 4, 7, 9)), IDS[4:9, 3:7])
        assert areas.read(Region(0, 0, 2, 2)).dtype == np.int64
        np.testing.assert_array_equal(areas.boxes([300, 41]), [[1, 2, 4, 5], [5, 6, 9, 11]])


@pytest.mark.parametrize("kind", ["u4", "f8", "f4"])
def test_identifiers_that_single_precision_cannot_tell_apart_stay_apart(tmp_path, kind):
    identifiers = np.where(IDS > 0, (2**22 if kind == "f4" else 2**24) + IDS, 0)
    fits.PrimaryHDU(identifiers.astype(kind)).writeto(tmp_path / "map.fits")
    with SegmentationMap(tmp_path / "map.fits") as areas:
        np.testing.assert_array_equal(areas[:], identifiers)


def test_identifiers_beyond_32_bits_are_kept(tmp_path):
    fits.PrimaryHDU(np.where(IDS > 0, 2**40 + IDS.astype("i8"), 0)).writeto(tmp_path / "map.fits")
    with SegmentationMap(tmp_path / "map.fits") as areas:
        assert areas.read(Region(1, 2, 2, 3))[0, 0] == 2**40 + 300


def test_an_image_of_the_sky_is_no_map(tmp_path):
    fits.PrimaryHDU(np.full(IDS.shape, 0.013, "f4")).writeto(tmp_path / "sci.fits")
    with pytest.raises(InputFileError, match=r"sci\.fits.*no image of segment.*fractions"):
        SegmentationMap(tmp_path / "sci.fits")


@pytest.mark.parametrize(
    ("ids", "own"), [([300, 41], True), ([41, 300], False), ([1, 2], False), ([300, 2], True), ([2, 300], False)]
)
def test_sources_must_lie_on_their_own_segments(ids, own, tmp_path):
    """At least half of those on segments; the last catalogue has one source beyond the map."""
    x, y = np.array([2.2, 6.0]), np.array([3.4, 8.0])
    if ids == [2, 300]:
        x = np.array([2.2, 600.0])
    with SegmentationMap(written(tmp_path / "map.fits", "i4")) as areas:
        if own:
            areas.require_own_segments(ids, x, y, name="cat.fits")
        else:
            with pytest.raises(CatalogueError, match=r"cat\.fits.*map\.fits.*0 lie on the segment of their"):
                areas.require_own_segments(ids, x, y, name="cat.fits")


def test_positions_on_no_segment_at_all_are_refused(tmp_path):
    with SegmentationMap(written(tmp_path / "map.fits", "i4")) as areas:
        areas.require_own_segments([300], [0.0], [0.0], name="cat.fits")  # one says little
        areas.require_own_segments([], [], [], name="cat.fits")
        with pytest.raises(CatalogueError, match="0 on another, and 3 on none"):
            areas.require_own_segments([300, 41, 7], [0.0, 0, 0], [0.0, 1, 11], name="cat.fits")


def test_a_truncated_map_is_refused_and_one_without_padding_is_read(tmp_path, caplog):
    fits.writeto(tmp_path / "map.fits", np.ones((50, 40), np.int32))
    whole = (tmp_path / "map.fits").read_bytes()
    for kept, path in ((8000, tmp_path / "unpadded.fits"), (7996, tmp_path / "cut.fits")):
        path.write_bytes(whole[: 2880 + kept])
    with SegmentationMap(tmp_path / "unpadded.fits") as areas:
        assert (areas[:] == 1).all()
    assert "unpadded.fits" in caplog.text and "complete" in caplog.text
    with pytest.raises(InputFileError, match=r"cut.fits' is truncated"):
        SegmentationMap(tmp_path / "cut.fits")
    areas.close()
    with pytest.raises(ValueError, match="closed"):
        areas.read(Region(0, 0, 2, 2))
