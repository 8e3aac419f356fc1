"""Which parameters does a galaxy have that is a sum of stellar populations?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.component_family import ComponentSpectra


@dataclass(frozen=True, eq=False)
class PopulationSpectra(ComponentSpectra):
    """Parameters of N sums of stellar populations; N = 0 is normal.

    Attributes
    ----------
    z : (N,) float64
        Redshifts.
    a_v : (N,) float64, mag
        Attenuation at 5500 Å of all stars and lines.
    igm, damping, nucleus, broad_lines : (N,) float64
        See `ComponentSpectra`.
    formed : (N, bin) float64
        Mass formed in each bin of age of `PopulationGrid`; with it the light at 5500 Å is 1 before dust.
    log_metallicity : (N,) float64
        log₁₀ of the mass fraction of metals in stars.
    cloud_a_v : (N,) float64, mag
        Attenuation at 5500 Å of birth clouds, which stars of less than 10 Myr and lines have besides.
    slope, bump : (N,) float64
        Of the attenuation curve, see `dust_law`.
    escape : (N,) float64
        Share of the ionising photons that leave the galaxy.
    lines : (N, 7) float64
        Strength of each of `LINE_GROUPS` before dust; all 0 for no lines.
    lyman_alpha : (N,) float64
        Share of Lyα that is seen, after the intergalactic medium.
    """

    formed: NDArray[np.float64]
    log_metallicity: NDArray[np.float64]
    cloud_a_v: NDArray[np.float64]
    slope: NDArray[np.float64]
    bump: NDArray[np.float64]
    escape: NDArray[np.float64]
    lines: NDArray[np.float64]
    lyman_alpha: NDArray[np.float64]
