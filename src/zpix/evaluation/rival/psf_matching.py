"""How are all bands convolved to one resolution?

A kernel turns the PSF of a band into the broadest PSF. Both PSFs are averaged over angle first, as Aniano et al. (2011)
do: the light of a point source in a circular aperture is then right for every roll angle of the observations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftfreq, fftshift, ifft2
from scipy.signal import oaconvolve

from zpix.errors import BandError, InputFileError

Floats = NDArray[np.float64]

_PADDING = 4
_LEAST_TRANSFER = 1e-3  # of a band's transfer function; below, it is noise and is not divided by


def check_psfs(psfs: Mapping[str, NDArray[Any]], bands: Sequence[str]) -> None:
    """Refuse PSFs that do not cover the bands, or are not images of one odd size.

    Parameters
    ----------
    psfs : mapping of str to (side, side) float
        PSF image of each band.
    bands : sequence of str
        Bands that need one.

    Raises
    ------
    BandError
        If a band has no PSF.
    InputFileError
        If the images are not square, of one odd side, and positive in sum.
    """
    missing = [band for band in bands if band not in psfs]
    if missing:
        raise BandError(f"no PSF for {', '.join(missing)}: PSF matching needs one for every band ({', '.join(bands)})")
    shapes = {np.shape(psfs[band]) for band in bands}
    shape = next(iter(shapes))
    if len(shapes) != 1 or len(shape) != 2 or shape[0] != shape[1] or not shape[0] % 2:
        raise InputFileError(f"PSF images have the shapes {sorted(shapes)}: they must be square, of one odd side")
    for band in bands:
        if not np.isfinite(psfs[band]).all() or np.sum(psfs[band]) <= 0:
            raise InputFileError(f"the PSF of {band} must be finite, with a positive sum")


def matching_kernel(psf: NDArray[Any], target: NDArray[Any]) -> Floats:
    """Compute the kernel that turns one PSF into another.

    It is the ratio of their transfer functions, averaged over angle, and zero where that of `psf` is too small to
    divide by.

    Parameters
    ----------
    psf, target : (side, side) float
        Centred PSF images of one odd side.

    Returns
    -------
    (side, side) float64
        Kernel of sum 1.
    """
    side = np.shape(psf)[0]
    own, wanted = (_transfer(image) for image in (psf, target))
    passed = own > _LEAST_TRANSFER
    ratio = np.where(passed, wanted / np.where(passed, own, 1.0), 0.0)
    kernel = fftshift(ifft2(ratio).real)
    middle, half = len(kernel) // 2, side // 2
    kernel = kernel[middle - half : middle + half + 1, middle - half : middle + half + 1]
    normalised: Floats = kernel / kernel.sum()
    return normalised


def matched(image: NDArray[Any], kernel: NDArray[Any]) -> NDArray[np.float32]:
    """Convolve an image with a kernel.

    Parameters
    ----------
    image : (y, x) float
        The image; it is taken as zero beyond its edges.
    kernel : (side, side) float
        The kernel.

    Returns
    -------
    (y, x) float32
        Image of the same shape.
    """
    convolved = oaconvolve(np.asarray(image, np.float32), kernel.astype(np.float32), mode="same")
    return np.asarray(convolved, np.float32)


def enclosed_light(psf: NDArray[Any], radius_pix: float) -> float:
    """Compute the share of a PSF's light in a circle around its centre.

    Parameters
    ----------
    psf : (side, side) float
        Centred PSF image.
    radius_pix : float, pixels
        Radius of the circle; pixels at its edge count in proportion.

    Returns
    -------
    float
        From 0 to 1.
    """
    middle = np.shape(psf)[0] // 2
    y, x = np.indices(np.shape(psf)) - middle
    inside = np.clip(radius_pix - np.hypot(x, y) + 0.5, 0, 1)
    return float((psf * inside).sum() / np.sum(psf))


def _transfer(psf: NDArray[Any]) -> Floats:
    """Transfer function of a centred PSF averaged over angle, in FFT order, 1 at frequency 0.

    The image is padded with zeros to `_PADDING` times its side: frequencies are then fine enough to average in rings.
    """
    side = np.shape(psf)[0]
    size = _PADDING * side
    padded = np.zeros((size, size))
    padded[:side, :side] = psf / np.sum(psf)
    transfer = fft2(np.roll(padded, (-(side // 2), -(side // 2)), axis=(0, 1))).real
    frequency = fftfreq(size) * size
    radius = np.hypot(frequency[:, None], frequency[None])
    ring = np.round(radius).astype(int).ravel()
    count = np.maximum(np.bincount(ring), 1)
    mean, place = (np.bincount(ring, values.ravel()) / count for values in (transfer, radius))
    averaged: Floats = np.interp(radius, place, mean)
    return averaged
