"""EAZY on templates and galaxies made here, whose redshifts are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("eazy", reason="the rival needs the extra 'rival'")
pytest.importorskip("sedpy", reason="filter curves need the extra 'sim'")

from zpix.errors import InputFileError
from zpix.evaluation.rival import (
    FitSettings,
    RivalPhotometry,
    TemplateFitter,
    flux_scale,
    read_template_set,
    simulation_templates,
    write_template_set,
)
from zpix.evaluation.rival.fit import filter_file
from zpix.instruments import band_weights, observed_grid, transmission

BANDS = ("F090W", "F115W", "F150W", "F200W", "F277W", "F356W", "F444W")
COARSE = FitSettings(z_min=1.0, z_max=4.5, z_step=0.02)


def break_galaxies(z: np.ndarray, slope: float) -> np.ndarray:
    """Fluxes in nJy of galaxies with a break at 4000 Å, at redshifts where no other absorption is seen; (N, band)."""
    rest = observed_grid(BANDS) / (1 + z[:, None])
    f_lambda = (rest / 4000) ** slope * np.where(rest < 4000, 0.15, 1.0)
    fluxes = (f_lambda * observed_grid(BANDS) ** 2) @ band_weights(BANDS)
    return 100 * fluxes / fluxes[:, -1:]


def test_redshifts_of_its_own_templates_are_found(break_templates, capfd):
    z = np.linspace(1.5, 3.5, 25)
    flux = break_galaxies(z, -1.5)
    error = np.full_like(flux, 1.0)
    fitter = TemplateFitter(BANDS, read_template_set(break_templates()), COARSE)
    fit = fitter.fit(flux + np.random.default_rng(0).standard_normal(flux.shape), error)
    assert np.median(np.abs(fit.z_phot - z) / (1 + z)) < 0.01
    assert (np.abs(fit.z_phot - z) < 0.15 * (1 + z)).all()
    pit = fit.pdf.cdf(z[:, None])[:, 0]
    assert (np.abs(pit - 0.5) < 0.499).mean() > 0.9
    scale = flux_scale(RivalPhotometry(flux, error, error, np.ones(len(BANDS))), fit)
    assert np.isnan(scale[0])  # never bright in the bluest
    np.testing.assert_allclose(scale[1:], 1, atol=0.05)
    assert capfd.readouterr() == ("", "")  # EAZY talks; we do not


def test_bands_without_a_measurement_are_left_out(break_templates):
    z = np.full(3, 2.0)
    flux, error = break_galaxies(z, -1.5), np.ones((3, len(BANDS)))
    flux[0, 0], error[1, 4], flux[2] = np.nan, np.inf, np.nan
    steps = FitSettings(z_min=1.0, z_max=3.0, z_step=0.05)
    fit = TemplateFitter(BANDS, read_template_set(break_templates()), steps).fit(flux, error)
    assert np.abs(fit.z_phot[:2] - 2).max() < 0.2
    np.testing.assert_allclose(fit.pdf.density[2], fit.pdf.density[2][0])  # nothing known: flat


def test_no_sources_is_normal(break_templates):
    fit = TemplateFitter(BANDS, read_template_set(break_templates()), COARSE).fit(np.zeros((0, 7)), np.zeros((0, 7)))
    assert len(fit.z_phot) == len(fit.pdf) == 0


def test_a_users_own_parameters_are_used(break_templates, tmp_path):
    param = tmp_path / "zphot.param"
    param.write_text("Z_MIN 0.5\nZ_MAX 3.0\nZ_STEP 0.05\nTEMP_ERR_A2 0.0\nSYS_ERR 0.05\nADD_CGM n\n")
    fitter = TemplateFitter(BANDS, read_template_set(break_templates()), FitSettings(param_file=param))
    fit = fitter.fit(break_galaxies(np.array([2.0]), -1.5), np.ones((1, 7)))
    assert fit.pdf.z[0] == pytest.approx(0.5) and fit.pdf.z[-1] < 3.0
    assert fitter.settings.to_dict() == {"param_file": str(param)}
    templates = fitter.templates
    with pytest.raises(InputFileError, match="nowhere"):
        TemplateFitter(BANDS, templates, FitSettings(param_file="nowhere.param"))


def test_template_lists_find_their_spectra_beside_them(break_templates, tmp_path):
    (listed,) = break_templates()
    single = listed.parent / "break_1.dat"
    found = read_template_set([listed, single])
    assert found.name == "mine" and [path.name for path, _ in found.spectra] == [
        "break_1.dat", "break_2.dat", "break_1.dat",
    ]  # fmt: skip
    written = found.write_list(tmp_path)
    assert len(written.read_text().splitlines()) == 3 and all(" " not in p.name for p in tmp_path.glob("template_*"))


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("a.param", "1 nothing.dat 1.0", "nothing.dat"),
        ("a.param", "1\n", "line 1"),
        ("a.param", "1 b.dat one\n", "line 1"),
        ("a.param", "# empty\n", "names no template"),
        ("a.dat", "not numbers", "not a template"),
        ("a.fits", "not FITS", "not a template"),
    ],
)
def test_mistakes_are_named(tmp_path, name, text, word):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputFileError, match=word):
        read_template_set([tmp_path / name])


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(InputFileError, match=r"no\.param"):
        read_template_set([tmp_path / "no.param"])


def test_the_simulations_templates_are_read_by_eazy(tmp_path):
    from eazy.templates import Template

    templates = simulation_templates(tmp_path)
    assert len(templates) == 13
    read = Template(file=str(templates.spectra[0][0]))
    assert read.NZ == 1 and (read.flux >= 0).all()
    h_alpha = read.flux[0, np.argmin(np.abs(read.wave - 6564.6))] / np.median(
        read.flux[0, (read.wave > 6450) & (read.wave < 6500)]
    )
    assert h_alpha > 20  # an equivalent width of 1,500 Å


def test_templates_may_change_with_redshift(tmp_path):
    from eazy.templates import Template

    angstrom = np.geomspace(500, 60000, 50)
    flux = np.stack([np.full(50, 1.0), np.full(50, 2.0)])[None]
    templates = write_template_set(tmp_path, angstrom, flux, (0.0, 4.0), name="two")
    read = Template(file=str(templates.spectra[0][0]))
    assert read.NZ == 2 and read.flux_flam(z=3.9)[0] == 2.0 and read.flux_flam(z=0.1)[0] == 1.0


def test_thinned_filters_are_still_the_filters(tmp_path):
    from eazy.filters import FilterFile

    (tmp_path / "FILTER.RES").write_text(filter_file(BANDS))
    filters = FilterFile(str(tmp_path / "FILTER.RES"))
    for number, band in enumerate(BANDS, start=1):
        wavelength, throughput = transmission(band)
        steps = np.gradient(wavelength) * throughput
        pivot = np.sqrt((steps * wavelength).sum() / (steps / wavelength).sum())
        assert filters[number].pivot == pytest.approx(pivot, rel=1e-3)


SHARED = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "count"),
    [
        (("templates-sfhz/corr_sfhz_13.param", "templates-sfhz/4590.fits"), 14),
        (("templates-fsps/fsps_QSF_12_v3.param",), 12),
    ],
)
def test_template_sets_of_the_field_fit_a_galaxy(files, count):
    paths = [SHARED / file for file in files]
    if not all(path.is_file() for path in paths):
        pytest.skip(f"{SHARED} does not hold {', '.join(files)}")
    templates = read_template_set(paths)
    assert len(templates) == count
    settings = FitSettings(z_min=1.5, z_max=2.6, z_step=0.05)
    fit = TemplateFitter(BANDS, templates, settings).fit(break_galaxies(np.array([2.0]), -1.5), np.full((1, 7), 3.0))
    assert abs(fit.z_phot[0] - 2) < 0.25
