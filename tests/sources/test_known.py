"""Numbers that say that nothing is known, in all the ways in which catalogues write them."""

import numpy as np
import pytest

from zpix.sources.known import known_fluxes, known_magnitudes, known_numbers, known_positions, known_z

NOTHING = [np.nan, np.inf, -np.inf, -99, -99.9, -999, -9999, -1e30, 1e31]


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_not_known_is_nan(nothing, dtype):
    values = np.array([1.5, nothing, -98.5, 0.0], dtype)
    np.testing.assert_array_equal(known_numbers(values), [1.5, np.nan, -98.5, 0.0])
    assert values[0] == dtype(1.5) and known_numbers(values).dtype == np.float64  # the input is not written to


@pytest.mark.parametrize("nothing", [*NOTHING, 0, -1, 99, 99.9, 999])
def test_redshifts(nothing):
    np.testing.assert_array_equal(known_z([0.001, nothing, 14.3]), [0.001, np.nan, 14.3])


@pytest.mark.parametrize("nothing", [*NOTHING, 99, 99.99])
def test_magnitudes(nothing):
    np.testing.assert_array_equal(known_magnitudes([31.0, nothing, -1.0]), [31.0, np.nan, -1.0])


@pytest.mark.parametrize(("flux", "error"), [(n, n) for n in NOTHING] + [(0, -1), (5, 0), (0, np.inf), (5, np.nan)])
def test_fluxes_are_known_with_their_errors(flux, error):
    values, errors = known_fluxes([7.0, flux, -3.0], [1.0, error, 2.0])
    np.testing.assert_array_equal(values, [7.0, np.nan, -3.0])
    np.testing.assert_array_equal(errors, [1.0, np.nan, 2.0])


def test_fluxes_without_errors_stand_alone():
    values, errors = known_fluxes([7.0, -99.0, -98.0])
    np.testing.assert_array_equal(values, [7.0, np.nan, -98.0])
    assert np.isnan(errors).all()


def test_places_on_the_sky():
    ra, dec = known_positions([-10.0, 370.0, 53.1, -1e-17, 12.0, -99.0, np.nan], [1.0, 1, -27, 0, 91, -99, 5])
    np.testing.assert_allclose(ra, [350.0, 10.0, 53.1, 0.0, np.nan, np.nan, np.nan])
    assert np.isnan(dec[4:]).all() and ((ra[:4] >= 0) & (ra[:4] < 360)).all()


def test_none_is_ordinary():
    assert len(known_numbers([])) == len(known_z([])) == len(known_positions([], [])[0]) == 0
