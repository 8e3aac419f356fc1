"""What does the PSF of each band look like on the pixels of a mosaic?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.scenes.psf import transfer_function
from zpix.scenes.user_psf import user_psfs

_SIDE_PIX = 101


def psf_images(
    bands: Sequence[str], pixel_scale_arcsec: float, files: str | Path | None = None
) -> dict[str, NDArray[np.float64]]:
    """Draw centred images of PSFs: the user's from a directory, else the simulator's.

    The simulator's PSFs turn with the telescope's position angle; these are those at angle 0.

    Parameters
    ----------
    bands : sequence of str
        Names of the bands.
    pixel_scale_arcsec : float
        Pixel scale of the images in arcsec.
    files : str or Path, optional
        Directory of FITS images of PSFs, named by band; the simulator's PSF is used where there is none.

    Returns
    -------
    dict of str to (101, 101) float64
        PSF by band.

    Raises
    ------
    InputFileError
        If a file cannot be read.
    """
    given = user_psfs(None if files is None else str(files))
    images = {}
    for band in bands:
        transfer: NDArray[Any]
        if band in given:
            transfer = given[band].transfer_function(_SIDE_PIX, oversampling=1, pixel_scale_arcsec=pixel_scale_arcsec)
        else:
            transfer = transfer_function(band, _SIDE_PIX, pixel_scale_arcsec=pixel_scale_arcsec)
        images[band] = np.fft.fftshift(np.fft.irfft2(transfer, (_SIDE_PIX, _SIDE_PIX)))
    return images
