import numpy as np
from astropy.io import fits

from zpix.image import open_mosaic

from ..small_mosaics import NJY_PER_UNIT, PIXAR_SR, SHAPE, WHOLE


def test_pipeline_by_extension_name_with_weight(tmp_path, wcs, values):
    science, error = values
    header = wcs.to_header()
    header.update(BUNIT="MJy/sr", PIXAR_SR=PIXAR_SR)
    weight = np.ones(SHAPE, np.float32)
    weight[5] = 0
    primary = fits.PrimaryHDU(header=fits.Header({"FILTER": "F150W2", "PUPIL": "F162M"}))
    images = {"WHT": weight, "CON": np.zeros((1, *SHAPE), np.int32), "ERR": error, "SCI": science}
    hdus = [fits.ImageHDU(data, header, name=name) for name, data in images.items()]
    fits.HDUList([primary, *hdus]).writeto(tmp_path / "jw01_nircam_i2d.fits")
    with open_mosaic(tmp_path) as mosaic:
        assert mosaic.bands == ("F162M",)
        window = mosaic.read(WHOLE)
    assert not window.valid[0, 5].any() and window.valid.sum() == window.valid.size - SHAPE[1]
    np.testing.assert_allclose(window.flux[0, 6:], NJY_PER_UNIT * science[6:], rtol=1e-5)
