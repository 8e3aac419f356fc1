"""How many galaxies are there per magnitude, and how far are they?

All magnitudes are AB in F444W, total.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Band of all magnitudes of the population.
REFERENCE_BAND = "F444W"
#: Galaxies brighter than a magnitude, per arcmin²: bright end after Windhorst et al. (2023, PEARLS), faint
#: end such that JADES's 1,400 detections per arcmin² are reached near 30 mag (Rieke et al. 2023; 94,000
#: sources in 67 arcmin²).
_COUNTS_MAG = (18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0, 32.0)
_COUNTS_PER_ARCMIN2 = (
    0.05, 0.3, 1.4, 4.2, 9.5, 20.0, 40.0, 71.0, 125.0, 220.0, 400.0, 745.0, 1400.0, 2500.0, 4300.0,
)  # fmt: skip

#: p(z | m) is a gamma distribution of shape 3 with these medians, ∝ z² as the volume where z is small, and a second
#: one of shape 10 and mean 4.95 for a share of galaxies at z ≈ 3 to 8. The shares are such that with the spectra of the
#: family `kcorrect` the UV luminosity functions of Bouwens et al. (2021) at z = 5 to 9 and the
#: numbers beyond z = 8 of Hainline et al. (2024) come out, the medians those of Ilbert et al. (2009).
_MEDIAN_MAG = (18.0, 20.0, 22.0, 24.0, 26.0, 28.0, 30.0, 32.0)
_MEDIAN_Z = (0.25, 0.45, 0.85, 1.35, 1.75, 2.0, 2.15, 2.2)
_EARLY_MAG = (22.0, 24.0, 26.0, 27.0, 28.0, 30.5)
_EARLY_SHARE = (0.0, 0.013, 0.026, 0.06, 0.095, 0.11)
_SHAPE, _MEDIAN_OVER_SCALE = 3.0, 2.674
_EARLY_SHAPE, _EARLY_MEAN_Z = 10.0, 4.95
_Z_MAX = 15.0


def draw_magnitudes(rng: np.random.Generator, n: int, *, faintest: float) -> NDArray[np.float64]:
    """Draw magnitudes of galaxies from the cumulative counts.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    n : int
        Number of galaxies.
    faintest : float, mag
        Magnitude of the faintest.

    Returns
    -------
    (N,) float64, mag
        Magnitudes in `REFERENCE_BAND`.
    """
    # invert the cumulative counts; galaxies brighter than the first knot get its magnitude
    level = np.log10(np.maximum(rng.uniform(0, number_counts(faintest), n), number_counts(_COUNTS_MAG[0])))
    return np.interp(level, np.log10(_COUNTS_PER_ARCMIN2), _COUNTS_MAG)


def number_counts(mag: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Give the number of galaxies brighter than a magnitude.

    Parameters
    ----------
    mag : float or (...) float64, mag
        Magnitude in `REFERENCE_BAND`.

    Returns
    -------
    (...) float64, arcmin⁻²
        Galaxies per area.
    """
    return np.power(10.0, np.interp(mag, _COUNTS_MAG, np.log10(_COUNTS_PER_ARCMIN2)))


def draw_redshifts(rng: np.random.Generator, mag: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw redshifts of galaxies.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    mag : (N,) float64, mag
        Magnitudes in `REFERENCE_BAND`.

    Returns
    -------
    (N,) float64
        Redshifts from 0.01 to 15.
    """
    late = rng.gamma(_SHAPE, np.interp(mag, _MEDIAN_MAG, _MEDIAN_Z) / _MEDIAN_OVER_SCALE)
    early = rng.gamma(_EARLY_SHAPE, _EARLY_MEAN_Z / _EARLY_SHAPE, len(mag))
    z = np.where(rng.uniform(size=len(mag)) < np.interp(mag, _EARLY_MAG, _EARLY_SHARE), early, late)
    return np.where(z < _Z_MAX, np.maximum(z, 0.01), rng.uniform(0.5, 3.0, len(mag)))
