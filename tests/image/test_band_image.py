import pickle

import numpy as np
import pytest
from astropy.io import fits

from zpix.errors import BandError, InputFileError
from zpix.image import open_mosaic

from .small_mosaics import NJY_PER_UNIT, ONES, PIXAR_SR, SHAPE, WHOLE, check_mosaic, jades_file, refused


def test_band_that_is_unknown_or_contradicted(tmp_path, wcs):
    refused(BandError, "FILTER", paths=jades_file(tmp_path / "a_drz.fits", wcs, ONES, ONES))
    stale = jades_file(tmp_path / "b_f200w_drz.fits", wcs, ONES, ONES, FILTER="F444W")
    refused(BandError, "F200W", "F444W", "b_f200w_drz.fits", paths=stale)


def test_error_of_another_shape(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES[1:])
    refused(InputFileError, "different shapes", "(60, 80)", "(59, 80)", paths=path)


def test_the_area_of_the_wcs_is_used_and_said_once_for_all_bands(tmp_path, wcs, values, caplog):
    paths = [
        jades_file(tmp_path / f"a_{band}_drz.fits", wcs, *values, PIXAR_SR=9.31e-14) for band in ("f277w", "f444w")
    ]
    with open_mosaic(paths) as mosaic:
        check_mosaic(mosaic, NJY_PER_UNIT * values[0], NJY_PER_UNIT * values[1])
        assert mosaic.remarks == tuple(caplog.messages)
        pickle.loads(pickle.dumps(mosaic)).close()
    (said,) = caplog.messages
    assert said.startswith(f"F277W F444W ('{paths[0]}' and 1 more): PIXAR_SR is 9.31e-14 sr") and "2.115e-14" in said


def test_missing_pixel_area(tmp_path, wcs, values, caplog):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, *values, drop="PIXAR_SR")
    with open_mosaic(path) as mosaic:
        check_mosaic(mosaic, NJY_PER_UNIT * values[0], NJY_PER_UNIT * values[1])
    assert "PIXAR_SR is missing" in caplog.text and "a_f444w_drz.fits" in caplog.text


def test_a_small_difference_of_areas_passes_silently(tmp_path, wcs, values, caplog):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, *values, PIXAR_SR=1.016 * PIXAR_SR)
    with open_mosaic(path) as mosaic:
        check_mosaic(mosaic, 1.016 * NJY_PER_UNIT * values[0], 1.016 * NJY_PER_UNIT * values[1])
    assert not caplog.messages


def test_errors_in_another_unit_are_refused(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    fits.setval(path, "BUNIT", value="nJy", ext=2)
    refused(InputFileError, "'MJy/sr'", "'nJy'", "a_f444w_drz.fits", paths=path)


@pytest.mark.parametrize("ending", ["drz", "i2d", "mosaic"])
@pytest.mark.parametrize("kind", [np.uint32, np.int32])
def test_pixels_with_do_not_use_are_not_valid(tmp_path, wcs, values, ending, kind):
    path = jades_file(tmp_path / f"a_f444w_{ending}.fits", wcs, *values)
    quality = np.zeros(SHAPE, kind)
    quality[3], quality[4], quality[5] = 1, 2, 2**26 + 1
    with fits.open(path, mode="append") as hdus:
        hdus.append(fits.ImageHDU(quality, name="DQ"))
    with open_mosaic(path) as mosaic:
        valid = mosaic.read(WHOLE).valid[0]
    assert np.flatnonzero(~valid.any(axis=1)).tolist() == [3, 5] and valid.sum() == valid.size - 2 * SHAPE[1]


@pytest.mark.parametrize("ending", ["drz", "i2d", "mosaic"])
def test_the_image_without_sky_is_taken(tmp_path, wcs, values, caplog, ending):
    science, error = values
    header = wcs.to_header()
    header.update(BUNIT="MJy/sr", PIXAR_SR=PIXAR_SR)
    images = [
        fits.ImageHDU(science, name="SCI_BKSUB"),  # without a header of its own
        fits.ImageHDU(science + 5, header, name="SCI"),
        fits.ImageHDU(error, header, name="ERR"),
    ]
    path = tmp_path / f"hlsp_ceers_f444w_dr0.5_{ending}.fits"
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(path)
    with open_mosaic(path) as mosaic:
        check_mosaic(mosaic, NJY_PER_UNIT * science, NJY_PER_UNIT * error)
    assert "SCI_BKSUB is read" in caplog.text
