"""Which light does each band let through?

Spectra are sampled on grids that are uniform in ln λ with one common step, that of the galaxy templates, so that a
redshift is a shift along the grid and a band flux is one row of a matrix product.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from zpix.instruments.cameras import instrument_of
from zpix.instruments.instrument import Curve

#: Step in ln λ of all grids of wavelengths: that of the kcorrect templates.
LN_STEP = 8.5817313e-04


@cache
def transmission(band: str) -> Curve:
    """Read the curve of a band.

    Parameters
    ----------
    band : str
        Name of the band, such as "F444W".

    Returns
    -------
    wavelength : (W,) float64, Å
        Where the curve is sampled.
    efficiency : (W,) float64
        Photon-to-electron efficiency there, telescope included.

    Raises
    ------
    BandError
        If no instrument has a band of that name.
    """
    wavelength, efficiency = instrument_of(band).curve(band)
    return wavelength, np.clip(efficiency, 0.0, None)


@cache
def observed_grid(bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Give the observed wavelengths that spectra are computed on before they go through some bands.

    Parameters
    ----------
    bands : tuple of str
        Names of bands.

    Returns
    -------
    (W,) float64, Å
        Wavelengths uniform in ln λ with step `LN_STEP`, over all that the bands' instruments see.
    """
    ranges = [instrument_of(band).wavelength_range for band in bands]
    first, last = np.log((min(low for low, _ in ranges), max(high for _, high in ranges)))
    grid: NDArray[np.float64] = np.exp(first + LN_STEP * np.arange(int((last - first) / LN_STEP)))
    return grid


@cache
def band_weights(bands: tuple[str, ...]) -> NDArray[np.float32]:
    """Give the matrix that turns f_ν on the observed grid into band-averaged f_ν.

    Photons are counted: <f_ν> = ∫ f_ν T d ln ν / ∫ T d ln ν (e.g. Hogg et al. 2002, eq. 10).

    Parameters
    ----------
    bands : tuple of str
        Names of bands.

    Returns
    -------
    (W, band) float32
        Weights on the wavelengths of `observed_grid`; each band's sum is 1.
    """
    grid = observed_grid(bands)
    columns = [np.interp(grid, *transmission(band), left=0.0, right=0.0) for band in bands]
    return np.stack([column / column.sum() for column in columns], axis=1).astype(np.float32)


@cache
def pivot_um(bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Compute the pivot wavelengths of bands: λ_p² = ∫ T λ dλ / ∫ T dλ/λ.

    Parameters
    ----------
    bands : tuple of str
        Names of bands.

    Returns
    -------
    (band,) float64, µm
        Pivot wavelengths.
    """
    grid, weights = observed_grid(bands), band_weights(bands).astype(float)
    pivot: NDArray[np.float64] = np.sqrt((weights * grid[:, None] ** 2).sum(axis=0)) / 1e4
    return pivot
