import numpy as np

from zpix.spectra import milky_way_transmission


def test_dust_dims_short_waves_most():
    dimming = -2.5 * np.log10(milky_way_transmission(("F090W", "F444W"), 0.1))
    np.testing.assert_allclose(dimming, (0.147, 0.0115), rtol=0.1)
