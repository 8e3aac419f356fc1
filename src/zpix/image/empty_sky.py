"""Where do the bands show no source, and what are sky and noise there?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

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
# Values of empty pixels further from their level than this many scatters do not count in the correlation.
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
    correlation : tuple of float
        Correlation coefficient of pixels 1, 2, ... `LAGS` pixels apart.
    """

    pixels: int = 0
    error_njy: float = math.nan
    level_njy: float = math.nan
    noise_over_error: float = math.nan
    correlation: tuple[float, ...] = (math.nan,) * LAGS


def empty_pixels(
    flux: Images,
    error: Images,
    valid: Mask,
    *,
    smoothing_pix: float = _SMOOTHING_PIX,
    growth_pix: int = _GROWTH_PIX,
    thinnest_pix: int = 3,
) -> Mask:
    """Find the pixels in which no band shows a source.

    Parameters
    ----------
    flux, error : (band, y, x) float32, nJy per pixel
        The window.
    valid : (band, y, x) bool
        Which pixels were observed.
    smoothing_pix : float, pixels, default: 2
        Standard deviation of the Gaussian by which the bands are smoothed.
    growth_pix : int, pixels, default: 5
        How far sources are grown.
    thinnest_pix : int, pixels, default: 3
        What is thinner than this is no source.

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
        smooth = ndimage.gaussian_filter(snr, smoothing_pix, mode="nearest")
        level, rms = lower_half(smooth[own_valid][::_EVERY])
        if rms > 0:
            smooth = np.where(own_valid, (smooth - level) / rms, 0)
            stack += smooth
            np.maximum(brightest, smooth, out=brightest)
    if not seen.any():
        return seen
    level, rms = lower_half(stack[seen])
    source = (stack - level > _SOURCE_SIGMA * rms) | (brightest > 2 * _SOURCE_SIGMA)
    shape = None if thinnest_pix == 3 else np.ones((thinnest_pix, thinnest_pix), bool)
    grown: Mask = ndimage.binary_dilation(ndimage.binary_opening(source, shape), iterations=growth_pix)
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


def measure_empty(flux: Images, error: Images, empty: Mask) -> EmptySky:
    """Measure sky and noise of one band on empty pixels.

    Parameters
    ----------
    flux, error : (y, x) float32, nJy per pixel
        The band.
    empty : (y, x) bool
        Which pixels were observed and show no source.

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
    return EmptySky(count, typical, level, noise, _correlation(flat, empty))


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
