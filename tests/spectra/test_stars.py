import numpy as np

from zpix.image import JADES_BANDS
from zpix.spectra import STARS, StarSpectra, rest_grid


def stars(*teff: float) -> StarSpectra:
    return StarSpectra(z=np.zeros(len(teff)), teff=np.array(teff), colour_scatter=np.zeros(len(teff)))


def magnitudes(teff: float) -> dict[str, float]:
    (flux,) = STARS.band_fluxes(stars(teff), bands=JADES_BANDS)
    return dict(zip(JADES_BANDS, -2.5 * np.log10(flux), strict=True))


def test_cool_stars_are_red_in_the_short_bands() -> None:
    hot, cool = magnitudes(6000.0), magnitudes(2800.0)
    assert cool["F090W"] - cool["F200W"] > hot["F090W"] - hot["F200W"] + 0.5


def test_stars_fade_to_the_long_bands() -> None:
    for teff in (3000.0, 4500.0, 7000.0):
        mag = magnitudes(teff)
        assert mag["F444W"] > mag["F277W"] > mag["F200W"]


def test_brown_dwarfs_show_methane_and_mimic_high_redshift() -> None:
    mag = magnitudes(800.0)
    assert mag["F356W"] - mag["F410M"] > 0.5  # methane at 3.3 µm
    assert mag["F277W"] - mag["F444W"] > 1.0
    assert mag["F090W"] - mag["F115W"] > 1.5


def test_m_dwarfs_have_the_optical_colours_of_m_dwarfs() -> None:
    """About M0 and M4 of Pecaut & Mamajek (2013), V − I of 1.8 and 2.8 (Vega), in HST's bands and AB."""
    flux = STARS.band_fluxes(stars(3850.0, 3200.0), bands=("F435W", "F606W", "F814W"))
    mag = -2.5 * np.log10(flux)
    np.testing.assert_allclose(mag[:, 1] - mag[:, 2], (0.95, 1.6), atol=0.15)
    np.testing.assert_allclose(mag[:, 0] - mag[:, 1], (1.35, 1.7), atol=0.2)


def test_no_stars() -> None:
    assert STARS.band_fluxes(stars(), bands=JADES_BANDS).shape == (0, 9)


def test_all_wavelengths_have_a_spectrum() -> None:
    some = STARS.draw(np.random.default_rng(0), stars=20, brown_dwarfs=20)
    f_lambda = STARS.rest_spectra(some)
    assert f_lambda.shape == (40, len(rest_grid()))
    assert np.isfinite(f_lambda).all()
    assert (some.teff[:20] > 2300).all()
    assert (some.teff[20:] < 2310).all()
