"""How noisy is each pixel, and how does neighbouring noise hang together?

`error` images mean what the ERR extension of a JADES mosaic means: the rms of one pixel. Drizzling spreads
each detector pixel over several, so that neighbours share noise and the noise of a large aperture exceeds
error × √pixels. Measured on the real cutout around JADES-GS-z14-0, the rms in F444W is 0.94 of ERR and its
autocorrelation (0.63, 0.20 at 1 and 2 pixels) is that of white noise smoothed with a Gaussian of 0.74 pixels;
in the short bands, whose native pixel is that of the mosaic, 0.45 pixels reproduces the rms left after
matching to F444W's PSF.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from zpix.image import Region
from zpix.scenes.channels import channels
from zpix.sources.filters import LN_STEP, observed_grid, pivot_um, transmission

#: Median of the error image in nJy per 0.03″ pixel in JADES GOODS-S's deepest part (jades-gsz14 cutout).
_DEEP_ERROR_NJY = {
    "F090W": 0.070,
    "F115W": 0.060,
    "F150W": 0.058,
    "F200W": 0.052,
    "F277W": 0.0175,
    "F335M": 0.0310,
    "F356W": 0.0172,
    "F410M": 0.0262,
    "F444W": 0.0228,
}
_KERNEL_SIGMA_PIX = (0.45, 0.74)  # short, long channel
_EXPOSURE_S = 4.0e4  # of the deep field; sets the photon noise of bright sources
_WAVES = 8  # of which the error image's smooth variation is made


def deep_error(bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Error of one pixel in nJy, shape (band,); bands without a measurement take it by wavelength."""
    known = np.array([_DEEP_ERROR_NJY[band] for band in _DEEP_ERROR_NJY])
    wavelength = pivot_um(tuple(_DEEP_ERROR_NJY))
    return np.array(
        [
            _DEEP_ERROR_NJY.get(band, np.interp(um, wavelength, known))
            for band, um in zip(bands, pivot_um(bands), strict=True)
        ]
    )


def white_equivalent(bands: tuple[str, ...], *, correlated: bool = True) -> NDArray[np.float64]:
    """Ratio of the noise that counts in large apertures to the error of one pixel, shape (band,).

    White noise smoothed with a kernel K ⊗ K of sum 1 keeps its strength in large apertures and has a pixel
    rms lower by ΣK².
    """
    if not correlated:
        return np.ones(len(bands))
    return np.array([1 / (_kernel(channel) ** 2).sum() for channel in channels(bands).tolist()])


def electrons_per_njy(bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Electrons that a source of 1 nJy leaves in the deep field, shape (band,).

    A t (f_ν/h) ∫ T d ln λ with the telescope's collecting area A = 25.4 m².
    """
    grid = observed_grid()
    width = [np.interp(grid, *transmission(band), left=0, right=0).sum() * LN_STEP for band in bands]
    return 25.4 * _EXPOSURE_S * 1e-35 / 6.62607e-34 * np.array(width)


def draw_noise(
    rng: np.random.Generator, shape: tuple[int, int], *, bands: tuple[str, ...], correlated: bool
) -> NDArray[np.float32]:
    """Gaussian noise of unit rms per pixel, (band, y, x); correlations wrap around the edges."""
    noise = rng.standard_normal((len(bands), *shape), dtype=np.float32)
    if correlated:
        for image, channel in zip(noise, channels(bands).tolist(), strict=True):
            kernel = _kernel(channel) / np.sqrt((_kernel(channel) ** 2).sum())
            for axis in (0, 1):
                correlate1d(image, kernel, axis=axis, output=image, mode="wrap")
    return noise


def depth_variation(rng: np.random.Generator, region: Region, *, rms: float) -> NDArray[np.float32]:
    """Smooth factor around 1 of the error image, (y, x): plane waves of 600 to 6,000 pixels."""
    wavelength = np.exp(rng.uniform(np.log(600), np.log(6000), _WAVES))
    angle, phase = rng.uniform(0, 2 * np.pi, (2, _WAVES))
    ky, kx = 2 * np.pi / wavelength * np.sin(angle), 2 * np.pi / wavelength * np.cos(angle)
    along_y = np.exp(1j * (ky[:, None] * np.arange(region.y0, region.y1) + phase[:, None]))  # (wave, y)
    along_x = np.exp(1j * kx[:, None] * np.arange(region.x0, region.x1))  # (wave, x)
    waves = (along_y.T @ along_x).real * (rms * np.sqrt(2 / _WAVES))
    return np.exp(waves).astype(np.float32)


@cache
def _kernel(channel: int) -> NDArray[np.float64]:
    """One axis of the Gaussian that correlates the noise, of sum 1."""
    offsets = np.arange(-3, 4)
    kernel = np.exp(-0.5 * (offsets / _KERNEL_SIGMA_PIX[channel]) ** 2)
    return kernel / kernel.sum()
