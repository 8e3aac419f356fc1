import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS
from zpix.scenes import draw_population
from zpix.sources import GALAXY
from zpix.spectra.bending import bend_factors, draw_bends

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")


def test_bends_have_their_strength_and_are_smooth() -> None:
    z = np.full(4000, 2.0)
    factors = np.log(bend_factors(draw_bends(np.random.default_rng(0), 4000, 0.1), z, JADES_BANDS))
    assert (factors**2).mean() ** 0.5 == pytest.approx(0.1 / np.sqrt(3), rel=0.05)  # drawn evenly from 0 to 0.1
    correlation = np.corrcoef(factors.T)
    assert correlation[6, 7] > 0.9  # F356W and F410M, 0.06 dex apart
    assert abs(correlation[0, 8]) < 0.2  # F090W and F444W, 0.7 dex apart


def test_bends_follow_the_rest_wavelength() -> None:
    bends = np.repeat(draw_bends(np.random.default_rng(0), 1, 0.3), 2, axis=0)
    factors = bend_factors(bends, np.array([0.0, 1.0]), ("F200W", "F410M"))
    assert factors[0, 0] == pytest.approx(factors[1, 1], rel=0.02)  # 1.99 and 4.08 / 2 µm


def test_a_sky_differs_in_spectra_alone_and_parts_add_up() -> None:
    sky = {
        scatter: draw_population(
            np.random.default_rng(3),
            width_pix=2500,
            height_pix=2500,
            config=SimulationConfig(limit_mag=26.0, agn_density=3.0, spectral_scatter=scatter),
        )
        for scatter in (0.0, 0.1)
    }
    straight, bent = sky[0.0], sky[0.1]
    for name in ("x", "y", "mag", "z", "kind", "z_spec"):
        np.testing.assert_array_equal(getattr(straight, name), getattr(bent, name))
    ratio = np.log(bent.fluxes(JADES_BANDS)[:, 4] / straight.fluxes(JADES_BANDS)[:, 4])
    galaxy = bent.label == GALAXY
    assert 0.02 < ratio[galaxy].std() < 0.15
    assert not ratio[~galaxy].any()
    own = bent.spectra
    parts = own.part_fluxes(bent.structure.shares, bands=JADES_BANDS).sum(axis=1)
    np.testing.assert_allclose(parts[galaxy], own.band_fluxes(bands=JADES_BANDS)[galaxy], rtol=1e-3)
    order = np.random.default_rng(0).permutation(len(bent))
    np.testing.assert_allclose(bent[order].fluxes(JADES_BANDS), bent.fluxes(JADES_BANDS)[order], rtol=1e-5)
