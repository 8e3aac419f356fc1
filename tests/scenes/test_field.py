from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from zpix.config import SimulationConfig
from zpix.errors import BandError, ConfigError, OutputError
from zpix.image import Region, open_mosaic
from zpix.scenes import simulate

CONFIG = SimulationConfig(cell_size_pix=128, limit_mag=28.5, psf_angle_deg=0.0)
BANDS = ("F150W", "F444W")


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("field") / "mock", shape=(200, 300), seed=7, bands=BANDS, config=CONFIG)


def test_files_agree_with_each_other(field: Path) -> None:
    truth = Table.read(field / "truth.fits")
    segmentation = fits.getdata(field / "segmentation.fits")
    with open_mosaic(sorted(field.glob("mock_*_drz.fits"))) as mosaic:
        assert mosaic.shape == segmentation.shape == (200, 300)
        assert mosaic.bands == BANDS
        pixels = mosaic.read(Region.whole(mosaic.shape))
        ra, dec = mosaic.sky(truth["x"], truth["y"])
    np.testing.assert_allclose(truth["ra"], ra)
    np.testing.assert_allclose(truth["dec"], dec)
    counts = np.bincount(segmentation.ravel(), minlength=truth["id"].max() + 1)
    np.testing.assert_array_equal(truth["n_pix"], counts[truth["id"]])
    assert len(set(truth["id"])) == len(truth)
    found = truth[truth["detectable"]]
    inside = (found["xmin"] > 0) & (found["ymin"] > 0) & (found["xmax"] < 300) & (found["ymax"] < 200)
    clean = found[inside & (found["blendedness"] < 0.3)]
    share = [pixels.flux[-1][segmentation == row["id"]].sum() / row["flux_f444w"] for row in clean]
    assert len(share) and np.all(np.array(share) > 0.3) and np.all(np.array(share) < 1.3)


def test_same_pixels_with_two_workers(field: Path, tmp_path: Path) -> None:
    again = simulate(tmp_path / "two", shape=(200, 300), seed=7, bands=BANDS, config=CONFIG, workers=2)
    for path in sorted(field.iterdir()):
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_existing_fields_are_kept(field: Path) -> None:
    with pytest.raises(OutputError, match=r"segmentation\.fits"):
        simulate(field, shape=(200, 300), seed=8, bands=BANDS, config=CONFIG)


def test_impossible_shapes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="shape"):
        simulate(tmp_path, shape=(0, 10))
    assert not any(tmp_path.iterdir())


def test_nothing_is_left_when_it_fails(tmp_path: Path) -> None:
    with pytest.raises(BandError, match="F999W"):
        simulate(tmp_path, shape=(100, 100), bands=("F444W", "F999W"), config=CONFIG)
    assert not any(tmp_path.iterdir())
