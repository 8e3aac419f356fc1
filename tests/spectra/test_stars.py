import numpy as np

from zpix.image import JADES_BANDS
from zpix.spectra.stars import star_fluxes


def magnitudes(teff: float) -> dict[str, float]:
    return dict(zip(JADES_BANDS, -2.5 * np.log10(star_fluxes(np.array([teff]), bands=JADES_BANDS)[0]), strict=True))


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


def test_no_stars() -> None:
    assert star_fluxes(np.zeros(0), bands=JADES_BANDS).shape == (0, 9)
