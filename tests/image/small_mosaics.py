"""Small mosaics on disk as other programs write them, and how they are checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from zpix.image import Mosaic, Region, open_mosaic, tangent_wcs
from zpix.image.fluxes import NJY_PER_MJY
from zpix.image.grids import pixel_area_sr

SHAPE = (60, 80)  # (ny, nx)
WHOLE = Region.whole(SHAPE)
PIXAR_SR = pixel_area_sr(tangent_wcs(53.1, -27.8, SHAPE, 0.03))  # of the fixture `wcs`
NJY_PER_UNIT = PIXAR_SR * NJY_PER_MJY  # of images in MJy/sr
ONES = np.ones(SHAPE, np.float32)


def jades_file(path: Path, wcs: WCS, flux: np.ndarray, error: np.ndarray, *, drop: str = "", **more: object) -> Path:
    """A `_drz` file of values in MJy/sr, without the keyword `drop`."""
    header = wcs.to_header()
    header.update({"BUNIT": "MJy/sr", "PIXAR_SR": PIXAR_SR} | more)
    if drop:
        del header[drop]
    images = [fits.ImageHDU(flux, header, name="SCI"), fits.ImageHDU(error, header, name="ERR")]
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(path)
    return path


def check_mosaic(mosaic: Mosaic, flux_njy: np.ndarray, error_njy: np.ndarray) -> None:
    """Every pixel of the first band is valid and has this flux and error."""
    window = mosaic.read(WHOLE)
    assert window.valid.all()
    np.testing.assert_allclose(window.flux[0], flux_njy, rtol=1e-5)
    np.testing.assert_allclose(window.error[0], error_njy, rtol=1e-5)


def refused(error: type[Exception], *words: str, paths: object, **options: object) -> None:
    """Opening a mosaic fails with one sentence that has these words."""
    with pytest.raises(error) as caught:
        open_mosaic(paths, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert not message.endswith(".")
    for word in words:
        assert word in message
