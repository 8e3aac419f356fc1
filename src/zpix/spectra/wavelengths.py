"""On which wavelengths are spectra sampled, and how does redshift shift them?

Grids are uniform in ln λ with one step, so that a redshift is a shift along the grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import LN_STEP, observed_grid

#: First wavelength (Å) of the rest-frame grid: that of the kcorrect templates.
REST_START = 600.257568
#: Points of the rest-frame grid: 600 Å to 5.7 µm, all that is seen to 5.4 µm of z ≥ 0.
REST_PIXELS = 5300
_BATCH = 512  # sources at a time: 10 MB per array


@cache
def rest_grid() -> NDArray[np.float64]:
    """Give the rest-frame wavelengths that families of spectra use.

    Returns
    -------
    (W,) float64, Å
        5,300 wavelengths from 600 Å to 5.7 µm, uniform in ln λ with step `LN_STEP`.
    """
    grid: NDArray[np.float64] = REST_START * np.exp(LN_STEP * np.arange(REST_PIXELS))
    return grid


def pixel_at(wavelength: float) -> int:
    """Give the last point of the rest-frame grid that is not beyond a wavelength.

    Parameters
    ----------
    wavelength : float, Å
        Rest-frame wavelength.

    Returns
    -------
    int
        Place in `rest_grid`.
    """
    return int(np.log(wavelength / REST_START) / LN_STEP)


def redshifted(light: NDArray[np.float32], z: NDArray[np.float64], bands: tuple[str, ...]) -> NDArray[np.float32]:
    """Shift rest-frame spectra onto the observed grid of some bands, linear between its points.

    Parameters
    ----------
    light : (N, W) float32
        f_ν on `rest_grid`.
    z : (N,) float64
        Redshifts.
    bands : tuple of str
        Names of the bands.

    Returns
    -------
    (N, W') float32
        f_ν on `observed_grid(bands)`.
    """
    observed = observed_grid(bands)
    start = (np.log(observed[0] / REST_START) - np.log1p(z)) / LN_STEP
    first = np.floor(start).astype(int)
    fraction = (start - first).astype(np.float32)[:, None]
    column = np.clip(first[:, None] + np.arange(len(observed) + 1), 0, light.shape[1] - 1)
    gathered = np.take_along_axis(light, column, axis=1)
    return np.asarray(gathered[:, :-1] * (1 - fraction) + gathered[:, 1:] * fraction)


def batches(number: int) -> Iterator[slice]:
    """Divide rows into batches, so that spectra of many sources do not fill the memory.

    Parameters
    ----------
    number : int
        Number of rows.

    Yields
    ------
    slice
        Rows of one batch.
    """
    for start in range(0, number, _BATCH):
        yield slice(start, start + _BATCH)
