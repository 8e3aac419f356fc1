from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import gammaincinv

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS
from zpix.scenes import Population, draw_population
from zpix.scenes.galaxies import stellar_mass
from zpix.scenes.render import render
from zpix.scenes.stamp_sizes import drawn_in_parts, stamp_sizes
from zpix.scenes.structure import BULGE, CLUMPS, DISC, MOST_CLUMPS, NUCLEUS
from zpix.spectra import COMPONENTS, MixedSpectra
from zpix.spectra.continua import CONTINUA
from zpix.spectra.kcorrect import KCORRECT

SCALE = 0.03
ON_PIXELS = {"bands": JADES_BANDS, "pixel_scale_arcsec": SCALE}
Make = Callable[..., Population]
BRIGHT = SimulationConfig(limit_mag=26.0, star_density=0, brown_dwarf_per_arcmin2=0, agn_density=0)


@pytest.fixture(scope="module")
def galaxies() -> Population:
    return draw_population(np.random.default_rng(4), width_pix=4000, height_pix=4000, config=BRIGHT)


@pytest.fixture
def made_of_parts(make_source: Make) -> Population:
    """A blue disc with a red bulge, two clumps and no lines."""
    source = make_source(40.3, 41.2, re_arcsec=0.3, axis_ratio=0.6, pa_deg=30.0, z=1.0)
    weights = np.zeros((1, len(CONTINUA)))
    weights[0, [CONTINUA.index("old"), CONTINUA.index("burst")]] = 0.5
    plain = source.structure
    shares = plain.shares.copy()
    shares[0, [BULGE, DISC], COMPONENTS.index("old")] = 0.9, 0.1
    shares[0, [CLUMPS, DISC], COMPONENTS.index("young")] = 0.4, 0.6
    clumps = np.zeros((4, 1, MOST_CLUMPS))
    clumps[:, 0, :2] = (0.2, -0.15), (0.1, 0.22), (0.03, 0.05), (0.7, 0.3)
    structure = replace(
        plain,
        shares=shares,
        re_arcsec=np.array([[0.08, 0.4]]),
        sersic_n=np.array([[3.0, 1.0]]),
        axis_ratio=np.array([[0.8, 0.6]]),
        clump_x=clumps[0],
        clump_y=clumps[1],
        clump_re_arcsec=clumps[2],
        clump_share=clumps[3],
    )
    spectra = MixedSpectra.of(KCORRECT, replace(source.spectra.drawn[0], weights=weights))
    return replace(source, structure=structure, spectra=spectra)


def draw(population: Population, fluxes: np.ndarray, size: int, *, in_parts: bool = False) -> np.ndarray:
    """Light of one source on the pixels of a window that begins at (0, 0) and is `size` wide."""
    shares = {0: population.part_shares(JADES_BANDS)[0]} if in_parts else None
    options = {"sizes": np.array([size]), "pixel_scale_arcsec": SCALE, "psf_angle_deg": 0.0, "part_shares": shares}
    stamp = next(render(population, fluxes, bands=JADES_BANDS, **options))
    return np.roll(stamp.light, (stamp.region.y0, stamp.region.x0), axis=(1, 2))


def test_parts_add_up_to_the_galaxy(galaxies: Population) -> None:
    shares = galaxies.structure.shares
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (shares >= 0).all()
    whole = galaxies.spectra.band_fluxes(bands=JADES_BANDS)
    parts = galaxies.spectra.part_fluxes(shares, bands=JADES_BANDS)
    np.testing.assert_allclose(parts.sum(axis=1), whole, rtol=2e-5, atol=1e-9)
    np.testing.assert_allclose(galaxies.part_shares(JADES_BANDS).sum(axis=1), 1, rtol=1e-5)


def test_a_galaxy_is_the_sum_of_its_parts_drawn_alone(make_source: Make, made_of_parts: Population) -> None:
    """The slow equivalent: every part, and every clump, as a source of its own."""
    whole = made_of_parts
    flux = whole.fluxes(JADES_BANDS)
    together = draw(whole, flux, 96, in_parts=True)
    shares, structure = whole.part_shares(JADES_BANDS)[0], whole.structure
    alone = np.zeros_like(together)
    for column, part in enumerate((BULGE, DISC)):
        source = make_source(
            40.3,
            41.2,
            re_arcsec=structure.re_arcsec[0, column],
            sersic_n=structure.sersic_n[0, column],
            axis_ratio=structure.axis_ratio[0, column],
            pa_deg=30.0,
        )
        alone += draw(source, flux * shares[part], 96)
    for clump in range(2):
        x, y = structure.clump_x[0, clump] / SCALE, structure.clump_y[0, clump] / SCALE
        source = make_source(40.3 + x, 41.2 + y, re_arcsec=structure.clump_re_arcsec[0, clump], sersic_n=0.5)
        alone += draw(source, flux * shares[CLUMPS] * structure.clump_share[0, clump], 96)
    assert np.abs(together - alone).max() < 3e-3 * alone.max()
    np.testing.assert_allclose(together.sum(axis=(1, 2)), flux[0], rtol=2e-3)


