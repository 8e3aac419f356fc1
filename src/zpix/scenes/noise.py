"""How noisy is each pixel, and how is the noise of neighbouring pixels correlated?

Error images of mosaics are not exactly right: noise is drawn with the rms that pixels have, which is the error image
times a ratio of each band (`Instrument.noise_over_error`). Neighbouring pixels share noise: it is white noise smoothed
with a kernel of two Gaussians (`NoiseKernel`), whose core stands for drizzling and whose wing for 1/f noise and the
subtracted background.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from zpix.image import Region
from zpix.instruments import LN_STEP, NoiseKernel, instrument_of, observed_grid, pivot_um, transmission

_PLANCK_SI = 6.62607e-34
_NJY_SI = 1e-35
_WAVES = 8  # of which smooth variations are made


def deep_error(bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Give the error of one pixel in the deep field.

    Parameters
    ----------
    bands : tuple of str
        Names of bands; those without a measurement take it by wavelength from the others of their instrument.

    Returns
    -------
    (band,) float64, nJy
        Errors of pixels of `REFERENCE_PIXEL_ARCSEC`.
    """
    return np.array([_of_band(band, instrument_of(band).error_njy) for band in bands])


def noise_over_error(bands: tuple[str, ...], *, correlated: bool = True) -> NDArray[np.float64]:
    """Give the ratio of the rms of a pixel to its error image.

    Parameters
    ----------
    bands : tuple of str
        Names of bands.
    correlated : bool, default: True
        Whether neighbouring pixels share noise; if not, error images are exact.

    Returns
    -------
    (band,) float64
        The ratios; 1 for noise that is not correlated.
    """
    if not correlated:
        return np.ones(len(bands))
    return np.array([_of_band(band, instrument_of(band).noise_over_error) for band in bands])


def noise_kernels(bands: tuple[str, ...]) -> tuple[NoiseKernel, ...]:
    """Give the kernels that the noise of each band is smoothed with, by the description of its instrument.

    Parameters
    ----------
    bands : tuple of str
        Names of bands.

    Returns
    -------
    tuple of NoiseKernel
        One for each band.
    """
    return tuple(instrument_of(band).channels[band].noise for band in bands)


def white_equivalent(
    bands: tuple[str, ...], *, correlated: bool = True, kernels: Sequence[NoiseKernel] | None = None
) -> NDArray[np.float64]:
    """Give the ratio of the noise that counts in large apertures to the rms of one pixel.

    White noise smoothed with a kernel K of sum 1 keeps its strength in large apertures and has a pixel rms lower by
    √ΣK².

    Parameters
    ----------
    bands : tuple of str
        Names of bands.
    correlated : bool, default: True
        Whether neighbouring pixels share noise.
    kernels : sequence of NoiseKernel, optional
        Kernel of each band; by default those of the instruments.

    Returns
    -------
    (band,) float64
        The ratios; 1 for noise that is not correlated.
    """
    if not correlated:
        return np.ones(len(bands))
    return np.array([1 / _smoothed_rms(kernel) for kernel in kernels or noise_kernels(bands)])


