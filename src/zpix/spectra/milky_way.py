"""How much does the dust of the Milky Way dim each band?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import pivot_um

_R_V = 3.1
# a and b of the optical curve (Cardelli, Clayton & Mathis 1989, eq. 3), highest power first
_OPTICAL_A = (0.32999, -0.77530, 0.01979, 0.72085, -0.02427, -0.50447, 0.17699, 1.0)
_OPTICAL_B = (-2.09002, 5.30260, -0.62251, -5.38434, 1.07233, 2.28305, 1.41338, 0.0)


def milky_way_transmission(bands: tuple[str, ...], ebv: NDArray[Any] | float) -> NDArray[np.float32]:
    """Compute the factor by which the Milky Way's dust dims each band.

    A(λ)/A(V) = a(x) + b(x)/R with x = 1 µm/λ and R = 3.1 (Cardelli, Clayton & Mathis 1989): their infrared power law
    below x = 1.1 and their polynomials in x − 1.82 for the optical above.

    Parameters
    ----------
    bands : tuple of str
        Names of bands.
    ebv : float or (...) float, mag
        E(B−V).

    Returns
    -------
    (..., band) float32
        Factors, 1 without dust.
    """
    exponent = (-0.4 * np.asarray(ebv, dtype=float)[..., None] * _curve(pivot_um(bands))).astype(np.float32)
    return np.asarray(10**exponent)


def _curve(micron: NDArray[np.float64]) -> NDArray[np.float64]:
    """A(λ)/E(B−V) at some wavelengths from 0.3 µm on, of any shape."""
    infrared = (0.574 - 0.527 / _R_V) * micron**-1.61
    optical = np.polyval(_OPTICAL_A, 1 / micron - 1.82) + np.polyval(_OPTICAL_B, 1 / micron - 1.82) / _R_V
    return np.asarray(_R_V * np.where(micron > 1 / 1.1, infrared, optical))
