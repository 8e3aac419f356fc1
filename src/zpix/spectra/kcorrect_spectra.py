"""Which parameters does a galaxy of the family `kcorrect` have?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.family import DrawnSpectra


@dataclass(frozen=True, eq=False)
class KcorrectSpectra(DrawnSpectra):
    """Parameters of N galaxy spectra; N = 0 is normal.

    Attributes
    ----------
    z : (N,) float64
        Redshifts.
    weights : (N, 8) float64
        Share of each of `CONTINUA` in the light at 5500 Å before dust.
    a_v : (N,) float64, mag
        Attenuation of the whole spectrum at 5500 Å.
    smc : (N,) float64
        0 for dust of Calzetti et al. (2000), 1 for that of the Small Magellanic Cloud, between them a mix.
    ew_ha : (N,) float64, Å
        Rest-frame equivalent width of Hα after dust; 0 for none.
    lines : (N, 7) float64
        Strength of each of `LINE_GROUPS`; `hydrogen` is 1.
    ew_lya : (N,) float64, Å
        Rest-frame equivalent width of Lyman α, after the intergalactic medium.
    igm : (N,) float64
        Optical depth of the intergalactic medium in units of its mean.
    damping : (N,) float64
        Optical depth of neutral gas near the galaxy (z > 6), in units of its mean.
    """

    weights: NDArray[np.float64]
    a_v: NDArray[np.float64]
    smc: NDArray[np.float64]
    ew_ha: NDArray[np.float64]
    lines: NDArray[np.float64]
    ew_lya: NDArray[np.float64]
    igm: NDArray[np.float64]
    damping: NDArray[np.float64]
