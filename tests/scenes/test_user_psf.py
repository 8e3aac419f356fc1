from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from zpix.config import SimulationConfig, load_config
from zpix.errors import BandError, ConfigError, InputFileError, ZpixError
from zpix.scenes import draw_scene
from zpix.scenes.render import render
from zpix.scenes.user_psf import UserPsf, user_psfs

REAL_PSFS = Path(__file__).parents[3] / "shared" / "data" / "psf-nircam"
SIZE, SCALE = 64, 0.03


def comma(size: int = 61, *, sigma: float = 3.0, at: tuple[float, float] = (33.0, 27.0)) -> np.ndarray:
    """A core at pixel `at` (x, y) with a faint blob 15 pixels above and 6 to its right."""
    y, x = np.indices((size, size)).astype(float)

    def blob(x0: float, y0: float, width: float) -> np.ndarray:
        return np.exp(-0.5 * ((x - x0) ** 2 + (y - y0) ** 2) / width**2) / width**2

    return 0.9 * blob(*at, sigma) + 0.1 * blob(at[0] + 6, at[1] + 15, 3.0)


def write(path: Path, image: np.ndarray, **header: float) -> Path:
    fits.writeto(path, 17.0 * image, fits.Header(header))
    return path


def star(make_source, psf: UserPsf, x: float, y: float, *, band: str = "F444W") -> np.ndarray:
    stamps = render(
        make_source(x, y), np.full((1, 1), 7.0, np.float32), bands=(band,), sizes=np.array([SIZE]),
        pixel_scale_arcsec=SCALE, psf_angle_deg=35.0, psfs={band: psf},
    )  # fmt: skip
    stamp = next(stamps)
    image = np.zeros((3 * SIZE, 3 * SIZE))
    image[stamp.region.slices] = stamp.light[0]
    return image


@pytest.mark.parametrize("band", ["F090W", "F444W"])
def test_flux_place_and_orientation_are_right(tmp_path: Path, make_source, band: str) -> None:
    psf = UserPsf(str(write(tmp_path / "p.fits", comma(), PIXELSCL=0.02)))
    image = star(make_source, psf, 90.3, 95.8, band=band)
    assert image.sum() == pytest.approx(7.0, rel=1e-3)
    y, x = np.indices(image.shape)
    core = np.where(image > 0.2 * image.max(), image, 0)
    assert (core * x).sum() / core.sum() == pytest.approx(90.3, abs=0.06)
    assert (core * y).sum() / core.sum() == pytest.approx(95.8, abs=0.06)
    # the blob: 15 pixels of 0.02 arcsec up and 6 to the right of the core
    near = np.hypot(x - (90.3 + 4), y - (95.8 + 10)) < 6
    opposite = np.hypot(x - (90.3 - 4), y - (95.8 - 10)) < 6
    assert image[near].sum() == pytest.approx(0.1 * 7, rel=0.1) and abs(image[opposite].sum()) < 0.04


def test_a_star_on_a_pixel_centre_is_the_file(tmp_path: Path, make_source) -> None:
    image = comma(63, at=(31.0, 31.0), sigma=2.0)
    psf = UserPsf(str(write(tmp_path / "p.fits", image)), pixel_scale_arcsec=SCALE)
    found = star(make_source, psf, 96.0, 96.0)[96 - 20 : 96 + 21, 96 - 20 : 96 + 21]
    np.testing.assert_allclose(found, 7 * (image / image.sum())[11:52, 11:52], atol=2e-4)


def test_the_built_in_telescope_serves_the_other_bands(tmp_path: Path) -> None:
    write(tmp_path / "psf_f444w.fits", comma(), PIXSCL=0.02)
    config = SimulationConfig(cell_size_pix=128, limit_mag=27.0, ebv=0.0, psf_angle_deg=0.0)
    bands = ("F150W", "F444W")
    plain = draw_scene(1, shape=(128, 128), bands=bands, config=config).pixels
    other = draw_scene(
        1, shape=(128, 128), bands=bands, config=config.model_copy(update={"psf_files": str(tmp_path)})
    ).pixels
    np.testing.assert_array_equal(plain.flux[0], other.flux[0])
    assert (plain.flux[1] != other.flux[1]).any()


