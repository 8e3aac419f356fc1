import numpy as np
import pytest
from astropy.io import fits

from zpix.errors import InputFileError
from zpix.image import open_mosaic

from .small_mosaics import ONES, SHAPE, WHOLE, check_mosaic, jades_file, refused


def test_scaled_integers_and_doubles(tmp_path, wcs):
    header = wcs.to_header()
    header.update(BUNIT="nJy", FILTER="F444W")
    stored = np.arange(SHAPE[0] * SHAPE[1], dtype=np.int16).reshape(SHAPE)
    science = fits.ImageHDU(stored, header, name="SCI")
    science.header.update(BSCALE=0.5, BZERO=100.0, BLANK=7)
    error = fits.ImageHDU(np.ones(SHAPE), header, name="ERR")
    fits.HDUList([fits.PrimaryHDU(), science, error]).writeto(tmp_path / "a_f444w_i2d.fits")
    with fits.open(tmp_path / "a_f444w_i2d.fits") as hdus:
        expected = hdus["SCI"].data
    with open_mosaic(tmp_path) as mosaic:
        window = mosaic.read(WHOLE)
    np.testing.assert_array_equal(window.valid[0], np.isfinite(expected))
    assert np.count_nonzero(~window.valid) == 1
    np.testing.assert_allclose(window.flux[0][window.valid[0]], expected[window.valid[0]])


def test_headers_of_the_pipeline_raise_no_warning(tmp_path, wcs, values):
    dates = {
        "DATE-OBS": "2022-10-01",
        "DATE-BEG": "2022-10-01T00:00:00",
        "MJD-OBS": 59853.1,
        "VELOSYS": -100.0,
    }
    path = jades_file(tmp_path / "a_f444w_i2d.fits", wcs, *values, **dates)
    with open_mosaic(path) as mosaic:
        check_mosaic(mosaic, 20 * values[0], 20 * values[1])


@pytest.mark.parametrize("shape", [None, (0, 80), (3, 60, 80)])
def test_no_two_dimensional_pixels(tmp_path, wcs, shape):
    data = None if shape is None else np.ones(shape, np.float32)
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, data, data)
    refused(InputFileError, "a_f444w_drz.fits", "two dimensions", paths=path)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.6, 0.99])
def test_truncated(tmp_path, wcs, kept):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    refused(InputFileError, "a_f444w_drz.fits", "truncated", paths=path)


def test_truncated_at_the_end_of_the_science_or_in_a_header(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    whole = path.read_bytes()
    with fits.open(path) as hdus:
        error_header = hdus[2].fileinfo()["hdrLoc"]
    path.write_bytes(whole[:error_header])
    refused(InputFileError, "a_f444w_drz.fits", "no HDU 2", paths=path)
    path.write_bytes(whole[: error_header + 1000])
    refused(InputFileError, "a_f444w_drz.fits", "truncated", paths=path)


def test_missing_wcs(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    with fits.open(path, mode="update") as hdus:
        for axis in "12":
            del hdus[1].header[f"CTYPE{axis}"]
    refused(InputFileError, "a_f444w_drz.fits", "WCS", paths=path)


def test_contradictory_wcs(tmp_path, wcs):
    half_sip = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES, A_ORDER=2, A_2_0=1e-9)
    refused(InputFileError, "a_f444w_drz.fits", "WCS", "A_ORDER", paths=half_sip)
    singular = jades_file(tmp_path / "b_f444w_drz.fits", wcs, ONES, ONES, PC1_1=0.0, PC2_2=0.0)
    refused(InputFileError, "b_f444w_drz.fits", "WCS", paths=singular)
