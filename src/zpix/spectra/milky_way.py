"""How much does the dust of the Milky Way dim each band?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import pivot_um


def milky_way_transmission(bands: tuple[str, ...], ebv: NDArray[Any] | float) -> NDArray[np.float32]:
    """Compute the factor by which the Milky Way's dust dims each band.

    A(λ)/A(V) = (0.574 − 0.527/R) x^1.61 with x = 1 µm/λ and R = 3.1 (Cardelli, Clayton & Mathis 1989, infrared).

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
    curve = 3.1 * (0.574 - 0.527 / 3.1) * pivot_um(bands) ** -1.61
    exponent = (-0.4 * np.asarray(ebv, dtype=float)[..., None] * curve).astype(np.float32)
    return np.asarray(10**exponent)
