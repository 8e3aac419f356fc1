"""How does dust in a galaxy dim its light at each wavelength?"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.wavelengths import rest_grid

#: Optical depth of an attenuation of one magnitude.
E_FOLDS_PER_MAG = 0.921034


@cache
def attenuation() -> NDArray[np.float32]:
    """Give the attenuation curves of Calzetti et al. (2000) and of the SMC bar (Gordon et al. 2003).

    Returns
    -------
    (2, W) float32
        A(λ)/A(V) of both on `rest_grid`.
    """
    micron = rest_grid() / 1e4
    ultraviolet = 2.659 * (-2.156 + 1.509 / micron - 0.198 / micron**2 + 0.011 / micron**3) + 4.05
    red = 2.659 * (-1.857 + 1.040 / np.clip(micron, 0.63, None)) + 4.05
    blueward = np.interp(micron, micron[micron >= 0.12], ultraviolet[micron >= 0.12])
    slope = (ultraviolet[micron >= 0.12][0] - ultraviolet[micron >= 0.13][0]) / 0.01
    blueward = blueward + slope * np.clip(0.12 - micron, 0.0, None)  # continued below 1200 Å in a straight line
    calzetti = np.clip(np.where(micron < 0.63, blueward, red), 0.02, None) / 4.05
    # knots along the tabulated SMC-bar curve, against 1/λ in 1/µm
    inverse = (0.0, 0.455, 0.8, 1.235, 1.538, 1.818, 2.273, 2.703, 3.375, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 17.0)
    smc = (0.0, 0.10, 0.25, 0.567, 0.801, 1.0, 1.374, 1.672, 2.0, 2.36, 3.0, 3.66, 4.51, 5.52, 6.79, 8.2, 18.0)
    return np.stack([calzetti, np.interp(1.0 / micron, inverse, smc)]).astype(np.float32)
