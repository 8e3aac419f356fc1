"""Masks land on the right pixels, and windows of different sizes are kept together."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.catalogue import Stamps, inside_masks, mask_pixels, place_masks, place_probability, segment_masks


def disc(size: int = 28, radius: float = 0.5) -> np.ndarray:
    """Mask that is a disc inscribed in the box, smooth at its edge."""
    u = (np.arange(size) + 0.5) / size - 0.5
    distance = np.hypot(u[:, None], u[None])
    return np.clip((radius - distance) * size + 0.5, 0, 1).astype(np.float32)


def place_mask(mask: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, int, int]:
    window, x0, y0 = place_probability(mask, box)
    return mask_pixels(window), x0, y0


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


@pytest.fixture
def crowd(make_detections):
    """Two hundred boxes of all sizes with random masks, some thinner than a pixel."""
    rng = np.random.default_rng(4)
    corner = rng.uniform(-10, 300, (200, 2))
    side = rng.lognormal(2, 1.2, (200, 2))
    return make_detections(np.hstack([corner, corner + side]), rng.random((200, 28, 28)) ** 3)


def test_all_masks_at_once_are_the_masks_one_by_one(crowd):
    stamps = place_masks(crowd)
    inside = inside_masks(stamps)
    assert len(stamps) == len(crowd)
    for row in range(len(crowd)):
        window, x0, y0 = place_probability(crowd.mask[row], crowd.box[row])
        placed, x, y = stamps.window(row)
        assert (x, y) == (x0, y0)
        np.testing.assert_array_equal(placed, window)
        own = inside[stamps.start[row] : stamps.start[row + 1]].reshape(window.shape)
        np.testing.assert_array_equal(own, mask_pixels(window))


def test_segments_keep_the_mask_exactly_and_probabilities_nearly(crowd):
    stamps = place_masks(crowd)
    segments = segment_masks(stamps, threshold=0.3)
    inside = inside_masks(stamps, threshold=0.3)
    assert segments.values.dtype == np.uint8
    np.testing.assert_array_equal(segments.values > 0, inside)
    np.testing.assert_allclose(
        segments.values[inside] / 255, np.maximum(stamps.values[inside], 1 / 255), atol=0.5 / 255
    )


def test_rows_of_stamps_are_chosen_and_joined(crowd):
    stamps = segment_masks(place_masks(crowd))
    rows = np.array([7, 3, 3, 150])
    for chosen, expected in (
        (stamps[rows], rows),
        (stamps[10:14], range(10, 14)),
        (stamps[np.arange(200) < 2], range(2)),
    ):
        assert len(chosen) == len(expected)
        for row, original in enumerate(expected):
            for a, b in zip(chosen.window(row), stamps.window(original), strict=True):
                np.testing.assert_array_equal(a, b)
    joined = Stamps.concatenate([stamps[:80], stamps[:0], stamps[80:]])
    np.testing.assert_array_equal(joined.values, stamps.values)
    np.testing.assert_array_equal(joined.start, stamps.start)


def test_no_masks_are_no_stamps(make_detections):
    stamps = segment_masks(place_masks(make_detections([])))
    assert len(stamps) == 0 and stamps.box.shape == (0, 4) and stamps.start.tolist() == [0]
