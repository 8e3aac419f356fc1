import numpy as np
import pytest
from astropy.io import fits

from zpix.image import open_mosaic

from ..small_mosaics import WHOLE, check_mosaic


@pytest.mark.parametrize("names", [("{}_SCI", "{}_ERR"), ("{}", "{}_ERR"), ("SCI-{}", "ERR-{}")])
def test_several_bands_in_one_file(tmp_path, wcs, values, names):
    science, error = values
    header = wcs.to_header()
    header["BUNIT"] = "nJy"
    hdus = [fits.PrimaryHDU()]
    for factor, band in ((1, "F200W"), (2, "HSC-G")):
        hdus.append(fits.ImageHDU(factor * science, header, name=names[0].format(band)))
        hdus.append(fits.ImageHDU(factor * error, header, name=names[1].format(band)))
    fits.HDUList(hdus).writeto(tmp_path / "field.fits")
    with open_mosaic(tmp_path / "field.fits") as mosaic:
        assert mosaic.bands == ("F200W", "HSC-G")
        check_mosaic(mosaic, science, error)
        np.testing.assert_allclose(mosaic.read(WHOLE, bands=["HSC-G"]).flux[0], 2 * science, rtol=1e-6)
    with open_mosaic(tmp_path) as by_directory:
        assert by_directory.bands == ("F200W", "HSC-G")


def test_several_bands_by_version_and_filter(tmp_path, wcs, values):
    science, error = values
    hdus = [fits.PrimaryHDU()]
    for version, band in ((1, "F115W"), (2, "F090W")):
        header = wcs.to_header()
        header.update(BUNIT="nJy", FILTER=band)
        hdus += [fits.ImageHDU(science, header, name=name, ver=version) for name in ("SCI", "ERR")]
        hdus[-1].data = error
    fits.HDUList(hdus).writeto(tmp_path / "field.fits")
    with open_mosaic(tmp_path / "field.fits") as mosaic:
        assert mosaic.bands == ("F115W", "F090W")
        check_mosaic(mosaic, science, error)