def electrons_per_njy(bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Compute the electrons that a source of 1 nJy leaves in the deep field: A t (f_ν/h) ∫ T d ln λ.

    Parameters
    ----------
    bands : tuple of str
        Names of bands.

    Returns
    -------
    (band,) float64
        Electrons, with the collecting area A and the exposure time t of each band's instrument.
    """
    electrons = []
    for band in bands:
        instrument = instrument_of(band)
        width = np.interp(observed_grid((band,)), *transmission(band), left=0, right=0).sum() * LN_STEP
        light = instrument.telescope.collecting_area_m2 * instrument.exposure_s
        electrons.append(light * _NJY_SI / _PLANCK_SI * width)
    return np.array(electrons)


def draw_noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    *,
    bands: tuple[str, ...],
    correlated: bool,
    kernels: Sequence[NoiseKernel] | None = None,
) -> NDArray[np.float32]:
    """Draw Gaussian noise of unit rms per pixel.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    shape : (ny, nx)
        Rows and columns.
    bands : tuple of str
        Names of bands.
    correlated : bool
        Whether neighbouring pixels share noise; correlations wrap around the edges.
    kernels : sequence of NoiseKernel, optional
        Kernel of each band; by default those of the instruments.

    Returns
    -------
    (band, y, x) float32
        The noise.
    """
    noise = rng.standard_normal((len(bands), *shape), dtype=np.float32)
    if correlated:
        for image, kernel in zip(noise, kernels or noise_kernels(bands), strict=True):
            rms = _smoothed_rms(kernel)
            wing = _smoothed(image, kernel.wing_sigma_pix, kernel.wing_share / rms)
            image[:] = _smoothed(image, kernel.core_sigma_pix, (1 - kernel.wing_share) / rms) + wing
    return noise


def depth_variation(rng: np.random.Generator, region: Region, *, rms: float) -> NDArray[np.float32]:
    """Draw a smooth factor of the error image around 1, the exponential of `smooth_waves`.

    Parameters
    ----------
    rng : Generator
        Random numbers of the sky; the same ones give the same factor for a pixel, whatever the window.
    region : Region
        The window.
    rms : float
        Of the logarithm of the factor.

    Returns
    -------
    (y, x) float32
        The factor.
    """
    return np.asarray(np.exp(smooth_waves(rng, region, rms=rms)), np.float32)


def smooth_waves(rng: np.random.Generator, region: Region, *, rms: float) -> NDArray[np.float64]:
    """Draw what varies smoothly around 0 over a sky: plane waves of 600 to 6,000 pixels.

    Parameters
    ----------
    rng : Generator
        Random numbers of the sky; the same ones give the same value for a pixel, whatever the window.
    region : Region
        The window.
    rms : float
        Of the values.

    Returns
    -------
    (y, x) float64
        The values.
    """
    wavelength = np.exp(rng.uniform(np.log(600), np.log(6000), _WAVES))
    angle, phase = rng.uniform(0, 2 * np.pi, (2, _WAVES))
    ky, kx = 2 * np.pi / wavelength * np.sin(angle), 2 * np.pi / wavelength * np.cos(angle)
    along_y = np.exp(1j * (ky[:, None] * np.arange(region.y0, region.y1) + phase[:, None]))  # (wave, y)
    along_x = np.exp(1j * kx[:, None] * np.arange(region.x0, region.x1))  # (wave, x)
    return np.asarray((along_y.T @ along_x).real * (rms * np.sqrt(2 / _WAVES)))


def _smoothed(image: NDArray[np.float32], sigma: float, factor: float) -> NDArray[np.float32]:
    """Image (y, x) convolved with a Gaussian of `sigma` pixels, times a factor; it wraps around the edges."""
    kernel = _kernel(sigma)
    along = correlate1d(image, kernel, axis=0, mode="wrap")
    return np.asarray(correlate1d(along, kernel * factor, axis=1, mode="wrap"))


@lru_cache(maxsize=256)  # lengths may be drawn per field
def _smoothed_rms(kernel: NoiseKernel) -> float:
    """Rms of white noise of unit rms after convolution with a kernel."""
    return float(np.sqrt((kernel_image(kernel) ** 2).sum()))


def kernel_image(kernel: NoiseKernel) -> NDArray[np.float64]:
    """Draw a kernel on pixels.

    Parameters
    ----------
    kernel : NoiseKernel
        The kernel; its core must not reach farther than its wing.

    Returns
    -------
    (k, k) float64
        The image, of sum 1.
    """
    share = kernel.wing_share
    core, wing = _kernel(kernel.core_sigma_pix), _kernel(kernel.wing_sigma_pix)
    middle = len(wing) // 2
    inner = slice(middle - len(core) // 2, middle + len(core) // 2 + 1)
    both = share * np.outer(wing, wing)
    both[inner, inner] += (1 - share) * np.outer(core, core)
    return np.asarray(both)


@lru_cache(maxsize=256)  # lengths may be drawn per field
def _kernel(sigma: float) -> NDArray[np.float64]:
    """One axis of a Gaussian of `sigma` pixels, of sum 1."""
    reach = int(np.ceil(3.5 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.asarray(kernel / kernel.sum())


def _of_band(band: str, known: Mapping[str, float]) -> float:
    """Value of a band; one that is not known is interpolated in wavelength."""
    if band in known:
        return known[band]
    return float(np.interp(pivot_um((band,))[0], pivot_um(tuple(known)), list(known.values())))
