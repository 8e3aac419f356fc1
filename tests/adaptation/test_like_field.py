"""A mock is observed as a field is."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.adaptation.scenery import BANDS, SKY, mock_of
from zpix.adaptation import as_noisy, simulation_like, taught_simulation
from zpix.adaptation.like_field import examined_empty_sky
from zpix.image import Taught


@pytest.fixture(scope="module")
def nominal():
    return examined_empty_sky(BANDS, SKY, seed=5)


def test_depth_and_noise_are_those_of_the_field(nominal):
    bands = tuple(replace(own, depth_mag=own.depth_mag - 0.75, fwhm_arcsec=math.nan) for own in nominal.bands)
    shallower = replace(nominal, bands=bands)
    made = simulation_like(shallower, SKY, taught=Taught({}), ebv=0.02)
    low, high = made.depth_range
    assert low < 2.0 < high and made.band_depth_scatter_mag < 0.1 and made.ebv == 0.02
    low, high = made.noise_over_error_range
    assert all(low <= own.noise_over_error <= high for own in nominal.bands)
    assert made.psf_width_scatter == SKY.psf_width_scatter and made.limit_mag == SKY.limit_mag


def test_fields_of_one_sharpness_are_matched(nominal):
    same = replace(nominal, bands=tuple(replace(own, fwhm_arcsec=0.16) for own in nominal.bands))
    assert simulation_like(same, SKY, taught=Taught({}), ebv=0.0).matched_fraction == 1.0


def test_the_noise_of_mock_galaxies_is_scaled_band_by_band():
    noise = np.full((20, len(BANDS), 3), 1.0)
    noise[:, 1], noise[:, 2] = 3.0, 0.0
    mock = mock_of(50)
    made = as_noisy(mock, noise, reference=1)
    assert made.sigma[:, 0].mean() == pytest.approx(1) and made.sigma[:, 1].mean() == pytest.approx(3)
    assert not made.sigma[:, 2].any() and not made.coverage[:, 2].any() and not made.response[:, 2].any()
    np.testing.assert_allclose(made.noise[:, 1], 3 * mock.noise[:, 1], rtol=1e-5)


def test_what_a_model_was_taught_is_known_as_far_as_this_machine_has_it(caplog):
    told = {"simulation": {"limit_mag": 29.0, "unknown": 1}, "spectra": {"kcorrect": 1.0, "/nowhere/a.param": 1.0}}
    assert taught_simulation(told).limit_mag == 29.0 and taught_simulation(told).spectra == (("kcorrect", 1.0),)
    assert "without the templates /nowhere/a.param, which taught the model too" in caplog.text
    assert taught_simulation({"skies": [{"simulation": {"limit_mag": 28.0}}]}).limit_mag == 28.0
    assert taught_simulation(None).limit_mag == taught_simulation({"kind": "survey"}).limit_mag
