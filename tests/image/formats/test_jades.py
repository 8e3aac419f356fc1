import numpy as np
import pytest
from astropy.io import fits

from zpix.errors import InputFileError
from zpix.image import open_mosaic

from ..small_mosaics import NJY_PER_UNIT, ONES, PIXAR_SR, SHAPE, check_mosaic, refused


def test_jades_by_extension_number(tmp_path, wcs, values):
    science, error = values
    header = wcs.to_header()
    header["PIXAR_SR"] = PIXAR_SR
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(science, header), fits.ImageHDU(error)]
    fits.HDUList(hdus).writeto(tmp_path / "hlsp_jades_goods-s-deep_f356w_v2.0_drz.fits")
    fits.PrimaryHDU(np.ones(SHAPE, np.int32), wcs.to_header()).writeto(
        tmp_path / "hlsp_jades_goods-s-deep_segmentation_v2.0_drz.fits"
    )
    with open_mosaic(tmp_path) as mosaic:
        assert mosaic.bands == ("F356W",)
        check_mosaic(mosaic, NJY_PER_UNIT * science, NJY_PER_UNIT * error)


CANDELS = "hlsp_candels_hst_acs_gs-tot_f606w_v1.0"
ACS_F606W = {"BUNIT": "ELECTRONS/S", "PHOTFLAM": 7.8e-20, "PHOTPLAM": 5919.0, "FILTER1": "F606W", "FILTER2": "CLEAR2L"}


@pytest.mark.parametrize("kinds", [("wht",), ("rms",), ("wht", "rms")])
def test_candels_has_its_errors_in_another_file(tmp_path, wcs, values, kinds):
    science, error = values
    header = wcs.to_header()
    header.update(ACS_F606W)
    images = {"wht": error**-2, "rms": error if kinds == ("rms",) else 2 * error}
    fits.PrimaryHDU(science, header).writeto(tmp_path / f"{CANDELS}_drz.fits")
    for kind in kinds:
        fits.PrimaryHDU(images[kind], header).writeto(tmp_path / f"{CANDELS}_{kind}.fits.gz")
    njy = 7.8e-20 * 5919.0**2 / 2.99792458e18 * 1e32  # f_λ λ²/c
    with open_mosaic(tmp_path) as mosaic:
        assert mosaic.bands == ("F606W",)
        check_mosaic(mosaic, njy * science, njy * error * (2 if kinds == ("wht", "rms") else 1))


def test_a_mosaic_of_hst_without_errors_is_refused(tmp_path, wcs):
    header = wcs.to_header()
    header.update(ACS_F606W)
    fits.PrimaryHDU(ONES, header).writeto(tmp_path / f"{CANDELS}_drz.fits")
    refused(InputFileError, f"{CANDELS}_drz.fits", f"{CANDELS}_rms.fits", f"{CANDELS}_wht.fits", paths=tmp_path)
    images = [fits.ImageHDU(ONES, header, name=name) for name in ("SCI", "WHT", "CTX")]  # weights by exposure time
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(tmp_path / "archive_drz.fits")
    refused(InputFileError, "archive_drz.fits", "no errors", "archive_rms.fits", paths=tmp_path / "archive_drz.fits")


def test_mosaics_of_hst_within_jades(tmp_path, wcs, values):
    science, error = values
    header = wcs.to_header()
    header.update(BUNIT="MJy/sr", PIXAR_SR=PIXAR_SR, TELESCOP="HST")
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(science, header), fits.ImageHDU(error)]
    fits.HDUList(hdus).writeto(tmp_path / "hlsp_jades_hst_acs_goods-s-deep_f435w_v2.0_drz.fits")
    with open_mosaic(tmp_path) as mosaic:
        assert mosaic.bands == ("F435W",)
        check_mosaic(mosaic, NJY_PER_UNIT * science, NJY_PER_UNIT * error)
