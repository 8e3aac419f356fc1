"""How much do sums of pixels scatter on empty sky, over what the errors of their pixels add up to?

Sources are measured with sums of some eighty pixels: apertures of radius 0.15 arcsec, masks of faint sources, weights
of the redshift head (Gaussians of 1.2 to 6 pixels; one of 2.5 has the area of such an aperture). Neighbouring pixels
share noise, and error images need not be right, so that sums scatter by another factor than pixels do. Pixels are
joined to cells whose 3 × 3 have the area of such an aperture, which costs a tenth of the same at full resolution. The
light around each sum is subtracted: haloes of bright galaxies, and galaxies too faint to be masked, are no noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from zpix.image.empty_sky import Images, Mask, empty_pixels, half_width
from zpix.image.examination import APERTURE_RADIUS_ARCSEC

#: Sums that a measurement of their noise needs, none of which shares a pixel with another: 25 % then.
FEWEST_SUMS = 16
# Cells along the sides of the squares that are summed: the area of an aperture of 0.15 arcsec, and of a large source.
_SMALL, _LARGE = 3, 7
# Side of the square in which the light around a sum is measured.
_AROUND_ARCSEC = 2.25
# There must be so many times as many empty cells around a sum as in it.
_LEAST_AROUND = 2.0
# Share of the pixels of a cell that must be valid.
_FEWEST_VALID = 0.6
# Sources are found on images smoothed by this Gaussian, and grown by so many cells.
_SMOOTHING_CELLS, _GROWTH_CELLS = 1.0, 2
# Values of cells further from the level than this many scatters do not count in sums.
_CLIP = 5.0


@dataclass(frozen=True)
class SumNoise:
    """Scatter of sums of one band on the empty sky of a window; NaN where too little of it is empty.

    Attributes
    ----------
    small_over_error : float
        Scatter of sums over squares of the area of an aperture of radius 0.15 arcsec, over what errors add up to.
    large_over_error : float
        The same over squares of 5.4 times the area.
    sums : float
        Number of small squares that share no pixel, of which it was measured.
    """

    small_over_error: float = math.nan
    large_over_error: float = math.nan
    sums: float = 0.0


def square_areas_pix(pixel_scale_arcsec: float) -> tuple[int, int]:
    """Give the areas of the small and the large squares.

    Parameters
    ----------
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.

    Returns
    -------
    (int, int), pixels
        The areas.

    Examples
    --------
    >>> square_areas_pix(0.03)
    (81, 441)
    """
    cell = _cell_pix(pixel_scale_arcsec)
    return (_SMALL * cell) ** 2, (_LARGE * cell) ** 2


def measured_factors(flux: Images, error: Images, *, pixel_scale_arcsec: float) -> NDArray[np.float32]:
    """Give what the errors of an image are multiplied by to be the scatter of its sums on empty sky.

    It is the `sums_over_error` of an examination, at a fraction of its cost.

    Parameters
    ----------
    flux : (band, y, x) float32, nJy per pixel
        The image; nothing needs to be known of what is in it.
    error : (band, y, x) float32, nJy per pixel
        Its 1 σ errors; +inf where a pixel is not valid.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.

    Returns
    -------
    (band,) float32
        The factors to four digits; 1 for a band of which too little is empty.
    """
    seen = measure_sums(flux, error, pixel_scale_arcsec=pixel_scale_arcsec, large=False)
    found = [joined_noise([own]).small_over_error for own in seen]
    return np.array([float(f"{factor:.4g}") if factor > 0 else 1.0 for factor in found], np.float32)


def measure_sums(flux: Images, error: Images, *, pixel_scale_arcsec: float, large: bool = True) -> list[SumNoise]:
    """Measure the scatter of sums in a window.

    Parameters
    ----------
    flux : (band, y, x) float32, nJy per pixel
        The window; a constant sky does not matter.
    error : (band, y, x) float32, nJy per pixel
        Its 1 σ errors; +inf where a pixel is not valid.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.
    large : bool, default: True
        Whether large squares are measured too.

    Returns
    -------
    list of SumNoise
        Of each band.
    """
    side = _cell_pix(pixel_scale_arcsec)
    light, variance, valid = _cells(flux, error, side)
    noise = np.sqrt(variance)
    empty = empty_pixels(light, noise, valid, smoothing_pix=_SMOOTHING_CELLS, growth_pix=_GROWTH_CELLS, thinnest_pix=2)
    around = 2 * round(0.5 * _AROUND_ARCSEC / pixel_scale_arcsec / side) + 1
    return [_of_band(*own, around, large) for own in zip(light, noise, empty & valid, strict=True)]


def joined_noise(windows: Sequence[SumNoise]) -> SumNoise:
    """Put together what several windows say of one band.

    Parameters
    ----------
    windows : sequence of SumNoise
        What was measured in each.

    Returns
    -------
    SumNoise
        Medians over the windows; NaN for less than sixteen sums.
    """
    seen = [own for own in windows if own.small_over_error > 0]
    sums = sum(own.sums for own in seen)
    if sums < FEWEST_SUMS:
        return SumNoise(sums=sums)
    large = [own.large_over_error for own in seen if own.large_over_error > 0]
    small = float(np.median([own.small_over_error for own in seen]))
    return SumNoise(small, float(np.median(large)) if large else math.nan, sums)


def _cell_pix(scale_arcsec: float) -> int:
    """Side of a cell in pixels."""
    return max(1, round(math.sqrt(math.pi) * APERTURE_RADIUS_ARCSEC / scale_arcsec / _SMALL))


def _cells(flux: Images, error: Images, side: int) -> tuple[Images, Images, NDArray[np.bool_]]:
    """Flux and variance of the valid pixels of cells (band, y, x), and which cells have enough of them."""
    valid = np.isfinite(error)
    if valid.all():
        count = np.full((), side**2, np.float32)
        light, variance = _sums_of_cells(flux, side), _sums_of_cells(error * error, side)
    else:
        count = _sums_of_cells(valid.astype(np.float32), side)
        light = _sums_of_cells(np.where(valid, flux, np.float32(0)), side)
        variance = _sums_of_cells(np.where(valid, error, np.float32(0)) ** 2, side)
    enough = (count >= _FEWEST_VALID * side**2) & (variance > 0) & np.isfinite(light)
    light[~enough] = 0
    return light, variance, enough


def _sums_of_cells(image: Images, side: int) -> Images:
    """Sums (band, y, x) over cells of side × side pixels; what is left at the far edges is cut off."""
    height, width = (length // side * side for length in image.shape[1:])
    rows = image[:, 0:height:side].copy()
    for y in range(1, side):
        rows += image[:, y:height:side]
    cells = rows[:, :, 0:width:side].copy()
    for x in range(1, side):
        cells += rows[:, :, x:width:side]
    return cells


def _of_band(light: Images, noise: Images, empty: Mask, around: int, large: bool) -> SumNoise:
    """Scatter of sums over the empty cells of one band."""
    if int(empty.sum()) < FEWEST_SUMS:
        return SumNoise()
    flat = np.zeros(light.shape, np.float32)
    np.divide(light - np.float32(np.median(light[empty])), noise, out=flat, where=empty)
    scatter = half_width(flat[empty])
    if not scatter > 0:  # the flux is constant
        return SumNoise()
    np.clip(flat, -_CLIP * scatter, _CLIP * scatter, out=flat)
    share = _filtered(empty.astype(np.float32), around)
    level = _filtered(flat, around) / np.maximum(share, np.float32(1e-6))
    light_around = _Around(np.asarray(level, np.float32), np.asarray(share * around**2, np.float32))
    small, sums = _scatter(flat, empty, _SMALL, light_around)
    return SumNoise(small, _scatter(flat, empty, _LARGE, light_around)[0] if large else math.nan, sums)


class _Around(NamedTuple):
    """Mean of the empty cells around each cell, and their number."""

    level: Images
    cells: Images


def _scatter(flat: Images, empty: Mask, side: int, around: _Around) -> tuple[float, float]:
    """Scatter of sums over side × side cells, given in their errors, and the number of sums that share no cell."""
    cells = _filtered(empty.astype(np.float32), side) * side**2
    whole = (cells > 0.9 * side**2) & (around.cells > _LEAST_AROUND * cells)
    sums = float(whole.sum()) / side**2
    if sums < 1:
        return math.nan, 0.0
    cells, others, level = cells[whole], around.cells[whole], around.level[whole]
    values = (_filtered(flat, side)[whole] * side**2 - level * cells) / np.sqrt(cells)
    # The sum is part of the light around it, which takes this share of the variance of white noise away.
    return half_width(values / np.sqrt(1 - cells / others)), sums


def _filtered(image: Images, side: int) -> Images:
    """Mean over the side × side cells around each cell of (y, x); zero lies around the image."""
    return np.asarray(ndimage.uniform_filter(image, side, mode="constant"))
