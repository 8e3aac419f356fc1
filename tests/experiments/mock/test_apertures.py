"""Growth of the scatter in apertures of noise that is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from experiments.mock.apertures import RADII_ARCSEC, growth_table, measure_growth


def test_white_noise_grows_as_the_root_of_the_pixels_and_smoothed_noise_more():
    rng = np.random.default_rng(1)
    white, free = rng.standard_normal((200, 200)), np.ones((200, 200), bool)
    free[50:60, 50:60] = False
    white[50:60, 50:60] = 1e4
    error = np.full(white.shape, 2.0)
    found = measure_growth("white", "F444W", white, error, free, pixel_arcsec=0.03)
    assert found.scatter == pytest.approx(0.5, rel=0.03)
    np.testing.assert_allclose(found.growth, 1, rtol=0.1)
    smooth = gaussian_filter(rng.standard_normal((200, 200)), 1.0)
    more = measure_growth("smooth", "F444W", smooth, None, np.ones((200, 200), bool), pixel_arcsec=0.03)
    assert np.isnan(more.scatter) and (np.diff(more.growth) > 0).all()
    assert more.growth[-1] == pytest.approx(2 * np.sqrt(np.pi), rel=0.12)
    assert growth_table([found, more], []).count("\n") == 3 and len(RADII_ARCSEC) == len(found.growth)
