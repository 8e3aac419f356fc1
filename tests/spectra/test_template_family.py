from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.spectra.small_templates import KINDS, WAVE, template_flux, write_templates
from zpix.config import SimulationConfig
from zpix.errors import InputFileError
from zpix.image import JADES_BANDS
from zpix.instruments import transmission
from zpix.scenes import Sky, draw_population
from zpix.spectra import COMPONENTS, GalaxyTraits, draw_galaxy_spectra, family_of
from zpix.spectra.template_family import TemplateFamily
from zpix.spectra.template_spectra import TemplateSpectra

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
N = 300


@pytest.fixture(scope="module")
def listed(tmp_path_factory) -> Path:
    return write_templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="module")
def family(listed: Path) -> TemplateFamily:
    return family_of(str(listed))


def galaxies(z: float, *, log_mass: float = 9.5, quiescent: bool = False) -> GalaxyTraits:
    return GalaxyTraits(z=np.full(N, z), log_mass=np.full(N, log_mass), quiescent=np.full(N, quiescent))


def alone(kind: str, z: float) -> TemplateSpectra:
    """One template as its file has it, behind the mean gas."""
    zero, one = np.zeros(1), np.ones(1)
    weights = np.array([[float(name == kind) for name in KINDS]])
    return TemplateSpectra(
        z=np.array([z]), a_v=zero, igm=one, damping=one, nucleus=zero, broad_lines=zero, weights=weights,
        boosts=np.ones((1, 4)), smc=zero,
    )  # fmt: skip


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("z", [1.3, 4.1])
def test_one_template_has_its_synthetic_photometry(family: TemplateFamily, kind: str, z: float) -> None:
    """The slow equivalent: interpolate the file onto the filter's own wavelengths; redward of Lyman α."""
    bands = ("F150W", "F200W", "F277W", "F356W", "F410M", "F444W")
    direct = []
    for band in bands:
        wavelength, efficiency = transmission(band)
        fine = np.linspace(wavelength[0], wavelength[-1], 40_000)
        t = np.interp(fine, wavelength, efficiency) / fine
        f_nu = np.interp(fine / (1 + z), WAVE, template_flux(kind) * WAVE**2)
        direct.append(np.trapezoid(f_nu * t, fine) / np.trapezoid(t, fine))
    found = family.band_fluxes(alone(kind, z), bands=bands)[0]
    np.testing.assert_allclose(found / found[1], np.array(direct) / direct[1], rtol=5e-3)


def test_lines_are_found_and_multiplied(family: TemplateFamily) -> None:
    one = alone("young", 1.15)
    assert family.line_strengths(one).h_alpha[0] == pytest.approx(200.0, rel=0.05)
    assert family.line_strengths(one).oxygen3[0] == pytest.approx(1.2 * (5008.2 / 6564.6) ** -2.2, rel=0.05)
    twice, none = replace(one, boosts=2 * one.boosts), replace(one, boosts=0 * one.boosts)
    assert family.line_strengths(twice).h_alpha[0] == pytest.approx(400.0, rel=0.05)
    fluxes = [family.band_fluxes(some, bands=("F140M",))[0, 0] for some in (none, one, twice)]  # Hα at 1.41 µm
    assert fluxes[1] > 1.02 * fluxes[0]
    assert fluxes[2] - fluxes[1] == pytest.approx(fluxes[1] - fluxes[0], rel=1e-3)


def test_colours_follow_the_type_of_galaxies(family: TemplateFamily) -> None:
    draw = {
        name: family.draw(np.random.default_rng(1), of, emission_lines=True)
        for name, of in {
            "quiescent": galaxies(1.0, quiescent=True),
            "massive": galaxies(1.0, log_mass=10.0),
            "small": galaxies(1.0, log_mass=8.5),
            "early": galaxies(6.0, quiescent=True),
        }.items()
    }
    colour = {}
    for name, drawn in draw.items():
        np.testing.assert_allclose(drawn.weights.sum(axis=1), 1)
        assert (drawn.weights >= 0).all()
        flux = family.band_fluxes(drawn, bands=("F090W", "F277W"))
        colour[name] = np.median(-2.5 * np.log10(flux[:, 0] / flux[:, 1]))
    assert colour["quiescent"] > colour["massive"] > colour["small"]
    old = list(KINDS).index("old")
    assert draw["quiescent"].weights[:, old].mean() > 0.9
    assert not draw["early"].weights[:, old].any()  # its break needs 3 Gyr, and the universe is 0.9 Gyr old


