"""Masks land on the right pixels, and the flux under them is theirs."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.catalogue import Photometry, measure_masks, place_mask, place_probability, touching_masks
from zpix.image import Pixels


def flat_pixels(shape: tuple[int, int], *, n_bands: int = 2) -> Pixels:
    """Flux 2 nJy in every pixel, error 3 nJy, all valid."""
    flux = np.full((n_bands, *shape), 2.0, np.float32)
    return Pixels(flux, np.full_like(flux, 3.0), np.ones(flux.shape, bool))


def disc(size: int = 28, radius: float = 0.5) -> np.ndarray:
    """Mask that is a disc inscribed in the box, smooth at its edge."""
    u = (np.arange(size) + 0.5) / size - 0.5
    distance = np.hypot(u[:, None], u[None])
    return np.clip((radius - distance) * size + 0.5, 0, 1).astype(np.float32)


def test_a_full_mask_fills_exactly_the_pixels_whose_centres_are_in_the_box():
    window, x0, y0 = place_mask(np.ones((28, 28), np.float32), np.array([3, 5, 10, 9], np.float32))
    assert (x0, y0, window.shape) == (3, 5, (4, 7))
    assert window.all()
    window, x0, y0 = place_mask(np.ones((28, 28), np.float32), np.array([2.6, 4.4, 9.5, 8.6]))
    assert (x0, y0, window.shape) == (3, 4, (5, 6))


@pytest.mark.parametrize("box", [(5.1, 5.1, 5.3, 5.3), (5.6, 5.6, 5.6, 5.6), (4.9, 5.0, 5.4, 9.0)])
def test_a_thin_box_keeps_a_pixel(box):
    window, x0, _ = place_mask(np.zeros((14, 14), np.float32), np.array(box))
    assert window.sum() == 1 and x0 == 5


def test_interpolation_is_exact_for_a_plane_and_flips_commute():
    u = (np.arange(28) + 0.5) / 28
    plane = (0.3 * u[:, None] + 0.6 * u[None]).astype(np.float32)
    box = np.array([10.25, 20.5, 51.0, 47.75])
    window, x0, y0 = place_probability(plane, box)
    x = (x0 + np.arange(window.shape[1]) + 0.5 - box[0]) / (box[2] - box[0])
    y = (y0 + np.arange(window.shape[0]) + 0.5 - box[1]) / (box[3] - box[1])
    inner = (slice(1, -1), slice(1, -1))
    np.testing.assert_allclose(window[inner], (0.3 * y[:, None] + 0.6 * x[None])[inner], atol=1e-5)
    mirrored, _, _ = place_probability(plane[:, ::-1], np.array([-box[2], box[1], -box[0], box[3]]))
    np.testing.assert_allclose(mirrored[:, ::-1], window, atol=1e-5)


@pytest.mark.parametrize("side", [9.0, 24.0, 61.5])
def test_a_disc_has_the_area_of_a_disc(side):
    window, _, _ = place_mask(disc(), np.array([7.3, 2.1, 7.3 + side, 2.1 + side]))
    assert window.sum() == pytest.approx(np.pi / 4 * side**2, rel=0.08)


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
    assert touching_masks(make_detections(boxes)).tolist() == [True, True, True, True, False]
    apart = [[0, 0, 20, 20], [16, 16, 36, 36]]  # boxes overlap in a corner that neither disc reaches
    assert not touching_masks(make_detections(apart, [disc(radius=0.4)] * 2)).any()
    assert touching_masks(make_detections([])).shape == (0,)
