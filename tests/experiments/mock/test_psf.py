"""Sharpness of Gaussian PSFs."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.mock import psf
from tests.experiments.mock.scenery import gaussian


def test_fwhm_and_encircled_energy_of_a_gaussian():
    sigma, pixel = 6.0, 0.01
    found = psf.sharpness(gaussian(sigma), pixel)
    assert found.fwhm_arcsec == pytest.approx(2.3548 * sigma * pixel, rel=0.01)
    expected = [1 - np.exp(-0.5 * (radius / (sigma * pixel)) ** 2) for radius in psf.RADII_ARCSEC]
    np.testing.assert_allclose(found.encircled, expected, atol=0.003)


def test_stars_are_moved_and_sampled_about_their_middle():
    moved = psf.shifted(gaussian(5.0), 0.4, -0.3)
    assert psf.core_centre(moved) == pytest.approx((199.7, 200.4), abs=0.05)
    coarse = psf.sampled(gaussian(5.0), 4)
    assert coarse.shape == (101, 101) and coarse.argmax() == 50 * 101 + 50


def test_a_star_is_sampled_where_the_real_one_fell():
    real = psf.sampled(psf.shifted(gaussian(3.0), 1.6, -0.8), 4)
    mock = psf.sampled_like(gaussian(3.0), real, 4)
    np.testing.assert_allclose(psf.sharpness(mock, 0.04).numbers, psf.sharpness(real, 0.04).numbers, rtol=0.02)
    centred = psf.sharpness(psf.sampled(gaussian(3.0), 4), 0.04).fwhm_arcsec
    assert psf.sharpness(real, 0.04).fwhm_arcsec > 1.03 * centred  # which is why
