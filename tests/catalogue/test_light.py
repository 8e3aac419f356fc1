"""Positions, sizes and total fluxes are those of the light, wherever the window lies."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.catalogue import Light, Stamps, measure_light
from zpix.image import NoiseCurve, Pixels

AXES, TURN = (6.0, 3.0), 30.0


def galaxy(shape, centre, *, flux=1000.0, axes=AXES, turn=TURN) -> np.ndarray:
    """A Gaussian of two axes in pixels, its major one `turn` degrees from the x axis."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    cos, sin = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    along, across = (x - centre[0]) * cos + (y - centre[1]) * sin, (y - centre[1]) * cos - (x - centre[0]) * sin
    light = np.exp(-0.5 * ((along / axes[0]) ** 2 + (across / axes[1]) ** 2))
    return flux * light / (2 * np.pi * axes[0] * axes[1])


def mask_of(light: np.ndarray, *, least: float) -> Stamps:
    """The pixels brighter than a limit, as one stamp."""
    return Stamps(
        np.zeros((1, 2), np.int32), np.array([light.shape], np.int32), (light > least).astype(np.float32).ravel()
    )


def image_of(*bands: np.ndarray, error: float = 0.05) -> Pixels:
    flux = np.stack(bands).astype(np.float32)
    return Pixels(flux, np.full_like(flux, error), np.ones(flux.shape, bool))


@pytest.fixture
def lonely():
    light = galaxy((101, 121), (60.3, 49.6))
    return mask_of(light, least=0.02), image_of(light, 2 * light)


def test_a_gaussian_is_measured_as_it_was_drawn(lonely):
    light = measure_light(*lonely)
    np.testing.assert_allclose(light.centre_xy, [[60.3, 49.6]], atol=0.005)
    assert np.abs(light.peak_xy[0] - [60.3, 49.6]).max() < 1
    np.testing.assert_allclose(light.axes_pix, [AXES], rtol=0.02)
    np.testing.assert_allclose(light.theta_deg, TURN, atol=0.5)
    np.testing.assert_allclose(light.half_light_pix, 5.2, atol=0.15)  # summed pixel by pixel
    np.testing.assert_allclose(light.total, [[1000, 2000]], rtol=0.05)
    area = np.pi * np.prod(light.axes_pix) * light.kron_radius[0] ** 2
    np.testing.assert_allclose(light.total_error, 0.05 * np.sqrt([[area, area]]), rtol=0.05)


def test_a_mask_that_is_too_large_on_one_side_does_not_move_the_position():
    light = galaxy((101, 121), (60.3, 49.6))
    mask = mask_of(light, least=0.02)
    mask.values.reshape(101, 121)[40:60, 60:100] = 1
    noise = np.random.default_rng(1).normal(0, 0.05, light.shape)
    found = measure_light(mask, image_of(light + noise))
    assert np.hypot(*(found.centre_xy[0] - [60.3, 49.6])) < 0.1


def test_neighbours_outside_the_mask_add_nothing_and_do_not_pull(lonely):
    mask, pixels = lonely
    neighbour = galaxy((101, 121), (50.3, 67.0), flux=800, axes=(2, 2))  # beyond the minor axis
    alone, beside = measure_light(mask, pixels), measure_light(mask, image_of(*(pixels.flux + neighbour)))
    assert np.hypot(*(beside.centre_xy - alone.centre_xy)[0]) < 0.3
    np.testing.assert_allclose(beside.total, alone.total, rtol=0.03)
    np.testing.assert_allclose(beside.half_light_pix, alone.half_light_pix, rtol=0.05)


def test_a_mask_that_holds_part_of_a_neighbour_does_not_move_the_position():
    own, neighbour = galaxy((101, 121), (60, 50), axes=(4, 4)), galaxy((101, 121), (74, 50), flux=600, axes=(3, 3))
    columns = np.arange(121)
    mask = mask_of(np.where(columns < 76, own + neighbour, 0), least=0.1)  # more than half of the neighbour
    found = measure_light(mask, image_of(own + neighbour))
    assert np.hypot(*(found.centre_xy[0] - [60, 50])) < 0.8  # 1.6 with the whole mask trusted


