import pickle
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from zpix.config import SimulationConfig
from zpix.errors import BandError, CatalogueError, InputFileError
from zpix.image import Region
from zpix.scenes import Sky, write_field
from zpix.scenes.jaguar import read_jaguar
from zpix.sources import GALAXY

BANDS = ("F115W", "F444W")
N = 4000
SIDE_ARCMIN = 2.0


def catalogue(path: Path, *, n: int = N, seed: int = 0, without: str | None = None) -> Path:
    """A table in JAGUAR's format: `n` galaxies in 2 × 2 arcmin², with a colour and size of their own."""
    rng = np.random.default_rng(seed)
    side = SIDE_ARCMIN / 60
    dec = -27.8 + side * np.concatenate([[-0.5, 0.5], rng.uniform(-0.5, 0.5, n - 2)])
    ra = 53.16 + side / np.cos(np.deg2rad(27.8)) * np.concatenate([[-0.5, 0.5], rng.uniform(-0.5, 0.5, n - 2)])
    flux = 10 ** rng.uniform(-0.5, 3, n)
    columns = {
        "ID": np.arange(n),
        "RA": ra,
        "DEC": dec,
        "redshift": rng.uniform(0.2, 12, n),
        "NRC_F115W_fnu": 0.37 * flux,
        "NRC_F444W_fnu": flux,
        "HST_F606W_fnu": 0.2 * flux,
        "Re_maj": rng.uniform(0.02, 0.6, n),
        "sersic_n": rng.uniform(0.5, 6, n),
        "axis_ratio": rng.uniform(0.2, 1, n),
        "position_angle": rng.uniform(-90, 90, n),
    }
    columns.pop(without or "", None)
    path.parent.mkdir(parents=True, exist_ok=True)
    Table(columns).write(path, format="fits")
    return path


@pytest.fixture
def star_forming(tmp_path: Path) -> Path:
    return catalogue(tmp_path / "JADES_SF_mock_r1_v1.2.fits")


def config(*paths: Path, **changes: float) -> SimulationConfig:
    return SimulationConfig(cell_size_pix=512, psf_angle_deg=0.0, ebv=0.0, catalogues=tuple(map(str, paths)), **changes)


def test_bands_of_hst_have_columns_of_their_own(star_forming: Path) -> None:
    listed = read_jaguar((str(star_forming),), ("F606W", "F115W"), 30.5)
    assert listed.bands == ("F606W", "F115W", "F444W")
    np.testing.assert_allclose(listed.flux[:, :2], listed.flux[:, 2:] * (0.2, 0.37), rtol=1e-6)


def galaxies(sky: Sky):
    drawn = sky.cell_population(0, 0)
    return drawn[drawn.label == GALAXY]


def test_galaxies_are_the_catalogues_own(star_forming: Path) -> None:
    sky, listed = Sky(1, BANDS, config(star_forming)), read_jaguar((str(star_forming),), BANDS, 30.5)
    drawn = galaxies(sky)
    rows = drawn.entry
    for name in ("z", "mag", "re_arcsec", "sersic_n", "axis_ratio", "pa_deg"):
        np.testing.assert_array_equal(getattr(drawn, name), getattr(listed, name)[rows])
    flux = drawn.fluxes(BANDS, catalogue=listed)
    np.testing.assert_allclose(flux, listed.flux[rows], rtol=1e-5)
    np.testing.assert_allclose(flux[:, 0] / flux[:, 1], 0.37, rtol=1e-5)
    assert drawn.mag.max() < 30.5 and set(drawn.kind) == {"galaxy"}


@pytest.mark.parametrize("density", [1.0, 0.5])
def test_the_surface_density_is_that_of_the_files(star_forming: Path, tmp_path: Path, density: float) -> None:
    quiescent = catalogue(tmp_path / "JADES_Q_mock_r1_v1.2.fits", n=1000, seed=3)
    settings = config(star_forming, quiescent, source_density=density, limit_mag=32.0)
    drawn = galaxies(Sky(1, BANDS, settings.model_copy(update={"cell_size_pix": 2000})))
    area = (2000 * 0.03 / 60) ** 2
    assert len(drawn) == pytest.approx(density * area * 5000 / SIDE_ARCMIN**2, rel=0.15)
    assert (drawn.kind == "quiescent").mean() == pytest.approx(0.2, rel=0.25)


def test_faint_galaxies_are_left_out(star_forming: Path) -> None:
    assert galaxies(Sky(1, BANDS, config(star_forming, limit_mag=26.0))).mag.max() < 26


def test_the_sky_does_not_depend_on_the_bands(star_forming: Path) -> None:
    one, two = (galaxies(Sky(1, bands, config(star_forming))) for bands in (BANDS, ("F444W",)))
    np.testing.assert_array_equal(one.entry, two.entry)
    np.testing.assert_array_equal(one.x, two.x)


def test_a_field_of_catalogue_galaxies(star_forming: Path, tmp_path: Path) -> None:
    settings = config(star_forming, source_density=2.0).model_copy(update={"cell_size_pix": 128})
    folder = write_field(tmp_path / "field", shape=(128, 200), seed=4, bands=BANDS, config=settings)
    truth = Table.read(folder / "truth.fits")
    own = truth[truth["label"] == GALAXY]
    assert len(own) > 3
    np.testing.assert_allclose(own["flux_f115w"] / own["flux_f444w"], 0.37, rtol=1e-4)


def test_another_process_sees_the_same_sky(star_forming: Path) -> None:
    sky, window = Sky(4, BANDS, config(star_forming)), Region(10, 20, 90, 100)
    elsewhere = pickle.loads(pickle.dumps(sky))
    read_jaguar.cache_clear()
    np.testing.assert_array_equal(elsewhere.observe(window).pixels.flux, sky.observe(window).pixels.flux)


@pytest.mark.parametrize("name", ["redshift", "Re_maj", "position_angle", "DEC"])
def test_a_missing_column_is_named(tmp_path: Path, name: str) -> None:
    path = catalogue(tmp_path / "lacking.fits", without=name)
    with pytest.raises(CatalogueError, match=rf"lacking\.fits.*'{name}'"):
        Sky(0, BANDS, config(path))


def test_a_missing_band_is_named_with_its_file(star_forming: Path, tmp_path: Path) -> None:
    with pytest.raises(BandError, match=r"JADES_SF_mock_r1_v1\.2\.fits.*NRC_F277W.*HST_F277W"):
        write_field(tmp_path / "new" / "field", shape=(128, 128), bands=("F277W", "F444W"), config=config(star_forming))
    assert not (tmp_path / "new").exists()
    lacking = catalogue(tmp_path / "lacking.fits", without="NRC_F444W_fnu")
    with pytest.raises(BandError, match="F444W"):
        Sky(0, ("F115W",), config(lacking))


def test_a_missing_file_and_a_point_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"nowhere\.fits"):
        Sky(0, BANDS, config(tmp_path / "nowhere.fits"))
    whole = Table.read(catalogue(tmp_path / "whole.fits"))
    whole["RA"] = 53.0
    whole.write(tmp_path / "point.fits")
    with pytest.raises(CatalogueError, match="no area"):
        Sky(0, BANDS, config(tmp_path / "point.fits"))
