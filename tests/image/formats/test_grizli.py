import tempfile

import numpy as np
import pytest
from astropy.io import fits

from zpix.errors import InputFileError
from zpix.image import open_mosaic

from ..small_mosaics import ONES, WHOLE, check_mosaic, refused


@pytest.mark.parametrize("ending", [".fits", ".fits.gz"])
def test_grizli(tmp_path, monkeypatch, wcs, values, ending):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    science, error = values
    folder = tmp_path / "mosaics"
    folder.mkdir()
    fits.PrimaryHDU(science, wcs.to_header()).writeto(folder / f"gds-f277w-clear_drc_sci{ending}")
    fits.PrimaryHDU(error**-2, wcs.to_header()).writeto(folder / f"gds-f277w-clear_drc_wht{ending}")
    with open_mosaic(folder) as mosaic:
        assert mosaic.bands == ("F277W",)
        check_mosaic(mosaic, 10 * science, 10 * error)


def test_grizli_takes_the_unit_of_the_header(tmp_path, wcs, values):
    science, error = values
    header = wcs.to_header()
    header.update(BUNIT="ELECTRONS/S", PHOTFNU=1e-7, FILTER="F160W")
    fits.PrimaryHDU(science, header).writeto(tmp_path / "gds-f160w_drz_sci.fits")
    fits.PrimaryHDU(np.where(error > 1.5, 0, error**-2), header).writeto(tmp_path / "gds-f160w_drz_wht.fits")
    with open_mosaic(tmp_path) as mosaic:
        window = mosaic.read(WHOLE)
    np.testing.assert_array_equal(window.valid[0], error <= 1.5)
    np.testing.assert_allclose(window.flux[0][window.valid[0]], 100 * science[error <= 1.5], rtol=1e-5)


@pytest.mark.parametrize("camera", ["acs-30mas", "wfc3-60mas"])
def test_hubble_legacy_fields(tmp_path, wcs, values, camera):
    """Electrons per second, an AB zero point and no unit; the weight is an inverse variance."""
    science, error = values
    header = wcs.to_header()
    header["ZEROPNT"] = 26.4
    name = f"hlsp_hlf_hst_{camera}_goodss_f606w_v2.0"
    fits.PrimaryHDU(science, header).writeto(tmp_path / f"{name}_sci.fits")
    fits.PrimaryHDU(error**-2, header).writeto(tmp_path / f"{name}_wht.fits")
    with open_mosaic(tmp_path) as mosaic:
        assert mosaic.bands == ("F606W",)
        check_mosaic(mosaic, 100 * science, 100 * error)


def test_missing_weight(tmp_path, wcs):
    fits.PrimaryHDU(ONES, wcs.to_header()).writeto(tmp_path / "a-f444w_drc_sci.fits")
    refused(InputFileError, "a-f444w_drc_sci.fits", "a-f444w_drc_wht.fits", paths=tmp_path)
    fits.PrimaryHDU(ONES[1:], wcs.to_header()).writeto(tmp_path / "a-f444w_drc_wht.fits")
    refused(InputFileError, "a-f444w_drc_wht.fits", "(59, 80)", paths=tmp_path)
