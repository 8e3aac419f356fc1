import numpy as np
import pytest

from zpix.image import JADES_BANDS
from zpix.instruments import transmission
from zpix.spectra import rest_grid
from zpix.spectra.continua import CONTINUA, continua
from zpix.spectra.emission_lines import LINE_GROUPS
from zpix.spectra.kcorrect import KCORRECT
from zpix.spectra.kcorrect_spectra import KcorrectSpectra

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")


def galaxy(z: float, continuum: str = "burst", **changes: float) -> KcorrectSpectra:
    weights = np.zeros((1, len(CONTINUA)))
    weights[0, CONTINUA.index(continuum)] = 1
    values = {
        "z": z,
        "a_v": 0.0,
        "smc": 0.0,
        "ew_ha": 0.0,
        "ew_lya": 0.0,
        "igm": 1.0,
        "damping": 1.0,
    } | changes
    arrays = {name: np.array([value]) for name, value in values.items()}
    return KcorrectSpectra(weights=weights, lines=np.ones((1, len(LINE_GROUPS))), **arrays)


@pytest.mark.parametrize("continuum", ["burst", "old", "intermediate", "metal_poor"])
@pytest.mark.parametrize("z", [0.37, 1.234, 4.0])
def test_band_fluxes_equal_a_direct_integral(continuum: str, z: float) -> None:
    """The slow equivalent: interpolate one spectrum onto the filter's own wavelengths; redward of Lyman α."""
    bands = ("F200W", "F277W", "F356W", "F410M", "F444W")
    direct = []
    for band in bands:
        wavelength, efficiency = transmission(band)
        fine = np.linspace(wavelength[0], wavelength[-1], 20_000)
        t = np.interp(fine, wavelength, efficiency) / fine
        f_nu = np.interp(fine / (1 + z), rest_grid(), continua()[CONTINUA.index(continuum)])
        direct.append(np.trapezoid(f_nu * t, fine) / np.trapezoid(t, fine))
    np.testing.assert_allclose(KCORRECT.band_fluxes(galaxy(z, continuum), bands=bands)[0], direct, rtol=3e-3)


def test_f115w_dropouts_at_z_10() -> None:
    flux = dict(zip(JADES_BANDS, KCORRECT.band_fluxes(galaxy(10.0), bands=JADES_BANDS)[0], strict=True))
    assert flux["F115W"] < 0.02 * flux["F150W"] and flux["F090W"] < 1e-4 * flux["F150W"]
    assert flux["F150W"] > 0.5 * flux["F200W"]


def test_the_break_moves_through_the_bands() -> None:
    band = [int(np.argmax(KCORRECT.band_fluxes(galaxy(z), bands=JADES_BANDS)[0] > 0.1)) for z in (3, 7.5, 10, 14)]
    assert band == sorted(band) and band[0] == 0 and band[-1] >= 2


@pytest.mark.parametrize(("z", "band"), [(5.2, "F410M"), (4.1, "F335M")])
def test_h_alpha_brightens_the_medium_bands(z: float, band: str) -> None:
    quiet, loud = (KCORRECT.band_fluxes(galaxy(z, ew_ha=ew), bands=(band, "F444W"))[0] for ew in (0.0, 600.0))
    assert 0.3 < 2.5 * np.log10(loud[0] / quiet[0]) < 1.5


def test_line_flux_is_the_equivalent_width() -> None:
    """A line of rest width W holds as much light as W of the continuum under it."""
    z, ew = 1.5, 100.0
    alone = galaxy(z, "old", ew_ha=ew)
    lines = np.zeros((1, len(LINE_GROUPS)))
    lines[0, 0] = 1
    alone = KcorrectSpectra(**(vars(alone) | {"lines": lines}))
    with_line = KCORRECT.band_fluxes(alone, bands=("F162M",))[0, 0]
    without = KCORRECT.band_fluxes(galaxy(z, "old"), bands=("F162M",))[0, 0]
    wavelength, efficiency = transmission("F162M")
    continuum = np.interp(6564.6, rest_grid(), continua()[CONTINUA.index("old")])
    at_line = np.interp(6564.6 * (1 + z), wavelength, efficiency)
    expected = continuum * ew / 6564.6 * at_line / np.trapezoid(efficiency / wavelength, wavelength)
    assert with_line - without == pytest.approx(expected, rel=0.02)


def test_dust_reddens() -> None:
    clear, dusty = (KCORRECT.band_fluxes(galaxy(2.0, a_v=a_v), bands=JADES_BANDS)[0] for a_v in (0.0, 1.0))
    assert np.all(np.diff(-2.5 * np.log10(dusty / clear)) < 0)


def test_no_galaxies_and_many() -> None:
    assert KCORRECT.band_fluxes(galaxy(1.0)[:0], bands=JADES_BANDS).shape == (0, 9)
    one = galaxy(2.0, ew_ha=100.0)
    many = KcorrectSpectra(**{name: np.repeat(value, 700, axis=0) for name, value in vars(one).items()})
    np.testing.assert_allclose(
        KCORRECT.band_fluxes(many, bands=JADES_BANDS),
        np.repeat(KCORRECT.band_fluxes(one, bands=JADES_BANDS), 700, 0),
        rtol=1e-5,
    )


@pytest.mark.parametrize("z", [2.0, 3.3, 5.0])
def test_rest_frame_spectra_through_the_filters_are_the_band_fluxes(z: float) -> None:
    """With dust and lines, in bands that see no intergalactic absorption."""
    bands = ("F200W", "F277W", "F356W", "F410M", "F444W")
    one = galaxy(z, "burst", a_v=0.7, smc=0.3, ew_ha=400.0)
    f_nu = KCORRECT.rest_spectra(one)[0] * rest_grid() ** 2
    through = []
    for band in bands:
        wavelength, efficiency = transmission(band)
        t = np.interp(rest_grid() * (1 + z), wavelength, efficiency, left=0, right=0)  # d ln λ is the same everywhere
        through.append((f_nu * t).sum() / t.sum())
    np.testing.assert_allclose(through, KCORRECT.band_fluxes(one, bands=bands)[0], rtol=5e-3)
