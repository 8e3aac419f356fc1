import numpy as np
import pytest

from tests.instruments.psf_profile import profile
from zpix.image import PIVOT_UM
from zpix.instruments import pivot_um
from zpix.instruments.nircam import JWST, NIRCAM
from zpix.scenes.noise import electrons_per_njy

#: FWHM in arcsec of the telescope's PSF (JWST User Documentation, NIRCam Point Spread Functions), before pixels.
FWHM = {
    "F070W": 0.029,
    "F090W": 0.033,
    "F115W": 0.040,
    "F140M": 0.048,
    "F150W": 0.050,
    "F162M": 0.055,
    "F182M": 0.062,
    "F200W": 0.066,
    "F210M": 0.071,
    "F250M": 0.085,
    "F277W": 0.092,
    "F300M": 0.100,
    "F335M": 0.111,
    "F356W": 0.116,
    "F360M": 0.120,
    "F410M": 0.137,
    "F430M": 0.144,
    "F444W": 0.145,
    "F460M": 0.155,
    "F480M": 0.162,
}


@pytest.mark.parametrize("band", FWHM)
def test_psf_is_that_of_the_telescope_in_pixels_of_a_mosaic(band):
    channel = NIRCAM.channels[band]
    added = 2.355 * np.hypot(channel.native_pixel_arcsec / np.sqrt(12), channel.blur_arcsec)
    assert profile(band)[0] == pytest.approx(np.hypot(FWHM[band], added), rel=0.04)


def test_channels_part_at_2_4_um():
    for band, channel in NIRCAM.channels.items():
        assert channel.name == ("long" if PIVOT_UM[band] > 2.4 else "short")
    waves = [PIVOT_UM[band] for band in NIRCAM.channels]
    assert waves == sorted(waves)


def test_the_pupil_has_the_area_of_the_mirror():
    pupil = JWST.pupil(256)
    area = pupil.sum() * (JWST.diameter_m / 256) ** 2
    assert area == pytest.approx(JWST.collecting_area_m2, rel=0.05)
    assert pupil.min() >= 0
    assert pupil.max() <= 1


def test_medium_bands_are_as_much_noisier_as_they_are_narrower():
    """The rule by which the bands that JADES lacks have their errors holds for those that it has."""
    assert set(NIRCAM.error_njy) == set(NIRCAM.noise_over_error) == set(NIRCAM.channels)
    for name, wide in (("short", ("F115W", "F150W", "F200W")), ("long", ("F277W", "F356W", "F444W"))):
        bands = tuple(band for band, channel in NIRCAM.channels.items() if channel.name == name)
        noise = np.array([NIRCAM.error_njy[band] for band in bands]) * np.sqrt(electrons_per_njy(bands))
        of_wide = np.interp(pivot_um(bands), pivot_um(wide), noise[[bands.index(band) for band in wide]])
        np.testing.assert_allclose(noise, of_wide, rtol=0.25)


def test_the_pupil_is_that_of_poppy():
    """18 hexagons, the secondary mirror and its struts, as many pixels as `MultiHexagonAperture` and the like give."""
    assert [JWST.pupil(n).sum() for n in (64, 256, 1024)] == [2456, 39580, 632390]
    pupil = JWST.pupil(256)
    np.testing.assert_array_equal(pupil, pupil[:, ::-1])
    assert pupil[128, 128] == pupil[200, 127] == pupil[77, 98] == 0  # secondary mirror, upper strut, left strut
    assert pupil[60, 127] == pupil[128, 20] == 1
