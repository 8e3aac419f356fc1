import numpy as np
import pytest
from scipy.stats import ks_2samp

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS
from zpix.scenes import Population, draw_population
from zpix.scenes.cosmology import kpc_per_arcsec
from zpix.scenes.counts import draw_redshifts, number_counts
from zpix.scenes.galaxies import draw_shapes, stellar_mass
from zpix.sources import GALAXY, STAR
from zpix.spectra import GalaxyTraits

SIZE = 4000  # pixels: 4 arcmin²


@pytest.fixture(scope="module")
def population() -> Population:
    return draw_population(np.random.default_rng(1), width_pix=SIZE, height_pix=SIZE, config=SimulationConfig())


def test_counts_are_the_published_ones(population: Population) -> None:
    area = (SIZE * 0.03 / 60) ** 2
    galaxies = population.mag[population.label == GALAXY]
    for mag in (26, 28, 30):
        assert (galaxies < mag).sum() / area == pytest.approx(number_counts(mag), rel=0.12)


def test_stars_have_no_redshift_and_no_size(population: Population) -> None:
    star = population.label == STAR
    assert star.any()
    assert not population.z[star].any() and not population.re_arcsec[star].any()
    assert (population.z[~star] > 0).all() and (population.re_arcsec[~star] > 0).all()


def test_faint_galaxies_are_farther_and_smaller(population: Population) -> None:
    bright = (population.label == GALAXY) & (population.mag < 25)
    faint = (population.label == GALAXY) & (population.mag > 29)
    assert np.median(population.z[faint]) > np.median(population.z[bright]) + 0.5
    assert np.median(population.re_arcsec[faint]) < 0.5 * np.median(population.re_arcsec[bright])


def test_redshifts_reach_far_but_rarely() -> None:
    z = draw_redshifts(np.random.default_rng(0), np.full(200_000, 29.0))
    assert 0.002 < (z > 8).mean() < 0.012
    assert z.min() > 0 and z.max() <= 15


@pytest.mark.parametrize(("mag", "median", "beyond_4"), [(20.0, 0.45, 0.001), (24.0, 1.35, 0.03), (28.0, 2.1, 0.15)])
def test_bright_galaxies_are_near_and_some_faint_ones_early(mag: float, median: float, beyond_4: float) -> None:
    z = draw_redshifts(np.random.default_rng(0), np.full(100_000, mag))
    assert np.median(z) == pytest.approx(median, rel=0.06)
    assert (z > 4).mean() == pytest.approx(beyond_4, abs=max(0.4 * beyond_4, 0.001))


def test_massive_galaxies_are_as_many_as_mass_functions_say(population: Population) -> None:
    galaxies = population[population.label == GALAXY]
    area = (SIZE * 0.03 / 60) ** 2
    assert 2 < (stellar_mass(galaxies.mag, galaxies.z) > 10.5).sum() / area < 7


def test_galaxies_are_smaller_in_the_infrared_and_early() -> None:
    n = 20_000
    for z, kpc in ((0.5, 3.5), (2.0, 2.7), (4.0, 1.6), (7.0, 0.95)):  # 4.6 kpc at z = 0.5 and 5000 Å
        shape = draw_shapes(np.random.default_rng(0), GalaxyTraits(np.full(n, z), np.full(n, 10.0), np.zeros(n, bool)))
        assert np.median(shape[0] * kpc_per_arcsec(np.array([z]))) == pytest.approx(kpc, rel=0.05)
        assert np.log10(shape[0]).std() < 0.2  # intrinsic scatter (van der Wel et al. 2014)


def test_boost_fills_high_redshift() -> None:
    config = SimulationConfig(high_z_boost=0.5)
    boosted = draw_population(np.random.default_rng(1), width_pix=1000, height_pix=1000, config=config)
    assert (boosted.z > 4).mean() > 0.45


def test_bright_boost_leaves_the_redshifts_of_a_magnitude_alone() -> None:
    def drawn(boost: float) -> Population:
        config = SimulationConfig(bright_boost=boost, bright_range=(26.8, 27.2))
        return draw_population(np.random.default_rng(1), width_pix=2 * SIZE, height_pix=2 * SIZE, config=config)

    plain, boosted = (drawn(boost) for boost in (0.0, 0.2))
    own, more = (sky.z[(sky.mag > 26.8) & (sky.mag < 27.2) & (sky.label == GALAXY)] for sky in (plain, boosted))
    assert len(more) > 3 * len(own) > 300
    assert ks_2samp(own, more).pvalue > 0.01 > ks_2samp(own, 1.1 * more).pvalue


def test_pairs_exceed_chance() -> None:
    def close_pairs(fraction: float) -> int:
        config = SimulationConfig(clustered_fraction=fraction)
        pairs = 0
        for seed in range(4):
            drawn = draw_population(np.random.default_rng(seed), width_pix=1500, height_pix=1500, config=config)
            distance = np.hypot(drawn.x[:, None] - drawn.x, drawn.y[:, None] - drawn.y)
            pairs += int((distance < 30).sum() - len(drawn))
        return pairs

    assert close_pairs(0.3) > 1.15 * close_pairs(0.0)


def test_fluxes_give_the_magnitude_and_feel_dust(population: Population) -> None:
    some = population[:50]
    clear, dusty = some.fluxes(JADES_BANDS), some.fluxes(JADES_BANDS, ebv=0.5)
    np.testing.assert_allclose(clear[:, -1], 10 ** (-0.4 * (some.mag - 31.4)), rtol=1e-4)
    dimming = -2.5 * np.log10(dusty[:, :] / np.maximum(clear, 1e-20))
    seen = clear > 1e-3
    assert (np.diff(dimming[seen.all(axis=1)], axis=1) < 0).all()  # blue light suffers most
    assert (clear >= 0).all() and np.isfinite(clear).all()


def test_empty_sky() -> None:
    config = SimulationConfig(source_density=0, star_density=0, brown_dwarf_per_arcmin2=0)
    nobody = draw_population(np.random.default_rng(0), width_pix=500, height_pix=500, config=config)
    assert len(nobody) == 0 and nobody.fluxes(JADES_BANDS).shape == (0, 9)