def test_the_middle_is_redder_than_the_rim(made_of_parts: Population) -> None:
    y, x = np.indices((96, 96))
    radius = np.hypot(x - 40.3, y - 41.2)

    def gradient(in_parts: bool) -> float:
        light = draw(made_of_parts, made_of_parts.fluxes(JADES_BANDS), 96, in_parts=in_parts)
        blue, red = light[JADES_BANDS.index("F090W")], light[JADES_BANDS.index("F200W")]
        middle, rim = radius < 4, (radius > 12) & (radius < 18)
        return float(red[middle].sum() / blue[middle].sum() / (red[rim].sum() / blue[rim].sum()))

    assert gradient(in_parts=True) > 1.3 > 1.1 > gradient(in_parts=False)


def test_sizes_keep_the_half_light_radius(galaxies: Population) -> None:
    """Photons of the parts at 5500 Å, sorted by elliptical radius: half of them are inside that of the whole."""
    rng = np.random.default_rng(0)
    chosen = galaxies[:200]
    light = chosen.spectra.light(chosen.structure.shares)
    ratio = np.array([half_light_radius(rng, chosen, light, row) / chosen.re_arcsec[row] for row in range(len(chosen))])
    assert len(ratio) == 200
    assert np.median(ratio) == pytest.approx(1, abs=0.03)
    assert (np.abs(ratio - 1) < 0.1).mean() > 0.9


def half_light_radius(rng: np.random.Generator, galaxies: Population, light: np.ndarray, row: int) -> float:
    structure, n = galaxies.structure, 2_000
    q, turn = galaxies.axis_ratio[row], np.deg2rad(galaxies.pa_deg[row])
    radius, weight = [], []
    for column, part in enumerate((BULGE, DISC)):
        index = structure.sersic_n[row, column]
        r = (gammaincinv(2 * index, rng.uniform(0, 0.995, n)) / gammaincinv(2 * index, 0.5)) ** index
        angle = rng.uniform(0, 2 * np.pi, n)
        across = r * np.sin(angle) * structure.axis_ratio[row, column]
        radius.append(np.hypot(r * np.cos(angle), across / q) * structure.re_arcsec[row, column])
        weight.append(np.full(n, light[row, part] / n))
    x, y = structure.clump_x[row], structure.clump_y[row]
    along, across = -np.sin(turn) * x + np.cos(turn) * y, np.cos(turn) * x + np.sin(turn) * y
    radius.append(np.hypot(along, across / q))
    weight.append(light[row, CLUMPS] * structure.clump_share[row])
    order = np.argsort(np.concatenate(radius))
    inside = np.cumsum(np.concatenate(weight)[order])
    return float(np.concatenate(radius)[order][np.searchsorted(inside, 0.5)])


def test_bulges_grow_with_mass_and_clumps_are_young(galaxies: Population) -> None:
    light = galaxies.spectra.light(galaxies.structure.shares)
    quiescent, mass = galaxies.kind == "quiescent", stellar_mass(galaxies.mag, galaxies.z)
    heavy, dwarf = ~quiescent & (mass > 10.5), ~quiescent & (mass < 9)
    assert light[quiescent, BULGE].mean() > light[heavy, BULGE].mean() > 3 * light[dwarf, BULGE].mean()
    assert not light[quiescent, CLUMPS].any()
    clumpy = (galaxies.structure.clump_share > 0).any(axis=1)
    low_mass = ~quiescent & (stellar_mass(galaxies.mag, galaxies.z) < 9.8)
    assert clumpy[low_mass].mean() == pytest.approx(0.6, abs=0.05)  # Guo et al. (2015)
    assert clumpy[~quiescent & ~low_mass & (galaxies.z < 1)].mean() < 0.55
    assert (galaxies.structure.clump_share > 0).sum(axis=1)[clumpy].mean() == pytest.approx(2, abs=0.3)
    assert (light[:, NUCLEUS] == 0).all()


def test_clumps_lie_inside_the_disc(galaxies: Population) -> None:
    turn = np.deg2rad(galaxies.pa_deg)[:, None]
    x, y = galaxies.structure.clump_x, galaxies.structure.clump_y
    along, across = -np.sin(turn) * x + np.cos(turn) * y, np.cos(turn) * x + np.sin(turn) * y
    distance = np.hypot(along, across / galaxies.axis_ratio[:, None]) / galaxies.re_arcsec[:, None]
    assert distance.max() < 1.81


def test_faint_galaxies_are_drawn_whole_and_all_can_be(galaxies: Population) -> None:
    sigma, flux = np.full(9, 0.03), galaxies.fluxes(JADES_BANDS)
    bright = drawn_in_parts(galaxies, flux, sigma, **ON_PIXELS)
    assert bright.mean() > 0.5
    assert not drawn_in_parts(galaxies, flux * 1e-6, sigma, **ON_PIXELS).any()
    assert (stamp_sizes(galaxies, flux, sigma, **ON_PIXELS) >= 2 * 1.8 * galaxies.re_arcsec / SCALE)[bright].all()
    off = BRIGHT.model_copy(update={"substructure": False})
    plain = draw_population(np.random.default_rng(4), width_pix=4000, height_pix=4000, config=off)
    assert not drawn_in_parts(plain, plain.fluxes(JADES_BANDS), sigma, **ON_PIXELS).any()
    for name in ("x", "mag", "re_arcsec", "sersic_n", "axis_ratio"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(galaxies, name))
