from zpix.errors import BandError, InputFileError

from .small_mosaics import ONES, jades_file, refused


def test_band_that_is_unknown_or_contradicted(tmp_path, wcs):
    refused(BandError, "FILTER", paths=jades_file(tmp_path / "a_drz.fits", wcs, ONES, ONES))
    stale = jades_file(tmp_path / "b_f200w_drz.fits", wcs, ONES, ONES, FILTER="F444W")
    refused(BandError, "F200W", "F444W", "b_f200w_drz.fits", paths=stale)


def test_error_of_another_shape(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES[1:])
    refused(InputFileError, "different shapes", "(60, 80)", "(59, 80)", paths=path)


def test_missing_pixel_area(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES, drop="PIXAR_SR")
    refused(InputFileError, "a_f444w_drz.fits", "PIXAR_SR", paths=path)
