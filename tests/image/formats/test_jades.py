import numpy as np
from astropy.io import fits

from zpix.image import open_mosaic

from ..small_mosaics import NJY_PER_UNIT, PIXAR_SR, SHAPE, check_mosaic


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
