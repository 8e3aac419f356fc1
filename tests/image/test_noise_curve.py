"""Is the noise of sums that of the pixels as they are read, for any number of pixels?"""

from __future__ import annotations

import math

import numpy as np

from tests.image.examined_fields import band, seen
from zpix.image import BandRepair, NoiseCurve


def test_sums_of_any_size_have_a_factor():
    own = band(noise_over_error=0.9, sums_over_error=2.5, large_sums_over_error=3.0)
    curve = NoiseCurve.of(seen(own), ("F090W", "F444W"))
    np.testing.assert_allclose(curve.at([1, 81, 441, 9000])[:, 1], [0.9, 2.5, 3.0, 3.0], rtol=1e-6)
    assert 0.9 < curve.at([9])[0, 1] < 2.5 and (curve.at([1, 100])[:, 0] == 1).all()  # F090W was not examined
    assert curve.at([]).shape == (0, 2) and np.isnan(curve.at([math.nan])[0, 1])


def test_errors_that_were_scaled_are_nearer_to_the_scatter():
    own = band(noise_over_error=0.9, sums_over_error=2.5, large_sums_over_error=3.0)
    curve = NoiseCurve.of(seen(own), ("F444W",), [BandRepair("F444W", error_factor=2.5)])
    np.testing.assert_allclose(curve.at([81, 441])[:, 0], [1.0, 1.2], rtol=1e-6)


def test_what_was_not_measured_changes_nothing():
    for own in (band(sums_over_error=math.nan), band(sums_over_error=0.0, noise_over_error=0.0)):
        assert (NoiseCurve.of(seen(own), ("F444W",)).at([1, 100, 1000]) == 1).all()
    smaller = NoiseCurve.of(seen(band(large_sums_over_error=math.nan)), ("F444W",))
    assert smaller.at([441])[0, 0] == np.float32(2.5)
