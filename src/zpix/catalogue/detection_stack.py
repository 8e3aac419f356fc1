"""How bright is each pixel in all bands together?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.image import Pixels

# Rows that are stacked at a time, so that they stay in the processor's cache.
_ROWS = 32


def stack_bands(pixels: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Average the bands of an image, each weighted by 1 / error².

    Parameters
    ----------
    pixels : Pixels
        Flux and error (band, y, x) in nJy per pixel, and validity.

    Returns
    -------
    stack : (y, x) float32, nJy per pixel
        The mean of the bands that are valid in a pixel; 0 where none is.
    error : (y, x) float32, nJy per pixel
        Its 1-sigma error; +inf where no band is valid.
    """
    n_bands, height, width = pixels.shape
    stack, error = np.zeros((height, width), np.float32), np.full((height, width), np.inf, np.float32)
    for first in range(0, height, _ROWS):
        rows = slice(first, first + _ROWS)
        total, weight = np.zeros_like(stack[rows]), np.zeros_like(stack[rows])
        for band in range(n_bands):
            own = np.reciprocal(pixels.error[band, rows])  # 0 where not valid, as errors are infinite there
            np.square(own, out=own)
            weight += own
            own *= pixels.flux[band, rows]
            total += own
        np.divide(total, weight, out=stack[rows], where=weight > 0)
        np.divide(1, np.sqrt(weight), out=error[rows], where=weight > 0)
    return stack, error
