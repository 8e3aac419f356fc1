"""What does matching a mosaic to the PSF of another band leave of its noise?

A matched mosaic is convolved with the ratio of two transfer functions, that of the broad PSF over its own. The light
then looks as if it had been observed with the broad PSF, and that is how it is drawn; noise and artefacts, which no
telescope has blurred, are convolved here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from zpix.instruments import NoiseKernel
from zpix.scenes.band_psf import BandPsf
from zpix.scenes.noise import kernel_image

#: Pixels from the middle of a matching kernel to its edge.
MATCHING_REACH = 20
_GRID = 128  # pixels on which kernels are computed
_REGULARISATION = 1e-3  # of a transfer function; frequencies of lower transfer are suppressed


def matching_kernels(own: Sequence[BandPsf], target: BandPsf, pixel_scale_arcsec: float) -> NDArray[np.float32]:
    """Compute the kernels that turn the PSFs of bands into that of another.

    Parameters
    ----------
    own : sequence of BandPsf
        PSF of each band.
    target : BandPsf
        PSF to match.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.

    Returns
    -------
    (band, 41, 41) float32
        Kernels of sum 1; a single pixel for the target itself.
    """
    middle = slice(_GRID // 2 - MATCHING_REACH, _GRID // 2 + MATCHING_REACH + 1)
    wanted = target.transfer_function(_GRID, oversampling=1, pixel_scale_arcsec=pixel_scale_arcsec)
    kernels = np.zeros((len(own), 2 * MATCHING_REACH + 1, 2 * MATCHING_REACH + 1), np.float32)
    for kernel, psf in zip(kernels, own, strict=True):
        if psf == target:
            kernel[MATCHING_REACH, MATCHING_REACH] = 1
            continue
        transfer = psf.transfer_function(_GRID, oversampling=1, pixel_scale_arcsec=pixel_scale_arcsec)
        ratio = wanted * np.conj(transfer) / (np.abs(transfer) ** 2 + _REGULARISATION**2)
        image = fft.fftshift(fft.irfft2(ratio, (_GRID, _GRID)))[middle, middle]
        kernel[:] = image / image.sum()
    return kernels


def convolved(images: NDArray[np.float32], kernels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convolve images with kernels; they wrap around the edges.

    Parameters
    ----------
    images : (band, y, x) float32
        The images.
    kernels : (band, k, k) float32
        A kernel for each, with an odd number of pixels.

    Returns
    -------
    (band, y, x) float32
        The convolved images.
    """
    shape, reach = images.shape[1:], kernels.shape[1] // 2
    rows, columns = (np.arange(-reach, reach + 1) % length for length in shape)
    result = np.empty_like(images)
    for image, kernel, out in zip(images, kernels, result, strict=True):
        placed = np.zeros(shape, np.float32)
        np.add.at(placed, (rows[:, None], columns[None, :]), kernel)
        out[:] = fft.irfft2(fft.rfft2(image, workers=1) * fft.rfft2(placed, workers=1), shape, workers=1)
    return result


def noise_left(kernels: NDArray[np.float32], noise: Sequence[NoiseKernel | None]) -> NDArray[np.float64]:
    """Compute the rms of a pixel after matching in units of that before.

    Parameters
    ----------
    kernels : (band, k, k) float32
        The matching kernels.
    noise : sequence of NoiseKernel or None
        What white noise was smoothed with; None for white noise.

    Returns
    -------
    (band,) float64
        The ratios, below 1 for kernels that smooth.
    """
    left = []
    for kernel, smoothed in zip(kernels, noise, strict=True):
        before = kernel_image(smoothed) if smoothed is not None else np.ones((1, 1))
        padded = np.zeros((_GRID, _GRID), np.float32)
        padded[: len(before), : len(before)] = before
        after = convolved(padded[None], kernel[None])[0].astype(float)
        left.append(np.sqrt((after**2).sum() / (before**2).sum()))
    return np.array(left)
