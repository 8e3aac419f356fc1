"""What is the Fourier transform of a Sérsic profile?

I(r) ∝ exp(−b (r/R_e)^(1/n)) has no closed transform, so it is tabulated once over index n and k R_e (k in
radians per length) and interpolated. The profile fades out beyond 8 R_e, so that steep ones do not fill the
field.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

#: Radius in R_e at which profiles fade out: I(r) is multiplied by exp(−(r / 8 R_e)⁴).
FADE_RADIUS = 8.0
_INDEX = np.arange(0.4, 6.21, 0.1)
_LN_K_FIRST, _LN_K_STEP, _N_K = -6.0, 0.02, 680  # k R_e from 0.0025 to 2,000


def sersic_profile(radius: NDArray[np.float64], n: float) -> NDArray[np.float64]:
    """Compute an unnormalised Sérsic profile; the slow equivalent of `sersic_transform`.

    Parameters
    ----------
    radius : (...) float64
        Radius in units of the half-light radius R_e.
    n : float
        Sérsic index.

    Returns
    -------
    (...) float64
        I(r).
    """
    b = gammaincinv(2 * n, 0.5)
    profile: NDArray[np.float64] = np.exp(-b * radius ** (1 / n) - (radius / FADE_RADIUS) ** 4)
    return profile


def sersic_transform(k_re: NDArray[Any], n: float) -> NDArray[np.float32]:
    """Compute the Fourier transform of a circular Sérsic profile of unit flux.

    Linear in n and in ln k; tests compare it with a direct Hankel integral of `sersic_profile`.

    Parameters
    ----------
    k_re : (...) float
        k R_e ≥ 0, with k in radians per length.
    n : float
        Sérsic index.

    Returns
    -------
    (...) float32
        The transform, 1 at k = 0.
    """
    place = np.clip((n - _INDEX[0]) / 0.1, 0, len(_INDEX) - 1.001)
    row, fraction = int(place), place % 1
    table = _table()
    curve = table[row] * (1 - fraction) + table[row + 1] * fraction
    column = (np.log(np.maximum(k_re, 1e-9)) - _LN_K_FIRST) / _LN_K_STEP
    transform: NDArray[np.float32] = np.interp(column, np.arange(_N_K), curve, left=1.0, right=0.0).astype(np.float32)
    return transform


@cache
def _table() -> NDArray[np.float64]:
    """Transforms over index and ln k R_e, by the fast Hankel transform (Hamilton 2000)."""
    from scipy.fft import fht

    n_points, step = 4096, 0.02
    ln_k = _LN_K_FIRST + _LN_K_STEP * np.arange(_N_K)
    rows = []
    for n in _INDEX:
        ln_r = (np.arange(n_points) - (n_points - 1) / 2) * step
        radius = np.exp(ln_r)
        inside = radius < 6 * FADE_RADIUS
        profile = np.zeros(n_points)
        profile[inside] = radius[inside] * sersic_profile(radius[inside], n)  # fht integrates a(r) k J(kr) dr
        transform = fht(profile, step, mu=0.0) / radius  # its k grid is that of 1/r, the same numbers
        flux = np.sum(profile * radius) * step
        rows.append(np.interp(ln_k, ln_r, transform / flux))
    return np.array(rows)