def test_bright_sources_are_less_disturbed_by_a_neighbour_in_their_mask():
    own = galaxy((101, 121), (60, 50), flux=500, axes=(2, 2)) + galaxy((101, 121), (60, 50), flux=500, axes=(8, 8))
    both, off = own + galaxy((101, 121), (68, 50), flux=150, axes=(2, 2)), {}
    for error in (0.05, 0.3):  # signal-to-noise ratios in the mask of about 1,000 and 170
        found = measure_light(mask_of(both, least=0.1), image_of(both, error=error))
        off[error] = np.hypot(*(found.centre_xy[0] - [60, 50]))
    assert off[0.05] < 0.05
    assert off[0.3] > 0.2


def test_a_centroid_that_leaves_the_mask_is_that_of_the_pixels_in_the_mask():
    faint = galaxy((101, 121), (50.0, 50.0), flux=10, axes=(2, 2))
    giant = galaxy((101, 121), (62.0, 50.0), flux=90_000, axes=(4, 4))
    mask = mask_of(np.where(np.arange(121) < 54, faint, 0), least=0.05)
    found = measure_light(mask, image_of(faint + giant, error=1e4))  # no neighbour is significant
    inside = mask.values.reshape(101, 121) > 0
    rows, columns = np.nonzero(inside)
    assert columns.min() - 0.5 <= found.centre_xy[0, 0] <= columns.max() + 0.5
    assert rows.min() - 0.5 <= found.centre_xy[0, 1] <= rows.max() + 0.5


def test_the_window_may_lie_anywhere(lonely):
    mask, pixels = lonely
    noise = np.random.default_rng(2).normal(0, 0.05, pixels.flux.shape).astype(np.float32)
    noisy = Pixels(pixels.flux + noise, pixels.error, pixels.valid)
    whole = measure_light(mask, noisy, reach_pix=24)
    part = Pixels(*(a[:, 8:99, 17:110] for a in (noisy.flux, noisy.error, noisy.valid)))
    moved = measure_light(mask, part, origin_xy=(17, 8), reach_pix=24)
    for name in Light.__dataclass_fields__:
        np.testing.assert_allclose(getattr(moved, name), getattr(whole, name), rtol=1e-6, err_msg=name)


def test_sources_are_measured_alike_alone_and_together(lonely):
    mask, pixels = lonely
    small = mask_of(galaxy((101, 121), (20.0, 20.0), axes=(2, 2)), least=1.0)
    one, both = measure_light(mask, pixels), measure_light(Stamps.concatenate([small, mask]), pixels)
    for name in Light.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(both, name)[1:], getattr(one, name), err_msg=name)


def test_bands_without_data_have_no_total_flux(lonely):
    mask, pixels = lonely
    pixels.flux[0, :, :60], pixels.error[0, :, :60], pixels.valid[0, :, :60] = 0, np.inf, False
    light = measure_light(mask, pixels)
    assert np.isnan(light.total[0, 0]) and np.isnan(light.total_error[0, 0])
    np.testing.assert_allclose(light.total[0, 1], 2000, rtol=0.05)


def test_correlated_noise_makes_errors_larger(lonely):
    plain = measure_light(*lonely)
    larger = plain.in_noise(NoiseCurve((1.0, 100.0), ((1.0, 1.5), (2.0, 2.0))))  # the ellipse has more pixels
    np.testing.assert_allclose(larger.total_error, plain.total_error * [1.5, 2.0], rtol=1e-6)
    np.testing.assert_array_equal(larger.total, plain.total)


def test_nothing_and_sources_outside_the_image_are_normal(lonely):
    mask, pixels = lonely
    assert len(measure_light(mask[:0], pixels)) == 0
    outside = measure_light(mask, pixels, origin_xy=(1000, 1000))
    assert np.isnan(outside.total).all() and np.isfinite(outside.centre_xy).all()
