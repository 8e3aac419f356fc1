"""The segmentation map: every pixel has one owner, and the file is the same however it is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from zpix.catalogue import (
    SegmentationWriter,
    Stamps,
    draw_segmentation,
    measure_masks,
    place_masks,
    segment_masks,
    segmentation_blocks,
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


def drawn(detections, shape=SHAPE) -> np.ndarray:
    return draw_segmentation(segments_of(detections), shape=shape, score=detections.score)


def segments_of(detections) -> Stamps:
    return segment_masks(place_masks(detections))


def test_areas_without_overlap_are_the_photometry_pixels(make_detections):
    detections = make_detections([[2, 3, 12, 9], [30.2, 30.7, 41.9, 50.1], [80, 70, 95, 88]])
    segments = drawn(detections)
    ones = np.ones((1, *SHAPE), np.float32)
    measured = measure_masks(detections, Pixels(ones, ones, ones > 0))
    assert np.bincount(segments.ravel())[1:].tolist() == measured.n_pix.tolist()
    np.testing.assert_allclose(measured.flux[:, 0], measured.n_pix)


def test_owner_is_the_highest_probability_then_the_highest_score(crowd):
    """Against a drawing of one source after the other."""
    best, owner = np.zeros(SHAPE), np.zeros(SHAPE, np.int32)
    segments = segments_of(crowd)
    for row in np.argsort(-crowd.score):
        window, x0, y0 = segments.window(row)
        y, x = np.nonzero(window)
        inside = (y + y0 >= 0) & (x + x0 >= 0) & (y + y0 < SHAPE[0]) & (x + x0 < SHAPE[1])
        y, x = y[inside], x[inside]
        wins = window[y, x] > best[y + y0, x + x0]
        y, x = y[wins], x[wins]
        best[y + y0, x + x0], owner[y + y0, x + x0] = window[y, x], row + 1
    np.testing.assert_array_equal(drawn(crowd), owner)
    assert len(np.unique(owner)) > 20


def test_ties_go_to_the_higher_score(make_detections):
    detections = make_detections([[0, 0, 10, 10], [5, 0, 15, 10]], score=[0.6, 0.8])
    segments = drawn(detections, (12, 20))
    assert np.bincount(segments.ravel()).tolist() == [240 - 150, 50, 100]


def test_blocks_do_not_matter(crowd):
    whole, ids = drawn(crowd), np.arange(1, len(crowd) + 1)
    for height in (1, 7, 64):
        blocks = segmentation_blocks(
            segments_of(crowd), ids=ids, score=crowd.score, rows=(0, SHAPE[0]), width=SHAPE[1], block_rows=height
        )
        assert np.array_equal(np.concatenate(list(blocks)), whole)


def test_a_source_without_a_sure_pixel_has_one_pixel(make_detections):
    segments = drawn(make_detections([[5, 5, 15, 15]], np.zeros((1, 28, 28))), (20, 20))
    assert (segments == 1).sum() == 1


def test_the_file_is_the_map_with_the_mosaics_grid(crowd, wcs, tmp_path):
    path = tmp_path / "segmentation.fits"
    everything, ids = segments_of(crowd), np.arange(100, 140)
    with SegmentationWriter(path, shape=SHAPE, wcs=wcs) as writer:
        for row in (17, 17, 3, 60, None):  # what reaches below a row is enough to draw up to it
            reaching = np.flatnonzero(everything.box[:, 1] < (SHAPE[0] if row is None else row))
            writer.draw(everything[reaching], ids=ids[reaching], score=crowd.score[reaching], until=row)
    with fits.open(path) as hdus:
        stored, header = hdus[0].data, hdus[0].header
        assert stored.dtype == np.dtype(">i4")
        expected = drawn(crowd)
        assert np.array_equal(stored, np.where(expected > 0, expected + 99, 0))
        np.testing.assert_allclose(WCS(header).pixel_to_world_values(3, 4), wcs.pixel_to_world_values(3, 4))
    assert path.stat().st_size % 2880 == 0
    assert [p.name for p in tmp_path.iterdir()] == ["segmentation.fits"]


def test_no_sources_give_an_empty_map(make_detections, tmp_path):
    nothing = segments_of(make_detections([]))
    with SegmentationWriter(tmp_path / "s.fits", shape=(5, 6)) as writer:
        writer.draw(nothing, ids=np.zeros(0, int), score=np.zeros(0))
    assert fits.getdata(tmp_path / "s.fits").tolist() == np.zeros((5, 6)).tolist()


def test_a_failure_leaves_the_old_file(crowd, tmp_path):
    path = tmp_path / "segmentation.fits"
    path.write_text("old")
    with (  # noqa: PT012 (the error must come after something was drawn)
        pytest.raises(OutputError, match="disk full"),
        SegmentationWriter(path, shape=SHAPE) as writer,
    ):
        writer.draw(segments_of(crowd), ids=np.arange(40), score=crowd.score, until=10)
        raise OSError("disk full")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_map_lies_where_a_mosaic_with_distortions_does(make_detections, tmp_path):
    cards = {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "CRVAL1": 53.1, "CRVAL2": -27.8, "CRPIX1": 50.0}
    cards |= {"CRPIX2": 40.0, "CDELT1": -1e-5, "CDELT2": 1e-5, "A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-4, "B_0_2": 2e-4}
    distorted = WCS(fits.Header(cards))
    with SegmentationWriter(tmp_path / "map.fits", shape=SHAPE, wcs=distorted) as writer:
        nothing = segments_of(make_detections([]))
        writer.draw(nothing, ids=np.zeros(0, int), score=np.zeros(0))
    of_map = WCS(fits.getheader(tmp_path / "map.fits"))
    np.testing.assert_allclose(of_map.all_pix2world(110, 80, 0), distorted.all_pix2world(110, 80, 0), rtol=1e-12)
