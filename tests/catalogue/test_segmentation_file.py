"""The segmentation map: every pixel has one owner, and the file is the same however it is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from zpix.catalogue import (
    draw_segmentation,
    measure_masks,
    place_probability,
    segmentation_blocks,
    write_segmentation,
)
from zpix.errors import OutputError
from zpix.image import Pixels

SHAPE = (90, 120)


@pytest.fixture
def crowd(make_detections):
    """Forty sources with smooth random masks, many overlapping, some over the border."""
    rng = np.random.default_rng(3)
    corner = rng.uniform(-8, 110, (40, 2))
    u = np.linspace(-1, 1, 28)
    peak = rng.uniform(0.3, 1, (40, 1, 1))
    masks = peak * np.exp(-(u[:, None] ** 2 + u[None] ** 2))[None]
    return make_detections(np.hstack([corner, corner + rng.uniform(3, 40, (40, 2))]), masks, score=rng.random(40))


def test_areas_without_overlap_are_the_photometry_pixels(make_detections):
    detections = make_detections([[2, 3, 12, 9], [30.2, 30.7, 41.9, 50.1], [80, 70, 95, 88]])
    segments = draw_segmentation(detections, shape=SHAPE)
    ones = np.ones((1, *SHAPE), np.float32)
    measured = measure_masks(detections, Pixels(ones, ones, ones > 0))
    assert np.bincount(segments.ravel())[1:].tolist() == measured.n_pix.tolist()
    np.testing.assert_allclose(measured.flux[:, 0], measured.n_pix)


def test_owner_is_the_highest_probability(crowd):
    best = np.zeros(SHAPE, np.float32)
    for row in range(len(crowd)):
        window, x0, y0 = place_probability(crowd.mask[row], crowd.box[row])
        y, x = np.nonzero(window >= 0.5)
        inside = (y + y0 >= 0) & (x + x0 >= 0) & (y + y0 < SHAPE[0]) & (x + x0 < SHAPE[1])
        y, x = y[inside], x[inside]
        best[y + y0, x + x0] = np.maximum(best[y + y0, x + x0], window[y, x])
    segments = draw_segmentation(crowd, shape=SHAPE)
    assert (segments[best >= 0.5] > 0).all()
    for y, x in np.argwhere(best >= 0.5)[::17]:
        window, x0, y0 = place_probability(crowd.mask[segments[y, x] - 1], crowd.box[segments[y, x] - 1])
        assert window[y - y0, x - x0] == best[y, x]


def test_ties_go_to_the_higher_score(make_detections):
    detections = make_detections([[0, 0, 10, 10], [5, 0, 15, 10]], score=[0.6, 0.8])
    segments = draw_segmentation(detections, shape=(12, 20))
    assert np.bincount(segments.ravel()).tolist() == [240 - 150, 50, 100]


def test_blocks_do_not_matter(crowd):
    whole = draw_segmentation(crowd, shape=SHAPE)
    for rows in (1, 7, 64):
        parts = np.concatenate(list(segmentation_blocks(crowd, shape=SHAPE, block_rows=rows)))
        assert np.array_equal(parts, whole)


def test_a_source_without_a_sure_pixel_has_one_pixel(make_detections):
    segments = draw_segmentation(make_detections([[5, 5, 15, 15]], np.zeros((1, 28, 28))), shape=(20, 20))
    assert (segments == 1).sum() == 1


def test_the_file_is_the_map_with_the_mosaics_grid(crowd, wcs, tmp_path):
    path = tmp_path / "segmentation.fits"
    write_segmentation(path, crowd, shape=SHAPE, wcs=wcs, ids=np.arange(100, 140))
    with fits.open(path) as hdus:
        stored, header = hdus[0].data, hdus[0].header
        assert stored.dtype == np.dtype(">i4")
        expected = draw_segmentation(crowd, shape=SHAPE)
        assert np.array_equal(stored, np.where(expected > 0, expected + 99, 0))
        np.testing.assert_allclose(WCS(header).pixel_to_world_values(3, 4), wcs.pixel_to_world_values(3, 4))
    assert path.stat().st_size % 2880 == 0
    assert [p.name for p in tmp_path.iterdir()] == ["segmentation.fits"]


def test_no_sources_give_an_empty_map(make_detections, tmp_path):
    write_segmentation(tmp_path / "s.fits", make_detections([]), shape=(5, 6))
    assert fits.getdata(tmp_path / "s.fits").tolist() == np.zeros((5, 6)).tolist()


def test_a_failure_leaves_the_old_file(crowd, tmp_path, monkeypatch):
    path = tmp_path / "segmentation.fits"
    path.write_text("old")

    def fail(*_, **__):
        yield np.zeros((10, SHAPE[1]), np.int32)
        raise OSError("disk full")

    monkeypatch.setattr("zpix.catalogue.segmentation_file.segmentation_blocks", fail)
    with pytest.raises(OutputError, match="disk full"):
        write_segmentation(path, crowd, shape=SHAPE)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
