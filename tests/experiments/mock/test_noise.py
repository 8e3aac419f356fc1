"""Noise of images with known noise."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from experiments.mock import noise
from tests.experiments.mock.scenery import cutout_of


def test_autocorrelation_of_smoothed_noise():
    rng, sigma = np.random.default_rng(0), 1.2
    image = gaussian_filter(rng.normal(size=(600, 600)), sigma, mode="wrap")
    found = noise.autocorrelation(image - image.mean(), np.ones(image.shape, bool))
    np.testing.assert_allclose(found, np.exp(-(np.array(noise.LAGS) ** 2) / (4 * sigma**2)), atol=0.02)


def test_noise_of_a_cutout_with_its_uncertainty():
    rng = np.random.default_rng(1)
    flux = 0.5 * rng.normal(size=(3, 110, 195))
    flux += 40 * gaussian_filter(np.eye(1, 110 * 195, 97 + 195 * 50).reshape(110, 195), 2) * 25  # a source to mask
    found = noise.measure(cutout_of(flux), rng=rng)
    np.testing.assert_allclose(found.rms, 0.5, rtol=0.05)
    assert (np.abs(found.correlation) < 5 * found.correlation_error).all()
    assert (found.correlation_error < 0.02).all() and (found.rms_error < 0.02).all()
    assert noise.rms_met(found, found) == [True] * 3 and noise.correlation_met(found, found).all()
    louder = noise.Noise(found.error_njy, 1.5 * found.rms, found.rms_error, found.correlation, found.correlation_error)
    assert not any(noise.rms_met(found, louder))


def test_one_window_is_as_uncertain_as_windows_differ():
    rng = np.random.default_rng(4)
    windows = [cutout_of(rng.normal(size=(3, 110, 195)) + 0.3 * rng.normal() * np.arange(195) / 195) for _ in range(12)]
    measured = [noise.measure(window, rng=rng) for window in windows]
    alone, among = measured[0], noise.as_one_of(measured[0], measured)
    assert (among.correlation_error >= alone.correlation_error).all() and (among.rms == alone.rms).all()
    assert among.correlation_error[:, -1].max() > alone.correlation_error[:, -1].max()
    assert len(noise.like(windows, windows[0])) > 6