@pytest.mark.parametrize(
    ("header", "scale"),
    [({"PIXELSCL": 0.02}, 0.02), ({"CDELT1": -5e-6, "CDELT2": 5e-6}, 0.018), ({"CD1_1": -1e-5, "CD2_2": 1e-5}, 0.036)],
)
def test_pixel_scales_are_found(tmp_path: Path, header: dict, scale: float) -> None:
    path = str(write(tmp_path / "p.fits", comma(), **header))
    known = UserPsf(path, scale).transfer_function(32, oversampling=1, pixel_scale_arcsec=SCALE)
    found = UserPsf(path).transfer_function(32, oversampling=1, pixel_scale_arcsec=SCALE)
    np.testing.assert_allclose(found, known, atol=1e-6)


def test_files_are_given_by_band_or_as_a_directory(tmp_path: Path) -> None:
    for band in ("f150w", "f444w"):
        write(tmp_path / f"psf_{band}.fits", comma(), PIXELSCL=0.02)
    (tmp_path / "settings.toml").write_text(
        f'[simulation]\npsf_files = {{f444w = "{tmp_path}/psf_f444w.fits"}}\n', encoding="utf-8"
    )
    config = load_config(tmp_path / "settings.toml").simulation
    assert isinstance(hash(config), int)
    assert set(user_psfs(config.psf_files)) == {"F444W"}
    assert set(user_psfs(str(tmp_path))) == {"F150W", "F444W"}
    assert user_psfs(None) == {}


def test_mistakes_are_one_sentence(tmp_path: Path) -> None:
    good = write(tmp_path / "f444w.fits", comma(), PIXELSCL=0.02)
    nowhere = write(tmp_path / "scale.fits", comma())
    fits.writeto(tmp_path / "cube.fits", np.ones((2, 3, 4)))
    fits.writeto(tmp_path / "nan.fits", np.full((5, 5), np.nan))
    (tmp_path / "text.fits").write_text("psf")
    (tmp_path / "empty").mkdir()
    cases: list[tuple[object, type[ZpixError], str]] = [
        ((("F444W", str(tmp_path / "none.fits")),), InputFileError, "no such file"),
        ((("F444W", str(tmp_path / "text.fits")),), InputFileError, "FITS file"),
        ((("F444W", str(tmp_path / "cube.fits")),), InputFileError, "no image with two axes"),
        ((("F444W", str(tmp_path / "nan.fits")),), InputFileError, "finite"),
        ((("F444W", str(nowhere)),), ConfigError, "psf_pixel_scale_arcsec"),
        ((("F999W", str(good)),), BandError, "F999W"),
        (str(tmp_path / "none"), InputFileError, "not a directory"),
        (str(tmp_path / "empty"), InputFileError, "names a band"),
    ]
    for files, error, word in cases:
        with pytest.raises(error, match=word) as caught:
            user_psfs(files)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
    write(tmp_path / "b_f444w.fits", comma(), PIXELSCL=0.02)
    with pytest.raises(BandError, match="two files for band F444W"):
        user_psfs(str(tmp_path))


@pytest.mark.skipif(not REAL_PSFS.is_dir(), reason=f"real PSFs are not at {REAL_PSFS}")
def test_a_real_psf(make_source) -> None:
    path = REAL_PSFS / "smacs0723_20mas_psf-smacs0723-f200w.fits"
    image = star(make_source, UserPsf(str(path)), 90.3, 95.8, band="F200W")
    assert image.sum() == pytest.approx(7.0, rel=1e-3)
    y, x = np.indices(image.shape)
    inside = np.hypot(x - 90.3, y - 95.8) * SCALE < 0.2
    assert 0.7 < image[inside].sum() / 7 < 0.85
