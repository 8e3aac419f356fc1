"""Is the scatter of sums that of the noise, whatever else is in the image?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tests.image.examined_fields import SCALE_ARCSEC, blob_image, with_pixels
from zpix.image import Pixels, examine_mosaic, measured_factors
from zpix.image.sum_noise import joined_noise, measure_sums


def factors(pixels: Pixels) -> np.ndarray:
    return measured_factors(pixels.flux, pixels.error, pixel_scale_arcsec=SCALE_ARCSEC)


def noise_of_squares(smoothed_pix: float, side: int = 9) -> float:
    """Scatter of sums over squares of noise of unit scatter that was smoothed by a Gaussian, over √area."""
    step = np.arange(side)
    along = np.exp(-((step[:, None] - step) ** 2) / (4 * smoothed_pix**2)).sum() if smoothed_pix else side
    return float(along / side)


@pytest.mark.parametrize("smoothed_pix", [0.0, 0.8, 2.0])  # independent, drizzled, matched to another PSF
def test_the_scatter_is_that_of_the_noise(smoothed_pix):
    pixels = blob_image((512, 512), sources=100, smoothed_pix=smoothed_pix).pixels
    np.testing.assert_allclose(factors(pixels), noise_of_squares(smoothed_pix), rtol=0.08)


def test_errors_scaled_by_it_have_a_scatter_of_one_and_sky_does_not_matter():
    pixels = blob_image().pixels
    wrong = np.array([0.15, 1.0, 4.0], np.float32)[:, None, None]
    sky = np.array([1.0, 0.0, -0.5], np.float32)[:, None, None]
    found = factors(Pixels(pixels.flux + sky, pixels.error * wrong, pixels.valid))
    np.testing.assert_allclose(found * wrong.ravel(), factors(pixels), rtol=2e-3)
    scaled = Pixels(pixels.flux, pixels.error * factors(pixels)[:, None, None], pixels.valid)
    np.testing.assert_allclose(factors(scaled), 1, rtol=2e-3)


def test_it_is_what_an_examination_measures():
    image = blob_image((320, 320))
    seen = examine_mosaic(image, pixel_scale_arcsec=SCALE_ARCSEC)
    assert factors(image.pixels).tolist() == pytest.approx([own.measured_factor for own in seen.bands])
    scaled = seen.in_measured_errors()
    assert all(own.sums_over_error == pytest.approx(1, abs=1e-3) for own in scaled.bands)
    for own, other in zip(scaled.bands, seen.bands, strict=True):
        assert own.sky_njy == pytest.approx(other.sky_njy) and own.depth_mag == other.depth_mag


def test_light_that_varies_over_an_arcsec_is_no_noise():
    image = blob_image()
    halo = gaussian_filter(np.random.default_rng(1).standard_normal((384, 384)), 40) * 40  # as of large galaxies
    flux = image.pixels.flux + (image.pixels.error * halo).astype(np.float32)
    np.testing.assert_allclose(factors(with_pixels(image, flux=flux).pixels), factors(image.pixels), rtol=0.08)


def test_pixels_without_data_are_left_out():
    pixels = blob_image().pixels
    valid = np.random.default_rng(0).random(pixels.flux.shape) > 0.05
    valid[1] = False
    holes = Pixels(np.where(valid, pixels.flux, 0), np.where(valid, pixels.error, np.inf), valid)
    found = factors(holes)
    assert found[1] == 1
    np.testing.assert_allclose(found[[0, 2]], factors(pixels)[[0, 2]], rtol=0.08)


def test_too_little_empty_sky_tells_nothing():
    pixels = blob_image((30, 30), sources=0).pixels
    assert (factors(pixels) == 1).all()
    seen = measure_sums(pixels.flux, pixels.error, pixel_scale_arcsec=SCALE_ARCSEC)
    assert np.isnan(joined_noise(seen[:1]).small_over_error) and joined_noise(seen[:1]).sums < 16
    assert (factors(Pixels(0 * pixels.flux, pixels.error, pixels.valid)) == 1).all()
