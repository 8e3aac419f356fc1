"""The cameras of HST beside published numbers: zero points, PSFs, depths and noise."""

import numpy as np
import pytest

from tests.instruments.psf_profile import profile
from zpix.image import PIVOT_UM
from zpix.instruments import instrument_of, pivot_um, transmission
from zpix.instruments.acs import ACS
from zpix.instruments.hst import HST, HST_COLD_MASK
from zpix.instruments.wfc3 import WFC3
from zpix.scenes.noise import electrons_per_njy, noise_kernels, noise_over_error, white_equivalent

BANDS = (*ACS.channels, *WFC3.channels)
#: AB magnitude of one electron per second: those of CANDELS' mosaics of GOODS-S, and of the WFC3 Instrument Handbook.
ZERO_POINT = {
    "F435W": 25.673,
    "F606W": 26.505,
    "F775W": 25.678,
    "F814W": 25.947,
    "F850LP": 24.867,
    "F105W": 26.27,
    "F125W": 26.24,
    "F140W": 26.46,
    "F160W": 25.95,
}
#: Encircled energy within 0.5 and 1″: Bohlin (2011, ACS ISR), and the WFC3 Instrument Handbook, Table 7.7.
ENCIRCLED = {
    "F435W": (0.909, 0.942),
    "F606W": (0.916, 0.947),
    "F775W": (0.918, 0.950),
    "F814W": (0.914, 0.948),
    "F850LP": (0.893, 0.939),
    "F105W": (0.881, 0.938),
    "F125W": (0.863, 0.927),
    "F140W": (0.852, 0.920),
    "F160W": (0.851, 0.914),
}


@pytest.mark.parametrize("band", BANDS)
def test_zero_points_are_those_of_mosaics(band):
    rate = electrons_per_njy((band,))[0] / instrument_of(band).exposure_s
    assert 31.4 + 2.5 * np.log10(rate) == pytest.approx(ZERO_POINT[band], abs=0.03)


@pytest.mark.parametrize("band", BANDS)
def test_psf_is_as_wide_as_in_mosaics(band):
    width, encircled = profile(band)
    assert (0.08 < width < 0.115) if band in ACS.channels else (0.15 < width < 0.19)
    np.testing.assert_allclose(encircled, ENCIRCLED[band], atol=0.04)


def test_bands_are_in_order_and_within_the_range_of_their_camera():
    for camera in (ACS, WFC3):
        bands = tuple(camera.channels)
        np.testing.assert_allclose(pivot_um(bands), [PIVOT_UM[band] for band in bands], rtol=2e-3)
        assert list(bands) == sorted(bands, key=PIVOT_UM.__getitem__)
        assert set(camera.error_njy) == set(camera.noise_over_error) == set(bands)
        for band in bands:
            wavelength, efficiency = transmission(band)
            low, high = camera.wavelength_range
            assert efficiency[(wavelength < low) | (wavelength > high)].sum() < 2e-3 * efficiency.sum()


def test_the_pupil_is_round_and_obscured():
    whole, masked = HST.pupil(256), HST_COLD_MASK.pupil(256)
    area = whole.sum() * (HST.diameter_m / 256) ** 2
    assert area == pytest.approx(np.pi * 1.2**2 * (1 - 0.33**2), rel=0.04)
    assert masked.sum() < 0.85 * whole.sum()
    assert whole[128, 128] == 0 and whole[128 + 60, 128 + 60] == 0 and whole[128, 128 + 85] == 1  # struts are diagonal
    assert {float(whole.min()), float(whole.max())} == {0.0, 1.0}


def test_weight_maps_give_the_noise_of_large_apertures():
    """The noise of an aperture is the error of a pixel times the root of their number, though pixels scatter less."""
    assert white_equivalent(BANDS) * noise_over_error(BANDS) == pytest.approx(1, abs=0.05)
    acs, wfc3 = noise_kernels(("F606W", "F160W"))
    assert acs.core_sigma_pix < wfc3.core_sigma_pix


def test_depth_is_that_of_goods_south():
    """Guo et al. (2013): 5 σ within 0.17″."""
    known = {"F435W": 28.95, "F606W": 29.35, "F775W": 28.55, "F814W": 28.84, "F850LP": 28.55, "F160W": 28.16}
    pixels = np.pi * (0.17 / 0.03) ** 2
    for band, depth in known.items():
        five_sigma = 5 * instrument_of(band).error_njy[band] * np.sqrt(pixels)
        assert 31.4 - 2.5 * np.log10(five_sigma) == pytest.approx(depth, abs=0.05)
