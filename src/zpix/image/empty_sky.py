"""Where do the bands show no source, and what are sky and noise there?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Floats = NDArray[np.float64]
Images = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: Distances in pixels that the correlation of noise is measured to.
LAGS = 8
#: Empty pixels that a measurement of the sky needs.
FEWEST_EMPTY = 300
# The stack of the bands is smoothed by this Gaussian; what then exceeds the threshold is a source, and grown.
_SMOOTHING_PIX = 2.0
_SOURCE_SIGMA = 2.5
_GROWTH_PIX = 5
# Values of empty pixels further from their level than this many scatters do not count in sums.
_CLIP = 5.0
_EVERY = 3  # pixels of smoothed images are alike


@dataclass(frozen=True)
class EmptySky:
    """Sky and noise of one band in a window; NaN where too few pixels are empty.

    Attributes
    ----------
    pixels : int
        Number of empty pixels.
    error_njy : float, nJy per pixel
        Median of the error image there.
    level_njy : float, nJy per pixel
        Median of the flux there.
    noise_over_error : float
        Scatter of the flux there in units of its error.
    sums_over_error : float
        Scatter of sums in an aperture over what errors add up to.
    apertures : float
        Number of apertures that share no pixel, of which it was measured.
    correlation : tuple of float
        Correlation coefficient of pixels 1, 2, ... `LAGS` pixels apart.
    """

    pixels: int = 0
    error_njy: float = math.nan
    level_njy: float = math.nan
    noise_over_error: float = math.nan
    sums_over_error: float = math.nan
    apertures: float = 0.0
    correlation: tuple[float, ...] = (math.nan,) * LAGS


def empty_pixels(flux: Images, error: Images, valid: Mask) -> Mask:
    """Find the pixels in which no band shows a source.

    Parameters
    ----------
    flux, error : (band, y, x) float32, nJy per pixel
        The window.
    valid : (band, y, x) bool
        Which pixels were observed.

    Returns
    -------
    (y, x) bool
        True where a band was observed and no source is seen in the smoothed sum of all bands, nor in one of them. The
        scale of the errors and a constant sky do not matter.
    """
    seen: Mask = np.logical_or.reduce(valid, axis=0)
    stack, brightest = np.zeros(seen.shape, np.float32), np.full(seen.shape, -np.inf, np.float32)
    for own_flux, own_error, own_valid in zip(flux, error, valid, strict=True):
        if own_valid.sum() < FEWEST_EMPTY:
            continue
        snr = flux_over_error(own_flux, own_error, own_valid, float(np.median(own_flux[own_valid])))
        smooth = ndimage.gaussian_filter(snr, _SMOOTHING_PIX, mode="nearest")
        level, rms = lower_half(smooth[own_valid][::_EVERY])
        if rms > 0:
            smooth = np.where(own_valid, (smooth - level) / rms, 0)
            stack += smooth
            np.maximum(brightest, smooth, out=brightest)
    if not seen.any():
        return seen
    level, rms = lower_half(stack[seen])
    source = (stack - level > _SOURCE_SIGMA * rms) | (brightest > 2 * _SOURCE_SIGMA)
    grown: Mask = ndimage.binary_dilation(ndimage.binary_opening(source), iterations=_GROWTH_PIX)
    return seen & ~grown


def flux_over_error(flux: Images, error: Images, valid: Mask, level_njy: float) -> Images:
    """Give the flux above a level in units of its error.

    Parameters
    ----------
    flux, error : (y, x) float32, nJy per pixel
        One band.
    valid : (y, x) bool
        Which pixels were observed.
    level_njy : float, nJy per pixel
        The level.

    Returns
    -------
    (y, x) float32
        0 where not observed.
    """
    result = np.zeros(flux.shape, np.float32)
    np.divide(flux - np.float32(level_njy), error, out=result, where=valid)
    return result


def measure_empty(flux: Images, error: Images, empty: Mask, aperture: Images) -> EmptySky:
    """Measure sky and noise of one band on empty pixels.

    Parameters
    ----------
    flux, error : (y, x) float32, nJy per pixel
        The band.
    empty : (y, x) bool
        Which pixels were observed and show no source.
    aperture : (y, x) float32
        Weights of a circular aperture, from `round_aperture`.

    Returns
    -------
    EmptySky
        What was measured.
    """
    count = int(empty.sum())
    if count < FEWEST_EMPTY:
        return EmptySky(count)
    typical, level = float(np.median(error[empty])), float(np.median(flux[empty]))
    snr = flux_over_error(flux, error, empty, level)
    noise = half_width(snr[empty])
    if not noise > 0:  # the flux is constant
        return EmptySky(count, typical, level, 0.0)
    flat = np.clip(snr, -_CLIP * noise, _CLIP * noise)
    sums, apertures = _sums(flat, empty, aperture)
    return EmptySky(count, typical, level, noise, sums, apertures, _correlation(flat, empty))


def _sums(flat: Images, empty: Mask, aperture: Images) -> tuple[float, float]:
    """Scatter of sums over what errors add up to, and the number of apertures that share no pixel."""
    spectrum = _spectrum(aperture, flat.shape)
    inside = _convolved(empty.astype(np.float32), spectrum, aperture.shape)
    whole = inside > 0.9 * aperture.sum()
    apertures = float(whole.sum() / aperture.sum())
    if apertures < 4:
        return math.nan, 0.0
    values = _convolved(flat, spectrum, aperture.shape)[whole]
    return half_width(values) / math.sqrt(float((aperture**2).sum())), apertures


def _correlation(flat: Images, empty: Mask) -> tuple[float, ...]:
    """Correlation coefficient of empty pixels that are so many pixels apart, along rows and columns."""
    variance = float((flat[empty] ** 2).mean())
    result = []
    for lag in range(1, LAGS + 1):
        rows, columns = empty[:, lag:] & empty[:, :-lag], empty[lag:] & empty[:-lag]
        count = int(rows.sum() + columns.sum())
        total = float((flat[:, lag:] * flat[:, :-lag])[rows].sum() + (flat[lag:] * flat[:-lag])[columns].sum())
        result.append(total / count / variance if count else math.nan)
    return tuple(result)


def lower_half(values: NDArray[np.floating]) -> tuple[float, float]:
    """Give the level of the sky and its scatter from the values below it: sources lie above.

    Parameters
    ----------
    values : (n,) float
        Values of pixels.

    Returns
    -------
    level, rms : float
        Median of what lies within three scatters, and the scatter.
    """
    level, rms = float(np.median(values)), 0.0
    for _ in range(4):
        rms = 1.4826 * float(np.median(level - values[values <= level]))
        kept = values[np.abs(values - level) <= 3 * rms]
        if not len(kept):
            break
        level = float(np.median(kept))
    return level, rms


def half_width(values: NDArray[np.floating]) -> float:
    """Give half the width of the central 68 % of values.

    Parameters
    ----------
    values : (n,) float
        The values.

    Returns
    -------
    float
        The standard deviation where they are Gaussian.
    """
    low, high = np.quantile(values, (0.15866, 0.84134))
    return 0.5 * float(high - low)


def round_aperture(radius_pix: float) -> Images:
    """Make the weights of a circular aperture, whose edge pixels count in part.

    Parameters
    ----------
    radius_pix : float, pixels
        Its radius.

    Returns
    -------
    (y, x) float32
        Weights from 0 to 1 on an odd number of rows and columns.
    """
    reach = math.ceil(radius_pix)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    weights: NDArray[np.float64] = np.clip(radius_pix + 0.5 - np.hypot(y, x), 0, 1)
    return weights.astype(np.float32)


def _spectrum(kernel: Images, shape: tuple[int, ...]) -> NDArray[np.complex64]:
    """Fourier transform of a small kernel for images of a shape."""
    return np.asarray(fft.rfft2(kernel, _padded(shape, kernel.shape)))


def _convolved(image: Images, spectrum: NDArray[np.complex64], kernel: tuple[int, ...]) -> Images:
    """Image (y, x) convolved with a symmetric kernel of this spectrum and shape; zero lies around it."""
    padded = _padded(image.shape, kernel)
    product = fft.irfft2(fft.rfft2(image, padded) * spectrum, padded)
    y, x = kernel[0] // 2, kernel[1] // 2
    return np.asarray(product[y : y + image.shape[0], x : x + image.shape[1]])


def _padded(shape: tuple[int, ...], kernel: tuple[int, ...]) -> tuple[int, int]:
    height, width = (fft.next_fast_len(a + b, real=True) for a, b in zip(shape, kernel, strict=True))
    return height, width
