"""How noisy is each pixel, and how does neighbouring noise hang together?

`error` images mean what the ERR extension of a JADES mosaic means, and are as wrong: on the real cutout around
JADES-GS-z14-0 the noise is 0.95 of ERR in F444W, a third more than the other long bands in F335M, and three quarters
of ERR in the short bands.

Neighbouring pixels share noise for two reasons, which are the core and the wing of one kernel that white noise is
smoothed with. Drizzling spreads each detector pixel over several: the autocorrelation of F444W at 1 and 2 pixels
(0.64, 0.21) is that of a Gaussian of 0.74 pixels, as 0.063″ pixels on 0.03″ ones should give; for the short channel,
whose native pixel is that of the mosaic, the same gives 0.45. What 1/f noise and the subtracted background leave
reaches further: the short bands of the cutout, matched to F444W, hang together over 3 to 5 pixels more than
drizzling explains, and F444W itself has a floor of 0.05 there.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from zpix.image import Region
from zpix.scenes.channels import channels
from zpix.spectra.filters import LN_STEP, observed_grid, pivot_um, transmission

#: Median of the error image in nJy per 0.03″ pixel in JADES GOODS-S's deepest part: the upper half of the jades-gsz14
#: cutout, for the lower third lies in a gap of the short-wave detectors.
_DEEP_ERROR_NJY = {
    "F090W": 0.0586,
    "F115W": 0.0511,
    "F150W": 0.0498,
    "F200W": 0.0488,
    "F277W": 0.0177,
    "F335M": 0.0311,
    "F356W": 0.0173,
    "F410M": 0.0262,
    "F444W": 0.0229,
}
#: Noise of a pixel over its error image, calibrated on the cutout, band by band: what the mock needs for the rms
#: that the cutout has once it is matched to F444W.
_NOISE_OVER_ERROR = {
    "F090W": 0.75,
    "F115W": 0.78,
    "F150W": 0.73,
    "F200W": 0.71,
    "F277W": 1.07,
    "F335M": 1.33,
    "F356W": 0.98,
    "F410M": 1.06,
    "F444W": 0.95,
}
_CORE_SIGMA_PIX = (0.45, 0.74)  # of the kernel; short, long channel
_WING_SIGMA_PIX = 3.0
_WING_SHARE = (0.30, 0.08)  # of the kernel's sum
_EXPOSURE_S = 4.0e4  # of the deep field; sets the photon noise of bright sources
_WAVES = 8  # of which the error image's smooth variation is made


def deep_error(bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Error of one pixel in nJy, shape (band,); bands without a measurement take it by wavelength."""
    return _by_band(_DEEP_ERROR_NJY, bands)


def noise_over_error(bands: tuple[str, ...], *, correlated: bool = True) -> NDArray[np.float64]:
    """Ratio of the rms of a pixel to its error image, shape (band,): 1 for white noise."""
    return _by_band(_NOISE_OVER_ERROR, bands) if correlated else np.ones(len(bands))


def white_equivalent(bands: tuple[str, ...], *, correlated: bool = True) -> NDArray[np.float64]:
    """Ratio of the noise that counts in large apertures to the rms of one pixel, shape (band,).

    White noise smoothed with a kernel K of sum 1 keeps its strength in large apertures and has a pixel rms lower by
    √ΣK².
    """
    if not correlated:
        return np.ones(len(bands))
    return np.array([1 / _smoothed_rms(channel) for channel in channels(bands).tolist()])


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
            share, rms = _WING_SHARE[channel], _smoothed_rms(channel)
            wing = _smoothed(image, _WING_SIGMA_PIX, share / rms)
            image[:] = _smoothed(image, _CORE_SIGMA_PIX[channel], (1 - share) / rms) + wing
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


def _smoothed(image: NDArray[np.float32], sigma: float, factor: float) -> NDArray[np.float32]:
    """The image (y, x) behind a Gaussian of `sigma` pixels, times a factor; it wraps around."""
    kernel = _kernel(sigma)
    along = correlate1d(image, kernel, axis=0, mode="wrap")
    return correlate1d(along, kernel * factor, axis=1, mode="wrap")


@cache
def _smoothed_rms(channel: int) -> float:
    """rms of white noise of unit rms behind the kernel of a channel."""
    share = _WING_SHARE[channel]
    core, wing = _kernel(_CORE_SIGMA_PIX[channel]), _kernel(_WING_SIGMA_PIX)
    middle = len(wing) // 2
    inner = slice(middle - len(core) // 2, middle + len(core) // 2 + 1)
    both = share * np.outer(wing, wing)
    both[inner, inner] += (1 - share) * np.outer(core, core)
    return float(np.sqrt((both**2).sum()))


@cache
def _kernel(sigma: float) -> NDArray[np.float64]:
    """One axis of a Gaussian of `sigma` pixels, of sum 1."""
    reach = int(np.ceil(3.5 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return kernel / kernel.sum()


def _by_band(known: dict[str, float], bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Values of bands, those that are not known by their wavelength, shape (band,)."""
    values, wavelength = np.array(list(known.values())), pivot_um(tuple(known))
    return np.array(
        [known.get(band, np.interp(um, wavelength, values)) for band, um in zip(bands, pivot_um(bands), strict=True)]
    )
