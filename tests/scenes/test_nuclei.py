import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS
from zpix.scenes import Population, draw_population
from zpix.scenes.cosmology import kpc_per_arcsec
from zpix.scenes.galaxies import stellar_mass
from zpix.scenes.nuclei import draw_little_red_dots
from zpix.scenes.render import render
from zpix.scenes.stamp_sizes import drawn_in_parts
from zpix.scenes.structure import NUCLEUS
from zpix.sources import GALAXY
from zpix.spectra.kcorrect import KCORRECT

SIZE = 8000  # pixels: 16 arcmin²
AREA = (SIZE * 0.03 / 60) ** 2
CONFIG = SimulationConfig(limit_mag=26.0)


def drawn(config: SimulationConfig) -> Population:
    return draw_population(np.random.default_rng(2), width_pix=SIZE, height_pix=SIZE, config=config)


@pytest.fixture(scope="module")
def active() -> Population:
    return drawn(CONFIG.model_copy(update={"agn_density": 3.0}))


@pytest.fixture(scope="module")
def dots() -> Population:
    return draw_little_red_dots(np.random.default_rng(0), 2000.0, SimulationConfig())


def test_nuclei_are_in_few_and_massive_galaxies(active: Population) -> None:
    nucleus = active.kind == "agn"
    heavy = (active.label == GALAXY) & (active.z > 0.3) & (stellar_mass(active.mag, active.z) > 10.5)
    assert 0.05 < nucleus[heavy].mean() < 0.2  # at three times the published numbers
    assert np.median(stellar_mass(active.mag, active.z)[nucleus]) > 10
    light = active.spectra.light(active.structure.shares)[:, NUCLEUS]
    assert (light[nucleus] > 0.09).all() and not light[~nucleus].any()
    np.testing.assert_allclose(active.structure.shares.sum(axis=1), 1)
    galaxies = active.spectra.drawn[active.spectra.families.index(KCORRECT)]
    np.testing.assert_allclose(galaxies.weights.sum(axis=1), 1)


def test_a_nucleus_is_a_blue_point(active: Population) -> None:
    some = active[(active.kind == "agn") & (active.re_arcsec > 0.2)][:1]
    shares, fluxes = some.part_shares(JADES_BANDS), some.fluxes(JADES_BANDS)
    assert drawn_in_parts(some, fluxes, np.full(9, 0.03), bands=JADES_BANDS, pixel_scale_arcsec=0.03).all()
    assert shares[0, NUCLEUS, 0] > shares[0, NUCLEUS, 3]
    options = {"bands": JADES_BANDS, "sizes": np.array([128]), "pixel_scale_arcsec": 0.03, "psf_angle_deg": 0.0}
    with_nucleus = next(render(some, fluxes, part_shares={0: shares[0]}, **options)).light
    smooth = next(render(some, fluxes, **options)).light
    assert (with_nucleus.max(axis=(1, 2)) > smooth.max(axis=(1, 2)))[:4].all()
    np.testing.assert_allclose(with_nucleus.sum(axis=(1, 2)), fluxes[0], rtol=0.01)


def test_they_can_be_switched_off_and_nothing_else_changes(active: Population) -> None:
    off = drawn(CONFIG.model_copy(update={"agn_density": 0.0}))
    assert not np.isin(off.kind, ["agn", "little_red_dot"]).any()
    same = active[active.kind != "little_red_dot"]
    for name in ("x", "y", "mag", "z", "re_arcsec", "label"):
        np.testing.assert_array_equal(getattr(off, name), getattr(same, name))
    untouched = same.kind != "agn"
    np.testing.assert_array_equal(off[untouched].fluxes(JADES_BANDS), same[untouched].fluxes(JADES_BANDS))


def test_little_red_dots_are_as_many_as_published(dots: Population) -> None:
    """260 in 640 arcmin² to F444W = 27.7 (Kokorev et al. 2024)."""
    assert (dots.mag < 27.7).sum() / 2000 == pytest.approx(260 / 640, rel=0.12)
    assert dots.mag.min() >= 22.5
    assert dots.z.min() > 4 and dots.z.max() < 8.5
    assert (dots.label == GALAXY).all() and (dots.kind == "little_red_dot").all()
    assert np.quantile(dots.re_arcsec * kpc_per_arcsec(dots.z), 0.9) < 0.13


def test_little_red_dots_meet_the_published_selection(dots: Population) -> None:
    """Blue in the ultraviolet and red in the optical: the colours of Labbé et al. (2025) and Kokorev et al. (2024)."""
    flux = dots.fluxes(JADES_BANDS)
    mag = {band: -2.5 * np.log10(np.maximum(f, 1e-9)) for band, f in zip(JADES_BANDS, flux.T, strict=True)}
    near = (mag["F115W"] - mag["F150W"] < 0.8) & (mag["F200W"] - mag["F277W"] > 0.7)
    near &= mag["F200W"] - mag["F356W"] > 1.0
    far = (mag["F150W"] - mag["F200W"] < 0.8) & (mag["F277W"] - mag["F356W"] > 0.6)
    far &= mag["F277W"] - mag["F444W"] > 0.7
    assert (near | far)[dots.z > 4.5].mean() > 0.75
    assert np.median((mag["F150W"] - mag["F200W"])[dots.z > 4.5]) < 0.5


def test_no_dots() -> None:
    nobody = draw_little_red_dots(np.random.default_rng(0), 0.0, SimulationConfig())
    assert len(nobody) == 0 and nobody.fluxes(JADES_BANDS).shape == (0, 9)
