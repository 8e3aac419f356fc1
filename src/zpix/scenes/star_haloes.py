"""What light does a bright star put into pixels far from it?

Beyond the largest stamp the PSF is the same pupil's, of which spikes and rings are left. Both are smooth there, so that
they are drawn once for each band on pixels four times as large, behind a Gaussian blur of one of these, and read at the
pixels of a window. Where the stamp fades out, this light takes its place.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from zpix.image import Region
from zpix.scenes.band_psf import BandPsf
from zpix.scenes.psf import frequencies
from zpix.scenes.stamp_sizes import HALO_SIZE, STAMP_SIZES

_COARSE = 4  # pixels
_FADE_FROM = 0.6  # of half a side


def fade(radius_pix: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """Give the factor with which light ends at the edge of a stamp: 1 in the middle, 0 outside.

    Parameters
    ----------
    radius_pix : (...) float64, pixels
        Distance from the middle.
    size : int, pixels
        Side of the stamp.

    Returns
    -------
    (...) float32
        The factor.
    """
    beyond = np.clip((radius_pix / (size // 2) - _FADE_FROM) / (1 - _FADE_FROM), 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * beyond)).astype(np.float32)


def far_light(
    region: Region, x: float, y: float, *, psfs: tuple[BandPsf, ...], pixel_scale_arcsec: float
) -> NDArray[np.float32]:
    """Draw the light of a point outside the largest stamp, and none inside.

    Parameters
    ----------
    region : Region
        The window.
    x, y : float, pixels
        Place of the point; integers are pixel centres.
    psfs : tuple of BandPsf
        PSF of each band; one of the user's ends where its image does, and gives no light here.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.

    Returns
    -------
    (band, y, x) float32
        Share of the point's light in each pixel.
    """
    images = _coarse_images(psfs, pixel_scale_arcsec)
    at_x, at_y = np.arange(region.x0, region.x1), np.arange(region.y0, region.y1)
    last = images.shape[1] - 1
    row, column = (np.clip(at / _COARSE + (last + 1) // 2, 0, last - 1e-6) for at in (at_y - y, at_x - x))
    bottom, left = int(row[0]), int(column[0])
    needed = images[:, bottom : int(row[-1]) + 2, left : int(column[-1]) + 2]
    light = _read(_read(needed, row - bottom, axis=1), column - left, axis=2)
    radius = np.hypot((at_y - round(y))[:, None], at_x - round(x))
    light *= fade(radius, HALO_SIZE) - fade(radius, STAMP_SIZES[-1])
    return light


def _read(images: NDArray[np.float32], place: NDArray[np.float64], *, axis: int) -> NDArray[np.float32]:
    """Images (band, y, x) read at places along one axis, linearly."""
    first = place.astype(int)
    fraction = (place - first).astype(np.float32).reshape([-1 if one == axis else 1 for one in range(3)])
    return np.asarray(np.take(images, first, axis) * (1 - fraction) + np.take(images, first + 1, axis) * fraction)


@lru_cache(maxsize=3)  # as many roll angles as skies have; 38 MB each with nine bands
def _coarse_images(psfs: tuple[BandPsf, ...], pixel_scale_arcsec: float) -> NDArray[np.float32]:
    """PSFs (band, y, x) on coarse pixels, in light per fine pixel."""
    side, scale = HALO_SIZE // _COARSE, _COARSE * pixel_scale_arcsec
    fy, fx = frequencies(side, oversampling=1, pixel_scale_arcsec=scale)
    blur = np.exp(-2 * (np.pi * scale) ** 2 * (fx**2 + fy**2)).astype(np.float32)
    images = np.zeros((len(psfs), side, side), np.float32)
    for image, psf in zip(images, psfs, strict=True):
        if psf.user is not None:
            continue
        transfer = psf.transfer_function(side, oversampling=1, pixel_scale_arcsec=scale)
        image[:] = np.fft.fftshift(np.fft.irfft2(transfer * blur, (side, side))) / _COARSE**2
    return np.maximum(images, 0)
