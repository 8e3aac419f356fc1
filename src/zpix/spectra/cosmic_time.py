"""How old was the universe at each redshift?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_OMEGA_MATTER, _HUBBLE_GYR = 0.3, 13.968  # flat, H₀ = 70 km/s/Mpc: 1/H₀ in Gyr


def age_of_universe(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the age of a flat universe, t = 2/(3 H₀ √Ω_Λ) asinh(√(Ω_Λ/Ω_m) (1+z)^−3/2).

    Parameters
    ----------
    z : (N,) float64
        Redshifts.

    Returns
    -------
    (N,) float64, Gyr
        Ages.
    """
    dark = 1 - _OMEGA_MATTER
    return np.asarray(
        2 * _HUBBLE_GYR / (3 * np.sqrt(dark)) * np.arcsinh(np.sqrt(dark / _OMEGA_MATTER) * (1 + z) ** -1.5)
    )