def test_parts_add_up_and_nuclei_are_blue(family: TemplateFamily) -> None:
    drawn = family.draw(np.random.default_rng(1), galaxies(2.0), emission_lines=True)
    share = np.where(np.arange(N) < 100, 0.6, 0.0)
    drawn, in_lines = family.with_nuclei(drawn, share, emission_lines=True)
    assert not in_lines.any()
    shares = np.random.default_rng(2).dirichlet(np.ones(4), (N, len(COMPONENTS))).transpose(0, 2, 1)
    shares[:, :, COMPONENTS.index("accretion")] = np.arange(4) == 3
    parts = family.part_fluxes(drawn, shares, bands=JADES_BANDS)
    whole = family.band_fluxes(drawn, bands=JADES_BANDS)
    assert (parts >= 0).all() and np.isfinite(whole).all() and (whole[:, 2:] > 0).all()
    np.testing.assert_allclose(parts.sum(axis=1), whole, rtol=1e-3)
    np.testing.assert_allclose(family.light(drawn, shares).sum(axis=1), 1)
    by_component = family.part_fluxes(drawn, np.broadcast_to(np.eye(len(COMPONENTS)), (N, 6, 6)), bands=JADES_BANDS)
    nucleus = by_component[:100, COMPONENTS.index("accretion")]
    stars = by_component[:100, : COMPONENTS.index("accretion")].sum(axis=1)
    assert np.median(nucleus[:, 0] / stars[:, 0]) > np.median(nucleus[:, 4] / stars[:, 4])


def test_templates_may_change_with_redshift(tmp_path: Path) -> None:
    family = family_of(str(write_templates(tmp_path, with_redshifts=True)))
    assert list(family.basis.redshifts) == [0.0, 4.0]
    bands = ("F200W", "F444W")
    colour = {}
    for z in (1.9, 2.1):  # the nearest redshift counts
        for kind in ("old", "young"):
            flux = family.band_fluxes(alone(kind, z), bands=bands)[0]
            colour[kind, z] = flux[0] / flux[1]
    assert colour["old", 1.9] < 0.7 * colour["young", 1.9]
    assert colour["old", 2.1] == pytest.approx(colour["young", 2.1], rel=1e-5)


def test_a_sky_of_templates(listed: Path) -> None:
    config = SimulationConfig(spectra={str(listed): 2.0, "kcorrect": 1.0}, limit_mag=26.0, agn_density=3.0)
    some = draw_population(np.random.default_rng(5), width_pix=2000, height_pix=2000, config=config)
    config = config.model_copy(update={"spectra": (("kcorrect", 1.0),)})
    other = draw_population(np.random.default_rng(5), width_pix=2000, height_pix=2000, config=config)
    for name in ("x", "y", "mag", "z", "re_arcsec", "kind"):
        np.testing.assert_array_equal(getattr(some, name), getattr(other, name))
    assert np.isfinite(some.fluxes(JADES_BANDS)).all()
    np.testing.assert_allclose(some.part_shares(JADES_BANDS).sum(axis=1), 1, rtol=1e-4)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("no list", "template file '.*absent.param' does not exist"),
        ("no spectrum", "names 'templates/young.dat', which is neither there nor beside the list"),
        ("dark", "'.*young.dat' needs light of galaxies"),
        ("redshifts", "'.*old.fits' has 2 columns of flux but its header has no increasing redshifts Z0 to Z1"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_drawn(tmp_path: Path, change: str, says: str) -> None:
    listed = write_templates(tmp_path, with_redshifts=True)
    if change == "no list":
        listed = listed.with_name("absent.param")
    elif change == "no spectrum":
        (tmp_path / "young.dat").unlink()
    elif change == "dark":
        np.savetxt(tmp_path / "young.dat", np.stack([WAVE, 0 * WAVE], axis=1))
    else:
        from astropy.io import fits

        with fits.open(tmp_path / "old.fits", mode="update") as file:
            file[1].header["Z1"] = -1.0
    with pytest.raises(InputFileError, match=says):
        Sky(0, JADES_BANDS, SimulationConfig(spectra={str(listed): 1.0}))


def test_lists_make_one_family_each(listed: Path) -> None:
    assert family_of(str(listed)) is family_of(str(listed))
    spectra = draw_galaxy_spectra(np.random.default_rng(0), galaxies(1.0), shares=((str(listed), 1.0),))
    joined = type(spectra).concatenate([spectra[:10], spectra[10:]])
    assert len(joined.families) == 1
