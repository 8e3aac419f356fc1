"""How many galaxies are there per magnitude, and how far are they?

All magnitudes are AB in F444W, total.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Galaxies brighter than a magnitude, per arcmin²: bright end after Windhorst et al. (2023, PEARLS), faint
#: end such that JADES's 1,400 detections per arcmin² are reached near 30 mag (Rieke et al. 2023; 94,000
#: sources in 67 arcmin²).
_COUNTS_MAG = (18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0, 32.0)
_COUNTS_PER_ARCMIN2 = (
    0.12,
    0.5,
    1.6,
    4.2,
    9.5,
    20.0,
    40.0,
    71.0,
    125.0,
    220.0,
    400.0,
    745.0,
    1400.0,
    2500.0,
    4300.0,
)

#: Scale of p(z | m) ∝ z^1.3 exp(−z/z₀(m)) (form of Benítez 2000): medians 0.8 at 22, 1.7 at 26 and 2.2 at 29
#: mag, and 0.4 % of all sources beyond z = 8, as the 717 candidates in 125 arcmin² of Hainline et al. (2024).
_Z_SCALE_MAG = (18.0, 20.0, 22.0, 24.0, 26.0, 28.0, 30.0, 32.0)
_Z_SCALE = (0.12, 0.20, 0.38, 0.61, 0.84, 0.96, 1.02, 1.05)
_Z_MAX = 15.0


def draw_magnitudes(rng: np.random.Generator, n: int, *, faintest: float) -> NDArray[np.float64]:
    """Magnitudes of `n` galaxies down to `faintest`, from the cumulative counts, shape (N,)."""
    # invert the cumulative counts; those brighter than the first knot sit on it
    level = np.log10(np.maximum(rng.uniform(0, number_counts(faintest), n), number_counts(_COUNTS_MAG[0])))
    return np.interp(level, np.log10(_COUNTS_PER_ARCMIN2), _COUNTS_MAG)


def number_counts(mag: NDArray | float) -> NDArray[np.float64]:
    """Galaxies per arcmin² brighter than F444W = `mag`."""
    return np.power(10.0, np.interp(mag, _COUNTS_MAG, np.log10(_COUNTS_PER_ARCMIN2)))


def draw_redshifts(rng: np.random.Generator, mag: NDArray[np.float64]) -> NDArray[np.float64]:
    """Redshifts of galaxies of F444W magnitude `mag`, 0.01 to 15, shape (N,)."""
    scale = np.interp(mag, _Z_SCALE_MAG, _Z_SCALE)
    z = rng.gamma(2.3, scale)
    return np.where(z < _Z_MAX, np.maximum(z, 0.01), rng.uniform(0.5, 3.0, len(mag)))
