import numpy as np

from zpix.spectra import milky_way_transmission


def test_optical_bands_are_dimmed_as_in_the_optical_curve():
    """A/E(B−V) of Schlafly & Finkbeiner (2011, Table 6) is for another curve: within 15 % for HST's bands."""
    bands = ("F435W", "F606W", "F775W", "F814W", "F850LP")
    dimming = -2.5 * np.log10(milky_way_transmission(bands, 1.0)) * 0.86  # their recalibration of E(B−V)
    np.testing.assert_allclose(dimming, (3.610, 2.471, 1.629, 1.526, 1.243), rtol=0.1)


def test_dust_dims_short_waves_most():
    dimming = -2.5 * np.log10(milky_way_transmission(("F090W", "F444W"), 0.1))
    np.testing.assert_allclose(dimming, (0.147, 0.0115), rtol=0.1)
