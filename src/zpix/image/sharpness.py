"""How sharp are the sharpest sources of a band, and which of its pixels are saturated?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Images = NDArray[np.float32]
Mask = NDArray[np.bool_]

# A source whose width is measured has a peak of at least this many scatters of its band, and is seen in the others.
_PEAK_SNR = 30.0
_SEEN_SNR = 5.0
_HALF_STAMP_PIX = 7
_MOST_PEAKS = 30  # of a window, the brightest
_FINER = 4  # samples per pixel when the area above half of the maximum is measured
# Holes of at most this many pixels whose edge is brighter than this are saturated.
_LARGEST_HOLE_PIX = 2000
_EDGE_SNR = 20.0


def sharp_widths(flux: Images, valid: Mask, others: Images, *, noise_njy: float) -> list[float]:
    """Measure the widths of the bright sources of one band.

    Parameters
    ----------
    flux : (y, x) float32, nJy per pixel
        The band, its sky subtracted.
    valid : (y, x) bool
        Which pixels were observed.
    others : (y, x) float32
        Significance of the light of all other bands, infinite if there are none; what these do not show is no source.
    noise_njy : float, nJy per pixel
        Scatter of empty pixels.

    Returns
    -------
    list of float, pixels
        Width at half maximum of each: the diameter of a circle of the area that lies above half of the maximum.
    """
    k = _HALF_STAMP_PIX
    if min(flux.shape) <= 2 * k or not noise_njy > 0:
        return []
    peak = (flux > _PEAK_SNR * noise_njy) & (others > _SEEN_SNR)
    peak &= flux == ndimage.maximum_filter(flux, size=2 * k + 1)
    widths: list[float] = []
    y0, x0 = np.nonzero(peak[k:-k, k:-k])
    brightest = np.argsort(-flux[y0 + k, x0 + k], kind="stable")[:_MOST_PEAKS]
    for y, x in zip(y0[brightest], x0[brightest], strict=True):
        window = slice(y, y + 2 * k + 1), slice(x, x + 2 * k + 1)
        if valid[window].all():
            width = half_maximum_width(flux[window])
            if math.isfinite(width):
                widths.append(width)
    return widths


def half_maximum_width(stamp: Images) -> float:
    """Measure the width of the source in the middle of a stamp.

    Parameters
    ----------
    stamp : (y, x) float32
        Its light, as many rows as columns, an odd number.

    Returns
    -------
    float, pixels
        Diameter of a circle of the area above half of the maximum, from a cubic spline through the pixels; NaN if the
        light reaches the edge of the stamp at half of the maximum.
    """
    k = stamp.shape[0] // 2
    fine = ndimage.zoom(stamp.astype(np.float64), _FINER, order=3, mode="nearest", grid_mode=True)
    middle = slice((k - 1) * _FINER, (k + 2) * _FINER)
    above = fine > 0.5 * fine[middle, middle].max()
    regions, _ = ndimage.label(above)
    row, column = np.unravel_index(np.argmax(fine[middle, middle]), fine[middle, middle].shape)
    own = regions == regions[row + middle.start, column + middle.start]
    if own[0].any() or own[-1].any() or own[:, 0].any() or own[:, -1].any():
        return math.nan
    return 2 * math.sqrt(float(own.sum()) / math.pi) / _FINER


def saturated_pixels(snr: Images, valid: Mask) -> int:
    """Count the pixels of one band that are not valid in the middle of bright light.

    Parameters
    ----------
    snr : (y, x) float32
        Flux over error; 0 where not valid.
    valid : (y, x) bool
        Which pixels are valid.

    Returns
    -------
    int
        Number of pixels in small holes whose edge is bright.
    """
    if valid.all():
        return 0
    holes, count = ndimage.label(~valid)
    numbers = np.arange(1, count + 1)
    size = ndimage.sum_labels(~valid, holes, numbers)
    around = ndimage.grey_dilation(holes, size=3) * valid
    edge = np.nan_to_num(np.atleast_1d(ndimage.median(snr, around, numbers)))
    return int(size[(size <= _LARGEST_HOLE_PIX) & (edge > _EDGE_SNR)].sum())
