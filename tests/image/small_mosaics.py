"""Small mosaics on disk, as others write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

SHAPE = (60, 80)  # (ny, nx)


def jades_file(path: Path, wcs: WCS, flux: np.ndarray, error: np.ndarray, *, drop: str = "", **more: object) -> Path:
    """A `_drz` file of values in MJy/sr, without the keyword `drop`."""
    header = wcs.to_header()
    header.update(BUNIT="MJy/sr", PIXAR_SR=2e-14, **more)
    if drop:
        del header[drop]
    images = [fits.ImageHDU(flux, header, name="SCI"), fits.ImageHDU(error, header, name="ERR")]
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(path)
    return path
