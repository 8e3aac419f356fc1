"""The flux under masks is theirs, and masks that touch are known."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tests.catalogue.test_stamps import disc
from zpix.catalogue import Photometry, Stamps, measure_masks, place_masks, segment_masks, touching_masks
from zpix.image import Pixels


def flat_pixels(shape: tuple[int, int], *, n_bands: int = 2) -> Pixels:
    """Flux 2 nJy in every pixel, error 3 nJy, all valid."""
    flux = np.full((n_bands, *shape), 2.0, np.float32)
    return Pixels(flux, np.full_like(flux, 3.0), np.ones(flux.shape, bool))


def segments_of(detections) -> Stamps:
    return segment_masks(place_masks(detections))


def test_fluxes_are_sums_over_the_mask(make_detections):
    detections = make_detections([[10, 10, 20, 15], [30, 30, 34, 34]])
    pixels = flat_pixels((50, 60))
    measured = measure_masks(detections, pixels)
    np.testing.assert_allclose(measured.flux, [[100, 100], [32, 32]])
    np.testing.assert_allclose(measured.flux_error, 3 * np.sqrt([[50, 50], [16, 16]]), rtol=1e-6)
    assert measured.n_pix.tolist() == [50, 16] and measured.n_bands.tolist() == [2, 2]
    np.testing.assert_allclose(measured.centre_xy, detections.centre_xy)
    assert not measured.edge.any()


def test_the_window_may_lie_anywhere(make_detections):
    rng = np.random.default_rng(5)
    flux = rng.normal(size=(2, 64, 64)).astype(np.float32)
    pixels = Pixels(flux, np.ones_like(flux), np.ones(flux.shape, bool))
    detections = make_detections([[20, 22, 31, 35], [40, 18, 52, 29]], [disc(), disc()])
    whole = measure_masks(detections, pixels)
    part = Pixels(*(array[:, 10:60, 12:60] for array in (pixels.flux, pixels.error, pixels.valid)))
    moved = measure_masks(detections, part, origin_xy=(12, 10))
    for name in ("flux", "flux_error", "n_pix", "centre_xy", "edge"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(moved, name))


def test_missing_data_is_not_zero_flux(make_detections):
    pixels = flat_pixels((50, 50))
    pixels.valid[0, :, :15] = False
    pixels.flux[0, :, :15] = 0
    pixels.error[0, :, :15] = np.inf
    measured = measure_masks(make_detections([[10, 10, 20, 20], [20, 20, 30, 30]]), pixels)
    assert np.isnan(measured.flux[0, 0]) and np.isnan(measured.flux_error[0, 0])
    np.testing.assert_allclose(measured.flux[:, 1], 200)
    assert measured.n_bands.tolist() == [1, 2]
    assert not measured.edge.any(), "the other band has data"


def test_edges_are_the_image_border_and_holes_in_all_bands(make_detections):
    pixels = flat_pixels((60, 60))
    pixels.valid[:, 40, 40] = False
    boxes = [
        [0, 20, 9, 29],
        [1, 1, 9, 9],
        [41, 41, 50, 50],
        [42, 42, 50, 50],
        [52, 20, 66, 30],
        [90, 90, 99, 99],
    ]
    measured = measure_masks(make_detections(boxes), pixels)
    assert measured.edge.tolist() == [True, False, True, False, True, True]
    assert np.isnan(measured.flux[4]).all() and np.isnan(measured.flux[5]).all()
    corners = np.zeros((28, 28), np.float32)
    corners[14:, 14:] = 1  # the box touches the border, the mask does not
    assert not measure_masks(make_detections([[0, 0, 20, 20]], [corners]), flat_pixels((60, 60))).edge[0]


def test_no_sources_measure_nothing(make_detections):
    measured = measure_masks(make_detections([]), flat_pixels((20, 20)))
    assert len(measured) == 0 and measured.flux.shape == (0, 2)
    both = Photometry.concatenate([measured, Photometry.empty(2, 3)])
    assert len(both) == 3 and np.isnan(both.flux).all()
    assert len(both[:2]) == 2


def test_blends_are_masks_that_touch(make_detections):
    boxes = [[0, 0, 10, 10], [10, 0, 20, 10], [21, 0, 30, 10], [30, 10, 40, 20], [60, 60, 70, 70]]
    assert touching_masks(segments_of(make_detections(boxes))).tolist() == [True, True, True, True, False]
    apart = [[0, 0, 20, 20], [16, 16, 36, 36]]  # boxes overlap in a corner that neither disc reaches
    assert not touching_masks(segments_of(make_detections(apart, [disc(radius=0.4)] * 2))).any()
    assert touching_masks(segments_of(make_detections([]))).shape == (0,)


def test_touching_masks_are_those_whose_grown_pixels_meet(make_detections):
    """Against a drawing of each mask alone."""
    rng = np.random.default_rng(8)
    corner = rng.uniform(-5, 60, (40, 2))
    boxes = np.hstack([corner, corner + rng.uniform(2, 16, (40, 2))])
    segments = segments_of(make_detections(boxes, [disc(radius=r) for r in rng.uniform(0.1, 0.6, 40)]))
    drawn = np.zeros((40, 100, 100), bool)
    for row in range(40):
        window, x0, y0 = segments.window(row)
        drawn[row, y0 + 10 : y0 + 10 + window.shape[0], x0 + 10 : x0 + 10 + window.shape[1]] = window > 0
    grown = np.array([ndimage.binary_dilation(mask, np.ones((3, 3))) for mask in drawn])
    expected = [any((grown[i] & drawn[j]).any() for j in range(40) if i != j) for i in range(40)]
    assert touching_masks(segments).tolist() == expected
    assert 5 < sum(expected) < 40


def star_with_hole(*, peak: float, hole: float = 2.2, shape: tuple[int, int] = (60, 60)) -> Pixels:
    """A star of σ = 3 pixels in the middle, errors of 1 nJy; the first band lacks data within `hole` of its centre."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    distance = np.hypot(x - shape[1] / 2, y - shape[0] / 2)
    flux = np.stack([peak * np.exp(-0.5 * (distance / 3) ** 2)] * 2).astype(np.float32)
    valid = np.stack([distance > hole, np.ones(shape, bool)])
    return Pixels(np.where(valid, flux, 0), np.where(valid, 1, np.inf).astype(np.float32), valid)


def test_a_hole_in_the_middle_of_much_light_is_a_saturated_core(make_detections):
    detections = make_detections([[22, 22, 39, 39], [2, 2, 12, 12]])
    assert measure_masks(detections, star_with_hole(peak=500)).saturated.tolist() == [True, False]
    assert not measure_masks(detections, star_with_hole(peak=20)).saturated.any()  # a bad pixel on a faint source
    assert not measure_masks(detections, star_with_hole(peak=500, hole=-1)).saturated.any()  # nothing is missing


def test_a_gap_or_an_edge_is_no_saturated_core(make_detections):
    gap = star_with_hole(peak=500, hole=-1)
    gap.valid[0, :, 29:33] = False
    gap.flux[0, :, 29:33], gap.error[0, :, 29:33] = 0, np.inf
    detections = make_detections([[22, 22, 39, 39]])
    assert not measure_masks(detections, gap).saturated.any()
    star = star_with_hole(peak=500)
    for first, closed in ((25, True), (30, False)):  # the image begins beside the hole, or in it
        part = Pixels(*(array[:, :, first:] for array in (star.flux, star.error, star.valid)))
        assert measure_masks(detections, part, origin_xy=(first, 0)).saturated.tolist() == [closed]
