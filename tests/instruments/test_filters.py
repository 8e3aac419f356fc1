import numpy as np

from zpix.image import JADES_BANDS, PIVOT_UM
from zpix.instruments import band_weights, observed_grid, pivot_um, transmission
from zpix.instruments.nircam import NIRCAM


def test_pivots_are_those_of_the_documentation():
    bands = tuple(NIRCAM.channels)
    np.testing.assert_allclose(pivot_um(bands), [PIVOT_UM[band] for band in bands], rtol=0.01)


def test_weights_average_over_the_photons():
    weights = band_weights(JADES_BANDS)
    assert weights.shape == (len(observed_grid(JADES_BANDS)), 9)
    np.testing.assert_allclose(weights.sum(axis=0), 1, rtol=1e-5)


def test_all_light_of_a_band_is_within_the_range_of_its_instrument():
    low, high = NIRCAM.wavelength_range
    for band in NIRCAM.channels:
        wavelength, efficiency = transmission(band)
        outside = (wavelength < low) | (wavelength > high)
        assert efficiency[outside].sum() < 1e-3 * efficiency.sum()
