"""How does dust of any slope and bump dim the light of a galaxy?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.attenuation import attenuation
from zpix.spectra.wavelengths import rest_grid

_BUMP_AT, _BUMP_WIDTH = 2175.0, 350.0  # Å


def dust_law(
    slope: NDArray[np.float64], bump: NDArray[np.float64], pixels: slice | NDArray[np.intp] = slice(None)
) -> NDArray[np.float32]:
    """Compute the attenuation curves of Noll et al. (2009), as Salim et al. (2018) write them.

    A(λ)/A(V) = k(λ)/4.05 (λ/5500 Å)^δ + D(λ)/R(V), with k of Calzetti et al. (2000), a bump D of height B at 2175 Å
    and R(V) = 4.05 / (5.05 (4400/5500)^δ − 4.05).

    Parameters
    ----------
    slope : (N,) float64
        δ: 0 is the curve of Calzetti et al. (2000), −0.5 is as steep as that of the SMC.
    bump : (N,) float64
        B: about 3 in the Milky Way.
    pixels : slice or (P,) int, default: all
        Places in `rest_grid`.

    Returns
    -------
    (N, P) float32
        A(λ)/A(V).
    """
    wave = rest_grid()[pixels]
    ln_wave = np.log(wave / 5500.0).astype(np.float32)
    curve = np.exp(slope.astype(np.float32)[:, None] * ln_wave) * attenuation()[0][pixels]
    ratio = 4.05 / (5.05 * (4400.0 / 5500.0) ** slope - 4.05)  # R(V)
    drude = (wave * _BUMP_WIDTH) ** 2 / ((wave**2 - _BUMP_AT**2) ** 2 + (wave * _BUMP_WIDTH) ** 2)
    curve += (bump / ratio).astype(np.float32)[:, None] * drude.astype(np.float32)
    return np.asarray(curve)
