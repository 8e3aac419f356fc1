import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS
from zpix.scenes import Population, draw_population
from zpix.scenes.forms import FORMS, IRREGULAR, MERGING, SMOOTH, SPIRAL, form_fractions
from zpix.scenes.structure import ARMS, BAR
from zpix.spectra import GalaxyTraits

BRIGHT = SimulationConfig(limit_mag=25.0, star_density=0, brown_dwarf_per_arcmin2=0, agn_density=0)
RICH = BRIGHT.model_copy(update={"morphology": "rich"})


def drawn(config: SimulationConfig) -> Population:
    return draw_population(np.random.default_rng(4), width_pix=2000, height_pix=2000, config=config)


@pytest.fixture(scope="module")
def galaxies() -> Population:
    return drawn(RICH)


def test_chances_of_forms_follow_mass_redshift_and_type() -> None:
    mass, z = np.array([10.8, 10.8, 8.0, 10.8, 10.8]), np.array([0.3, 5.0, 0.3, 0.3, 20.0])
    quiescent = np.array([False, False, False, True, False])
    forms, barred = form_fractions(GalaxyTraits(z=z, log_mass=mass, quiescent=quiescent))
    assert forms.shape == (5, len(FORMS)) and (forms >= 0).all()
    np.testing.assert_allclose(forms.sum(axis=1), 1)
    assert forms[0, SPIRAL] > 0.6 > 0.2 > forms[1, SPIRAL] > forms[2, SPIRAL] == forms[3, SPIRAL] == 0
    assert forms[1, IRREGULAR] > forms[0, IRREGULAR] < forms[2, IRREGULAR]
    assert barred[0] > 0.3 > barred[3] > barred[1] > barred[2] == 0


def test_parts_of_every_form_add_up_to_the_galaxy(galaxies: Population) -> None:
    shares = galaxies.structure.shares
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (shares >= 0).all()
    whole = galaxies.spectra.band_fluxes(bands=JADES_BANDS)
    parts = galaxies.spectra.part_fluxes(shares, bands=JADES_BANDS)
    np.testing.assert_allclose(parts.sum(axis=1), whole, rtol=2e-5, atol=1e-9)


def test_forms_have_the_parts_that_make_them(galaxies: Population) -> None:
    form, light = galaxies.structure.form, galaxies.spectra.light(galaxies.structure.shares)
    assert set(np.unique(form)) == set(range(len(FORMS)))
    assert not light[form == SMOOTH, ARMS].any() and (light[form != SMOOTH, ARMS] > 0).all()
    assert light[form == IRREGULAR, ARMS].mean() > 0.3
    assert (light[form == MERGING, BAR] > 0.1).all() and not light[form == IRREGULAR, BAR].any()


def test_everything_else_stays_as_it_is(galaxies: Population) -> None:
    plain = drawn(BRIGHT)
    assert not plain.structure.form.any() and not plain.structure.shares[:, [BAR, ARMS]].any()
    for name in ("x", "y", "mag", "z", "re_arcsec", "sersic_n", "pa_deg"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(galaxies, name))
    np.testing.assert_array_equal(plain.fluxes(JADES_BANDS), galaxies.fluxes(JADES_BANDS))
    again = drawn(RICH)
    np.testing.assert_array_equal(again.structure.form_seed, galaxies.structure.form_seed)
