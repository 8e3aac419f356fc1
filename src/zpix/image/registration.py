"""Do the bands of a mosaic show the same sources at the same pixels?"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float64]
Images = NDArray[np.float32]

#: Furthest offset that is looked for, pixels.
FURTHEST_PIX = 16
# Side of the cells that are compared, and the least.
_CELL_PIX = 176
_SMALLEST_CELL_PIX = 100
# Scales in pixels between which light is compared: noise lies below, sky and gradients above.
_FINE_PIX, _COARSE_PIX = 1.5, 12.0


def band_shifts(snr: Images) -> list[Floats]:
    """Measure how far each band lies from the sum of the others, in the cells of a window.

    The light is compressed by arcsinh, so that single bright sources do not decide. A parabola along each axis places
    the maximum of the cross-correlation.

    Parameters
    ----------
    snr : (band, y, x) float32
        Flux over its noise, the sky subtracted; 0 where not observed.

    Returns
    -------
    list of (band, 2) float64, pixels
        Offsets (x, y) in each cell; NaN where a band shows nothing that the others show.
    """
    height, width = snr.shape[1:]
    if len(snr) < 2 or min(height, width) < _SMALLEST_CELL_PIX:
        return []
    rows, columns = max(1, round(height / _CELL_PIX)), max(1, round(width / _CELL_PIX))
    bounded = np.arcsinh(np.clip(snr, 0, None) / 3)
    found = []
    for y0, y1 in _parts(height, rows):
        found += [_cell_shifts(bounded[:, y0:y1, x0:x1]) for x0, x1 in _parts(width, columns)]
    return found


def _parts(length: int, number: int) -> list[tuple[int, int]]:
    """An axis in parts of about the same length."""
    ends = [length * i // number for i in range(number + 1)]
    return list(pairwise(ends))


def _cell_shifts(light: Images) -> Floats:
    """Offset (band, 2) in pixels of each band from the sum of the others in one cell."""
    reach = FURTHEST_PIX
    shape = [fft.next_fast_len(side + 2 * reach, real=True) for side in light.shape[1:]]
    spectra = fft.rfft2(light - light.mean(axis=(1, 2), keepdims=True), shape) * _bandpass(shape)
    total = spectra.sum(axis=0)
    result = np.full((len(light), 2), np.nan)
    for band, own in enumerate(spectra):
        correlation = fft.irfft2(own * np.conj(total - own), shape)
        near = np.roll(correlation, (reach, reach), axis=(0, 1))[: 2 * reach + 1, : 2 * reach + 1]
        y, x = np.unravel_index(np.argmax(near), near.shape)
        if near[y, x] > 0 and 0 < y < 2 * reach and 0 < x < 2 * reach:
            result[band] = (x - reach + vertex(near[y, x - 1 : x + 2]), y - reach + vertex(near[y - 1 : y + 2, x]))
    return result


def _bandpass(shape: list[int]) -> Images:
    """Difference of two Gaussians, as their Fourier transform (y, x)."""
    squared = fft.fftfreq(shape[0])[:, None] ** 2 + fft.rfftfreq(shape[1]) ** 2
    fine, coarse = (np.exp(-2 * (math.pi * sigma) ** 2 * squared) for sigma in (_FINE_PIX, _COARSE_PIX))
    return np.asarray(fine - coarse, np.float32)


def vertex(values: NDArray[np.floating]) -> float:
    """Place the vertex of a parabola through three values at −1, 0 and 1.

    Parameters
    ----------
    values : (3,) float
        The values, of which the middle one is the largest.

    Returns
    -------
    float
        Between −0.5 and 0.5.
    """
    low, middle, high = map(float, values)
    bend = low - 2 * middle + high
    return 0.5 * (low - high) / bend if bend < 0 else 0.0
