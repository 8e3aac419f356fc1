"""How are all bands brought to one resolution?

A kernel turns the PSF of a band into that of the broadest. Both PSFs are averaged over angle first, as Aniano et al.
(2011) do: what a circular aperture holds of a point is then right at whatever roll angles a mosaic was observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftfreq, fftshift, ifft2
from scipy.signal import oaconvolve

from zpix.errors import BandError, InputFileError

Floats = NDArray[np.float64]

_PADDING = 4
_LEAST_TRANSFER = 1e-3  # below, a band's own transfer function is noise and is not divided by


def check_psfs(psfs: Mapping[str, NDArray], bands: Sequence[str]) -> None:
    """Refuse PSFs that do not cover the bands, or are not images of one odd size.

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


def matching_kernel(psf: NDArray, target: NDArray) -> Floats:
    """Kernel (y, x) of sum 1 that turns `psf` into `target`, both (y, x), centred, of one odd side.

    The ratio of their transfer functions, averaged over angle, and zero where that of `psf` is too small to divide by.
    """
    side = np.shape(psf)[0]
    own, wanted = (_transfer(image) for image in (psf, target))
    passed = own > _LEAST_TRANSFER
    ratio = np.where(passed, wanted / np.where(passed, own, 1.0), 0.0)
    kernel = fftshift(ifft2(ratio).real)
    middle, half = len(kernel) // 2, side // 2
    kernel = kernel[middle - half : middle + half + 1, middle - half : middle + half + 1]
    return kernel / kernel.sum()


def matched(image: NDArray, kernel: NDArray) -> NDArray[np.float32]:
    """The image (y, x) convolved with the kernel, of the same shape; zeros beyond the edges."""
    return oaconvolve(np.asarray(image, np.float32), kernel.astype(np.float32), mode="same").astype(np.float32)


def enclosed_light(psf: NDArray, radius_pix: float) -> float:
    """Share of a centred PSF's light in a circle around its centre, with pixels cut at the edge in proportion."""
    middle = np.shape(psf)[0] // 2
    y, x = np.indices(np.shape(psf)) - middle
    inside = np.clip(radius_pix - np.hypot(x, y) + 0.5, 0, 1)
    return float((psf * inside).sum() / np.sum(psf))


def _transfer(psf: NDArray) -> Floats:
    """Transfer function of a centred PSF averaged over angle, in FFT order, 1 at frequency 0.

    The image is padded with zeros to `_PADDING` times its side: on finer frequencies, rings hold equal values.
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
    return np.interp(radius, place, mean)
